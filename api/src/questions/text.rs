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
        P::NAME.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
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
            Value::String(text) => Ok(Self::new(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.text.clone())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
