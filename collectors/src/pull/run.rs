//! Running a pull: page after page into the log, and the cursor after it.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use eventlog::{EventLog, LogError};
use futures::StreamExt;
use kernel::{Envelope, Tenant};
use runtime::labels;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Store, StoreError};
use xxhash_rust::xxh3::xxh3_128;

use super::error::PullError;
use super::{Ask, Page, Puller, Stream, Unfinished};
use crate::durable;
use crate::progress::Progress;

/// Streams of a source that are pulled side by side.
const WORKERS: usize = 4;
/// Unfinished rows of a stream that are remembered at most, the latest first.
const MOST_UNFINISHED: usize = 100;

/// Where cursors are kept.
#[async_trait]
pub trait Cursors: Send + Sync {
    /// The cursor of this name, if it was ever saved.
    async fn load(&self, name: &str) -> Result<Option<Value>, StoreError>;
    /// Keeps it.
    async fn save(&self, name: &str, cursor: &Value) -> Result<(), StoreError>;
}

#[async_trait]
impl Cursors for Store {
    async fn load(&self, name: &str) -> Result<Option<Value>, StoreError> {
        store::cursors::load(self, name).await
    }

    async fn save(&self, name: &str, cursor: &Value) -> Result<(), StoreError> {
        store::cursors::save(self, name, cursor).await
    }
}

/// Where a pull begins. One that was cut off is taken up where it was, if it asked for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum From {
    /// Where the last one ended, or at the time that the settings say.
    Cursor,
    /// At this time.
    Since(DateTime<Utc>),
    /// At the beginning.
    Start,
}

/// Where what is pulled goes.
pub struct Target<'a> {
    /// The source: `github/main`.
    pub source: &'a str,
    /// Its connector, as metrics name it.
    pub connector: &'static str,
    /// Whose events they are.
    pub tenant: &'a Tenant,
    /// How far back the first pull goes, if the settings say.
    pub since: Option<DateTime<Utc>>,
    /// The log.
    pub log: &'a dyn EventLog,
    /// The cursors.
    pub cursors: &'a dyn Cursors,
    /// Who is told how far it has come.
    pub progress: &'a dyn Progress,
}

/// What a pull did.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// The source.
    pub source: String,
    /// Rows that the log has now.
    pub rows: u64,
    /// Pages that they came on.
    pub pages: u64,
    /// What could not be pulled.
    pub problems: Vec<Problem>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A stream that could not be pulled to its end.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// The stream; empty if the source could not be asked what streams it has.
    pub stream: String,
    /// Why, in words.
    pub error: String,
    /// It was to be expected: the stream is one that a token need not be able to read.
    pub expected: bool,
}

impl Summary {
    /// Whether everything that had to be pulled was.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.problems.iter().all(|problem| problem.expected)
    }

    /// The problems that were not to be expected, in words.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let told = self.problems.iter().filter(|problem| !problem.expected).map(|problem| {
            if problem.stream.is_empty() {
                problem.error.clone()
            } else {
                format!("{}: {}", problem.stream, problem.error)
            }
        });
        let told = told.collect::<Vec<_>>().join("; ");
        (!told.is_empty()).then_some(told)
    }
}

/// What stops a pull; streams that fail by themselves are in its [`Summary`].
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error("the event log takes nothing")]
    Log(#[from] LogError),
    #[error("the cursor can't be kept")]
    Store(#[from] StoreError),
}

/// A pull that somebody asked for (`--full`, `--since`). One that was killed is gone on with, and streams
/// that it had finished are not asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wanted {
    from: From,
    began: DateTime<Utc>,
    open: bool,
}

/// How far a stream was pulled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// When the last whole pull began.
    whole: Option<DateTime<Utc>>,
    /// When the newest row of the last whole pull changed.
    newest: Option<DateTime<Utc>>,
    /// The pull that is under way or was cut off.
    under_way: Option<UnderWay>,
    /// Rows that had not ended when they were last seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unfinished: Vec<Unfinished>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct UnderWay {
    since: Option<DateTime<Utc>>,
    incremental: bool,
    began: DateTime<Utc>,
    newest: Option<DateTime<Utc>>,
    /// The next page.
    cursor: Option<Value>,
}

