//! Entries of the audit log.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::audit::Recorded;
use utoipa::ToSchema;

/// An entry of the audit log.
#[derive(Clone, Debug, Serialize, SimpleObject, ToSchema)]
pub struct AuditEntry {
    /// Its number: no two have the same, and none is missing.
    #[graphql(name = "number")]
    pub id: i64,
    /// When it was added.
    pub at: DateTime<Utc>,
    /// The tenant that it is about; null for what belongs to none.
    #[schema(required)]
    pub tenant: Option<String>,
    /// Who did it: `user`, `token`, `service`, `anonymous`, `local`, `command_line` or `sei`.
    pub actor_kind: String,
    /// What identifies the actor.
    pub actor_id: String,
    /// What the actor is called.
    #[schema(required)]
    pub actor_name: Option<String>,
    /// What was done.
    pub action: String,
    /// What it was done to. A person is called by their pseudonym.
    pub subject: String,
    /// More about it, as JSON.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// The address of the client.
    #[schema(required)]
    pub address: Option<String>,
    /// The hash of the entry before it, in hex.
    pub previous: String,
    /// SHA-256 of all of this but itself, in hex.
    pub hash: String,
}

impl From<Recorded> for AuditEntry {
    fn from(entry: Recorded) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            tenant: entry.tenant,
            actor_kind: entry.actor_kind.as_str().to_owned(),
            actor_id: entry.actor_id,
            actor_name: entry.actor_name,
            action: entry.action.as_str().to_owned(),
            subject: entry.subject,
            detail: entry.detail,
            address: entry.address,
            previous: entry.previous,
            hash: entry.hash,
        }
    }
}
