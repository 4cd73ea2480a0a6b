//! What lists of dead letters are asked about.

use kernel::strum::VariantArray;
use kernel::{NameError, RejectReason};
use serde::Deserialize;
use store::dead_letters::DeadLetterFilter;
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::Invalid;
use super::text::{Parameter, Text, read};

/// A reason, as it was given.
pub type RejectReasonText = Text<RejectReason>;

/// Which dead letters are listed: events that could not be read.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeadLettersQuestion {
    /// Only of this source, such as `github/main`.
    pub source: Option<String>,
    /// Only of this kind, such as `github.pull_request`.
    pub kind: Option<String>,
    /// Only those that were rejected for this reason.
    #[param(inline)]
    pub reason: Option<RejectReasonText>,
}

/// Which events are counted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventCountsQuestion {
    /// Only of this source, such as `github/main`.
    pub source: Option<String>,
}

impl Parameter for RejectReason {
    const NAME: &'static str = "RejectReason";
    const TEXT: &'static str = "Why an event can't be read, such as `schema`.";

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: NameError| format!("one of {}", error.expected))
    }

    fn schema() -> RefOr<Schema> {
        let words = Self::VARIANTS.iter().map(|reason| reason.as_str());
        RefOr::T(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into())
    }
}

impl DeadLettersQuestion {
    /// Returns the filter of the store.
    pub fn filter(self) -> Result<DeadLetterFilter, Invalid> {
        let reason = read("reason", self.reason.as_ref())?.map(|reason| reason.as_str().to_owned());
        Ok(DeadLetterFilter { source: self.source, kind: self.kind, reason, events: None })
    }
}
