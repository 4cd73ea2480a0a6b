//! A fact of which one event states only a part.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fact;

/// What one event states of a thing whose other events don't repeat it: CDEvents names the cause of an incident when it
/// is detected, and not when it is resolved. The store keeps each field as the newest event that has it states it.
/// Fields that say how a thing ended are those of the newest event, present or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partial {
    /// The fields that the event has; the others are empty.
    pub of: Box<Fact>,
}

impl From<Fact> for Partial {
    fn from(fact: Fact) -> Self {
        Self { of: Box::new(fact) }
    }
}
