//! The catalog: what a kind of fact is made of, as its struct declares it. Tables, statements, documents and lists
//! follow from it. Knows no SQL.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value as Json;

use super::version::Completeness;
pub use super::version::Version;
use crate::{AccountId, ChangeId, DeploymentId, IncidentId, RepositoryId, Sha, WorkItemId};

/// A kind of fact.
#[derive(Debug)]
pub struct Kind {
    /// Its name: in JSON's field `fact`, and of its table.
    pub name: &'static str,
    /// The name of its type.
    pub title: &'static str,
    /// What it is, in a few sentences.
    pub description: &'static str,
    /// Its columns: its fields, then what the store keeps beside them.
    pub columns: &'static [Column],
    /// How many of the columns are fields.
    pub fields: usize,
    /// Positions of the columns that identify a fact.
    pub key: &'static [usize],
    /// Positions of columns: the first that has a value decides which events keep their order.
    pub order: &'static [usize],
    /// The field that says when a fact happened, if metrics that users define can be made of it.
    pub happened_at: Option<&'static str>,
    /// Whether the events of a fact are remembered.
    pub traced: bool,
    /// Whether exports have it.
    pub exported: bool,
    /// A fact, as JSON without the field `fact`.
    pub example: &'static str,
    /// Its JSON Schema.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Kind {
    /// The columns that identify a fact.
    pub fn key_columns(&self) -> impl Iterator<Item = &'static Column> {
        let columns = self.columns;
        self.key.iter().filter_map(move |position| columns.get(*position))
    }

    /// The columns that are not of the key, with their positions.
    pub fn other_columns(&self) -> impl Iterator<Item = (usize, &'static Column)> {
        let key = self.key;
        self.columns.iter().enumerate().filter(move |(position, _)| !key.contains(position))
    }

    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The text of each field, as its doc comment has it.
    #[must_use]
    pub fn texts(&self) -> BTreeMap<String, String> {
        texts(self.schema)
    }
}

/// The text of each field of a type, as its doc comment has it.
#[must_use]
pub fn field_texts<T: JsonSchema>() -> BTreeMap<String, String> {
    texts(T::json_schema)
}

fn texts(schema: fn(&mut SchemaGenerator) -> Schema) -> BTreeMap<String, String> {
    let schema = schema(&mut SchemaGenerator::default());
    let properties = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
    let text = |property: &Json| {
        let words: Vec<&str> = property.get("description")?.as_str()?.split_whitespace().collect();
        Some(words.join(" "))
    };
    properties.filter_map(|(name, property)| Some((name.clone(), text(property)?))).collect()
}

/// A column of the table of a kind of fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, which is that of the field.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether it can be null.
    pub nullable: bool,
    /// The words that it can hold; empty where it holds any text.
    pub words: &'static [&'static str],
    /// Which value stays.
    pub keep: Keep,
    /// Whether it holds the id of a repository, or one that begins with it.
    pub moves: bool,
    /// How its texts are written.
    pub form: Form,
    /// Whether none of its texts may be empty.
    pub filled: bool,
}

