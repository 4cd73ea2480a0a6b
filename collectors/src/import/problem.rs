//! What is wrong with a line or element of an imported file.

use std::path::PathBuf;

use connector::problem::At;
use serde::Serialize;

/// What is wrong with one line or element of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}, {at}: {}{problem}", .file.display(), field(.path))]
pub struct ImportProblem {
    /// The file.
    pub file: PathBuf,
    /// The line or the place in the array.
    pub at: At,
    /// The field; `.` is the whole.
    pub path: String,
    /// What was found, and what was expected.
    pub problem: String,
}

/// The field that a problem is about, before the problem; nothing for the whole.
fn field(path: &str) -> String {
    if path == "." { String::new() } else { format!("{path}: ") }
}
