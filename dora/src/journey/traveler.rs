//! Whose way is asked for.

use kernel::{Change, Commit, Deployment, RepositoryId, Review, Service};

/// Something whose way is asked for.
#[derive(Clone, Debug)]
pub enum Traveler {
    /// A change, with its reviews.
    Change(Change, Vec<Review>),
    /// A commit.
    Commit(Commit),
    /// The version that a deployment, a release or a tag names.
    Version(Deployment),
}

impl Traveler {
    const fn repository(&self) -> Option<&RepositoryId> {
        match self {
            Self::Change(change, _) => Some(&change.repository),
            Self::Commit(commit) => Some(&commit.repository),
            Self::Version(deployment) => deployment.repository.as_ref(),
        }
    }

    pub(super) fn is_of(&self, service: &Service) -> bool {
        if let Self::Version(Deployment { service: Some(named), .. }) = self {
            return service.name == *named;
        }
        self.repository().is_some_and(|repository| service.repositories.contains(repository))
    }
}
