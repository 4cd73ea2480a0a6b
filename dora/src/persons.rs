//! The persons whose data an answer may show, by who asks for it.

use std::collections::BTreeSet;
use std::sync::Arc;

/// The accounts that slices by person may name; without a list they are all. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Persons(Option<Arc<BTreeSet<String>>>);

impl Persons {
    /// Those of these accounts.
    #[must_use]
    pub fn only(accounts: BTreeSet<String>) -> Self {
        Self(Some(Arc::new(accounts)))
    }

    /// Whether they are all.
    #[must_use]
    pub fn is_everyone(&self) -> bool {
        self.0.is_none()
    }

    /// Whether an account may be named.
    #[must_use]
    pub fn hold(&self, account: &str) -> bool {
        self.0.as_ref().is_none_or(|accounts| accounts.contains(account))
    }
}
