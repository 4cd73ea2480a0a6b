//! What Metabase is to have, in its own terms, but with names in place of numbers: the one form that is applied through
//! the API and written as files.

use serde_json::{Map, Value};

use crate::key::{Key, Kind};

/// Everything that is wanted of one tenant.
#[derive(Clone, Debug)]
pub struct Content {
    /// The schema of the views.
    pub schema: String,
    /// The metadata of the views.
    pub views: Vec<ViewMetadata>,
    /// Collections, cards and dashboards, in an order in which each refers to earlier ones only.
    pub objects: Vec<Object>,
}

impl Content {
    /// The description of the connection, by which it is found again.
    #[must_use]
    pub fn database_description(&self, scope: &str) -> String {
        let text = "What `sei` knows: views with descriptions, made from its declarations.";
        Key::new(Kind::Database, self.schema.as_str()).described(scope, text)
    }
}

/// The metadata of a view: what Metabase keeps of a table.
#[derive(Clone, Debug)]
pub struct ViewMetadata {
    /// Its name.
    pub name: &'static str,
    /// The fields of a table that are set.
    pub body: Map<String, Value>,
    /// Its columns.
    pub columns: Vec<ColumnMetadata>,
}

/// The metadata of a column.
#[derive(Clone, Debug)]
pub struct ColumnMetadata {
    /// Its name.
    pub name: &'static str,
    /// The type of PostgreSQL.
    pub native: &'static str,
    /// The fields of a field that are set.
    pub body: Map<String, Value>,
}

/// A collection, card or dashboard.
#[derive(Clone, Debug)]
pub struct Object {
    /// What it is found by.
    pub key: Key,
    /// Its fields, with references to others.
    pub body: Map<String, Value>,
}
