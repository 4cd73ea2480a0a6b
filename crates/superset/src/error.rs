//! Why there is no bundle.

use panels::PanelError;
use thiserror::Error;

/// A bundle that can't be made.
#[derive(Debug, Error)]
pub enum SupersetError {
    /// The declarations are wrong.
    #[error("the declared dashboards can't be used")]
    Panels(#[from] PanelError),
    /// The name or the address of the database is wrong.
    #[error("{0}")]
    Target(String),
    /// The files can't be put into an archive.
    #[error("the files can't be put into an archive")]
    Archive(#[from] zip::result::ZipError),
    /// The same, of what is written.
    #[error("the files can't be put into an archive")]
    Write(#[from] std::io::Error),
}
