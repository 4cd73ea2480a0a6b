//! Which of two versions of one fact is kept.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::FromRepr;

/// Which of two versions of one thing is kept: the more complete one, and of two equally complete
/// ones the later. Ties are broken by the content, so that the order of arrival never matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// How complete the source's version is. See [`Completeness`].
    #[serde(default)]
    pub completeness: Completeness,
    /// When the source last changed it.
    pub at: DateTime<Utc>,
}

/// How complete a source's version of a thing is, least first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, FromRepr,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Completeness {
    /// Guessed from something else: a change from the subject of its merge commit, a commit out of a
    /// push event, without its parents.
    Inferred = 0,
    /// Reported by the source itself.
    #[default]
    Reported = 1,
    /// Reported by the source itself, with what is costly to find out (line counts of commits).
    Measured = 2,
}
