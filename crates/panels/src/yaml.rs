//! YAML for files that people review: blocks, texts of several lines as they are, and no other styles.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A document of an object. In each mapping the fields of these names stand first, in this order; others follow by name.
#[must_use]
pub fn yaml(fields: &Map<String, Value>, first: &[&str]) -> String {
    let mut text = String::new();
    mapping(&mut text, fields, Style { first, indent: 0 });
    text
}

/// The order of fields, and how far a block is indented.
#[derive(Clone, Copy)]
struct Style<'a> {
    first: &'a [&'a str],
    indent: usize,
}

impl Style<'_> {
    /// The same, of a block within.
    const fn within(self) -> Self {
        Self { indent: self.indent + 2, ..self }
    }
}

fn mapping(text: &mut String, fields: &Map<String, Value>, style: Style<'_>) {
    let Style { first, indent } = style;
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_by_key(|name| (first.iter().position(|first| first == name).unwrap_or(first.len()), name.as_str()));
    for (index, name) in names.into_iter().enumerate() {
        // the first one stands behind what begins its block
        if index > 0 {
            spaces(text, indent);
        }
        let _written = write!(text, "{}:", scalar(name));
        let value = fields.get(name).unwrap_or(&Value::Null);
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                spaces(text, indent + 2);
                mapping(text, inner, style.within());
            }
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                spaces(text, indent);
                sequence(text, items, style);
            }
            other => leaf(text, other, indent + 2),
        }
    }
}

fn sequence(text: &mut String, items: &[Value], style: Style<'_>) {
    let indent = style.indent;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            spaces(text, indent);
        }
        text.push('-');
        match item {
            Value::Object(inner) if !inner.is_empty() => {
                text.push(' ');
                mapping(text, inner, style.within());
            }
            Value::Array(inner) if !inner.is_empty() => {
                text.push(' ');
                sequence(text, inner, style.within());
            }
            other => leaf(text, other, indent + 2),
        }
    }
}

fn spaces(text: &mut String, number: usize) {
    text.extend(std::iter::repeat_n(' ', number));
}

/// A value without others in it, and the end of its line.
fn leaf(text: &mut String, value: &Value, indent: usize) {
    text.push(' ');
    match value {
        Value::String(lines) if is_block(lines) => {
            text.push_str("|-\n");
            for line in lines.split('\n') {
                if !line.is_empty() {
                    spaces(text, indent);
                    text.push_str(line);
                }
                text.push('\n');
            }
        }
        Value::String(word) => {
            text.push_str(&scalar(word));
            text.push('\n');
        }
        other => {
            let _written = writeln!(text, "{other}");
        }
    }
}

/// Whether a text is written line by line: YAML takes the indentation from the first line, and drops breaks at the end.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.ends_with('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(|letter| letter == '\n' || !letter.is_control())
}

/// A text in one line: as it is where it can't be read as something else, in quotes otherwise.
fn scalar(text: &str) -> String {
    let is_plain = text.chars().next().is_some_and(|first| first.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_alphanumeric() || " _-/.,()+<>=;".contains(letter))
        && !text.ends_with(' ')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_has_blocks_with_its_fields_in_order() {
        let value = json!({
            "serdes/meta": [{ "model": "Card", "id": "a-b" }],
            "name": "Lead time",
            "query": "select 1\n\nfrom x",
            "target": ["variable", ["template-tag", "from"]],
            "empty": {}, "none": [], "off": false, "at": null, "n": 1.5,
            "inner": { "z": "no", "a": { "b": "1" } },
        });
        let expected = "\
name: Lead time
at: null
empty: {}
inner:
  a:
    b: \"1\"
  z: \"no\"
\"n\": 1.5
none: []
\"off\": false
query: |-
  select 1

  from x
serdes/meta:
- id: a-b
  model: Card
target:
- variable
- - template-tag
  - from
";
        let Value::Object(fields) = value else { panic!("{value}") };
        assert_eq!(yaml(&fields, &["name", "entity_id"]), expected);
    }

    #[test]
    fn what_could_be_read_as_something_else_is_in_quotes() {
        for text in ["", "true", "No", "12", "-x", "a: b", "a #b", "x ", "[\"name\",\"n\"]", "{{from}}", "a\tb", "a\n"]
        {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
        for text in ["Lead time", "type/Text", "a-b_c", "string/=", "first (of all), then"] {
            assert_eq!(scalar(text), text);
        }
    }
}
