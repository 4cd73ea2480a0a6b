//! Setting up a source: what its token may do, what it sees, and its webhook. What people are guided through before they
//! write its settings.

use async_trait::async_trait;
use kernel::Secret;

use crate::error::PullError;

/// Projects that a check names at most.
pub const PROJECTS: usize = 100;

/// A source that is being set up.
#[async_trait]
pub trait Setup: Send + Sync {
    /// Asks the source who the token is, what it may do, and which projects it sees. Takes a bounded number of requests,
    /// and changes nothing.
    async fn check(&self) -> Result<CheckedSource, PullError>;

    /// Registers a webhook, unless the source has one for its address.
    async fn register(&self, hook: &NewWebhook<'_>) -> Result<Registration, PullError>;
}

/// What a token is good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedSource {
    /// Who the token is, as the source calls them.
    pub identity: String,
    /// What it may do, and what not.
    pub rights: Vec<CheckedRight>,
    /// The projects that it sees, [`PROJECTS`] at most.
    pub projects: Vec<String>,
    /// There are more projects.
    pub has_more_projects: bool,
}

/// A right that a token has, or lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRight {
    /// The right, as the source calls it.
    pub name: &'static str,
    /// What lacks without it.
    pub needed_for: &'static str,
    /// Whether the rest works without it.
    pub is_optional: bool,
    /// What is missing, if it is: in words.
    pub missing: Option<String>,
}

/// A webhook to register.
#[derive(Clone, Copy, Debug)]
pub struct NewWebhook<'a> {
    /// The project whose events it sends.
    pub project: &'a str,
    /// Where it sends them.
    pub address: &'a str,
    /// What it signs them with.
    pub secret: &'a Secret,
}

/// What a registration came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// It is registered now.
    Created,
    /// One for the same address is there, with a secret of its own.
    AlreadyThere,
}

impl CheckedRight {
    /// A right by what asking for something that needs it came to. What fails for another reason is no answer.
    pub fn of<T>(
        (name, needed_for, is_optional): (&'static str, &'static str, bool),
        asked: Result<T, PullError>,
    ) -> Result<Self, PullError> {
        let missing = match asked {
            Ok(_) => None,
            Err(PullError::Denied { missing: Some(missing), .. }) => Some(missing),
            Err(error @ (PullError::Denied { .. } | PullError::Unauthenticated(_) | PullError::Gone(_))) => {
                Some(error.to_string())
            }
            Err(error) => return Err(error),
        };
        Ok(Self { name, needed_for, is_optional, missing })
    }
}
