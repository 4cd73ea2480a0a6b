//! Runs jobs at the times that their cron expressions say. Each job is alone: a slow or failing one holds
//! up no other, and no job runs twice at once: a time that passes while it runs is left out.

use std::str::FromStr;

use chrono::Utc;
use cron::Schedule;
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Something that is done again and again.
pub struct Job {
    name: String,
    schedule: Schedule,
    work: Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
}

/// A text that is no cron expression.
#[derive(Debug, thiserror::Error)]
#[error("`{expression}` is no schedule; expected a cron expression with seconds first, such as `0 */5 * * * *`")]
pub struct ScheduleError {
    /// The text.
    pub expression: String,
    /// Why.
    #[source]
    pub source: cron::error::Error,
}

impl Job {
    /// A job that is due when the expression (seconds first, UTC) says so.
    pub fn new(
        name: impl Into<String>,
        expression: &str,
        work: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Result<Self, ScheduleError> {
        let schedule = Schedule::from_str(expression)
            .map_err(|source| ScheduleError { expression: expression.to_owned(), source })?;
        Ok(Self { name: name.into(), schedule, work: Box::new(work) })
    }

    async fn again_and_again(self, shutdown: CancellationToken) {
        let mut first = true;
        while !shutdown.is_cancelled() {
            if !first {
                let Some(next) = self.schedule.upcoming(Utc).next() else { return };
                let wait = (next - Utc::now()).to_std().unwrap_or_default();
                if shutdown.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                    return;
                }
            }
            first = false;
            (self.work)().await;
        }
    }
}

/// Runs all jobs, each at once and then by its schedule, until the shutdown. What is running then is
/// finished; who wants it to end earlier watches the same token.
pub async fn run(jobs: Vec<Job>, shutdown: CancellationToken) {
    let mut running = JoinSet::new();
    for job in jobs {
        let shutdown = shutdown.clone();
        running.spawn(async move {
            let name = job.name.clone();
            job.again_and_again(shutdown).await;
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
            Job::new("counting", "* * * * * *", move || {
                if runs.fetch_add(1, Ordering::SeqCst) >= 1 {
                    twice.notify_one();
                }
                async {}.boxed()
            })
            .unwrap()
        };
        let shutdown = CancellationToken::new();
        let hanging = {
            let (at_once, most, shutdown) = (at_once.clone(), most.clone(), shutdown.clone());
            Job::new("hanging", "* * * * * *", move || {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let shutdown = shutdown.clone();
                async move { shutdown.cancelled().await }.boxed()
            })
            .unwrap()
        };
        let all = tokio::spawn(run(vec![hanging, counting], shutdown.clone()));
        twice.notified().await;
        shutdown.cancel();
        all.await.unwrap();
        assert!(runs.load(Ordering::SeqCst) >= 2);
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_wrong_expression_is_named() {
        let error = Job::new("x", "*/5 * * *", || async {}.boxed()).err().unwrap();
        assert!(error.to_string().contains("`*/5 * * *`"), "{error}");
    }
}
