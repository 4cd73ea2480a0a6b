//! What goes wrong while asking a source, by what to do next.

use chrono::{DateTime, Utc};

/// Why a source gave no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PullError {
    /// Ask again later: the network, the server, or an answer that was cut off. Retries were in vain.
    #[error("{0}")]
    Transient(String),
    /// The host has never answered: its name may be wrong, or the network is not there.
    #[error("{0}")]
    Unreachable(String),
    /// Ask again at this time. Only when it is too far away to wait for.
    #[error("the rate limit is used up until {0}")]
    RateLimited(DateTime<Utc>),
    /// The token may not read this. Asking again does not help until it may.
    #[error("the token may not read {what}{}", .missing.as_ref().map(|scope| format!("; it lacks {scope}")).unwrap_or_default())]
    Denied {
        /// What was asked for.
        what: String,
        /// The scope or permission that is missing, where the source names it.
        missing: Option<String>,
    },
    /// The source does not know the token. One that is exchanged for another can be exchanged again.
    #[error("the token may not read {0}; it lacks any right at all: it is wrong, expired or revoked")]
    Unauthenticated(String),
    /// There is no such thing, or the token may not know of it.
    #[error("there is no {0}, or the token may not see it")]
    Gone(String),
    /// Where the next page begins is kept in a form that this version does not read.
    #[error("{0}")]
    Cursor(String),
    /// The request or the answer is not what we think it is: a mistake of ours or of the settings.
    #[error("{0}")]
    Data(String),
}

impl PullError {
    /// Whether the token may not read what was asked for.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. } | Self::Unauthenticated(_))
    }

    /// Whether the same may work later without any change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::Unreachable(_) | Self::RateLimited(_))
    }
}
