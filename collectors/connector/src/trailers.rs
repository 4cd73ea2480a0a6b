//! What the last lines of a commit's message say: who else wrote it, what it was picked from.

use kernel::{AccountId, Sha};

/// The accounts that `Co-authored-by: Name <address>` names, in order, each once.
#[must_use]
pub fn co_authors(message: &str) -> Vec<AccountId> {
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

/// The commit that `(cherry picked from commit …)` names: the last one, since each further pick adds a line.
#[must_use]
pub fn cherry_picked_from(message: &str) -> Option<Sha> {
    let named = |line: &str| {
        let sha = line.trim().strip_prefix("(cherry picked from commit ")?.strip_suffix(')')?;
        Sha::parse(sha.trim()).ok()
    };
    message.lines().skip(1).filter_map(named).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_trailer_names_what_a_commit_was_picked_from() {
        let [first, last] = ["a1", "b2"].map(|byte| byte.repeat(20));
        let message = format!(
            "Fix\n\n(cherry picked from commit {first})\r\nSigned-off-by: Ann <a@x>\n (cherry picked from commit {last})\n"
        );
        assert_eq!(cherry_picked_from(&message).map(|sha| sha.to_string()), Some(last.clone()));
        let long = "c3".repeat(32);
        let sha_256 = format!("Fix\n\n(cherry picked from commit {long})");
        assert_eq!(cherry_picked_from(&sha_256).map(|sha| sha.to_string()), Some(long));
        for no in [
            format!("(cherry picked from commit {last})"),
            format!("Fix\n\nas in (cherry picked from commit {last})"),
            "Fix\n\n(cherry picked from commit b2b2b2b)".to_owned(),
        ] {
            assert_eq!(cherry_picked_from(&no), None, "{no}");
        }
    }

    #[test]
    fn trailers_name_who_else_wrote_a_commit() {
        let message = "Add cache\n\nWhy.\n\nCo-authored-by: Copilot <1+Copilot@users.noreply.github.com>\n\
                       co-authored-by: Ann <ANN@example.com>\r\nCo-Authored-By: Ann <ann@example.com>\n\
                       Co-authored-by: x\nSigned-off-by: Bob <bob@example.com>";
        let found = co_authors(message);
        let found: Vec<&str> = found.iter().map(AccountId::as_str).collect();
        assert_eq!(found, ["email/1+copilot@users.noreply.github.com", "email/ann@example.com"]);
        assert!(co_authors("Co-authored-by: Ann <ann@example.com>").is_empty(), "a subject is no trailer");
    }
}
