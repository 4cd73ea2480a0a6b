//! What the last lines of a commit's message say about who else wrote it.

use kernel::AccountId;

/// The accounts that `Co-authored-by: Name <address>` names, in order, each once.
pub(crate) fn co_authors(message: &str) -> Vec<AccountId> {
    let mut found = Vec::new();
    for line in message.lines().skip(1) {
        let Some((key, who)) = line.split_once(':') else { continue };
        if !key.trim().eq_ignore_ascii_case("co-authored-by") {
            continue;
        }
        let address =
            who.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address.trim());
        if let Some(address) = address.filter(|address| !address.is_empty()) {
            let id = AccountId(format!("email/{}", address.to_lowercase()));
            if !found.contains(&id) {
                found.push(id);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_name_who_else_wrote_a_commit() {
        let message = "Add cache\n\nWhy.\n\nCo-authored-by: Copilot <1+Copilot@users.noreply.github.com>\n\
                       co-authored-by: Ann <ANN@example.com>\r\nCo-Authored-By: Ann <ann@example.com>\n\
                       Co-authored-by: nobody\nSigned-off-by: Bob <bob@example.com>";
        let found = co_authors(message);
        let found: Vec<&str> = found.iter().map(AccountId::as_str).collect();
        assert_eq!(found, ["email/1+copilot@users.noreply.github.com", "email/ann@example.com"]);
        assert!(co_authors("Co-authored-by: Ann <ann@example.com>").is_empty(), "a subject is no trailer");
    }
}
