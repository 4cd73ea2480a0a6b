//! Pulling: fetching a source's history and what is new since the last pull.
//!
//! A connector names the streams of a source and fetches one page of one stream at a time; everything else is here,
//! once for all sources. [`run`] appends a page's rows to the event log and saves the position of the next page only
//! after the log has acknowledged them, so a pull that was cut off repeats at most one page. [`Client`] retries, obeys
//! rate limits with a [`Budget`] that all workers of a token share, and classifies errors by what the caller does next.
//! Rows are logged raw: the same pure normalizer reads what was pulled, pushed and replayed.

mod append;
mod budget;
mod client;
mod clock;
mod error;
mod links;
pub mod list_cursor;
mod missed;
pub mod options;
pub mod parts;
pub mod progress;
mod retry;
mod rights;
mod run;
mod seen;
mod setup;
mod source;
mod summary;
mod target;
mod transport;
mod walk;

#[cfg(any(test, feature = "testing"))]
pub mod served;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use connector::{Connector, json};
use runtime::settings::OptionsType;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use url::form_urlencoded::byte_serialize;

pub use append::append;
pub use budget::{Budget, RateLimit};
pub use client::{Answer, Client, Dialect, Plain};
pub use error::PullError;
pub use missed::details;
pub use rights::{RightsError, rights};
pub use run::run;
pub use setup::{CheckedRight, CheckedSource, NewWebhook, PROJECTS, Registration, Setup};
pub use source::{OpenError, Opened, read_options, tenant};
pub use summary::{PullProblem, PullSummary};
pub use target::{Cursors, PullFrom, PullTarget};

/// Unfinished rows of a stream that are remembered where each of them takes a request.
const ONE_BY_ONE: usize = 100;

/// The pull side of a connector.
pub trait Pull: Connector {
    /// The type of its options, `[source.pull]`.
    fn options(&self) -> OptionsType;

    /// How its sources are opened, if they are fetched page by page. The collector reads git repositories as a whole.
    fn paged(&self) -> Option<&dyn Paged> {
        None
    }
}

/// A connector whose sources are fetched page by page.
pub trait Paged: Pull {
    /// Checks what the settings say of a source and makes it ready to be asked. Asks nothing yet.
    fn open(&self, source: &Opened) -> Result<Box<dyn Puller>, OpenError>;

    /// The option that says whose token it is, if the source asks for that beside the token.
    fn account_option(&self) -> Option<&'static str> {
        None
    }

    /// The same to set it up; `None` if people do that by hand.
    fn setup(&self, _: &Opened) -> Option<Result<Box<dyn Setup>, OpenError>> {
        None
    }
}

/// A source that is ready to be asked.
#[async_trait]
pub trait Puller: Send + Sync {
    /// What there is to pull. May ask the source which projects there are.
    async fn streams(&self) -> Result<Vec<Stream>, PullError>;

    /// One page of a stream. What of its rows can't be had is in [`Page::missed`]; only what fails as a whole fails.
    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError>;

    /// Rows that earlier pulls saw before they had ended and that this pull's pages did not hold. Called once,
    /// after the last page.
    async fn unfinished(&self, _: &Ask<'_>, _: &[Unfinished]) -> Result<Page, PullError> {
        Ok(Page::default())
    }

    /// A thing of a stream that an earlier pull missed, by the key that it gave it. No rows where there is nothing to
    /// be had of it any more.
    async fn again(&self, _: &Ask<'_>, _: &Value) -> Result<Vec<Row>, PullError> {
        Ok(Vec::new())
    }

    /// The rest of the source's rate limit, if it has reported it.
    fn budget(&self) -> Option<RateLimit> {
        None
    }
}

/// A list of one kind of thing at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// What is in it: `changes`, `deployments`.
    pub name: &'static str,
    /// Whose: a project or repository as the source calls it. Empty if the stream is of the whole source.
    pub of: String,
    /// How far before the newest row of the last pull the next one begins, for equal times and for rows
    /// that change without their time doing so.
    pub overlap: TimeDelta,
    /// The source may refuse it to a token that is good enough for the rest: reported, but not a failure.
    pub optional: bool,
    /// How long after it began a row can still end. Rows that have not ended are asked for again until then; zero
    /// for lists whose rows come again by themselves when they change.
    pub ends_within: TimeDelta,
    /// Unfinished rows that are remembered at most, the latest first.
    pub remembered: usize,
    /// Why it can't be pulled, if that is known before: a parent (such as a group or an owner) that can't be listed.
    /// The others are.
    pub failed: Option<PullError>,
}

impl Stream {
    /// A stream that overlaps by five minutes and may not be refused.
    #[must_use]
    pub fn new(name: &'static str, of: impl Into<String>) -> Self {
        let ends_within = TimeDelta::zero();
        let (overlap, remembered) = (TimeDelta::minutes(5), ONE_BY_ONE);
        Self { name, of: of.into(), overlap, optional: false, ends_within, remembered, failed: None }
    }

    /// A stream that can't be pulled.
    #[must_use]
    pub fn failed(name: &'static str, of: impl Into<String>, error: PullError) -> Self {
        Self { failed: Some(error), ..Self::new(name, of) }
    }

