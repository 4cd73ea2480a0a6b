//! `sei-processor`, killed with SIGKILL at its worst moments and started again: rows and counts are those
//! of a calm run. No fault is built into the program. A test stops it where it wants it by holding the
//! lock that the next step needs, and kills it there; further kills come after a random number
//! of events.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use eventlog::settings::LogKind;
use kernel::{Commit, Completeness, Deployment, Envelope, Fact, Outcome, Sha, Version};
use rand::{RngExt, SeedableRng};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::{counts, positions};
use tests::{TestLog, eventually, unique};

use super::{ended, snapshot, total};
use crate::both_logs::on_both_logs;

const DEADLINE: Duration = Duration::from_mins(1);

on_both_logs! {
    killed_within_each_step_it_counts_each_event_once
    killed_after_random_numbers_of_events_it_counts_each_event_once
}

/// Ends the process with SIGKILL.
struct Running(Child);

impl Running {
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Ends it with SIGTERM and says whether it left in order.
    async fn stop(mut self) -> bool {
        Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        tokio::task::spawn_blocking(move || self.0.wait().unwrap().success()).await.unwrap()
    }
}

/// What it takes to start the program repeatedly.
struct Victim {
    binary: PathBuf,
    directory: tempfile::TempDir,
    url: String,
}

impl Victim {
    async fn new(log: &TestLog) -> Self {
        let binary = tokio::task::spawn_blocking(|| tests::binary("sei-processor")).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let settings = &log.settings;
        let kind = if settings.kind == LogKind::Kafka { "kafka" } else { "embedded" };
        // A member with a name takes its place in the group again at once after it was killed, with what
        // Kafka has committed for it: which must not matter.
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = {{ env = \"SEI_KILLED_DATABASE\" }}\nconnections = 4\n\
             [log]\nkind = \"{kind}\"\ntopic = \"{}\"\n[log.kafka]\nbrokers = \"{}\"\ngroup = \"{}\"\n\
             [log.kafka.properties]\n\"group.instance.id\" = \"one\"\n",
            settings.topic, settings.kafka.brokers, settings.kafka.group
        );
        std::fs::write(directory.path().join("sei.toml"), text).unwrap();
        Self { binary, directory, url: log.database.url.clone() }
    }

    fn start(&self) -> Running {
        let output = |name: &str| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(self.directory.path().join(name));
            Stdio::from(file.unwrap())
        };
        let child = Command::new(&self.binary)
            .arg("--config")
            .arg(self.directory.path().join("sei.toml"))
            .current_dir(self.directory.path())
            .env("SEI_KILLED_DATABASE", &self.url)
            .stdout(output("out"))
            .stderr(output("err"))
            .spawn();
        Running(child.unwrap())
    }

    fn log_text(&self) -> String {
        let read =
            |name: &str| std::fs::read_to_string(Path::new(self.directory.path()).join(name)).unwrap_or_default();
        read("out") + &read("err")
    }
}

fn fact(fact: &Fact, key: &str) -> Envelope {
    raw(serde_json::to_vec(fact).unwrap(), key)
}

fn raw(data: Vec<u8>, key: &str) -> Envelope {
    Envelope {
        id: unique("event"),
        source: "generic/test".into(),
        kind: "generic.fact".into(),
        subject: None,
        time: chrono::DateTime::from_timestamp(1_750_000_000, 0).unwrap(),
        tenant: kernel::Tenant::default(),
        key: key.into(),
        content_type: "application/json".into(),
        data: Bytes::from(data),
        traceparent: None,
    }
}

/// A number of events: commits in several versions, deployments, and some that can't be read.
fn events(from: usize, count: usize) -> Vec<Envelope> {
    (from..from + count)
        .map(|number| {
            let repository = format!("example.org/team/r{}", number % 7);
            let at = |seconds: usize| chrono::DateTime::from_timestamp(1_700_000_000 + seconds as i64, 0).unwrap();
            let version = Version { completeness: Completeness::Reported, at: at(number * 7919 % 1000) };
            let mut sha = [1; 20];
            sha[..8].copy_from_slice(&(number / 3).to_be_bytes());
            let sha = Sha::from_bytes(&sha).unwrap();
            match number % 10 {
                3 => raw(format!("{{ this is no JSON {number}").into_bytes(), &repository),
                6 => fact(
                    &Fact::Deployment(Deployment {
                        repository: Some(repository.as_str().into()),
                        environment: Some("production".into()),
                        sha: Some(sha),
                        name: Some(number.to_string()),
                        finished_at: Some(at(number)),
                        outcome: Some(Outcome::Success),
                        ..Deployment::new(format!("{repository}/deployment/{}", number / 20).into(), version)
                    }),
                    &repository,
                ),
                _ => fact(
                    &Fact::Commit(Commit {
                        subject: format!("commit {number}"),
                        ..Commit::new(repository.as_str().into(), sha, at(number), at(number), version)
                    }),
                    &repository,
                ),
            }
        })
        .collect()
}

/// What the same events become where nothing goes wrong.
async fn assert_as_in_a_calm_run(log: &TestLog, events: &[Envelope]) {
    let calm = TestLog::new(LogKind::Embedded).await;
    calm.log.append(events.to_vec()).await.unwrap();
    let store = calm.database.store.clone();
    processors::Processor::new(store, calm.log.clone(), registry::connector).drain().await.unwrap();
    assert_eq!(ended(&log.database.store).await, ended(&calm.database.store).await);
    assert_eq!(total(&log.database.store).await, events.len() as i64);
    assert_eq!(snapshot(log).await, snapshot(&calm).await);
    assert!(snapshot(log).await["dead_letter"].0 > 0 && snapshot(log).await["commit"].0 > 0);
}

