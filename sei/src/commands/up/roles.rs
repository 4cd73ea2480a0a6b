//! The roles as tasks of one process, and their ends in order.

use std::sync::Arc;

use anyhow::{Context, Error, Result, anyhow};
use api::ApiRole;
use collectors::WebhooksRole;
use dora::EngineRole;
use eventlog::EventLog;
use processors::ProcessorRole;
use runtime::health::{Check, Health, Readiness};
use runtime::http::{self, Listeners};
use runtime::role::{Role, check_in_time, keep_checking};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::database;
use crate::machine::Machine;

/// The running roles.
pub(super) struct Roles {
    pub(super) log: Arc<dyn EventLog>,
    readiness: Readiness,
    api: ApiRole,
    /// Ends what receives: the server and what collects.
    receiving: CancellationToken,
    /// Ends what works on what was received.
    working: CancellationToken,
    server: Task,
    processor: Task,
    engine: Task,
    watch: Task,
    database: Task,
}

struct Task {
    name: &'static str,
    handle: JoinHandle<Result<()>>,
    ended: bool,
}

impl Task {
    fn start(name: &'static str, work: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        Self { name, handle: tokio::spawn(work), ended: false }
    }

    /// Waits for its end.
    async fn end(&mut self) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        let result = (&mut self.handle).await;
        self.ended = true;
        result.unwrap_or_else(|error| Err(Error::new(error))).with_context(|| format!("the {} failed", self.name))
    }

    /// Waits for an end that was not requested.
    async fn failed(&mut self) -> Error {
        match self.end().await {
            Ok(()) => anyhow!("the {} ended by itself", self.name),
            Err(error) => error,
        }
    }
}

impl Roles {
    /// Starts all roles. It is ready when this returns, as far as the database and the log are.
    pub(super) async fn start(machine: &Machine, listeners: Listeners) -> Result<Self> {
        let settings = &machine.settings;
        let store = &machine.store;
        let log = machine.log().await.context("the event log can't be used")?;
        let readiness = Readiness::waiting_for(&[Check::Database, Check::Log, Check::Migrations, Check::Answers]);
        readiness.passed(Check::Migrations);
        let processor = Arc::new(ProcessorRole::new(&settings.into(), store.clone(), Arc::clone(&log)));
        let gateway = WebhooksRole::new(&settings.into(), store.clone(), Arc::clone(&log))?;
        let api = ApiRole::new(&settings.into(), store.clone());
        let engine = EngineRole::new(&settings.into(), store.clone());
        let (receiving, working) = (CancellationToken::new(), CancellationToken::new());

        let watching = Watching { readiness: readiness.clone(), processor: Arc::clone(&processor), api: api.clone() };
        check_in_time(watching.look(), &readiness, Watching::CHECKS).await;
        let routes = Health::new(readiness.clone(), &settings.server).and(gateway.routes().merge(api.routes()));
        let server = http::serve(listeners, routes, settings.server.clone(), receiving.clone());
        let server = Task::start("server", async { Ok(server.await?) });

        let end = working.clone();
        let processor = Task::start("processor", async move { processor.work(end).await });
        let end = working.clone();
        let engine = Task::start("engine", async move { engine.work(end).await });
        let watch = Task::start("watch", watching.keep_checking(working.clone()));
        let database = database::keep_running(machine.private_database(), working.clone());
        let database = Task::start("private database", database);
        Ok(Self { log, readiness, api, receiving, working, server, processor, engine, watch, database })
    }

    /// Waits until a role ends without a request to.
    pub(super) async fn failed(&mut self) -> Error {
        tokio::select! {
            error = self.server.failed() => error,
            error = self.processor.failed() => error,
            error = self.engine.failed() => error,
            error = self.watch.failed() => error,
            error = self.database.failed() => error,
        }
    }

    /// Ends all roles in order.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.readiness.stop();
        self.receiving.cancel();
        let server = self.server.end().await;
        self.working.cancel();
        let processor = self.processor.end().await;
        let engine = self.engine.end().await;
        let watch = self.watch.end().await;
        let database = self.database.end().await;
        self.api.close().await;
        server.and(processor).and(engine).and(watch).and(database)
    }
}

/// What readiness depends on.
struct Watching {
    readiness: Readiness,
    processor: Arc<ProcessorRole>,
    api: ApiRole,
}

impl Watching {
    const CHECKS: &'static [Check] = &[Check::Database, Check::Log, Check::Answers];

    /// Keeps readiness up to date.
    async fn keep_checking(self, until: CancellationToken) -> Result<()> {
        // a check may take long, and ends with the rest
        until.run_until_cancelled(keep_checking(|| self.look(), &self.readiness, Self::CHECKS)).await;
        Ok(())
    }

    /// Looks whether the database and the log answer, and at what the API answers.
    async fn look(&self) {
        self.processor.check(&self.readiness).await;
        self.api.check(&self.readiness).await;
    }
}
