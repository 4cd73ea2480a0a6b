//! What a search finds.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use kernel::SearchKind;
use serde::Serialize;
use utoipa::ToSchema;

/// A thing that a search found.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
#[graphql(complex)]
pub struct SearchHit {
    /// What it is.
    pub kind: SearchKind,
    /// Its id at its source, as lists have it: that of a change or a commit is taken at /api/v1/changes/{id}, that of a
    /// release or a deployment at /api/v1/deployments/{id}.
    #[graphql(name = "key")]
    pub id: String,
    /// Its id in the graph, which `node` of GraphQL takes.
    #[graphql(skip)]
    pub node_id: String,
    /// Its title, or what it is called.
    pub title: String,
    /// What else says which one it is: a key, a repository, a service, an environment.
    #[schema(required)]
    pub subtitle: Option<String>,
    /// When it was opened, created, detected, committed or finished.
    #[schema(required)]
    pub at: Option<DateTime<Utc>>,
    /// Its web address.
    #[schema(required)]
    pub url: Option<String>,
}
