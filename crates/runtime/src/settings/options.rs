//! Options of connectors: each connector declares its own type. The settings keep them as they stand in the file until
//! the connector, or the check through its type, reads them.

use std::borrow::Cow;
use std::fmt;

use figment::value::Value as Layered;
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::findings::Findings;
use super::schema;
use super::secret_ref::SecretRef;

/// The type of the options of a connector. With `#[serde(deny_unknown_fields)]` a misspelled key is named.
pub trait SourceOptions: DeserializeOwned + JsonSchema {
    /// Reports what the type can't express. The options stand at `key`.
    fn check(&self, _key: &str, _findings: &mut Findings) {}
}

/// A type of options: how a table is checked, and its schema.
#[derive(Clone, Copy)]
pub struct OptionsType {
    pub(crate) schema: fn() -> Value,
    pub(crate) check: fn(&Layered, &str, &mut Findings) -> Result<(), Box<figment::Error>>,
}

impl OptionsType {
    /// The type `T`.
    #[must_use]
    pub fn of<T: SourceOptions>() -> Self {
        Self { schema: schema::generate::<T>, check: check::<T> }
    }

    /// What is pulled with these options: the doc comment of the type.
    #[must_use]
    pub fn description(self) -> String {
        schema::Schema::new(&(self.schema)()).description()
    }
}

fn check<T: SourceOptions>(table: &Layered, key: &str, findings: &mut Findings) -> Result<(), Box<figment::Error>> {
    let options: T = table.deserialize().map_err(Box::new)?;
    options.check(key, findings);
    Ok(())
}

/// Options as they stand in the settings. They are shown as [`SecretRef`] shows references to secrets.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct RawOptions(Map<String, Value>);

impl RawOptions {
    /// Options that a program makes itself.
    #[must_use]
    pub fn new(options: Map<String, Value>) -> Self {
        Self(options)
    }

    /// The table as it is, for its connector.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The URLs, of a connector that takes several.
    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        self.0.get("urls").and_then(Value::as_array).into_iter().flatten().map(|url| url.as_str().unwrap_or_default())
    }

    /// Reports what is wrong with the keys that all connectors have.
    pub(super) fn check(&self, key: &str, secrets: bool, findings: &mut Findings) {
        if let Some(schedule) = self.0.get("schedule").and_then(Value::as_str) {
            findings.schedule(format!("{key}.schedule"), schedule);
        }
        let token = self.0.get("token").filter(|_| secrets).map(SecretRef::deserialize);
        if let Some(Ok(token)) = token {
            findings.secret(format!("{key}.token"), &token);
        }
    }
}

/// A value as it may be shown.
fn shown(value: &Value) -> Value {
    match value {
        Value::Object(table) => match SecretRef::deserialize(value) {
            Ok(reference) => json!(reference),
            Err(_) => table.iter().map(|(key, value)| (key.clone(), shown(value))).collect(),
        },
        Value::Array(list) => list.iter().map(shown).collect(),
        other => other.clone(),
    }
}

impl Serialize for RawOptions {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        shown(&self.to_value()).serialize(to)
    }
}

impl fmt::Debug for RawOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawOptions({})", shown(&self.to_value()))
    }
}

/// Any key may hold a secret, until the connector's type has stated which do.
impl JsonSchema for RawOptions {
    fn schema_name() -> Cow<'static, str> {
        "RawOptions".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "object", "additionalProperties": SecretRef::json_schema(generator) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_secrets_in_options_are_shown_only_if_they_can_t_be_the_secret() {
        let options: RawOptions = serde_json::from_value(json!({
            "token": { "env": "ghp_hunter2" }, "keys": [{ "file": "glpat-hunter2" }], "url": "https://h.example",
            "key": { "env": "APP_KEY" },
        }))
        .unwrap();
        let shown = format!("{options:?}{}", serde_json::to_string(&options).unwrap());
        assert!(
            !shown.contains("hunter2") && shown.contains("https://h.example") && shown.contains("APP_KEY"),
            "{shown}"
        );
        assert_eq!(options.to_value()["token"]["env"], "ghp_hunter2", "its connector reads it");
    }
}
