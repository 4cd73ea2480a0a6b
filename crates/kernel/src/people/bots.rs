//! Which accounts are programs': by the login, by the name that a source shows, or since the settings name them. What a
//! source itself says of an account is read by its connector.

use std::collections::BTreeSet;

use crate::{Account, AccountId};

/// What forges put into the logins of programs.
const BOT_MARK: &str = "[bot]";

/// Logins that are known programs', beside those that say so by their ending.
const KNOWN_BOTS: &[&str] = &[
    "allcontributors",
    "codecov-io",
    "dependabot",
    "dependabot-preview",
    "github-actions",
    "greenkeeper",
    "greenkeeperio",
    "imgbot",
    "mergify",
    "pre-commit-ci",
    "renovate",
    "web-flow",
];

/// Whether an account is a program's by its id, or by the mark `[bot]` in the name that its source shows.
#[must_use]
pub fn is_bot(account: &AccountId, name: &str) -> bool {
    names_bot(account.as_str()) || name.contains(BOT_MARK)
}

/// Whether an account is a program's by its login: `[bot]` at its end (or in the address that a forge makes
/// of it), `-bot`, `_bot`, `.bot`, GitLab's tokens of projects and groups, or one of a few that are known everywhere.
#[must_use]
pub fn names_bot(account: &str) -> bool {
    let account = account.to_lowercase();
    let login = account.rsplit('/').next().unwrap_or_default();
    let local = login.split('@').next().unwrap_or_default();
    let local = local.split_once('+').filter(|_| login.contains("@users.noreply.")).map_or(local, |(_, local)| local);
    let token = ["project_", "group_"].iter().any(|prefix| {
        local
            .strip_prefix(prefix)
            .and_then(|rest| rest.split_once("_bot"))
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
    });
    login.contains(BOT_MARK)
        || ["-bot", "_bot", ".bot"].iter().any(|ending| local.ends_with(ending))
        || token
        || KNOWN_BOTS.contains(&local)
}

/// Accounts that the settings name as programs', by their login or their id, in any case.
#[derive(Clone, Debug, Default)]
pub struct NamedBots(BTreeSet<String>);

impl NamedBots {
    /// Those of a list of logins and ids.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.to_lowercase()).collect())
    }

    /// Whether an account is one of them.
    #[must_use]
    pub fn has(&self, account: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let account = account.to_lowercase();
        let login = account.rsplit('/').next().unwrap_or_default();
        self.0.contains(login) || self.0.contains(&account)
    }
}

/// Marks accounts as programs' that the settings name.
pub fn mark_bots(accounts: &mut [Account], named: &[String]) {
    let named = NamedBots::new(named);
    for account in accounts {
        account.bot |= named.has(account.id.as_str());
    }
}
