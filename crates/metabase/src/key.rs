//! What an object in Metabase is of ours. What was made carries that as the last line of its description, so that it is
//! found again, and so that nothing is archived that was made by others.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};

/// What the last line of a description begins with.
const PREFIX: &str = "Managed by sei: ";

/// A kind of object.
#[derive(Clone, Copy, Debug, Display, EnumString, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A connection.
    Database,
    /// A collection.
    Collection,
    /// A model: a view to ask questions of.
    Model,
    /// A metric of Metabase.
    Metric,
    /// A saved question.
    Question,
    /// A dashboard.
    Dashboard,
}

impl Kind {
    /// Whether Metabase keeps it as a card.
    #[must_use]
    pub const fn is_card(self) -> bool {
        matches!(self, Self::Model | Self::Metric | Self::Question)
    }
}

/// An object of ours: its kind, and its name among those.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Its kind.
    pub kind: Kind,
    /// Its name: that of a view, metric, panel or dashboard.
    pub name: String,
}

impl Key {
    /// The key of a kind and a name.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// A description with the line by which the object is found again. `scope` is what all of it is named, the name of
    /// the connection.
    #[must_use]
    pub fn described(&self, scope: &str, description: &str) -> String {
        format!("{}\n\n{PREFIX}{scope}/{self}", description.trim()).trim_start().to_owned()
    }

    /// The object that a description belongs to, if it was made under this scope.
    #[must_use]
    pub fn of(scope: &str, description: &str) -> Option<Self> {
        let line = description.lines().rev().find_map(|line| line.trim().strip_prefix(PREFIX))?;
        let (kind, name) = line.strip_prefix(scope)?.strip_prefix('/')?.split_once('/')?;
        Some(Self::new(Kind::from_str(kind).ok()?, name))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_found_again_by_its_description() {
        let key = Key::new(Kind::Question, "lead_time_by_week");
        let text = key.described("sei", "The median.\n");
        assert_eq!(text, "The median.\n\nManaged by sei: sei/question/lead_time_by_week");
        assert_eq!(Key::of("sei", &text), Some(key.clone()));
        assert_eq!(Key::of("sei", &key.described("sei", "")), Some(key));
    }

    #[test]
    fn what_others_made_has_no_key() {
        let key = Key::new(Kind::Model, "team");
        for text in ["", "Managed by us", "Managed by sei: sei/nothing/team", "Managed by sei: sei"] {
            assert_eq!(Key::of("sei", text), None, "{text}");
        }
        assert_eq!(Key::of("sei", &key.described("sei demo", "Teams.")), None);
        assert_eq!(Key::of("sei demo", &key.described("sei", "Teams.")), None);
    }
}
