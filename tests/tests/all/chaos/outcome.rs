//! What is stored in the end, beside what a calm run stores of the same events: one process of each role, one event
//! after the other, and no faults.

use std::collections::BTreeMap;
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
const DEAD_LETTERS: &str =
    "select concat_ws(' ', 'dead_letter', source, event_id, kind, key, reason, detail, md5(payload))
                            from main.dead_letter";

/// What was sent and committed.
pub(super) struct Input<'a> {
    pub(super) events: usize,
    pub(super) probes: usize,
    pub(super) repository: &'a Path,
    pub(super) commits: usize,
}

/// All rows as text, and how often each is there: of facts, of metrics, and of events that could not be read.
pub(super) struct Rows(BTreeMap<String, usize>);

impl Rows {
    pub(super) async fn read(options: &PgConnectOptions) -> Self {
        let facts = rows::without(options, &OBSERVED).await;
        let of_table = |(table, rows): (&str, Vec<String>)| -> Vec<String> {
            rows.into_iter().map(|row| format!("{table} {row}")).collect()
        };
        let mut all: Vec<String> = facts.into_iter().flat_map(of_table).collect();
        all.extend(incremental::rows(options).await);
        let mut connection = PgConnection::connect_with(options).await.unwrap();
        let found: Vec<String> = sqlx::query_scalar(DEAD_LETTERS).fetch_all(&mut connection).await.unwrap();
        all.extend(found);
        let mut rows: BTreeMap<String, usize> = BTreeMap::new();
        for row in all {
            *rows.entry(row).or_default() += 1;
        }
        Self(rows)
    }

    pub(super) fn len(&self) -> usize {
        self.0.values().sum()
    }

    /// The rows that the other does not have, or not as often.
    pub(super) fn beyond<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let more = self.0.iter().filter(|(row, times)| other.0.get(*row).is_none_or(|others| others < *times));
        more.map(|(row, _)| row.as_str()).collect()
    }
}

/// The number of commits of the repository that are stored, each with the deployment that its tag is.
pub(super) async fn stored_commits(options: &PgConnectOptions) -> Result<usize, sqlx::Error> {
    let count = "select least((select count(*) from main.commit where subject like 'Commit %'),
                              (select count(*) from main.deployment where name like 'v1.%'))";
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
