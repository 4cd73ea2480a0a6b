//! Closed lists: a word of each, as JSON and the database write it, is the name of a variant. This turns them into text
//! and back, and says which words there are.

use strum::{VariantArray, VariantNames};

use crate::facts::catalog::{Field, Holds, Value, expected};
use crate::{
    ChangeState, DeploymentKind, DeploymentSource, EventOutcome, EvidenceKind, FindingKind, IgnoreReason, Outcome,
    RejectReason, ReviewState, Rule, StatusCategory,
};

/// A text that is not one of the words of a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no {list}; expected one of {expected}")]
pub struct NameError {
    /// What was found.
    pub found: String,
    /// What was expected: `state of a change`.
    pub list: &'static str,
    /// Its words, separated by commas.
    pub expected: String,
}

/// Reads a word of a closed list; `list` is what it is called in the error.
pub fn word<T>(text: &str, list: &'static str) -> Result<T, NameError>
where
    T: VariantArray + VariantNames + Copy,
    &'static str: From<T>,
{
    let mut all = <T as VariantArray>::VARIANTS.iter().copied();
    all.find(|value| <&'static str>::from(*value) == text).ok_or_else(|| NameError {
        found: text.to_owned(),
        list,
        expected: <T as VariantNames>::VARIANTS.join(", "),
    })
}

/// Gives enums their words as text, and reads them. The words are those of `strum`: the enums derive `IntoStaticStr`,
/// `VariantArray` and `VariantNames`.
#[macro_export]
macro_rules! closed_lists {
    ($($type:ident: $list:literal,)+) => {$(
        impl $type {
            /// The word, as JSON and the database have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.into()
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = $crate::NameError;

            fn from_str(text: &str) -> Result<Self, $crate::NameError> {
                $crate::word(text, $list)
            }
        }
    )+};
}

closed_lists! {
    ChangeState: "state of a change",
    ReviewState: "state of a review",
    Outcome: "outcome",
    DeploymentSource: "source of deployments",
    StatusCategory: "category of a status",
    DeploymentKind: "kind of deployment",
    FindingKind: "kind of finding",
    EventOutcome: "outcome of an event",
    EvidenceKind: "kind of evidence",
    Rule: "rule of a verdict",
    IgnoreReason: "reason to ignore an event",
    RejectReason: "reason to reject an event",
}

macro_rules! fields {
    ($($type:ty,)+) => {$(
        impl Field for $type {
            const HOLDS: Holds = Holds::Text;
            const WORDS: &'static [&'static str] = <Self as VariantNames>::VARIANTS;

            fn value(&self) -> Value<'_> {
                Value::Text(self.as_str())
            }

            fn read(value: Value<'_>) -> Result<Self, String> {
                match value {
                    Value::Text(word) => word.parse().map_err(|error: NameError| error.to_string()),
                    other => Err(expected("a word", &other)),
                }
            }
        }
    )+};
}

fields! {
    ChangeState,
    ReviewState,
    Outcome,
    DeploymentSource,
    StatusCategory,
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::str::FromStr;

    use serde::{Serialize, de::DeserializeOwned};

    use super::*;

    fn same_as_json<T: VariantArray + Serialize + DeserializeOwned + FromStr<Err = NameError> + PartialEq + Debug>()
    where
        &'static str: for<'a> From<&'a T>,
    {
        for value in T::VARIANTS {
            let word: &'static str = value.into();
            assert_eq!(serde_json::to_value(value).unwrap(), word);
            assert_eq!(word.parse::<T>().unwrap(), *value);
        }
    }

    #[test]
    fn words_are_those_of_the_json() {
        same_as_json::<ChangeState>();
        same_as_json::<ReviewState>();
        same_as_json::<Outcome>();
        same_as_json::<DeploymentSource>();
        same_as_json::<StatusCategory>();
        same_as_json::<DeploymentKind>();
        same_as_json::<FindingKind>();
        same_as_json::<EvidenceKind>();
        same_as_json::<Rule>();
    }

    #[test]
    fn another_word_is_an_error_that_says_what_was_expected() {
        assert_eq!(
            "Merged".parse::<ChangeState>().unwrap_err().to_string(),
            "`Merged` is no state of a change; expected one of open, merged, abandoned"
        );
    }
}
