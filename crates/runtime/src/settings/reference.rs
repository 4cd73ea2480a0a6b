//! The reference of all settings, generated from their declarations: as a TOML file with defaults and examples, and as
//! tables of a document.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::Settings;
use super::schema::{Schema, generate};

/// The longest line of the file.
const LINE_CHARS: usize = 118;

const PREAMBLE: &str = "\
# Every setting of sei, with its default. `sei config default` prints this file; it is generated from the code.
#
# Settings come in layers. Later ones win:
#
#   1. the defaults
#   2. your file: `--config FILE`, else ./sei.toml, else /etc/sei/sei.toml
#   3. environment: SEI_<SECTION>__<KEY>, such as SEI_SERVER__LISTEN=0.0.0.0:8080
#   4. flags: `--set server.listen=0.0.0.0:8080`, and the flags of a command
#
# Copy only what you change into your own file. A line that starts with `# ` and a key is an example of a setting that
# has no default. Durations are written `90s`, `15m`, `24h`, `7d`; times are UTC unless a key says otherwise. A key that
# several connectors have is explained once.
# `sei config check` reports what is wrong with a file, and where.
#
# The settings hold no secrets: a secret is `{ env = \"NAME\" }` (an environment variable) or `{ file = \"/path\" }`
# (a file). Spaces and line ends around it are not part of the secret.
";

const INTRODUCTION: &str = "\
# Settings

This file is generated from the code: `sei config default --markdown`. The same as a commented file is
[sei.default.toml](../sei.default.toml), which also explains layers, durations and secrets.
";

/// The name of the section of sources, whose keys depend on the connector.
const SOURCE: &str = "source";

/// The sections with their schemas in the order of the reference: `[[source]]` once for each connector.
#[must_use]
pub fn sections<S: Settings>() -> Vec<(String, Value)> {
    let (schema, types) = (generate::<S>(), S::source_types());
    let mut sections = Vec::new();
    for (name, section) in Schema::new(&schema).keys() {
        if name == SOURCE && !types.is_empty() {
            sections.extend(types.iter().map(|kind| (name.to_owned(), kind.section(section.value()))));
        } else {
            sections.push((name.to_owned(), section.value().clone()));
        }
    }
    sections
}

/// The reference as a TOML file.
#[must_use]
pub fn toml<S: Settings>() -> String {
    let mut text = Text { text: PREAMBLE.to_owned(), stated: BTreeSet::new() };
    for (name, section) in sections::<S>() {
        text.table(&Header::new(&name, Schema::new(&section)), "");
    }
    text.text
}

/// A table of the file: its header and its schema.
struct Header<'a> {
    path: String,
    /// Each entry of a list has a header of its own, and is there only if the user writes it.
    is_list: bool,
    /// The schema of what stands below the header.
    table: Schema<'a>,
    description: String,
    example: Option<&'a Value>,
    /// The connector whose sources it describes.
    variant: Option<&'a str>,
}

impl<'a> Header<'a> {
    fn new(path: &str, schema: Schema<'a>) -> Self {
        let list = schema.items().filter(|items| items.is_table());
        let mut table = list.unwrap_or(schema);
        // tables whose keys the user chooses hold tables: the reference shows one of them
        while let Some(entries) = table.entries().filter(|entries| entries.is_table()) {
            table = entries;
        }
        let own = schema.description();
        let description = if own.is_empty() { table.description() } else { own };
        let (path, is_list) = (path.to_owned(), list.is_some());
        Self { path, is_list, table, description, example: schema.example(), variant: schema.text("x-variant") }
    }
}

impl Header<'_> {
    fn brackets(&self) -> (&'static str, &'static str) {
        if self.is_list { ("[[", "]]") } else { ("[", "]") }
    }
}

/// The reference as a TOML file, as far as it is written.
struct Text {
    text: String,
    /// Comments with the paths of their keys: what holds for several connectors is stated once.
    stated: BTreeSet<String>,
}

