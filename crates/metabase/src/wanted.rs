//! What one call of `apply` is to bring about.

use std::time::Duration;

use kernel::Secret;
use panels::fields;
use serde_json::{Map, Value, json};

use crate::content::Content;

/// What is wanted, and how.
#[derive(Debug)]
pub struct Wanted {
    /// What all of it is named: the connection, the collection above all others, and the scope of the descriptions.
    pub name: String,
    /// Where the views are.
    pub connection: Connection,
    /// Metadata, models, metrics, questions and dashboards.
    pub content: Content,
    /// The group that may look at them.
    pub viewers: String,
    /// All users may look at them, too.
    pub is_for_all_users: bool,
    /// The password of the connection is written, though Metabase shows none that it could be compared with.
    pub replaces_password: bool,
    /// How long Metabase may take to read the views.
    pub sync_timeout: Duration,
    /// Nothing is written.
    pub is_dry_run: bool,
}

/// A connection to PostgreSQL, as Metabase opens it.
#[derive(Debug)]
pub struct Connection {
    /// The host, as Metabase reaches it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// Its password.
    pub password: Option<Secret>,
    /// Encryption.
    pub ssl: Ssl,
}

/// How the connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ssl {
    /// Not at all.
    Off,
    /// With whatever certificate the server has.
    Required,
    /// With a certificate for the host that an authority of this file signed; a path where Metabase runs.
    Verified(String),
}

impl Wanted {
    /// The details of the connection, without the password.
    #[must_use]
    pub fn details(&self) -> Map<String, Value> {
        let Connection { host, port, database, user, ssl, .. } = &self.connection;
        let mut details = fields(json!({
            "host": host,
            "port": port,
            "dbname": database,
            "user": user,
            "ssl": *ssl != Ssl::Off,
            "schema-filters-type": "inclusion",
            "schema-filters-patterns": self.content.schema,
            "tunnel-enabled": false,
            "advanced-options": true,
        }));
        match ssl {
            Ssl::Off => {}
            Ssl::Required => {
                details.insert("ssl-mode".to_owned(), json!("require"));
            }
            Ssl::Verified(path) => details.extend(fields(json!({
                "ssl-mode": "verify-full",
                "ssl-root-cert-options": "local",
                "ssl-root-cert-path": path,
            }))),
        }
        details
    }
}
