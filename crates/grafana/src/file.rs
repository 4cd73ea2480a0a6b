//! What is exported.

/// A file, by its path below the directory that is exported to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// With `/` between directories.
    pub path: String,
    /// What it holds.
    pub text: String,
}
