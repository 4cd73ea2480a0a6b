//! Parameters that are given as texts: what they may be is one function and one schema for each type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use async_graphql::registry::{MetaType, MetaTypeId, Registry};
use async_graphql::{InputType, InputValueError, InputValueResult, Value};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::Invalid;

/// What a text can be read as.
pub trait Parameter: Sized + Send + Sync + 'static {
    /// The name of its scalar in GraphQL.
    const NAME: &'static str;
    /// What it may be, as a sentence.
    const TEXT: &'static str;
    /// Whether it is a whole number, which GraphQL has as `Int`.
    const IS_NUMBER: bool = false;

    /// Reads a text. The error is what was expected, in the middle of a sentence.
    fn read(text: &str) -> Result<Self, String>;

    /// What a text may be, in the `OpenAPI` document.
    fn schema() -> RefOr<Schema>;
}

/// A parameter as it was given. It is read when its question is resolved, by [`Parameter::read`]; the command line
/// reads it at once as well, so that clap names the flag.
pub struct Text<P> {
    text: String,
    parameter: PhantomData<fn() -> P>,
}

/// What a text was expected to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct Expected(String);

impl<P: Parameter> Text<P> {
    /// A text that may not be what it should.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), parameter: PhantomData }
    }

    /// Returns the text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Reads the text of the parameter `name`.
    pub fn read(&self, name: &str) -> Result<P, Invalid> {
        P::read(&self.text).map_err(|expected| Invalid::value(name, &self.text, expected))
    }
}

/// Reads the text of the parameter `name`, if it was given.
pub(super) fn read<P: Parameter>(name: &str, given: Option<&Text<P>>) -> Result<Option<P>, Invalid> {
    given.map(|text| text.read(name)).transpose()
}

impl<P> Clone for Text<P> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), parameter: PhantomData }
    }
}

impl<P> fmt::Debug for Text<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl<P: Parameter> FromStr for Text<P> {
    type Err = Expected;

    fn from_str(text: &str) -> Result<Self, Expected> {
        P::read(text).map(|_| Self::new(text)).map_err(Expected)
    }
}

impl<'de, P: Parameter> Deserialize<'de> for Text<P> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

impl<P: Parameter> PartialSchema for Text<P> {
    fn schema() -> RefOr<Schema> {
        P::schema()
    }
}

impl<P: Parameter> ToSchema for Text<P> {
    fn name() -> Cow<'static, str> {
        P::NAME.into()
    }
}

impl<P: Parameter> InputType for Text<P> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        if P::IS_NUMBER { <i32 as InputType>::type_name() } else { P::NAME.into() }
    }

    fn create_type_info(registry: &mut Registry) -> String {
        if P::IS_NUMBER {
            return <i32 as InputType>::create_type_info(registry);
        }
        registry.create_input_type::<Self, _>(MetaTypeId::Scalar, |_| MetaType::Scalar {
            name: P::NAME.to_owned(),
            description: Some(P::TEXT.to_owned()),
            is_valid: Some(std::sync::Arc::new(|value| matches!(value, Value::String(_)))),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            specified_by_url: None,
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) if !P::IS_NUMBER => Ok(Self::new(text)),
            Value::Number(number) if P::IS_NUMBER => Ok(Self::new(number.to_string())),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        let number = P::IS_NUMBER.then(|| self.text.parse::<i64>().ok()).flatten();
        number.map_or_else(|| Value::String(self.text.clone()), Value::from)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, InputObject, Object, Schema};

    use super::super::{BenchmarkText, RowLimit};
    use super::*;

    #[derive(InputObject)]
    struct Question {
        limit: Option<Text<RowLimit>>,
        benchmark: Option<BenchmarkText>,
    }

    struct Query;

    #[Object]
    impl Query {
        async fn asked(&self, question: Question) -> String {
            let limit = question.limit.map(|limit| limit.read("limit").map(|RowLimit(rows)| rows));
            let benchmark = question.benchmark.map(|benchmark| benchmark.as_str().to_owned());
            match limit.transpose() {
                Ok(limit) => format!("{limit:?} {benchmark:?}"),
                Err(invalid) => invalid.to_string(),
            }
        }
    }

    #[tokio::test]
    async fn a_parameter_that_is_a_number_is_an_int_in_graphql_and_is_read_like_in_rest() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        assert!(schema.sdl().contains("limit: Int"), "{}", schema.sdl());
        let ask = async |question: &str| schema.execute(format!("{{ asked(question: {{ {question} }}) }}")).await;
        for (question, answer) in [
            ("limit: 7", "Some(7) None"),
            ("benchmark: \"2025\"", "None Some(\"2025\")"),
            ("limit: 201", "`limit` is `201`; expected a number of rows from 1 to 200"),
        ] {
            let asked = ask(question).await;
            assert!(asked.errors.is_empty(), "{question}: {:?}", asked.errors);
            assert_eq!(asked.data.into_json().unwrap()["asked"], answer);
        }
        assert!(!ask("limit: \"7\"").await.errors.is_empty());
        assert!(!ask("benchmark: 2025").await.errors.is_empty());
    }
}
