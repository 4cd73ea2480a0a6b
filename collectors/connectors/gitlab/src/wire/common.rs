//! What several payloads hold.

use chrono::{DateTime, SubsecRound, Utc};
use kernel::Sha;
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};

/// An instant in any of the forms that GitLab writes. Webhooks report whole seconds and the API
/// milliseconds, so the fraction is cut off: both give the same version of a thing.
#[derive(Clone, Copy)]
pub(crate) struct When(pub(crate) DateTime<Utc>);

/// `2013-12-03 17:15:43 UTC`, `2021-04-28 21:50:00 +0200`.
const FORMS: [&str; 2] = ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S%.f %z"];

impl When {
    fn parse(text: &str) -> Option<DateTime<Utc>> {
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Some(instant.to_utc().trunc_subsecs(0));
        }
        let numeric = match text.strip_suffix("UTC") {
            Some(local) => format!("{local}+0000"),
            None => text.to_owned(),
        };
        let parsed = FORMS.iter().find_map(|form| DateTime::parse_from_str(&numeric, form).ok())?;
        Some(parsed.to_utc().trunc_subsecs(0))
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected an instant, such as 2013-12-03 17:15:43 UTC"))
    }
}

#[derive(Clone, Deserialize)]
pub(crate) struct Project {
    pub(crate) web_url: String,
    pub(crate) default_branch: Option<String>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) id: Option<i64>,
    pub(crate) username: Option<String>,
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) bot: Option<bool>,
}

/// A label: its title in the API, an object in webhooks.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Label {
    Title(String),
    Object { title: String },
    Other(IgnoredAny),
}

impl Label {
    pub(crate) fn title(&self) -> Option<&str> {
        match self {
            Self::Title(title) | Self::Object { title } => Some(title),
            Self::Other(_) => None,
        }
    }
}

/// The titles of labels, in an order that does not depend on how they came.
pub(crate) fn titles(labels: Option<&Vec<Label>>) -> Vec<String> {
    let mut titles: Vec<String> =
        labels.into_iter().flatten().filter_map(|one| one.title().map(str::to_owned)).collect();
    titles.sort();
    titles.dedup();
    titles
}

/// A value before and after. What is not of the expected type is nothing.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Changed<T> {
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) previous: Option<T>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) current: Option<T>,
}

pub(super) fn nothing<T>() -> Option<T> {
    None
}

pub(super) fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<T> {
        Good(T),
        Other(IgnoredAny),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Good(value) => Some(value),
        Either::Other(_) => None,
    })
}

#[derive(Default, Deserialize)]
pub(crate) struct Changes {
    pub(crate) draft: Option<Changed<bool>>,
    pub(crate) title: Option<Changed<String>>,
    pub(crate) labels: Option<Changed<Vec<Label>>>,
    pub(crate) status: Option<Changed<Status>>,
}

/// A status of a work item, where the instance has them.
#[derive(Deserialize)]
pub(crate) struct Status {
    pub(crate) name: Option<String>,
    pub(crate) category: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Reference {
    pub(crate) id: i64,
}

#[derive(Deserialize)]
pub(crate) struct LastCommit {
    pub(crate) id: Option<Sha>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_an_instant_are_the_same_second() {
        for text in [
            "2021-04-28 19:50:00 UTC",
            "2021-04-28 21:50:00 +0200",
            "2021-04-28T19:50:00Z",
            "2021-04-28T19:50:00.999Z",
            "2021-04-28T21:50:00.123+02:00",
            "2021-04-28 19:50:00.5 UTC",
        ] {
            let When(instant) = serde_json::from_value(text.into()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(instant.to_rfc3339(), "2021-04-28T19:50:00+00:00", "{text}");
        }
        for no in ["", "yesterday", "2021-04-28", "UTC"] {
            assert!(serde_json::from_value::<When>(no.into()).is_err(), "{no}");
        }
    }
}