/// Pulls what a source has. When this returns, the log has acknowledged every row of the summary. A stream
/// that fails holds up no other; the next pull takes it up where it was.
pub async fn run(puller: &dyn Puller, from: From, target: &Target<'_>, now: DateTime<Utc>) -> Summary {
    let started = Instant::now();
    let mut summary = Summary { source: target.source.to_owned(), ..Summary::default() };
    if let Err(error) = streams(puller, from, target, now, &mut summary).await {
        summary.problems.push(Problem { stream: String::new(), error: words(&error), expected: false });
    }
    summary.problems.sort_by(|a, b| a.stream.cmp(&b.stream));
    summary.elapsed = started.elapsed();
    summary
}

async fn streams(
    puller: &dyn Puller,
    from: From,
    target: &Target<'_>,
    now: DateTime<Utc>,
    summary: &mut Summary,
) -> Result<(), Stopped> {
    let streams = puller.streams().await?;
    let wanted = Wanted::begin(from, target, now).await?;
    target.progress.stage("Pulling", None);
    let ends = futures::stream::iter(streams).map(|stream| async move {
        let end = one(puller, &stream, wanted, target).await;
        (stream, end)
    });
    let mut ends = ends.buffer_unordered(WORKERS);
    while let Some((stream, (rows, pages, end))) = ends.next().await {
        summary.rows += rows;
        summary.pages += pages;
        if let Err(error) = end {
            let refused = matches!(error, Stopped::Pull(PullError::Denied { .. } | PullError::Gone(_)));
            let expected = stream.optional && refused;
            summary.problems.push(Problem { stream: stream.key(), error: words(&error), expected });
        }
    }
    wanted.end(target).await
}

impl Wanted {
    /// The pull that was killed, if the same is asked for or nothing in particular.
    async fn begin(from: From, target: &Target<'_>, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let kept = target.cursors.load(target.source).await?;
        let kept = kept.and_then(|kept| serde_json::from_value::<Self>(kept).ok()).filter(|kept| kept.open);
        match kept {
            Some(kept) if from == From::Cursor || from == kept.from => Ok(kept),
            _ => {
                let wanted = Self { from, began: now, open: true };
                wanted.save(target).await?;
                Ok(wanted)
            }
        }
    }

    /// Every stream has come to its end, or has kept where it failed.
    async fn end(self, target: &Target<'_>) -> Result<(), Stopped> {
        Ok(Self { open: false, ..self }.save(target).await?)
    }

    async fn save(&self, target: &Target<'_>) -> Result<(), StoreError> {
        if self.from == From::Cursor {
            return Ok(());
        }
        target.cursors.save(target.source, &serde_json::to_value(self).unwrap_or_default()).await
    }
}

fn words(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", words(cause)),
        None => error.to_string(),
    }
}

