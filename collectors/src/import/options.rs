//! How files are imported.

use kernel::Tenant;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFormat {
    /// Our own facts: an array, or in `*.json` one object or several, else one a line.
    Facts,
    /// Events of GH Archive (2015 and later), one a line, or an array of them.
    GhArchive,
}

/// How to import.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// What the files hold.
    pub format: ImportFormat,
    /// Whose events they are.
    pub tenant: Tenant,
    /// Go on after a line that cannot be read, and report it. Otherwise the first one is an error.
    pub keep_going: bool,
}
