//! What an application of the wanted state does, or would do.

use std::fmt;

use serde::Serialize;
use strum::Display;

use crate::key::Key;

/// What is done to something.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// Metabase reads the views.
    Sync,
    /// It goes into the trash, since it is no longer wanted.
    Archive,
    /// It is no longer wanted, but holds what others made.
    Leave,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// The kind of thing: `database`, `metadata`, `group`, `collection`, `model`, `metric`, `question`, `dashboard`,
    /// `permissions`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What differed.
    pub fields: Vec<String>,
}

impl Change {
    /// A change of something with a name.
    pub fn new(action: Action, kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { action, kind: kind.into(), name: name.into(), fields: Vec::new() }
    }

    /// A change of an object of ours.
    #[must_use]
    pub fn of(action: Action, key: &Key) -> Self {
        Self::new(action, key.kind.to_string(), key.name.as_str())
    }

    /// The same, of these fields.
    #[must_use]
    pub fn with(mut self, fields: Vec<String>) -> Self {
        self.fields = fields;
        self
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.action, self.kind, self.name)?;
        if self.fields.is_empty() { Ok(()) } else { write!(f, ": {}", self.fields.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_differed() {
        let change = Change::new(Action::Update, "question", "lead_time");
        assert_eq!(change.to_string(), "update question lead_time");
        let fields = vec!["name".to_owned(), "dataset_query".to_owned()];
        assert_eq!(change.with(fields).to_string(), "update question lead_time: name, dataset_query");
    }
}