/// Whether everything that is in the log is written.
async fn is_done(log: &TestLog) -> bool {
    let stands = positions::load(&log.database.store, processors::CONSUMER, log.log.topic()).await.unwrap();
    let ends = log.log.ends().await.unwrap();
    ends.iter().all(|end| end.next == 0 || stands.contains(&(end.partition, end.next)))
}

/// Starts it once more, lets it finish, and stops it.
async fn finish(log: &TestLog, victim: &Victim) {
    let starts = || victim.log_text().matches(" processing").count();
    let before = starts();
    let running = victim.start();
    eventually(DEADLINE, async || starts() > before && is_done(log).await).await;
    assert!(running.stop().await, "{}", victim.log_text());
    assert!(!victim.log_text().contains("panicked"), "{}", victim.log_text());
}

/// The steps of a batch's transaction, by the lock that the next one waits for.
const STEPS: [(&str, &str); 6] = [
    ("before anything", "lock table sei.position in exclusive mode"),
    ("between position and facts", "lock table main.commit in exclusive mode"),
    ("between two tables of facts", "lock table main.deployment in exclusive mode"),
    ("between facts and dead letters", "lock table main.dead_letter in exclusive mode"),
    ("between dead letters and counts", "lock table main.event_count in exclusive mode"),
    // A trigger that runs within the commit takes this lock.
    ("within the commit", "select pg_advisory_lock(7)"),
];

async fn connect(log: &TestLog) -> PgConnection {
    sqlx::ConnectOptions::connect(&log.database.options()).await.unwrap()
}

/// How many connections wait for a lock.
async fn waiting(connection: &mut PgConnection) -> i64 {
    let waiting = "select count(distinct pid) from pg_locks where not granted
                   and pid in (select pid from pg_stat_activity where datname = current_database())";
    sqlx::query_scalar(waiting).fetch_one(connection).await.unwrap()
}

async fn killed_within_each_step_it_counts_each_event_once(kind: LogKind) {
    let log = TestLog::with(kind, |settings| settings.partitions = 2).await;
    let victim = Victim::new(&log).await;
    let mut watch = connect(&log).await;
    watch
        .execute(
            "create function main.wait_in_commit() returns trigger language plpgsql
             as $$ begin perform pg_advisory_xact_lock_shared(7); return null; end $$;
             create constraint trigger wait_in_commit after insert or update on main.event_count
             deferrable initially deferred for each row execute function main.wait_in_commit()",
        )
        .await
        .unwrap();
    let mut all = Vec::new();
    for (step, lock) in STEPS {
        // The server may go on with a statement of a client that is gone, or end with it: both happen.
        for server_ends_too in [false, true] {
            let events = events(all.len(), 60);
            log.log.append(events.clone()).await.unwrap();
            all.extend(events);
            let mut holder = connect(&log).await;
            holder.execute("begin").await.unwrap();
            holder.execute(AssertSqlSafe(lock)).await.unwrap();
            let running = victim.start();
            let at_the_lock = async {
                while waiting(&mut watch).await == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(DEADLINE, at_the_lock)
                .await
                .unwrap_or_else(|_| panic!("{step}: {}", victim.log_text()));
            running.kill();
            if server_ends_too {
                let end = "select pg_terminate_backend(pid) from pg_locks where not granted
                           and pid in (select pid from pg_stat_activity where datname = current_database())";
                watch.execute(end).await.unwrap();
            }
            holder.close().await.unwrap();
        }
    }
    finish(&log, &victim).await;
    assert_as_in_a_calm_run(&log, &all).await;
}

async fn killed_after_random_numbers_of_events_it_counts_each_event_once(kind: LogKind) {
    let seed = 20_260_228;
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    let log = TestLog::with(kind, |settings| settings.partitions = 3).await;
    let victim = Victim::new(&log).await;
    let mut all = Vec::new();
    let rounds = if kind == LogKind::Kafka { 15 } else { 30 };
    for round in 0..rounds {
        let running = victim.start();
        // Some rounds kill right after the position has moved: before Kafka hears of it.
        let before = stands(&log).await;
        let counted = total(&log.database.store).await;
        for _ in 0..10 {
            let events = events(all.len(), rng.random_range(1..30));
            log.log.append(events.clone()).await.unwrap();
            all.extend(events);
        }
        // Others kill once a number of events is counted: none of this round, all of them, or one between.
        let enough =
            if rng.random_bool(0.3) { counted } else { rng.random_range(counted..=i64::try_from(all.len()).unwrap()) };
        eventually(DEADLINE, || async { total(&log.database.store).await >= enough }).await;
        if round % 3 == 0 {
            let moved = || async { stands(&log).await != before };
            eventually(DEADLINE, moved).await;
        }
        running.kill();
    }
    assert!(total(&log.database.store).await > 0, "it came to something in between");
    finish(&log, &victim).await;
    assert_as_in_a_calm_run(&log, &all).await;
    assert!(counts::all(&log.database.store).await.unwrap().iter().all(|count| count.events > 0), "seed {seed}");
}

async fn stands(log: &TestLog) -> Vec<(i32, i64)> {
    positions::load(&log.database.store, processors::CONSUMER, log.log.topic()).await.unwrap()
}
