//! The roles as tasks of one process, and their ends in order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use api::ApiState;
use axum::Router;
use collectors::gateway::{self, GatewayState};
use eventlog::EventLog;
use processors::{Processor, Reading, RejectRetention};
use runtime::health::{self, Check, Readiness};
use runtime::http::{self, Hosts, Listeners};
use store::Store;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::database;
use crate::machine::Machine;

/// How often readiness looks at the database and the log.
const LOOK: Duration = Duration::from_secs(5);

/// The running roles.
pub(super) struct Roles {
    pub(super) log: Arc<dyn EventLog>,
    readiness: Readiness,
    api: ApiState,
    /// Ends what receives: the server and what collects.
    receiving: CancellationToken,
    /// Ends what works on what was received.
    working: CancellationToken,
    server: Role,
    processor: Role,
    engine: Role,
    watch: Role,
    database: Role,
}

struct Role {
    name: &'static str,
    task: JoinHandle<Result<()>>,
    ended: bool,
}

impl Role {
    fn start(name: &'static str, work: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        Self { name, task: tokio::spawn(work), ended: false }
    }

    /// Waits for its end.
    async fn end(&mut self) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        let result = (&mut self.task).await;
        self.ended = true;
        result.unwrap_or_else(|error| Err(Error::new(error))).with_context(|| format!("the {} failed", self.name))
    }

    /// Waits for an end that nobody asked for.
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
        let processor =
            Processor::new(store.clone(), Arc::clone(&log), collectors::registry::connector).keeping_rejected(
                RejectRetention { age: settings.log.rejected_retention, count: settings.log.rejected_limit },
            );
        let reading = processor.reading();
        let (receiving, working) = (CancellationToken::new(), CancellationToken::new());

        let api = ApiState::new(store, settings);
        let looking = Looking {
            readiness: readiness.clone(),
            store: store.clone(),
            log: Arc::clone(&log),
            reading,
            api: api.clone(),
        };
        looking.look().await;
        let gateway = GatewayState::new(settings, Arc::clone(&log))?;
        let router = Router::new()
            .merge(health::router(readiness.clone(), Hosts::of(&settings.server)))
            .merge(gateway::router(gateway))
            .merge(api::router(api.clone()));
        let server = http::serve(listeners, router, settings.server.clone(), receiving.clone());
        let server = Role::start("server", async { Ok(server.await?) });

        let until = working.clone();
        let processor = Role::start("processor", async move { Ok(processor.run(until).await?) });

        let engine = dora::run(store.clone(), settings.dora.clone(), working.clone());
        let engine = Role::start("engine", async { Ok(engine.await?) });

        let watch = Role::start("watch", looking.keep_looking(working.clone()));
        let database = database::keep_running(machine.private_database(), working.clone());
        let database = Role::start("private database", database);
        Ok(Self { log, readiness, api, receiving, working, server, processor, engine, watch, database })
    }

    /// Waits until a role ends although nobody asked it to.
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
struct Looking {
    readiness: Readiness,
    store: Store,
    log: Arc<dyn EventLog>,
    reading: Reading,
    api: ApiState,
}

impl Looking {
    /// Keeps readiness up to date.
    async fn keep_looking(self, until: CancellationToken) -> Result<()> {
        while until.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            // it may take long, and ends with the rest
            until.run_until_cancelled(self.look()).await;
        }
        Ok(())
    }

    /// Looks whether the database and the log answer, and what the API answers.
    async fn look(&self) {
        match self.store.ping().await {
            Ok(()) => self.readiness.passed(Check::Database),
            Err(error) => self.readiness.failed(Check::Database, error.to_string()),
        }
        match (self.log.ends().await, self.reading.problem()) {
            (Ok(_), None) => self.readiness.passed(Check::Log),
            (Ok(_), Some(problem)) => self.readiness.failed(Check::Log, problem),
            (Err(error), _) => self.readiness.failed(Check::Log, error.to_string()),
        }
        self.api.check_answers(&self.readiness).await;
    }
}
