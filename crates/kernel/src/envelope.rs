//! The envelope: a CloudEvents 1.0 event, with the payload's bytes as they came.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::TraceParent;

/// One event on its way through the log. The attributes are those of CloudEvents 1.0; `tenant`, `key` and
/// `traceparent` are extension attributes (`tenant`, `partitionkey`, `traceparent`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Unique within `source`: the source's delivery id where it has one.
    pub id: String,
    /// The connector that received it and the configured name of the source: `github/main`.
    pub source: String,
    /// What the payload is: `<connector>.<event>`, such as `github.pull_request` or `git.page`.
    pub kind: String,
    /// What it is about, when that is known without reading the payload.
    pub subject: Option<String>,
    /// When `sei` received it.
    pub time: DateTime<Utc>,
    /// Whose it is.
    pub tenant: Tenant,
    /// Events with the same key stay in order: the repository, or the issue.
    pub key: String,
    /// The media type of `data`.
    pub content_type: String,
    /// The payload, byte for byte.
    pub data: Bytes,
    /// The span that received it, if its trace is exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
}

impl Envelope {
    /// The connector whose normalizer reads this: the part of `source` before the slash.
    #[must_use]
    pub fn connector(&self) -> &str {
        self.source.split('/').next().unwrap_or_default()
    }
}

/// Who data belongs to. A tenant is a schema of the database, so its name is one: a lower-case
/// letter, then letters, digits or `_`, at most 40 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

/// What can name a tenant, for people.
pub const TENANT_NAMES: &str = "a lower-case letter, then letters, digits or `_`, 40 characters at most; `public`, `sei`, \
                                `analytics`, `information_schema` and names that start with `pg_` or `analytics_` are taken";

/// A text that cannot name a tenant.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` can't name a tenant: use {TENANT_NAMES}")]
pub struct TenantError(pub String);

impl Tenant {
    /// A tenant of this name.
    pub fn new(name: &str) -> Result<Self, TenantError> {
        let mut characters = name.chars();
        let good = characters.next().is_some_and(|first| first.is_ascii_lowercase())
            && characters.all(|next| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '_')
            && name.len() <= 40
            && !matches!(name, "public" | "sei" | "analytics" | "information_schema")
            && !name.starts_with("pg_")
            && !name.starts_with("analytics_");
        if good { Ok(Self(name.to_owned())) } else { Err(TenantError(name.to_owned())) }
    }

    /// Its name, which is the name of its schema.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    /// `main`: the only tenant that need not be named.
    fn default() -> Self {
        Self("main".to_owned())
    }
}

impl std::fmt::Display for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Tenant {
    type Error = TenantError;
    fn try_from(name: String) -> Result<Self, TenantError> {
        Self::new(&name)
    }
}

impl std::str::FromStr for Tenant {
    type Err = TenantError;
    fn from_str(name: &str) -> Result<Self, TenantError> {
        Self::new(name)
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_name_can_be_a_tenant() {
        for good in ["main", "demo", "team_7"] {
            assert!(Tenant::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Main", "7up", "a-b", "a\"; drop", "public", "sei", "pg_x", &"a".repeat(41)] {
            assert_eq!(Tenant::new(bad), Err(TenantError(bad.to_owned())));
        }
    }
}
