//! Reads which accounts the addresses of commits belong to.

use kernel::AccountId;

/// The account of a commit's author with this address. A forge shows `…@users.noreply.<host>` where users hide their own:
/// `hidden` makes an account of the part before the `@`. Any other address is an account by itself.
#[must_use]
pub fn of_address(address: &str, host: &str, hidden: impl FnOnce(&str) -> Option<AccountId>) -> AccountId {
    let local = address.strip_suffix(host).and_then(|rest| rest.strip_suffix("@users.noreply."));
    local.and_then(hidden).unwrap_or_else(|| AccountId(format!("email/{address}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_the_forge_itself_hides_is_a_user_of_it() {
        let account = |address: &str| {
            let hidden = |local: &str| Some(AccountId(format!("git.org/{}", local.strip_prefix("7-")?)));
            of_address(address, "git.org", hidden).0
        };
        assert_eq!(account("7-ann@users.noreply.git.org"), "git.org/ann");
        for other in ["ann@git.org", "ann@users.noreply.git.org", "7-ann@users.noreply.other.org", "git.org"] {
            assert_eq!(account(other), format!("email/{other}"));
        }
    }
}
