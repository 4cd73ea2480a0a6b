//! What several payloads hold.

use chrono::{DateTime, Utc};
use connector::json;
use connector::lenient::Word;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// An instant that GitHub sends as text in some events and as a number of seconds in others. Whatever
/// else it is, is no instant.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum LooseTime {
    Text(DateTime<Utc>),
    Seconds(i64),
    Other(IgnoredAny),
}

impl LooseTime {
    #[must_use]
    pub fn instant(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Text(instant) => Some(*instant),
            Self::Seconds(seconds) => DateTime::from_timestamp(*seconds, 0),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize)]
pub struct Repository {
    /// Empty where it is not reported.
    #[serde(default, deserialize_with = "json::or_default")]
    pub full_name: String,
    pub html_url: Option<String>,
    pub default_branch: Option<String>,
    pub updated_at: Option<LooseTime>,
}

#[derive(Deserialize)]
pub struct User {
    pub login: String,
    #[serde(rename = "type")]
    pub kind: Option<Word>,
}

#[derive(Clone, Deserialize)]
pub struct Label {
    pub name: String,
}

/// Labels, which older payloads write as texts, and which can have no name.
pub(super) fn labels<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Label>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Object(Label),
        Text(String),
        Other(IgnoredAny),
    }
    let all: Vec<Loose> = json::list(from)?;
    let label = |loose| match loose {
        Loose::Object(label) => Some(label),
        Loose::Text(name) => Some(Label { name }),
        Loose::Other(_) => None,
    };
    Ok(all.into_iter().filter_map(label).collect())
}

#[derive(Deserialize)]
pub struct Comment {
    pub id: i64,
    pub user: Option<User>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    /// The address of the pull request in the API, where the comment is on its code.
    pub pull_request_url: Option<String>,
}
