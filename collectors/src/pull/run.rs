//! Running a pull: the streams of a source side by side, and what came of each.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use eventlog::{EventLog, LogError};
use futures::StreamExt;
use kernel::Tenant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Store, StoreError};

use super::Puller;
use super::error::PullError;
use super::walk::Walk;
use crate::progress::Progress;

/// Streams of a source that are pulled side by side.
const WORKERS: usize = 4;

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
    /// Something that the source has was passed by.
    pub incomplete: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// A stream that could not be pulled to its end, or something of it that was passed by.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// The stream; empty if the source could not be asked what streams it has.
    pub stream: String,
    /// Why, in words.
    pub error: String,
    /// It was to be expected: the stream is one that a token need not be able to read.
    pub expected: bool,
    /// The pull went on past it: a row that could not be fetched, a cursor that could not be read.
    pub warning: bool,
}

impl Summary {
    /// Of a pull that panicked.
    #[must_use]
    pub fn broken_off(source: &str, message: &str) -> Self {
        let error = format!("pulling it broke off, which is a fault of sei: {message}");
        let problems = vec![Problem { stream: String::new(), error, expected: false, warning: false }];
        Self { source: source.to_owned(), problems, ..Self::default() }
    }

    /// Whether everything that had to be pulled was.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.problems.iter().all(|problem| problem.expected)
    }

    /// What stopped streams and was not to be expected, in words.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let mut streams_by_error: Vec<(&str, Vec<&str>)> = Vec::new();
        for problem in self.problems.iter().filter(|problem| !problem.expected && !problem.warning) {
            match streams_by_error.iter_mut().find(|(error, _)| *error == problem.error) {
                Some((_, streams)) => streams.push(&problem.stream),
                None => streams_by_error.push((&problem.error, vec![&problem.stream])),
            }
        }
        let text = |(error, streams): &(&str, Vec<&str>)| match streams.as_slice() {
            ["", ..] | [] => (*error).to_owned(),
            [stream] => format!("{stream}: {error}"),
            [stream, more @ ..] => format!("{stream} and {} more: {error}", more.len()),
        };
        let texts: Vec<String> = streams_by_error.iter().map(text).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// What streams went on past, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.told(|problem| problem.warning).collect()
    }

    fn told(&self, which: impl Fn(&Problem) -> bool) -> impl Iterator<Item = String> {
        self.problems.iter().filter(move |problem| which(problem)).map(|problem| {
            if problem.stream.is_empty() {
                problem.error.clone()
            } else {
                format!("{}: {}", problem.stream, problem.error)
            }
        })
    }
}

/// What stops a pull; streams that fail by themselves are in its [`Summary`].
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
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
pub(super) struct Wanted {
    pub(super) from: From,
    pub(super) began: DateTime<Utc>,
    open: bool,
}

/// Pulls what a source has. When this returns, the log has acknowledged every row of the summary. A stream
/// that fails holds up no other; the next pull takes it up where it was.
pub async fn run(puller: &dyn Puller, from: From, target: &Target<'_>, now: DateTime<Utc>) -> Summary {
    let started = Instant::now();
    let mut summary = Summary { source: target.source.to_owned(), ..Summary::default() };
    if let Err(error) = streams(puller, from, target, now, &mut summary).await {
        summary.problems.push(Problem { stream: String::new(), error: words(&error), expected: false, warning: false });
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
    let wanted = Wanted::begin(from, target, now, summary).await?;
    target.progress.stage("Pulling", None);
    let ends = streams.iter().map(|stream| async move {
        let mut walk = Walk::new(puller, stream, wanted, target);
        let end = walk.run().await;
        (stream, walk, end)
    });
    let mut ends = futures::stream::iter(ends.collect::<Vec<_>>()).buffer_unordered(WORKERS);
    while let Some((stream, walk, end)) = ends.next().await {
        summary.rows += walk.rows;
        summary.pages += walk.pages;
        if let Err(error) = end {
            let refused = matches!(error, Stopped::Pull(PullError::Denied { .. } | PullError::Gone(_)));
            let expected = stream.optional && refused;
            summary.problems.push(Problem { stream: stream.key(), error: words(&error), expected, warning: false });
        }
        summary.incomplete |= walk.is_incomplete();
        let warnings = walk.warnings().into_iter();
        let problem = |error| Problem { stream: stream.key(), error, expected: false, warning: true };
        summary.problems.extend(warnings.map(problem));
    }
    wanted.end(target).await
}

impl Wanted {
    /// The pull that was killed, if the same is asked for or nothing in particular.
    async fn begin(
        from: From,
        target: &Target<'_>,
        now: DateTime<Utc>,
        summary: &mut Summary,
    ) -> Result<Self, Stopped> {
        let kept = target.cursors.load(target.source).await?.map(serde_json::from_value::<Self>).transpose();
        let kept = kept.unwrap_or_else(|error| {
            let error = format!("its cursor can't be read: {}; it is not gone on with", crate::json::tell(&error));
            summary.problems.push(Problem { stream: String::new(), error, expected: false, warning: true });
            None
        });
        match kept.filter(|kept| kept.open) {
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
        Self { open: false, ..self }.save(target).await
    }

    async fn save(&self, target: &Target<'_>) -> Result<(), Stopped> {
        if self.from == From::Cursor {
            return Ok(());
        }
        let kept = serde_json::to_value(self).map_err(|error| PullError::Data(error.to_string()))?;
        Ok(target.cursors.save(target.source, &kept).await?)
    }
}

fn words(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", words(cause)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