impl Column {
    /// A column beside the fields, which keeps the earliest time.
    #[must_use]
    pub const fn kept(name: &'static str) -> Self {
        Self {
            name,
            holds: Holds::Time,
            nullable: true,
            words: &[],
            keep: Keep::Earliest,
            moves: false,
            form: Form::Any,
            filled: false,
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// The id of a git object.
    Sha,
    /// A list of ids of git objects.
    Shas,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// True or false.
    Bool,
    /// An instant.
    Time,
}

/// Which of the values that versions of a fact had stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// That of the version that wins.
    Newest,
    /// The earliest, whichever version wins.
    Earliest,
    /// The latest, whichever version wins.
    Latest,
}

/// The usual form of a text, which is compared as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it comes.
    Any,
    /// In lower case.
    Lowercase,
    /// Of a repository: `host/owner/name` in lower case; paths of this machine keep their case.
    Repository,
    /// Of a change: as that of its repository.
    Change,
    /// A repository, or an owner with all repositories below: in lower case, without a slash at its end.
    Place,
    /// What an incident is part of at its source.
    Selector,
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue<'a> {
    /// None.
    Null,
    /// A text.
    Text(&'a str),
    /// A list of texts.
    Texts(Vec<Cow<'a, str>>),
    /// The bytes of the id of a git object.
    Sha(&'a [u8]),
    /// A list of ids of git objects.
    Shas(Cow<'a, [Sha]>),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// An instant.
    Time(DateTime<Utc>),
}

impl FieldValue<'_> {
    /// An owned list of texts.
    #[must_use]
    pub fn of_texts(texts: Vec<String>) -> Self {
        Self::Texts(texts.into_iter().map(Cow::Owned).collect())
    }
}

/// A fact as a row of the table of its kind.
pub trait Record: Sync {
    /// Its kind.
    fn kind(&self) -> &'static Kind;
    /// Which version of the thing it is.
    fn version(&self) -> Version;
    /// The value of the column at a position.
    fn value(&self, column: usize) -> FieldValue<'_>;
    /// The texts of the column at a position; none for words of closed lists.
    fn texts_mut(&mut self, column: usize) -> Vec<&mut String>;
}

/// A type that is a kind of fact.
pub trait Declared: Record + Sized {
    /// Its name: that of its kind.
    const NAME: &'static str;
    /// The kind.
    const KIND: &'static Kind;

    /// Reads a fact from the values of its fields, in their order, and those of `completeness` and `version_at`.
    fn read<'a, E: From<Unreadable>>(next: &mut dyn FnMut() -> Result<FieldValue<'a>, E>) -> Result<Self, E>;
}

/// A value that the column of a kind of fact can't have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{column}: {problem}")]
pub struct Unreadable {
    /// The column, with its table.
    pub column: &'static str,
    /// What was found, and what was expected.
    pub problem: String,
}

/// Reads which version a fact is.
pub fn read_version<'a, E: From<Unreadable>>(
    next: &mut dyn FnMut() -> Result<FieldValue<'a>, E>,
) -> Result<Version, E> {
    let completeness: i64 = Field::read(next()?).map_err(|problem| Unreadable { column: "completeness", problem })?;
    let known = u8::try_from(completeness).ok().and_then(Completeness::from_repr);
    let completeness = known.ok_or_else(|| Unreadable {
        column: "completeness",
        problem: format!("{completeness} is no completeness of a version; expected 0, 1 or 2"),
    })?;
    let at = Field::read(next()?).map_err(|problem| Unreadable { column: "version_at", problem })?;
    Ok(Version { completeness, at })
}

/// A type that a column can have.
pub trait Field: Sized {
    /// What the column holds.
    const HOLDS: Holds;
    /// Whether it can be null.
    const NULLABLE: bool = false;
    /// The words of a closed list.
    const WORDS: &'static [&'static str] = &[];
    /// How its texts are written.
    const FORM: Form = Form::Any;

    /// What is stored.
    fn value(&self) -> FieldValue<'_>;
    /// What was stored, or what is wrong with it.
    fn read(value: FieldValue<'_>) -> Result<Self, String>;
    /// Its texts; none of a word of a closed list.
    fn texts_mut(&mut self) -> Vec<&mut String> {
        Vec::new()
    }
}

/// A type that a column can have a list of.
pub trait Element: Sized {
    /// What the column holds.
    const HOLDS: Holds;
    /// How its texts are written.
    const FORM: Form = Form::Any;

    /// What is stored.
    fn value(list: &[Self]) -> FieldValue<'_>;
    /// What was stored, or what is wrong with it.
    fn read(value: FieldValue<'_>) -> Result<Vec<Self>, String>;
    /// Its text, if it is one.
    fn text_mut(&mut self) -> Option<&mut String> {
        None
    }
}

/// What to say of a value of another type.
pub(crate) fn expected(what: &str, found: &FieldValue<'_>) -> String {
    format!("found {found:?}, expected {what}")
}

impl<T: Field> Field for Option<T> {
    const HOLDS: Holds = T::HOLDS;
    const NULLABLE: bool = true;
    const WORDS: &'static [&'static str] = T::WORDS;
    const FORM: Form = T::FORM;

    fn value(&self) -> FieldValue<'_> {
        self.as_ref().map_or(FieldValue::Null, Field::value)
    }

