//! What is wrong with a declaration.

use thiserror::Error;

/// A declaration of dashboards that can't be used.
#[derive(Debug, Error)]
pub enum PanelError {
    /// It is not read.
    #[error("{place} can't be read")]
    Unreadable {
        /// The file and the panel.
        place: String,
        /// Why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// It is read, and wrong.
    #[error("{place}: {problem}")]
    Wrong {
        /// The file and the panel.
        place: String,
        /// What was found, and what is expected.
        problem: String,
    },
}

impl PanelError {
    /// A problem at a place.
    pub(crate) fn wrong(place: &str, problem: impl Into<String>) -> Self {
        Self::Wrong { place: place.to_owned(), problem: problem.into() }
    }
}
