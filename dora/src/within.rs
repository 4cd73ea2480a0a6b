//! The part of an organization that a question is limited to, by who asks it.

use std::collections::BTreeSet;
use std::sync::Arc;

/// The services that who asks may see: those of teams, and of the teams that are part of these. Each set limits them
/// further; without any set they are all. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Within(Arc<[BTreeSet<String>]>);

impl Within {
    /// Of each of these sets one team.
    #[must_use]
    pub fn new(limits: Vec<BTreeSet<String>>) -> Self {
        Self(limits.into())
    }

    /// Whether it is no limit.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a team is seen that is part of these, itself among them.
    pub(crate) fn holds(&self, line: &[String]) -> bool {
        self.0.iter().all(|teams| line.iter().any(|team| teams.contains(team)))
    }
}
