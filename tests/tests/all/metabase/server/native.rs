//! Native queries: `{{tag}}` stands for the value of a parameter, `[[…]]` for what is left out where one of its tags
//! has no value.

use serde_json::Value;

use super::state::Object;

/// The statement of a card, by its id, for tags that stand for cards.
pub(super) type Card<'a> = dyn Fn(i64) -> Result<String, String> + 'a;

/// The tags of a query and what is given for them.
pub(super) struct Given<'a> {
    pub(super) tags: &'a Object,
    pub(super) parameters: &'a [Value],
    pub(super) card: &'a Card<'a>,
}

/// A text with values for its tags, or the name of a tag that has none.
type Filled = Result<String, String>;

/// The statement of a native query.
pub(super) fn statement(query: &str, given: &Given<'_>) -> Result<String, String> {
    let mut rest = query;
    let mut statement = String::new();
    while let Some((before, after)) = rest.split_once("[[") {
        statement += &required(before, given)?;
        let (optional, after) = after.split_once("]]").ok_or("Invalid query: found '[[' with no matching ']]'")?;
        if let Ok(optional) = filled(optional, given)? {
            statement += &optional;
        }
        rest = after;
    }
    statement += &required(rest, given)?;
    Ok(statement.trim().trim_end_matches(';').to_owned())
}

fn required(text: &str, given: &Given<'_>) -> Result<String, String> {
    filled(text, given)?.map_err(|tag| missing(&given.tags[&tag]))
}

fn missing(tag: &Value) -> String {
    let name = tag["display-name"].as_str().or_else(|| tag["name"].as_str()).unwrap_or_default();
    format!("You'll need to pick a value for '{name}' before this query can run.")
}

fn filled(text: &str, given: &Given<'_>) -> Result<Filled, String> {
    let mut rest = text;
    let mut statement = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or("Invalid query: found '{{' with no matching '}}'")?;
        let name = name.trim();
        let Some(tag) = given.tags.get(name) else {
            let known: Vec<&String> = given.tags.keys().collect();
            return Err(format!("Unable to substitute '{name}': parameter not found.\nFound: {known:?}"));
        };
        statement += before;
        match value(name, tag, given)? {
            Some(value) => statement += &value,
            None => return Ok(Err(name.to_owned())),
        }
        rest = after;
    }
    statement += rest;
    Ok(Ok(statement))
}

/// What stands in the statement for a tag.
fn value(name: &str, tag: &Value, given: &Given<'_>) -> Result<Option<String>, String> {
    if tag["type"] == "card" {
        let id = tag["card-id"].as_i64().ok_or_else(|| format!("tag {name} has no card"))?;
        return Ok(Some(format!("({})", (given.card)(id)?)));
    }
    let passed = given.parameters.iter().find(|parameter| is_for(parameter, name, tag));
    let passed = passed.map(|parameter| &parameter["value"]);
    let chosen = match passed {
        Some(value) if !is_empty(value) => Some(value),
        Some(_) if tag["required"] != true => None,
        _ => Some(&tag["default"]).filter(|default| !is_empty(default)),
    };
    let Some(chosen) = chosen else {
        return if tag["required"] == true { Err(missing(tag)) } else { Ok(None) };
    };
    match tag["type"].as_str() {
        // the driver sends texts as `varchar`, which is not any type as a literal is
        Some("text") => Ok(Some(format!("{}::varchar", quoted(&words(chosen).join(", "))))),
        Some("number") => {
            let numbers = words(chosen);
            let wrong = numbers.iter().find(|number| number.parse::<f64>().is_err());
            wrong.map_or_else(|| Ok(Some(numbers.join(", "))), |wrong| Err(format!("{wrong} is not a number")))
        }
        Some("date") => {
            let text = words(chosen).join(", ");
            let kind = if text.len() > 10 { "timestamp" } else { "date" };
            if text.bytes().next().is_none_or(|first| !first.is_ascii_digit()) {
                return Err(format!("Unable to parse {text} as a date"));
            }
            Ok(Some(format!("{kind} {}", quoted(&text))))
        }
        Some("boolean") => Ok(Some(words(chosen).join(", "))),
        kind => Err(format!("this server does not know tags of type {kind:?}")),
    }
}

fn is_for(parameter: &Value, name: &str, tag: &Value) -> bool {
    let target = &parameter["target"][1];
    (target[0] == "template-tag" && target[1] == name)
        || (parameter["target"].is_null() && !tag["id"].is_null() && parameter["id"] == tag["id"])
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || *value == "" || value.as_array().is_some_and(Vec::is_empty)
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(words).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// A text as a literal of SQL.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
