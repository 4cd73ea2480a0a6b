//! Runs jobs at the times that their cron expressions say. Each job is alone: a slow or failing one holds
//! up no other, and no job runs twice at once: a time that passes while it runs is left out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::future::BoxFuture;
use runtime::panics;
use runtime::schedule::{self, Schedule};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_64;

/// When something is due.
#[derive(Clone, Debug)]
pub struct Times {
    schedule: Schedule,
    zone: Tz,
    jitter: Duration,
}

/// Something that is done at certain times.
pub struct Job {
    name: String,
    times: Times,
    at_once: bool,
    work: Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
}

/// A text that is no cron expression.
#[derive(Debug, thiserror::Error)]
#[error("`{expression}` is no schedule")]
pub struct ScheduleError {
    /// The text.
    pub expression: String,
    /// Why.
    #[source]
    pub source: schedule::ScheduleError,
}

impl Times {
    /// The times of a cron expression in a time zone, each up to `jitter` later.
    pub fn new(expression: &str, zone: Tz, jitter: Duration) -> Result<Self, ScheduleError> {
        let schedule =
            expression.parse().map_err(|source| ScheduleError { expression: expression.to_owned(), source })?;
        Ok(Self { schedule, zone, jitter })
    }

    /// How long after `now` something of this name is due next. What is added to a time of the schedule
    /// depends on that time and the name, so that names spread out but a time comes only once.
    fn wait(&self, name: &str, now: DateTime<Utc>) -> Option<Duration> {
        let most = u64::try_from(self.jitter.as_millis()).unwrap_or(u64::MAX);
        let next = self.schedule.after(now, self.zone)?;
        let spread = xxh3_64(format!("{name} {}", next.timestamp()).as_bytes()) % most.saturating_add(1);
        Some((next - now).to_std().unwrap_or_default() + Duration::from_millis(spread))
    }
}

impl Job {
    /// A job that is due at these times and, if `at_once`, as soon as it is run.
    pub fn new(
        name: impl Into<String>,
        times: Times,
        at_once: bool,
        work: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), times, at_once, work: Box::new(work) }
    }

    async fn run_by_its_times(self, shutdown: CancellationToken) {
        let mut wait = !self.at_once;
        while !shutdown.is_cancelled() {
            if wait {
                let Some(wait) = self.times.wait(&self.name, Utc::now()) else { return };
                if shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                    return;
                }
            }
            wait = true;
            // one that panics is due again like any other that has failed
            if let Err(error) = panics::caught(async { (self.work)().await }).await {
                tracing::error!(source.name = self.name, error, "collecting broke off: this is a fault of sei");
            }
        }
    }
}

/// Runs all jobs, each by its schedule, until the shutdown. What is running then is
/// finished; who wants it to end earlier watches the same token.
pub async fn run(jobs: Vec<Job>, shutdown: CancellationToken) {
    let mut running = JoinSet::new();
    for job in jobs {
        let shutdown = shutdown.clone();
        running.spawn(async move {
            let name = job.name.clone();
            job.run_by_its_times(shutdown).await;
            name
        });
    }
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(name) if !shutdown.is_cancelled() => tracing::warn!(source.name = name, "is never due again"),
            Ok(_) => {}
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a job broke off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_job_runs_alone_at_once_and_again_and_a_hanging_one_holds_up_no_other() {
        let (runs, at_once, most) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let twice = Arc::new(Notify::new());
        let counting = {
            let (runs, twice) = (runs.clone(), twice.clone());
            Job::new("counting", each_second(), true, move || {
                if runs.fetch_add(1, Ordering::SeqCst) >= 1 {
                    twice.notify_one();
                }
                async {}.boxed()
            })
        };
        let shutdown = CancellationToken::new();
        let hanging = {
            let (at_once, most, shutdown) = (at_once.clone(), most.clone(), shutdown.clone());
            Job::new("hanging", each_second(), true, move || {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let shutdown = shutdown.clone();
                async move { shutdown.cancelled().await }.boxed()
            })
        };
        let all = tokio::spawn(run(vec![hanging, counting], shutdown.clone()));
        twice.notified().await;
        shutdown.cancel();
        all.await.unwrap();
        assert!(runs.load(Ordering::SeqCst) >= 2);
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_job_that_panics_is_due_again() {
        let again = Arc::new(Notify::new());
        let runs = AtomicUsize::new(0);
        let breaking = {
            let again = again.clone();
            Job::new("breaking", each_second(), true, move || {
                if runs.fetch_add(1, Ordering::SeqCst) >= 1 {
                    again.notify_one();
                }
                async { panic!("an unexpected row") }.boxed()
            })
        };
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(run(vec![breaking], shutdown.clone()));
        again.notified().await;
        shutdown.cancel();
        running.await.unwrap();
    }

    fn each_second() -> Times {
        Times::new("* * * * * *", Tz::UTC, Duration::ZERO).unwrap()
    }

    #[test]
    fn a_wrong_expression_is_named() {
        let error = Times::new("*/5 * * *", Tz::UTC, Duration::ZERO).err().unwrap();
        assert!(error.to_string().contains("`*/5 * * *`"), "{error}");
    }

    #[test]
    fn a_schedule_is_read_in_its_time_zone_and_jitter_spreads_names() {
        let now: DateTime<Utc> = "2026-01-15T07:00:00Z".parse().unwrap();
        let times = |zone, jitter| Times::new("0 0 9 * * *", zone, Duration::from_secs(jitter)).unwrap();
        assert_eq!(times(Tz::Europe__Berlin, 0).wait("a", now), Some(Duration::from_hours(1)));
        assert_eq!(times(Tz::UTC, 0).wait("a", now), Some(Duration::from_hours(2)));
        let spread = times(Tz::UTC, 60);
        let waits: Vec<_> = ["a", "b", "c"].iter().map(|name| spread.wait(name, now).unwrap()).collect();
        assert!(waits.iter().all(|wait| (7200..=7260).contains(&wait.as_secs())), "{waits:?}");
        assert!(waits[0] != waits[1] || waits[1] != waits[2], "{waits:?}");
        assert_eq!(spread.wait("a", now), Some(waits[0]));
    }
}
