//! Closed lists: a word of each, as JSON and the database write it, is the name of a variant.

use strum::{VariantArray, VariantNames};

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

/// Declares a closed list: an enum whose words, as JSON, the database and texts have them, are the names of its variants.
/// What every list derives stands here; a list adds what is special about it.
#[macro_export]
macro_rules! closed_list {
    (
        $(#[$($attribute:tt)*])*
        $visibility:vis enum $name:ident: $list:literal { $($variants:tt)* }
    ) => {
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            ::serde::Serialize,
            $crate::strum::IntoStaticStr,
            $crate::strum::VariantArray,
            $crate::strum::VariantNames,
        )]
        #[serde(rename_all = "snake_case")]
        #[strum(crate = "::kernel::strum", serialize_all = "snake_case")]
        $(#[$($attribute)*])*
        $visibility enum $name { $($variants)* }

        impl $name {
            /// The word, as JSON and the database have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.into()
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::NameError;

            fn from_str(text: &str) -> Result<Self, $crate::NameError> {
                $crate::word(text, $list)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::str::FromStr;

    use serde::{Serialize, de::DeserializeOwned};

    use super::*;
    use crate::{
        ChangeState, DeploymentKind, DeploymentSource, EvidenceKind, FindingKind, Outcome, ReviewState, Rule,
        StatusCategory,
    };

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
