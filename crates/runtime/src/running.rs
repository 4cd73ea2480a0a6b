//! What a process runs: a server, and tasks beside it. They start, are watched and end in one order, whether a process has
//! one role or all of them.

use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::health::{Check, Health, Readiness};
use crate::http::{self, Listeners, Routes};
use crate::settings::Server;

/// How long readiness waits between two checks of what a role depends on, while all of it is well …
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// … and while something is not, so that a fault that has passed is not shown for long.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long the checks of a role may take together, longer than any of them by itself.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);
/// How long all tasks together may take to end, once they were asked to …
const WORK_GRACE: Duration = Duration::from_secs(10);
/// … and one that was given up, to let go of what it holds.
const GIVE_UP: Duration = Duration::from_secs(1);

/// What a process runs.
pub struct Running {
    readiness: Readiness,
    /// Ends what receives: the server.
    receiving: CancellationToken,
    /// Ends what works on what was received.
    working: CancellationToken,
    server: Task,
    tasks: Vec<Task>,
}

struct Task {
    name: &'static str,
    handle: JoinHandle<Result<()>>,
    has_ended: bool,
}

impl Task {
    fn start(name: &'static str, work: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        Self { name, handle: tokio::spawn(work), has_ended: false }
    }

    /// Waits for its end.
    async fn end(&mut self) -> Result<()> {
        if self.has_ended {
            return Ok(());
        }
        let result = (&mut self.handle).await;
        self.has_ended = true;
        result.unwrap_or_else(|error| Err(Error::new(error))).with_context(|| format!("{} failed", self.name))
    }

    /// Waits for its end until a time, and then gives it up where it stands: that leaves nothing half-done.
    async fn end_by(&mut self, deadline: Instant) -> Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if let Ok(ended) = timeout(left, self.end()).await {
            return ended;
        }
        let name = self.name;
        tracing::warn!("{name} had not ended {} s after it was asked to, and was given up", WORK_GRACE.as_secs());
        self.handle.abort();
        // one that never comes to an await is left behind
        let _dropped = timeout(GIVE_UP, &mut self.handle).await;
        self.has_ended = true;
        Ok(())
    }

    /// Waits for an end that was not requested.
    async fn failed(&mut self) -> Error {
        match self.end().await {
            Ok(()) => anyhow!("{} ended by itself", self.name),
            Err(error) => error,
        }
    }
}

impl Running {
    /// Starts a server, which answers for the health of the process and with these routes.
    #[must_use]
    pub fn serve(listeners: Listeners, routes: impl Into<Routes>, server: &Server, readiness: Readiness) -> Self {
        let (receiving, working) = (CancellationToken::new(), CancellationToken::new());
        let routes = Health::new(readiness.clone(), server).and(routes);
        let serving = http::serve(listeners, routes, server.clone(), receiving.clone());
        let server = Task::start("the server", async { Ok(serving.await?) });
        Self { readiness, receiving, working, server, tasks: Vec::new() }
    }

    /// Starts a task beside the server. The token that it gets asks it to end.
    pub fn start<F>(&mut self, name: &'static str, work: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.tasks.push(Task::start(name, work(self.working.clone())));
    }

    /// Keeps readiness up to date from here on. `look` says how the checks stand.
    pub fn watch<F>(&mut self, checks: &'static [Check], look: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let readiness = self.readiness.clone();
        self.start_watching(async move {
            check_in_time(look(), &readiness, checks).await;
            keep_checking(look, &readiness, checks).await;
        });
    }

    /// Keeps readiness up to date as [`Self::watch`] does, after a first check that was made already.
    pub fn keep_watching<F>(&mut self, checks: &'static [Check], look: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let readiness = self.readiness.clone();
        self.start_watching(async move { keep_checking(look, &readiness, checks).await });
    }

    fn start_watching(&mut self, watching: impl Future<Output = ()> + Send + 'static) {
        self.start("the watch over readiness", |end| async move {
            // a check may take long, and ends with the rest
            end.run_until_cancelled(watching).await;
            Ok(())
        });
    }

    /// Waits until one of them ends without a request to.
    pub async fn failed(&mut self) -> Error {
        let all = std::iter::once(&mut self.server).chain(&mut self.tasks);
        let (error, ..) = futures::future::select_all(all.map(|task| Box::pin(task.failed()))).await;
        error
    }

