//! `sei import`: files of our own facts, or of recorded GitHub events, into the event log. Streams, so
//! that a file may be larger than memory. What was imported before is the same event again: a repeated
//! or interrupted import is simply run once more.

mod options;
mod problem;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eventlog::{EventLog, LogError};
use kernel::{Envelope, IgnoreReason};
use pull::progress::Progress;
use runtime::backoff::Backoff;
use serde::Serialize;
use tokio::sync::mpsc;

pub use options::{ImportFormat, ImportOptions};
pub use problem::ImportProblem;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Files read to their end.
    pub files: u64,
    /// Events that the log acknowledged.
    pub events: u64,
    /// Events that are not used, by reason; they are not kept.
    pub ignored: BTreeMap<IgnoreReason, u64>,
    /// Lines that could not be read.
    pub rejected: u64,
    /// The first of them, at most 100.
    pub problems: Vec<ImportProblem>,
}

/// Why an import stopped. What came before it is in the log; the import can be run again.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be opened.
    #[error("{} can't be opened", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line cannot be read.
    #[error(transparent)]
    Problem(ImportProblem),
    /// The log does not take it.
    #[error("the events could not be written to the event log")]
    Log(#[source] LogError),
    /// The reading thread ended unexpectedly.
    #[error("reading was interrupted")]
    Interrupted,
}

/// How often an append is tried before the import gives up, with pauses that double up to 8 s.
const TRIES: u32 = 8;
/// How long to wait between attempts.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(8) };

/// Imports files, in order. Returns when the log has acknowledged all of their events.
pub async fn import(
    paths: &[PathBuf],
    options: &ImportOptions,
    log: &dyn EventLog,
    progress: &dyn Progress,
) -> Result<ImportSummary, ImportError> {
    let total = paths.iter().map(|path| std::fs::metadata(path).map(|file| file.len()).ok()).sum();
    progress.stage("import", total);
    let mut summary = ImportSummary::default();
    for path in paths {
        one(path, options, log, progress, &mut summary).await?;
        summary.files += 1;
    }
    Ok(summary)
}

async fn one(
    path: &Path,
    options: &ImportOptions,
    log: &dyn EventLog,
    progress: &dyn Progress,
    summary: &mut ImportSummary,
) -> Result<(), ImportError> {
    let file = std::fs::File::open(path).map_err(|source| ImportError::Open { path: path.to_owned(), source })?;
    // Two batches wait at most: that bounds memory.
    let (batches, mut ready) = mpsc::channel(2);
    let reading = {
        let (path, options) = (path.to_owned(), options.clone());
        tokio::task::spawn_blocking(move || read::read(file, &path, &options, &batches))
    };
    while let Some(batch) = ready.recv().await {
        let events = batch.events.len() as u64;
        append(log, batch.events).await?;
        progress.advance(batch.bytes);
        summary.events += events;
        for (reason, count) in batch.ignored {
            *summary.ignored.entry(reason).or_default() += count;
        }
        summary.rejected += batch.rejected;
        let room = read::MAX_PROBLEMS.saturating_sub(summary.problems.len());
        summary.problems.extend(batch.problems.into_iter().take(room));
    }
    match reading.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(problem)) => Err(ImportError::Problem(problem)),
        Err(_) => Err(ImportError::Interrupted),
    }
}

async fn append(log: &dyn EventLog, events: Vec<Envelope>) -> Result<(), ImportError> {
    if events.is_empty() {
        return Ok(());
    }
    for failures in 1..TRIES {
        match log.append(events.clone()).await {
            Err(error) if error.is_transient() => {
                tracing::warn!(cause = std::error::Error::source(&error), "{error}; trying again");
                tokio::time::sleep(BACKOFF.wait(failures)).await;
            }
            result => return result.map_err(ImportError::Log),
        }
    }
    log.append(events).await.map_err(ImportError::Log)
}
