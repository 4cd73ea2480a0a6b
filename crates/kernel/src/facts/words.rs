//! Fields of facts that hold a word of a closed list.

use strum::VariantNames;

use super::catalog::{Field, FieldValue, Holds, expected};
use super::change::ChangeState;
use super::deployment::DeploymentSource;
use super::pipeline_run::Outcome;
use super::review::ReviewState;
use super::status::StatusCategory;
use crate::NameError;

macro_rules! fields {
    ($($type:ty,)+) => {$(
        impl Field for $type {
            const HOLDS: Holds = Holds::Text;
            const WORDS: &'static [&'static str] = <Self as VariantNames>::VARIANTS;

            fn value(&self) -> FieldValue<'_> {
                FieldValue::Text(self.as_str())
            }

            fn read(value: FieldValue<'_>) -> Result<Self, String> {
                match value {
                    FieldValue::Text(word) => word.parse().map_err(|error: NameError| error.to_string()),
                    other => Err(expected("a word", &other)),
                }
            }
        }
    )+};
}

fields! {
    ChangeState,
    DeploymentSource,
    Outcome,
    ReviewState,
    StatusCategory,
}