    /// Ends all in order: it is not ready any more, nothing is received, what was received is worked on. What waits for
    /// something that does not come holds it up for a bounded time.
    pub async fn stop(mut self) -> Result<()> {
        self.readiness.stop();
        self.receiving.cancel();
        let mut ended = self.server.end().await;
        self.working.cancel();
        let deadline = Instant::now() + WORK_GRACE;
        for task in &mut self.tasks {
            ended = ended.and(task.end_by(deadline).await);
        }
        ended
    }
}

/// Keeps readiness up to date for ever, after a first check.
async fn keep_checking<F: Future<Output = ()>>(look: impl Fn() -> F, readiness: &Readiness, checks: &[Check]) {
    loop {
        let pause = if readiness.is_ready() { CHECK_INTERVAL } else { RECHECK_INTERVAL };
        tokio::time::sleep(pause).await;
        check_in_time(look(), readiness, checks).await;
    }
}

/// Waits for checks for a bounded time: those that have not ended by then do not hold, since what they wait for does not
/// answer.
pub async fn check_in_time(look: impl Future<Output = ()>, readiness: &Readiness, checks: &[Check]) {
    if timeout(CHECK_TIMEOUT, look).await.is_err() {
        for check in checks {
            readiness.failed(*check, format!("no answer within {} s", CHECK_TIMEOUT.as_secs()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn running() -> Running {
        let server = Server { listen: "127.0.0.1:0".parse().unwrap(), ..Server::default() };
        Running::serve(Listeners::open(&server).unwrap(), Routes::default(), &server, Readiness::default())
    }

    #[tokio::test]
    async fn tasks_are_asked_to_end_once_nothing_is_received() {
        let mut running = running();
        let ended = Arc::new(Mutex::new(Vec::new()));
        let receiving = running.receiving.clone();
        for name in ["first", "second"] {
            let (ended, receiving) = (Arc::clone(&ended), receiving.clone());
            running.start(name, |end| async move {
                end.cancelled().await;
                ended.lock().unwrap().push((name, receiving.is_cancelled()));
                Ok(())
            });
        }
        let readiness = running.readiness.clone();
        running.stop().await.unwrap();
        assert!(!readiness.is_ready());
        let mut ended = ended.lock().unwrap().clone();
        ended.sort_unstable();
        assert_eq!(ended, [("first", true), ("second", true)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_ever_is_given_up_at_the_end() {
        let mut running = running();
        let held = Arc::new(());
        let weak = Arc::downgrade(&held);
        running.start("a task", |_| async move {
            std::future::pending::<()>().await;
            drop(held);
            Ok(())
        });
        running.start("another", |end| async move {
            end.cancelled().await;
            Ok(())
        });
        running.stop().await.unwrap();
        assert!(weak.upgrade().is_none(), "what it held is dropped");
    }

    #[tokio::test]
    async fn a_task_that_ends_or_fails_unasked_is_named_and_stops_with_the_rest() {
        let mut running = running();
        running.start("the engine", |_| async { Ok(()) });
        assert_eq!(running.failed().await.to_string(), "the engine ended by itself");
        running.start("the processor", |_| async { Err(anyhow!("no log")) });
        // the one that has ended is not asked again
        running.tasks.remove(0);
        assert_eq!(format!("{:#}", running.failed().await), "the processor failed: no log");
        running.start("a task", |_| async { panic!("out of ink") });
        assert!(running.stop().await.unwrap_err().to_string().starts_with("a task failed"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_hold_is_checked_again_within_a_second() {
        let readiness = Readiness::default();
        readiness.passed(Check::Database);
        let (begun, checked) = (Instant::now(), Mutex::new(Vec::new()));
        let look = async || {
            let mut checked = checked.lock().unwrap();
            checked.push(begun.elapsed().as_secs());
            let away = checked.len() < 4;
            readiness.set_from(Check::Database, if away { Err("away") } else { Ok(()) });
        };
        let checking = keep_checking(look, &readiness, &[Check::Database]);
        assert!(tokio::time::timeout(Duration::from_secs(14), checking).await.is_err());
        assert_eq!(*checked.lock().unwrap(), [5, 6, 7, 8, 13]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_never_ends_does_not_hold() {
        let readiness = Readiness::default();
        readiness.passed(Check::Database);
        check_in_time(std::future::pending(), &readiness, &[Check::Database]).await;
        assert!(!readiness.is_ready());
        check_in_time(async { readiness.passed(Check::Database) }, &readiness, &[Check::Database]).await;
        assert!(readiness.is_ready());
    }
}