    /// The same with another overlap.
    #[must_use]
    pub fn overlapping(self, overlap: TimeDelta) -> Self {
        Self { overlap, ..self }
    }

    /// The same, with rows that end as late as this after they began.
    #[must_use]
    pub fn ending_within(self, ends_within: TimeDelta) -> Self {
        Self { ends_within, ..self }
    }

    /// The same, with more unfinished rows, for a source that answers for many of them at once.
    #[must_use]
    pub fn remembering(self, remembered: usize) -> Self {
        Self { remembered, ..self }
    }

    /// The same, but may be refused.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// Its name within the source: `changes/octocat/hello-world`.
    #[must_use]
    pub fn key(&self) -> String {
        if self.of.is_empty() { self.name.to_owned() } else { format!("{}/{}", self.name, self.of) }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Of which stream.
    pub stream: &'a Stream,
    /// Only what changed at or after this; `None` for everything.
    pub since: Option<DateTime<Utc>>,
    /// `since` is where the last pull ended, minus the overlap; not a time that was asked for.
    pub incremental: bool,
    /// The page, as the page before it named it; `None` for the first.
    pub cursor: Option<&'a Value>,
    /// When this pull began.
    pub began: DateTime<Utc>,
}

impl Ask<'_> {
    /// Whether a time is known and before what is asked for.
    #[must_use]
    pub fn is_before(&self, at: Option<DateTime<Utc>>) -> bool {
        self.since.is_some_and(|since| at.is_some_and(|at| at < since))
    }

    /// Where the page begins, in the connector's own words; `None` for the first.
    pub fn cursor_as<T: DeserializeOwned>(&self) -> Result<Option<T>, PullError> {
        let cursor = self.cursor.map(T::deserialize).transpose();
        cursor.map_err(|error| PullError::Cursor(json::describe(&error)))
    }

    /// Whether a row that changed at this time was reported by the last pull. For lists that are ordered by
    /// another time than that of the last change, whose overlap is long: only what changed is reported again.
    #[must_use]
    pub fn is_known(&self, changed: DateTime<Utc>) -> bool {
        let last = self.since.and_then(|since| since.checked_add_signed(self.stream.overlap));
        last.is_some_and(|last| self.incremental && changed < last - TimeDelta::minutes(5))
    }
}

/// One page of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Its rows, in the source's order.
    pub rows: Vec<Row>,
    /// Where the next page begins, in the connector's own words; `None` after the last one.
    pub next: Option<Value>,
    /// The latest time at which a row of this page changed. The next pull begins there; where no page
    /// reports it, it begins when this pull began.
    pub newest: Option<DateTime<Utc>>,
    /// How many rows the stream has in all, if the source reports it.
    pub total: Option<u64>,
    /// Its rows that have not ended.
    pub unfinished: Vec<Unfinished>,
    /// The ids of its rows that have ended, or are gone.
    pub finished: Vec<String>,
    /// What is missing on it. It is named, skipped, and requested again by [`Puller::again`].
    pub missed: Vec<Missed>,
}

/// A thing whose details could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// What it is, in words: `merge request 2`.
    pub what: String,
    /// What [`Puller::again`] needs to ask for it, in the connector's own words.
    pub key: Value,
    /// Why it could not be fetched.
    pub error: PullError,
}

/// A row that has not ended, such as a run that waits for an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The source's own id.
    pub id: String,
    /// When it began.
    pub began: DateTime<Utc>,
}

impl Page {
    /// Notes whether a row has ended.
    pub fn note(&mut self, id: impl Into<String>, began: DateTime<Utc>, ended: bool) {
        let id = id.into();
        if ended {
            self.finished.push(id);
        } else {
            self.unfinished.push(Unfinished { id, began });
        }
    }
}

/// Reads the part of a row that a connector looks at.
pub fn part<T: DeserializeOwned>(row: &Value) -> Result<T, PullError> {
    json::read_value(row.clone()).map_err(|wrong| PullError::Data(format!("unexpected answer: {wrong}")))
}

/// Reads what a connector must know of a row of a list, which goes into the log as it is.
pub fn read_row<'a, T: Deserialize<'a>>(row: &'a RawValue, list: &str) -> Result<T, PullError> {
    serde_json::from_str(row.get())
        .map_err(|error| PullError::Data(format!("{list}: unexpected row: {}", json::describe(&error))))
}

/// A text as part of an address.
#[must_use]
pub fn escaped(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// A thing as the source reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The kind of its event, such as `github.pull.issue`.
    pub kind: &'static str,
    /// What it is about, such as the id of a repository.
    pub subject: Option<String>,
    /// Rows with the same key stay in order.
    pub key: String,
    /// JSON.
    pub data: Bytes,
}

impl Row {
    /// A row with what the source gave, as JSON; what it is about, and the key that keeps it in order.
    pub fn new(
        kind: &'static str,
        (subject, key): (Option<String>, String),
        data: &impl Serialize,
    ) -> Result<Self, PullError> {
        let data = serde_json::to_vec(data)
            .map_err(|error| PullError::Data(format!("`{key}` can't be written as an event `{kind}`: {error}")))?;
        Ok(Self { kind, subject, key, data: data.into() })
    }
}
