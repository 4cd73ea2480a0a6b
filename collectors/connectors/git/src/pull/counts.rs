//! What a commit changes: how many lines and files, in which directories.

/// What a commit changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Lines added.
    pub additions: u64,
    /// Lines deleted.
    pub deletions: u64,
    /// Files changed.
    pub files: u64,
}

/// The directories in which a commit changes files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directories {
    /// Their names, in order.
    pub names: Vec<String>,
    /// They were too many, so that some stand for those below.
    pub shortened: bool,
}
