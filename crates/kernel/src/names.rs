//! The words of the closed lists that facts hold, as JSON and the database write them: one place to
//! turn them into text and back.

use std::str::FromStr;

use crate::{ChangeState, DeploymentKind, DeploymentSource, FindingKind, Outcome, ReviewState, StatusCategory};

/// A text that is none of the words of a list.
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

macro_rules! names {
    ($type:ident, $list:literal, $($variant:ident => $word:literal),+ $(,)?) => {
        impl $type {
            /// The word, as JSON and the database have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(NameError {
                        found: text.to_owned(),
                        list: $list,
                        expected: [$($word),+].join(", "),
                    }),
                }
            }
        }
    };
}

names!(ChangeState, "state of a change", Open => "open", Merged => "merged", Abandoned => "abandoned");
names!(
    ReviewState, "state of a review",
    Approved => "approved",
    ChangesRequested => "changes_requested",
    Commented => "commented",
    Dismissed => "dismissed",
);
names!(Outcome, "outcome", Success => "success", Failure => "failure", Neither => "neither");
names!(
    DeploymentSource, "source of deployments",
    Deployment => "deployment",
    Branch => "branch",
    Pipeline => "pipeline",
    Cdevents => "cdevents",
    Release => "release",
    Tag => "tag",
);
names!(StatusCategory, "category of a status", ToDo => "to_do", InProgress => "in_progress", Done => "done");
names!(
    DeploymentKind, "kind of deployment",
    First => "first",
    Normal => "normal",
    Rollback => "rollback",
    RollForward => "roll_forward",
    Redeployment => "redeployment",
    None => "none",
);
names!(
    FindingKind, "kind of finding",
    NegativeDuration => "negative_duration",
    UnknownCommit => "unknown_commit",
    NoCommit => "no_commit",
    NoTime => "no_time",
    PartialHistory => "partial_history",
    UnknownFirstCommit => "unknown_first_commit",
    Environments => "environments",
    ImplausibleTime => "implausible_time",
    IncidentWithoutService => "incident_without_service",
    DuplicateChange => "duplicate_change",
    PatchReleases => "patch_releases",
);

#[cfg(test)]
mod tests {
    use serde::{Serialize, de::DeserializeOwned};

    use super::*;

    fn same_as_json<T: Serialize + DeserializeOwned + FromStr<Err = NameError> + PartialEq + Copy + std::fmt::Debug>(
        words: &[(T, &'static str)],
    ) {
        for (value, word) in words {
            assert_eq!(serde_json::to_value(value).unwrap(), *word);
            assert_eq!(word.parse::<T>().unwrap(), *value);
        }
    }

    #[test]
    fn words_are_those_of_the_json() {
        same_as_json(&[ChangeState::Open, ChangeState::Merged, ChangeState::Abandoned].map(|x| (x, x.as_str())));
        same_as_json(
            &[ReviewState::Approved, ReviewState::ChangesRequested, ReviewState::Commented, ReviewState::Dismissed]
                .map(|x| (x, x.as_str())),
        );
        same_as_json(&[Outcome::Success, Outcome::Failure, Outcome::Neither].map(|x| (x, x.as_str())));
        same_as_json(
            &[
                DeploymentSource::Deployment,
                DeploymentSource::Branch,
                DeploymentSource::Pipeline,
                DeploymentSource::Cdevents,
                DeploymentSource::Release,
                DeploymentSource::Tag,
            ]
            .map(|x| (x, x.as_str())),
        );
        same_as_json(
            &[StatusCategory::ToDo, StatusCategory::InProgress, StatusCategory::Done].map(|x| (x, x.as_str())),
        );
        same_as_json(
            &[
                DeploymentKind::First,
                DeploymentKind::Normal,
                DeploymentKind::Rollback,
                DeploymentKind::RollForward,
                DeploymentKind::Redeployment,
                DeploymentKind::None,
            ]
            .map(|x| (x, x.as_str())),
        );
        same_as_json(
            &[
                FindingKind::NegativeDuration,
                FindingKind::UnknownCommit,
                FindingKind::NoCommit,
                FindingKind::NoTime,
                FindingKind::PartialHistory,
                FindingKind::UnknownFirstCommit,
                FindingKind::Environments,
                FindingKind::ImplausibleTime,
                FindingKind::IncidentWithoutService,
                FindingKind::DuplicateChange,
                FindingKind::PatchReleases,
            ]
            .map(|x| (x, x.as_str())),
        );
    }

    #[test]
    fn another_word_is_an_error_that_says_what_was_expected() {
        assert_eq!(
            "Merged".parse::<ChangeState>().unwrap_err().to_string(),
            "`Merged` is no state of a change; expected one of open, merged, abandoned"
        );
    }
}
