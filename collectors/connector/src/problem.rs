//! What is wrong with facts that a client sent, and where it is.

use serde::Serialize;

/// What is wrong with one of the facts that a client sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactProblem {
    /// Which: counted from 1 in lines, from 0 in an array.
    #[serde(flatten)]
    pub at: At,
    /// The field, such as `version.at`; `.` is the fact as a whole.
    pub path: String,
    /// What was found, and what was expected.
    pub problem: String,
}

/// Which fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// The line, counted from 1.
    Line(u64),
    /// The place in the array, counted from 0.
    Index(u64),
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Index(index) => write!(f, "element {index}"),
        }
    }
}
