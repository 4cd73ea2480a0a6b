//! The JSON Schema of settings, made from the declarations of their sections.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The schema of a value of the settings. Schemas of types are inlined, so that each node has all that is known of it.
#[derive(Clone, Copy)]
pub struct Schema<'a>(&'a Value);

/// Generates the schema of settings.
#[must_use]
pub fn generate<S: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<S>().to_value()
}

impl<'a> Schema<'a> {
    /// The schema that this value holds.
    #[must_use]
    pub fn new(schema: &'a Value) -> Self {
        Self(schema)
    }

    /// The schema of the value at a path of keys and indexes, if the settings have it.
    #[must_use]
    pub fn at(self, path: &[String]) -> Option<Self> {
        path.iter().try_fold(self, Self::child)
    }

    fn child(self, key: &String) -> Option<Self> {
        if let Some(property) = self.properties().and_then(|properties| properties.get(key)) {
            return Some(Self(property));
        }
        let index = key.parse::<usize>().ok().and_then(|_| self.items());
        index.or_else(|| self.entries())
    }

    /// The schemas of the known keys of a table.
    #[must_use]
    pub fn properties(self) -> Option<&'a Map<String, Value>> {
        self.0.get("properties")?.as_object()
    }

    /// The known keys of a table in the order of the reference: what is required first, then by name.
    pub fn keys(self) -> impl Iterator<Item = (&'a str, Self)> {
        let required = self.0.get("required").and_then(Value::as_array);
        let is_required = move |key: &str| required.is_some_and(|required| required.iter().any(|name| name == key));
        let all = move || self.properties().into_iter().flatten();
        let of = move |wanted: bool| all().filter(move |(key, _)| is_required(key) == wanted);
        of(true).chain(of(false)).map(|(key, schema)| (key.as_str(), Self(schema)))
    }

    /// The schema of the entries of a list.
    #[must_use]
    pub fn items(self) -> Option<Self> {
        self.0.get("items").map(Self)
    }

    /// The schema of the entries of a table whose keys the user chooses.
    #[must_use]
    pub fn entries(self) -> Option<Self> {
        self.0.get("additionalProperties").filter(|entries| **entries != Value::Bool(false)).map(Self)
    }

    /// Whether it is a table of the file, with a header of its own.
    #[must_use]
    pub fn is_table(self) -> bool {
        !self.is_secret() && (self.properties().is_some() || self.entries().is_some())
    }

    /// Whether it is a table of the file, or a list of such tables.
    #[must_use]
    pub fn has_header(self) -> bool {
        self.is_table() || self.items().is_some_and(Self::is_table)
    }

    /// The form of a text, such as `secret` or `duration`.
    #[must_use]
    pub fn format(self) -> Option<&'a str> {
        self.0.get("format")?.as_str()
    }

    /// Whether it is a reference to a secret.
    #[must_use]
    pub fn is_secret(self) -> bool {
        self.format() == Some("secret")
    }

    /// Whether it is a reference to a secret, or has some below it.
    #[must_use]
    pub fn holds_secrets(self) -> bool {
        let below = self.properties().into_iter().flat_map(|properties| properties.values().map(Self));
        self.is_secret() || below.chain(self.items()).chain(self.entries()).any(Self::holds_secrets)
    }

    /// The default, if there is one.
    #[must_use]
    pub fn default(self) -> Option<&'a Value> {
        self.0.get("default").filter(|value| !value.is_null())
    }

    /// The first example.
    #[must_use]
    pub fn example(self) -> Option<&'a Value> {
        self.0.get("examples")?.get(0)
    }

    /// What a table that lacks a key suggests instead.
    pub(crate) fn hint(self) -> Option<&'a str> {
        self.text("x-hint")
    }

    /// The value that holds the schema.
    #[must_use]
    pub fn value(self) -> &'a Value {
        self.0
    }

    /// A key of the schema that is only for the reference.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.0.get(key)?.as_str()
    }

    /// What the doc comment of the declaration states, as one paragraph, with the words of a closed list.
    #[must_use]
    pub fn description(self) -> String {
        let lines = |text: &'a str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut description = self.text("description").map(lines).unwrap_or_default();
        let words = self.0.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let words: Vec<String> = words
            .filter_map(|word| Some((word.get("const")?, Self(word).text("description").unwrap_or_default())))
            .map(|(word, meaning)| format!("{word} ({})", lines(meaning)))
            .collect();
        if !words.is_empty() {
            description = format!("{description} One of {}.", words.join(", "));
        }
        description
    }
}
