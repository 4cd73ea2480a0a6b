//! Which fields of the rows of a list are answered: those that are asked for, in the order in which they are named.

use std::collections::BTreeSet;

use kernel::near::UnknownName;
use serde_json::{Map, Value};

use crate::questions::{FieldList, Invalid, Text};

/// The parameter.
const FIELDS: &str = "fields";

/// The columns of the fields that a query string asks for, of those that there are; `None` where it asks for none. The
/// name of an object stands for all of its fields.
pub(super) fn asked(columns: &[String], query: &str) -> Result<Option<Vec<String>>, Invalid> {
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let Some((_, text)) = parameters.find(|(name, _)| name == FIELDS) else { return Ok(None) };
    let FieldList(names) = Text::<FieldList>::new(&*text).read(FIELDS)?;
    let mut asked: Vec<String> = Vec::new();
    for name in names {
        let within = format!("{name}.");
        let of_name = columns.iter().filter(|column| **column == name || column.starts_with(&within));
        let of_name: Vec<&String> = of_name.collect();
        if of_name.is_empty() {
            return Err(unknown(columns, &name));
        }
        let new: Vec<String> = of_name.into_iter().filter(|column| !asked.contains(column)).cloned().collect();
        asked.extend(new);
    }
    Ok(Some(asked))
}

fn unknown(columns: &[String], name: &str) -> Invalid {
    let objects = columns.iter().filter_map(|column| column.split_once('.')).map(|(object, _)| object);
    let known: BTreeSet<&str> = columns.iter().map(String::as_str).chain(objects).collect();
    let hint = UnknownName::new(name, known).hint().unwrap_or_default();
    Invalid::value(FIELDS, name, format!("a field of the rows; {hint}"))
}

/// The value of a row in a column; null where the row, or the object in it, has none.
pub(super) fn value<'r>(row: &'r Value, column: &str) -> &'r Value {
    column.split('.').fold(row, |value, field| value.get(field).unwrap_or(&Value::Null))
}

/// A row with these columns only. An object that is null stays null.
pub(super) fn of_row(row: &Value, columns: &[String]) -> Value {
    let mut chosen = Map::new();
    for column in columns {
        insert(&mut chosen, row, column);
    }
    Value::Object(chosen)
}

fn insert(into: &mut Map<String, Value>, row: &Value, column: &str) {
    let Some((object, rest)) = column.split_once('.') else {
        into.insert(column.to_owned(), row.get(column).cloned().unwrap_or_default());
        return;
    };
    let within = into.entry(object).or_insert_with(|| match row.get(object) {
        Some(Value::Object(_)) => Value::Object(Map::new()),
        _ => Value::Null,
    });
    if let (Value::Object(within), Some(found)) = (within, row.get(object)) {
        insert(within, found, rest);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns() -> Vec<String> {
        ["id", "title", "stages.coding_seconds", "stages.review_seconds"].map(str::to_owned).into()
    }

    fn of(query: &str) -> Result<Option<Vec<String>>, (String, String, String)> {
        asked(&columns(), query).map_err(|invalid| (invalid.parameter, invalid.found, invalid.expected))
    }

    #[test]
    fn fields_are_columns_or_the_objects_that_have_some() {
        assert_eq!(of("limit=1"), Ok(None));
        assert_eq!(of("fields=title,id").unwrap().unwrap(), ["title", "id"]);
        let all = ["stages.review_seconds", "stages.coding_seconds", "id"];
        assert_eq!(of("limit=1&fields=stages.review_seconds,stages,id,stages,id").unwrap().unwrap(), all);
        let (parameter, found, expected) = of("fields=id,titel").unwrap_err();
        assert_eq!((parameter.as_str(), found.as_str()), ("fields", "titel"));
        assert_eq!(expected, "a field of the rows; did you mean `title`?");
        assert_eq!(of("fields=").unwrap_err().0, "fields");
    }

    #[test]
    fn a_row_has_the_fields_that_are_asked_for_and_no_object_that_is_not_there() {
        let row = json!({ "id": 1, "title": "t", "stages": { "coding_seconds": 2, "review_seconds": null } });
        let chosen = |columns: &[&str], row: &Value| {
            of_row(row, &columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            chosen(&["id", "stages.coding_seconds"], &row),
            json!({ "id": 1, "stages": { "coding_seconds": 2 } })
        );
        let none = json!({ "id": 1, "title": "t", "stages": null });
        assert_eq!(chosen(&["stages.coding_seconds"], &none), json!({ "stages": null }));
        assert_eq!(value(&row, "stages.coding_seconds"), 2);
        assert_eq!(value(&none, "stages.coding_seconds"), &Value::Null);
    }
}
