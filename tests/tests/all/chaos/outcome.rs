//! What is stored in the end, beside what a calm run stores of the same events: one process of each role, one event
//! after the other, and no faults.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use dora::Scope;
use eventlog::settings::LogKind;
use processors::Processor;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tests::{TestDatabase, TestLog, eventually};

use super::events::probe;
use super::hosts::sources;
use super::traffic::Sender;
use crate::api::served;
use crate::gateway::roles::Running;
use crate::{incremental, rows};

const DEADLINE: Duration = Duration::from_mins(5);
/// When the collector saw what it collected, which is another time in each run, and the hash that it is part of.
const OBSERVED: [&str; 2] = ["version_at", "digest"];

/// What was sent and committed.
pub(super) struct Input<'a> {
    pub(super) events: usize,
    pub(super) probes: usize,
    pub(super) repository: &'a Path,
    pub(super) commits: usize,
}

/// All rows as text: of facts, of metrics, and of events that could not be read.
pub(super) struct Rows(BTreeSet<String>);

impl Rows {
    pub(super) async fn read(options: &PgConnectOptions) -> Self {
        let facts = rows::without(options, &OBSERVED).await;
        let facts =
            facts.into_iter().flat_map(|(table, rows)| rows.into_iter().map(move |row| format!("{table} {row}")));
        let mut rows: BTreeSet<String> = facts.collect();
        rows.extend(incremental::rows(options).await);
        let dead_letters =
            "select concat_ws(' ', 'dead_letter', source, event_id, kind, key, reason, detail, md5(payload))
                            from main.dead_letter";
        let mut connection = PgConnection::connect_with(options).await.unwrap();
        let found: Vec<String> = sqlx::query_scalar(dead_letters).fetch_all(&mut connection).await.unwrap();
        rows.extend(found);
        Self(rows)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The rows that the other does not have.
    pub(super) fn beyond<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        self.0.difference(&other.0).map(String::as_str).collect()
    }
}

/// The number of commits of the repository that are stored.
pub(super) async fn stored_commits(options: &PgConnectOptions) -> Result<usize, sqlx::Error> {
    let count = "select count(*) from main.commit where subject like 'Commit %'";
    let mut connection = PgConnection::connect_with(options).await?;
    let count: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await?;
    Ok(usize::try_from(count).unwrap())
}

/// The database of a calm run.
pub(super) async fn calm(input: &Input<'_>) -> TestDatabase {
    let log = TestLog::new(LogKind::Embedded).await;
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [of_gateway, of_collector] = [directories[0].path(), directories[1].path()];
    let settings = |directory| sources(directory, input.repository);
    let gateway = Running::start("sei role webhooks", of_gateway, &log, &settings(of_gateway)).await;
    let collector = Running::start("sei role collector", of_collector, &log, &settings(of_collector)).await;
    let sender = Sender::new(vec![gateway.address()]);
    sender.send_all(0..input.events).await;
    for nth in 0..input.probes {
        sender.send(&probe(nth)).await;
    }
    let (store, options) = (log.database.store.clone(), log.database.options());
    let processor = Processor::new(store.clone(), log.log.clone(), registry::connector);
    eventually(DEADLINE, async || {
        processor.drain().await.unwrap();
        stored_commits(&options).await.unwrap() == input.commits
    })
    .await;
    for running in [gateway, collector] {
        assert_eq!(running.end().await, Some(0));
    }
    // what came since, such as tags
    processor.drain().await.unwrap();
    dora::recompute(&store, &served::settings(), Scope::All).await.unwrap();
    log.database
}
