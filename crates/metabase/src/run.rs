//! One application of the wanted state: what is known of the server, what was changed, and the only place that writes.

use std::collections::BTreeMap;

use http::Method;
use panels::fields;
use serde_json::{Map, Value};

use crate::change::Change;
use crate::client::{Client, unexpected};
use crate::error::MetabaseError;
use crate::key::Key;
use crate::reference::{Names, Reference, resolved};
use crate::wanted::Wanted;

/// What stands, while nothing is written, for the number of something that would be made.
const NOT_MADE: &str = "not made yet";

/// The numbers that Metabase has given.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) database: Option<u64>,
    pub(crate) tables: BTreeMap<String, u64>,
    pub(crate) fields: BTreeMap<(String, String), u64>,
    pub(crate) objects: BTreeMap<Key, u64>,
    /// What has no number yet will have one.
    pub(crate) is_dry_run: bool,
}

impl Names for Known {
    fn find(&self, reference: &Reference) -> Option<Value> {
        let number = match reference {
            Reference::Database => self.database,
            Reference::Table(view) => self.tables.get(view).copied(),
            Reference::Field(view, column) => self.fields.get(&(view.clone(), column.clone())).copied(),
            Reference::Object(key) => self.objects.get(key).copied(),
        };
        number.map(Value::from).or_else(|| self.is_dry_run.then(|| NOT_MADE.into()))
    }
}

/// One application.
pub(crate) struct Run<'a> {
    client: &'a Client,
    pub(crate) wanted: &'a Wanted,
    pub(crate) known: Known,
    pub(crate) changes: Vec<Change>,
    progress: &'a (dyn Fn(&str) + Send + Sync),
}

impl<'a> Run<'a> {
    pub(crate) fn new(client: &'a Client, wanted: &'a Wanted, progress: &'a (dyn Fn(&str) + Send + Sync)) -> Self {
        let known = Known { is_dry_run: wanted.is_dry_run, ..Known::default() };
        Self { client, wanted, known, changes: Vec::new(), progress }
    }

    /// Shows what is being done.
    pub(crate) fn show(&self, text: &str) {
        (self.progress)(text);
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, MetabaseError> {
        self.client.get(path).await
    }

    /// Writes, unless nothing is to be written.
    pub(crate) async fn write(&self, method: Method, path: &str, body: Value) -> Result<Option<Value>, MetabaseError> {
        if self.wanted.is_dry_run {
            return Ok(None);
        }
        self.client.write(method, path, &body).await.map(Some)
    }

    /// Makes something, and returns the number that Metabase gives it; none while nothing is written.
    pub(crate) async fn create(&self, path: &str, body: Value) -> Result<Option<u64>, MetabaseError> {
        self.write(Method::POST, path, body).await?.map(|answer| id_of(&answer, path)).transpose()
    }

    /// Changes something.
    pub(crate) async fn update(&self, path: &str, body: Value) -> Result<(), MetabaseError> {
        self.write(Method::PUT, path, body).await.map(drop)
    }

    /// Keeps a change for the report.
    pub(crate) fn changed(&mut self, change: Change) {
        if !self.wanted.is_dry_run {
            self.show(&change.to_string());
        }
        self.changes.push(change);
    }

    /// The fields with numbers in place of references.
    pub(crate) fn resolved(&self, body: &Map<String, Value>) -> Result<Map<String, Value>, MetabaseError> {
        resolved(&Value::Object(body.clone()), &self.known).map(fields).map_err(MetabaseError::Missing)
    }
}

/// The number of an object that Metabase answers with.
pub(crate) fn id_of(answer: &Value, path: &str) -> Result<u64, MetabaseError> {
    answer.get("id").and_then(Value::as_u64).ok_or_else(|| unexpected(path, "the number `id`"))
}

/// The items of a list, which is an array, or the field `data` of an object.
pub(crate) fn items_of<'a>(answer: &'a Value, path: &str) -> Result<&'a Vec<Value>, MetabaseError> {
    answer.get("data").unwrap_or(answer).as_array().ok_or_else(|| unexpected(path, "a list"))
}

/// A text of an object; empty where it has none.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