impl Text {
    /// Writes a table with its tables. Each line begins with `prefix`, which is `# ` within an example.
    fn table(&mut self, header: &Header<'_>, prefix: &str) {
        self.text.push('\n');
        self.state(&header.path, &header.description);
        let prefix = if header.is_list { "# " } else { prefix };
        let (open, close) = header.brackets();
        self.line(&[prefix, open, &header.path, close]);
        for (key, value) in header.example.and_then(Value::as_object).into_iter().flatten() {
            self.line(&["# ", &written_key(key), " = ", &written(value)]);
        }
        let keys: Vec<_> = header.table.keys().collect();
        for (key, schema) in keys.iter().filter(|(_, schema)| !schema.has_header()) {
            self.state(&format!("{}.{key}", header.path), &schema.description());
            match (schema.default(), schema.example()) {
                (Some(default), None) => self.line(&[prefix, key, " = ", &written(default)]),
                (Some(default), Some(example)) if prefix.is_empty() => {
                    comment(&mut self.text, &format!("Example: {key} = {}", written(example)));
                    self.line(&[key, " = ", &written(default)]);
                }
                (_, example) => self.line(&["# ", key, " = ", &example.map_or("…".to_owned(), written)]),
            }
        }
        for (key, schema) in keys.iter().filter(|(_, schema)| schema.has_header()) {
            let path = format!("{}.{key}", header.path);
            self.table(&Header::new(&path, *schema), prefix);
        }
    }

    /// Writes what is to be known of a key, unless it is stated already.
    fn state(&mut self, path: &str, description: &str) {
        if self.stated.insert(format!("{path} {description}")) {
            comment(&mut self.text, description);
        }
    }

    fn line(&mut self, parts: &[&str]) {
        self.text.extend(parts.iter().copied());
        self.text.push('\n');
    }
}

/// Writes a text as comments.
fn comment(text: &mut String, paragraph: &str) {
    let mut length = 0;
    for word in paragraph.split_whitespace() {
        let word_chars = word.chars().count();
        if length > 0 && length + 1 + word_chars <= LINE_CHARS {
            text.push(' ');
            length += 1 + word_chars;
        } else {
            text.push_str(if length == 0 { "# " } else { "\n# " });
            length = 2 + word_chars;
        }
        text.push_str(word);
    }
    if length > 0 {
        text.push('\n');
    }
}

/// A value as TOML writes it, on one line.
fn written(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let entries: Vec<String> =
                table.iter().map(|(key, value)| format!("{} = {}", written_key(key), written(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::String(text) if text.contains('\\') && !text.contains('\'') => format!("'{text}'"),
        // JSON and TOML write these alike
        other => other.to_string(),
    }
}

fn written_key(key: &str) -> String {
    let is_bare = key.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
    if is_bare { key.to_owned() } else { format!("{key:?}") }
}

/// The reference as tables of a document.
#[must_use]
pub fn markdown<S: Settings>() -> String {
    let mut text = INTRODUCTION.to_owned();
    for (name, section) in sections::<S>() {
        let header = Header::new(&name, Schema::new(&section));
        let of = header.variant.map_or(String::new(), |connector| format!(" of {connector}"));
        write_section(&mut text, &header, &of);
    }
    text
}

/// Writes a section with the tables below it. `of` names the connector whose sources it describes.
fn write_section(text: &mut String, header: &Header<'_>, of: &str) {
    let (open, close) = header.brackets();
    text.extend(["\n## `", open, &header.path, close, "`", of, "\n\n", &header.description, "\n"]);
    let keys: Vec<_> = header.table.keys().collect();
    let (tables, values): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, schema)| schema.has_header());
    if !values.is_empty() {
        text.push_str("\n| key | default | meaning |\n|---|---|---|\n");
    }
    for (key, schema) in values {
        let default = schema.default().map_or(String::new(), |value| code(&written(value)));
        let example = schema.example().map_or(String::new(), |value| format!(" Example: {}", code(&written(value))));
        // writing to a text can't fail
        let _ = writeln!(text, "| `{key}` | {default} | {}{example} |", cell(&schema.description()));
    }
    for (key, schema) in tables {
        write_section(text, &Header::new(&format!("{}.{key}", header.path), schema), of);
    }
}

/// A value in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
