//! Repositories and organizations, and what they were called before.

use connector::json;
use connector::lenient::Word;
use serde::Deserialize;

use super::common::{Repository, User};

#[derive(Deserialize)]
pub struct RepositoryEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    #[serde(default, deserialize_with = "json::or_default")]
    pub changes: RepositoryChanges,
    pub repository: Repository,
    pub sender: Option<User>,
}

/// What a repository was called, and whose it was, where that changed.
#[derive(Default, Deserialize)]
pub struct RepositoryChanges {
    pub repository: Option<NameChange>,
    pub owner: Option<OwnerChange>,
}

#[derive(Deserialize)]
pub struct NameChange {
    pub name: Option<Before<String>>,
}

#[derive(Deserialize)]
pub struct OwnerChange {
    pub from: Option<Owner>,
}

#[derive(Deserialize)]
pub struct Owner {
    pub user: Option<User>,
    pub organization: Option<User>,
}

#[derive(Deserialize)]
pub struct Before<T> {
    pub from: Option<T>,
}

#[derive(Deserialize)]
pub struct OrganizationEvent {
    #[serde(default, deserialize_with = "json::or_default")]
    pub action: Word,
    #[serde(default, deserialize_with = "json::or_default")]
    pub changes: OrganizationChanges,
    pub organization: Organization,
}

#[derive(Default, Deserialize)]
pub struct OrganizationChanges {
    pub login: Option<Before<String>>,
}

#[derive(Deserialize)]
pub struct Organization {
    pub login: String,
    /// In the API.
    pub url: Option<String>,
}
