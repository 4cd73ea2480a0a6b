//! What Jira answers, and how its rows go into the log.

use chrono::{DateTime, Utc};
use pull::{PullError, Row, read_row};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::wire::{FieldIds, When};

/// Where a walk through Cloud's pages is.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct Token {
    pub(super) token: String,
    /// The latest change that was reported, should the token no longer be taken.
    pub(super) from: Option<DateTime<Utc>>,
}

/// What a walk must know of an issue.
#[derive(Deserialize)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) fields: Changed,
    pub(super) changelog: Option<Length>,
}

#[derive(Deserialize)]
pub(super) struct Changed {
    pub(super) updated: When,
}

#[derive(Deserialize)]
pub(super) struct Length {
    pub(super) total: Option<usize>,
    #[serde(default)]
    pub(super) histories: Vec<serde::de::IgnoredAny>,
}

/// The answer to a search.
#[derive(Deserialize)]
pub(super) struct Answered {
    #[serde(default)]
    pub(super) issues: Vec<Box<RawValue>>,
    #[serde(rename = "nextPageToken")]
    pub(super) next: Option<String>,
    pub(super) total: Option<u64>,
}

/// A page of a list that counts rows.
#[derive(Deserialize)]
pub(super) struct Listed {
    #[serde(default, alias = "histories")]
    pub(super) values: Vec<Box<RawValue>>,
    #[serde(rename = "isLast")]
    pub(super) last: Option<bool>,
    pub(super) total: Option<usize>,
}

/// A row with what was asked for with it, as the normalizer reads it.
#[derive(Serialize)]
pub(super) struct PulledRow<'a> {
    pub(super) site: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fields: Option<&'a FieldIds>,
    pub(super) row: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) histories: Option<Vec<Box<RawValue>>>,
}

impl PulledRow<'_> {
    pub(super) fn row(&self, kind: &'static str, subject: String) -> Result<Row, PullError> {
        Row::new(kind, (Some(subject.clone()), subject), self)
    }
}

/// Issues as they were read, and their rows.
pub(super) type Issues = Vec<(Found, Box<RawValue>)>;

/// The issues of an answer, and the rows that can't be read as issues.
pub(super) fn found(rows: Vec<Box<RawValue>>) -> (Issues, Vec<Box<RawValue>>) {
    let (mut issues, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match read_row(&row, "search") {
            Ok(issue) => issues.push((issue, row)),
            Err(_) => unreadable.push(row),
        }
    }
    (issues, unreadable)
}
