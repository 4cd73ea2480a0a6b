//! What every event of GitHub says beside its own thing: its repository, and who took part.

use kernel::Fact;

use super::facts::{self, Place};
use super::wire;

/// The repository, and each of the accounts once.
pub(super) fn mentions<'a>(
    place: &Place,
    repository: &wire::Repository,
    people: impl IntoIterator<Item = Option<&'a wire::User>>,
) -> Vec<Fact> {
    let mut facts = vec![facts::repository(place, repository)];
    for user in people.into_iter().flatten() {
        let account = facts::account(place, user);
        if !facts.contains(&account) {
            facts.push(account);
        }
    }
    facts
}
