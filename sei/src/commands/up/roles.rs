//! The roles as tasks of one process.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Error, Result};
use api::ApiRole;
use collectors::WebhooksRole;
use dora::EngineRole;
use eventlog::EventLog;
use processors::ProcessorRole;
use runtime::health::{Check, Readiness};
use runtime::http::Listeners;
use runtime::role::{Role, Running, check_in_time};
use store::audit::Actor;

use super::database;
use crate::backups::Backups;
use crate::machine::Machine;
use crate::sources::source_setup;

/// What is checked for as long as it runs.
const CHECKS: &[Check] = &[Check::Database, Check::Log, Check::Answers];

/// The running roles.
pub(super) struct Roles {
    pub(super) log: Arc<dyn EventLog>,
    api: ApiRole,
    running: Running,
}

impl Roles {
    /// Starts all roles, with the settings of a file, if it is one. It is ready when this returns, as far as the
    /// database and the log are.
    pub(super) async fn start(machine: &Machine, listeners: Listeners, file: Option<PathBuf>) -> Result<Self> {
        let settings = &machine.settings;
        let store = &machine.store;
        let log = machine.log().await.context("the event log can't be used")?;
        let readiness = Readiness::waiting_for(&[Check::Database, Check::Log, Check::Migrations, Check::Answers]);
        readiness.passed(Check::Migrations);
        let processor = Arc::new(ProcessorRole::new(&settings.into(), store.clone(), Arc::clone(&log)));
        let gateway = WebhooksRole::new(&settings.into(), store.clone(), Arc::clone(&log))?;
        let api = ApiRole::new(&settings.into(), store.clone()).with_source_setup(source_setup());
        let engine = EngineRole::new(&settings.into(), store.clone());

        let watched = (readiness.clone(), Arc::clone(&processor), api.clone());
        let look = move || {
            let (readiness, processor, api) = watched.clone();
            async move {
                processor.check(&readiness).await;
                api.check(&readiness).await;
            }
        };
        check_in_time(look(), &readiness, CHECKS).await;
        let routes = gateway.routes().merge(api.routes());
        let mut running = Running::serve(listeners, routes, &settings.server, readiness);
        running.start("the processor", |end| async move { Box::pin(processor.work(end)).await });
        running.start("the engine", |end| async move { engine.work(end).await });
        running.keep_watching(CHECKS, look);
        let backups = Backups::new(store, settings, file, Actor::sei());
        running.start("making backups", |end| backups.work(end));
        let database = machine.private_database();
        running.start("the private database", |end| database::keep_running(database, end));
        Ok(Self { log, api, running })
    }

    /// Waits until a role ends without a request to.
    pub(super) async fn failed(&mut self) -> Error {
        self.running.failed().await
    }

    /// Ends all roles in order.
    pub(super) async fn stop(self) -> Result<()> {
        let ended = self.running.stop().await;
        self.api.close().await;
        ended
    }
}