/// Pulls one stream to its end: rows, pages, and how it ended.
async fn one(
    puller: &dyn Puller,
    stream: &Stream,
    wanted: Wanted,
    target: &Target<'_>,
) -> (u64, u64, Result<(), Stopped>) {
    let (mut rows, mut pages) = (0, 0);
    let work = async {
        let name = format!("{}/{}", target.source, stream.key());
        let kept = target.cursors.load(&name).await?;
        let mut mark: Mark = kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
        if wanted.from != From::Cursor && mark.whole == Some(wanted.began) {
            return Ok(());
        }
        let mut at = mark.begin(wanted, stream.overlap, target.since);
        if wanted.from != From::Cursor {
            // should this stream fail, what was asked for is not forgotten
            mark.under_way = Some(at.clone());
            target.cursors.save(&name, &serde_json::to_value(&mark).unwrap_or_default()).await?;
        }
        let mut left = mark.unfinished.clone();
        loop {
            let page = puller.page(&at.ask(stream)).await?;
            if pages == 0
                && let Some(total) = page.total
            {
                target.progress.expect(total);
            }
            rows += append(target, &page).await?;
            pages += 1;
            left.retain(|row| !page.holds(&row.id));
            mark.remember(&page, stream, at.began);
            at.newest = at.newest.max(page.newest);
            let done = page.next.is_none();
            at.cursor = page.next;
            if done {
                let newest = mark.newest.max(at.newest.or(Some(at.began)));
                mark = Mark { whole: Some(wanted.began), newest, under_way: None, unfinished: mark.unfinished };
            } else {
                mark.under_way = Some(at.clone());
            }
            target.cursors.save(&name, &serde_json::to_value(&mark).unwrap_or_default()).await?;
            if done {
                break;
            }
        }
        if !left.is_empty() {
            let page = puller.unfinished(&at.ask(stream), &left).await?;
            rows += append(target, &page).await?;
            mark.remember(&page, stream, at.began);
            target.cursors.save(&name, &serde_json::to_value(&mark).unwrap_or_default()).await?;
        }
        Ok(())
    };
    let end = work.await;
    (rows, pages, end)
}

/// Appends the rows of a page to the log; their number.
async fn append(target: &Target<'_>, page: &Page) -> Result<u64, Stopped> {
    let events = page.rows.iter().map(|row| Envelope {
        id: format!("{:032x}", xxh3_128(&[row.kind.as_bytes(), &row.data].concat())),
        source: target.source.to_owned(),
        kind: row.kind.to_owned(),
        subject: row.subject.clone(),
        time: Utc::now(),
        tenant: target.tenant.clone(),
        key: row.key.clone(),
        content_type: "application/json".to_owned(),
        data: row.data.clone(),
    });
    durable::append(target.log, events.collect()).await?;
    let count = page.rows.len() as u64;
    let label = labels::Connector { connector: target.connector };
    runtime::metrics().events_received.get_or_create(&label).inc_by(count);
    target.progress.advance(count);
    Ok(count)
}

impl UnderWay {
    /// What is asked for next.
    fn ask<'a>(&'a self, stream: &'a Stream) -> Ask<'a> {
        Ask {
            stream,
            since: self.since,
            incremental: self.incremental,
            cursor: self.cursor.as_ref(),
            began: self.began,
        }
    }
}

impl Page {
    /// Whether it says of this row that it has ended or that it has not.
    fn holds(&self, id: &str) -> bool {
        self.finished.iter().any(|finished| finished == id) || self.unfinished.iter().any(|row| row.id == id)
    }
}

impl Mark {
    /// Keeps which rows have not ended: the latest, and none that can't end any more.
    fn remember(&mut self, page: &Page, stream: &Stream, now: DateTime<Utc>) {
        self.unfinished.retain(|row| !page.holds(&row.id));
        self.unfinished.extend(page.unfinished.iter().cloned());
        self.unfinished.retain(|row| now - row.began < stream.ends_within);
        self.unfinished.sort_by(|a, b| b.began.cmp(&a.began).then_with(|| a.id.cmp(&b.id)));
        self.unfinished.truncate(MOST_UNFINISHED);
    }

    /// Where to begin: where an equal pull was cut off, else anew.
    fn begin(&self, wanted: Wanted, overlap: TimeDelta, configured: Option<DateTime<Utc>>) -> UnderWay {
        let since = match wanted.from {
            From::Cursor => self.newest.and_then(|newest| newest.checked_sub_signed(overlap)).or(configured),
            From::Since(since) => Some(since),
            From::Start => None,
        };
        match &self.under_way {
            Some(at) if wanted.from == From::Cursor || at.since == since => at.clone(),
            _ => UnderWay {
                since,
                incremental: wanted.from == From::Cursor && self.newest.is_some(),
                began: wanted.began,
                newest: None,
                cursor: None,
            },
        }
    }
}

#[cfg(test)]
mod tests;
