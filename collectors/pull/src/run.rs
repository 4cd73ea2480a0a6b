//! Running a pull: the streams of a source side by side, and what came of each.

use std::time::Instant;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use runtime::with_causes;

use super::Puller;
use super::error::PullError;
use super::summary::{PullProblem, PullSummary};
use super::target::{PullFrom, PullTarget, Stopped, Wanted};
use super::walk::Walk;

/// Streams of a source that are pulled side by side.
const WORKERS: usize = 4;

/// Pulls what a source has. When this returns, the log has acknowledged every row of the summary. A stream
/// that fails holds up no other; the next pull takes it up where it was.
pub async fn run(puller: &dyn Puller, from: PullFrom, target: &PullTarget<'_>, now: DateTime<Utc>) -> PullSummary {
    let started = Instant::now();
    let mut summary = PullSummary { source: target.source.to_owned(), ..PullSummary::default() };
    if let Err(error) = streams(puller, from, target, now, &mut summary).await {
        summary.problems.push(PullProblem::of_source(with_causes(&error)));
    }
    summary.problems.sort_by(|a, b| a.stream.cmp(&b.stream));
    summary.elapsed = started.elapsed();
    summary
}

async fn streams(
    puller: &dyn Puller,
    from: PullFrom,
    target: &PullTarget<'_>,
    now: DateTime<Utc>,
    summary: &mut PullSummary,
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
            let refused = match &error {
                Stopped::Pull(error) => error.is_denied() || matches!(error, PullError::Gone(_)),
                _ => false,
            };
            let expected = stream.optional && refused;
            summary.problems.push(PullProblem {
                stream: Some(stream.key()),
                error: with_causes(&error),
                expected,
                warning: false,
            });
        }
        summary.incomplete |= walk.is_incomplete();
        let warnings = walk.warnings().into_iter();
        let problem = |error| PullProblem { stream: Some(stream.key()), error, expected: false, warning: true };
        summary.problems.extend(warnings.map(problem));
    }
    wanted.end(target).await
}

#[cfg(test)]
mod tests;
