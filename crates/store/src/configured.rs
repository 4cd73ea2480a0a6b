//! What the settings declared last: services, teams and persons. They are facts of the default tenant, which only the
//! settings change.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Store, StoreError, cursors};

/// The name that it is kept by.
const CURSOR: &str = "settings";

/// What the settings declared last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configured {
    /// As the settings have it, to see whether anything has changed.
    pub settings: Value,
    /// Names of services.
    pub services: BTreeSet<String>,
    /// Names of teams.
    pub teams: BTreeSet<String>,
    /// Names of persons.
    #[serde(default)]
    pub persons: BTreeSet<String>,
}

impl Configured {
    /// Whether nothing is declared.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.services.is_empty() && self.teams.is_empty() && self.persons.is_empty()
    }
}

/// What was declared last in the store's tenant.
pub async fn load(store: &Store) -> Result<Configured, StoreError> {
    let Some(cursor) = cursors::load(store, CURSOR).await? else { return Ok(Configured::default()) };
    serde_json::from_value(cursor).map_err(|error| StoreError::Unreadable(format!("cursor `{CURSOR}`: {error}")))
}

/// Keeps what is declared.
pub async fn save(store: &Store, configured: &Configured) -> Result<(), StoreError> {
    let cursor = serde_json::to_value(configured).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    cursors::save(store, CURSOR, &cursor).await
}
