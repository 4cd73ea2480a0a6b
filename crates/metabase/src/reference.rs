//! References between objects. What is wanted is written with names, `{"$sei": …}`; a server has numbers in their
//! places, and serialized files have names of another form.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::key::{Key, Kind};

/// The key of an object that stands for a reference.
const SIGN: &str = "$sei";

/// What is referred to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The connection.
    Database,
    /// A view.
    Table(String),
    /// A column of a view.
    Field(String, String),
    /// An object of ours.
    Object(Key),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("the database connection"),
            Self::Table(view) => write!(f, "the view `{view}`"),
            Self::Field(view, column) => write!(f, "the column `{view}.{column}`"),
            Self::Object(key) => write!(f, "{key}"),
        }
    }
}

impl Reference {
    /// The value that stands for it until it is resolved.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({ SIGN: self })
    }

    /// The reference that a value stands for, if it stands for one.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        Self::deserialize(value.get(SIGN)?).ok()
    }
}

/// The connection.
#[must_use]
pub fn database() -> Value {
    Reference::Database.value()
}

/// A view.
#[must_use]
pub fn table(view: &str) -> Value {
    Reference::Table(view.to_owned()).value()
}

/// A column of a view.
#[must_use]
pub fn field(view: &str, column: &str) -> Value {
    Reference::Field(view.to_owned(), column.to_owned()).value()
}

/// An object of ours.
pub fn object(kind: Kind, name: impl Into<String>) -> Value {
    Reference::Object(Key::new(kind, name)).value()
}

/// What stands for references where the values are read.
pub trait Names {
    /// The value in place of a reference; `None` where there is nothing of the name.
    fn find(&self, reference: &Reference) -> Option<Value>;
}

/// A value whose references are resolved. The error is the first that there is nothing for.
pub fn resolved(value: &Value, names: &impl Names) -> Result<Value, Reference> {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = Reference::of(value) {
                return names.find(&reference).ok_or(reference);
            }
            let fields = fields.iter().map(|(name, value)| Ok((name.clone(), resolved(value, names)?)));
            Ok(Value::Object(fields.collect::<Result<_, Reference>>()?))
        }
        Value::Array(items) => {
            Ok(Value::Array(items.iter().map(|item| resolved(item, names)).collect::<Result<_, Reference>>()?))
        }
        other => Ok(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Numbers;

    impl Names for Numbers {
        fn find(&self, reference: &Reference) -> Option<Value> {
            match reference {
                Reference::Database => Some(json!(1)),
                Reference::Field(view, column) if view == "team" && column == "parent" => Some(json!(7)),
                Reference::Object(key) if key.name == "lead_time" => Some(json!(9)),
                _ => None,
            }
        }
    }

    #[test]
    fn references_are_resolved_at_any_depth() {
        let wanted = json!({
            "database": database(),
            "query": ["field", field("team", "parent"), { "id": object(Kind::Question, "lead_time") }],
            "n": 3,
        });
        let expected = json!({ "database": 1, "query": ["field", 7, { "id": 9 }], "n": 3 });
        assert_eq!(resolved(&wanted, &Numbers), Ok(expected));
    }

    #[test]
    fn a_reference_to_nothing_is_named() {
        let unknown = resolved(&json!([table("nothing")]), &Numbers).unwrap_err();
        assert_eq!(unknown.to_string(), "the view `nothing`");
    }
}