    fn read(value: FieldValue<'_>) -> Result<Self, String> {
        if value == FieldValue::Null { Ok(None) } else { T::read(value).map(Some) }
    }

    fn texts_mut(&mut self) -> Vec<&mut String> {
        self.as_mut().map(T::texts_mut).unwrap_or_default()
    }
}

impl<T: Element> Field for Vec<T> {
    const HOLDS: Holds = T::HOLDS;
    const FORM: Form = T::FORM;

    fn value(&self) -> FieldValue<'_> {
        T::value(self)
    }

    fn read(value: FieldValue<'_>) -> Result<Self, String> {
        T::read(value)
    }

    fn texts_mut(&mut self) -> Vec<&mut String> {
        self.iter_mut().filter_map(T::text_mut).collect()
    }
}

macro_rules! plain {
    ($($type:ty: $holds:ident, $what:literal;)+) => {$(
        impl Field for $type {
            const HOLDS: Holds = Holds::$holds;

            fn value(&self) -> FieldValue<'_> {
                FieldValue::$holds(*self)
            }

            fn read(value: FieldValue<'_>) -> Result<Self, String> {
                match value {
                    FieldValue::$holds(value) => Ok(value),
                    other => Err(expected($what, &other)),
                }
            }
        }
    )+};
}

plain! {
    i64: Int, "a whole number";
    f64: Float, "a number";
    bool: Bool, "true or false";
    DateTime<Utc>: Time, "an instant";
}

macro_rules! texts {
    ($($type:ty: $form:ident, |$this:ident| $text:expr;)+) => {$(
        impl Field for $type {
            const HOLDS: Holds = Holds::Text;
            const FORM: Form = Form::$form;

            fn value(&self) -> FieldValue<'_> {
                FieldValue::Text(self.as_str())
            }

            fn read(value: FieldValue<'_>) -> Result<Self, String> {
                match value {
                    FieldValue::Text(text) => Ok(text.to_owned().into()),
                    other => Err(expected("a text", &other)),
                }
            }

            fn texts_mut(&mut self) -> Vec<&mut String> {
                let $this = self;
                vec![$text]
            }
        }

        impl Element for $type {
            const HOLDS: Holds = Holds::Texts;
            const FORM: Form = Form::$form;

            fn value(list: &[Self]) -> FieldValue<'_> {
                FieldValue::Texts(list.iter().map(|text| Cow::Borrowed(text.as_str())).collect())
            }

            fn read(value: FieldValue<'_>) -> Result<Vec<Self>, String> {
                match value {
                    FieldValue::Texts(texts) => Ok(texts.into_iter().map(|text| text.into_owned().into()).collect()),
                    other => Err(expected("a list of texts", &other)),
                }
            }

            fn text_mut(&mut self) -> Option<&mut String> {
                let $this = self;
                Some($text)
            }
        }
    )+};
}

texts! {
    String: Any, |text| text;
    RepositoryId: Repository, |id| &mut id.0;
    ChangeId: Change, |id| &mut id.0;
    DeploymentId: Any, |id| &mut id.0;
    IncidentId: Any, |id| &mut id.0;
    WorkItemId: Any, |id| &mut id.0;
    AccountId: Lowercase, |id| &mut id.0;
}

impl Field for Sha {
    const HOLDS: Holds = Holds::Sha;

    fn value(&self) -> FieldValue<'_> {
        FieldValue::Sha(self.as_bytes())
    }

    fn read(value: FieldValue<'_>) -> Result<Self, String> {
        match value {
            FieldValue::Sha(bytes) => Self::from_bytes(bytes).map_err(|error| error.to_string()),
            other => Err(expected("an object id", &other)),
        }
    }
}

impl Element for Sha {
    const HOLDS: Holds = Holds::Shas;

    fn value(list: &[Self]) -> FieldValue<'_> {
        FieldValue::Shas(Cow::Borrowed(list))
    }

    fn read(value: FieldValue<'_>) -> Result<Vec<Self>, String> {
        match value {
            FieldValue::Shas(shas) => Ok(shas.into_owned()),
            other => Err(expected("a list of object ids", &other)),
        }
    }
}
