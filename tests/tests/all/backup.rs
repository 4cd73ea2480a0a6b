//! `sei backup`: what is stored comes back in an empty place as it was, and no one who was erased since comes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use eventlog::settings::LogKind;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use processors::Processor;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use store::backup::{Source, last_success, left_out};
use tempfile::TempDir;
use tests::{Program, TestDatabase, TestLog, database, empty_database, eventually};

use crate::api::served;
use crate::gateway::roles::{Running, page};
use crate::privacy;

/// An identity of age that is known to everyone.
const IDENTITY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";

/// A place for backups, and a key for them.
struct Kept(TempDir);

impl Kept {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("key"), IDENTITY).unwrap();
        Self(directory)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("kept")
    }

    /// Lets a program keep its backups there.
    fn settings_of(&self, program: &Program) {
        let file = program.directory().join("sei.toml");
        let before = fs::read_to_string(&file).unwrap_or_default();
        let (url, key) = (self.path(), self.0.path().join("key"));
        let section = format!("[backup]\nurl = '{}'\nidentity.file = '{}'\n", url.display(), key.display());
        fs::write(file, before + &section).unwrap();
    }

    fn manifests(&self) -> usize {
        fs::read_dir(self.path().join("backups")).unwrap().count()
    }
}

/// The command line on a database and the topic of a log, with backups there.
fn program(log: &TestLog, kept: &Kept) -> Program {
    let program = privacy::program(log);
    kept.settings_of(&program);
    program
}

/// The log of another database.
pub(crate) async fn log_in(database: TestDatabase, like: &TestLog) -> TestLog {
    let settings = like.settings.clone();
    let log = eventlog::open(&settings, &database.store).await.unwrap();
    TestLog { database, settings, log }
}

/// Rows of every table that a backup holds, as a number and a checksum of their texts; but for the audit log, to which a
/// restore adds an entry.
pub(crate) async fn checksums(options: PgConnectOptions) -> BTreeMap<String, (i64, String)> {
    let mut connection = options.connect().await.unwrap();
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('sei', 'main') and c.relkind = 'r' and c.relname not like '\\_sqlx%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let others: BTreeSet<&str> = left_out().map(|(name, _)| name).chain(["audit", "audit_head"]).collect();
    let mut checksums = BTreeMap::new();
    for (schema, table) in tables.into_iter().filter(|(_, table)| !others.contains(table.as_str())) {
        let statement = format!(
            "select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text from \"{schema}\".\"{table}\" t"
        );
        let checksum = sqlx::query_as(AssertSqlSafe(statement)).fetch_one(&mut connection).await.unwrap();
        checksums.insert(format!("{schema}.{table}"), checksum);
    }
    checksums
}

fn report(program: &Program) -> Value {
    let day = |days| (served::end() - chrono::TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    program.json(&["dora", "report", "--from", &day(90), "--to", &day(0)])
}

/// The lines of the files of an export, by name. Rows of one time have no order.
fn export(program: &Program) -> BTreeMap<String, BTreeSet<String>> {
    let directory = program.directory().join("exported");
    program.good(&[Path::new("export"), Path::new("csv"), &directory]);
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let lines =
        |file: &Path| -> BTreeSet<String> { fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect() };
    files.map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), lines(&file))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_has_the_same_rows_answers_and_log_after_a_restore() {
    let kept = Kept::new();
    let log = privacy::filled(LogKind::Embedded).await;
    let source = program(&log, &kept);
    let first = source.json(&["backup", "create"]);
    assert_eq!(first["totals"]["new_chunks"], first["totals"]["chunks"], "{first:#}");

    served::fill(&log.database.store, served::organization().facts()).await;
    let second = source.json(&["backup", "create"]);
    assert_eq!(second["parent"], first["id"]);
    let third = source.json(&["backup", "create"]);
    // the audit log has an entry about the second one
    let new_chunks = third["totals"]["new_chunks"].as_u64().unwrap();
    assert!((1..=2).contains(&new_chunks) && third["totals"]["chunks"].as_u64() > Some(20), "{third:#}");
    assert_eq!(source.json(&["backup", "list"]).as_array().map(Vec::len), Some(3));
    let pruned = source.json(&["backup", "prune", "--keep", "1"]);
    assert_eq!((pruned["deleted"].as_array().map(Vec::len), &pruned["kept"]), (Some(2), &1.into()), "{pruned:#}");
    assert!(source.good(&["backup", "verify"]).contains("is whole"));

    let restored = log_in(empty_database().await, &log).await;
    let target = program(&restored, &kept);
    let report_of_restore = target.json(&["backup", "restore", "--settings-file", "as-it-was.toml"]);
    assert_eq!((&report_of_restore["id"], &report_of_restore["rows"]), (&third["id"], &third["totals"]["rows"]));
    let [before, after] = [&log, &restored].map(|log| checksums(log.database.options()));
    assert_eq!(after.await, before.await);
    let settings = |program: &Program, name: &str| fs::read_to_string(program.directory().join(name)).unwrap();
    assert_eq!(settings(&target, "as-it-was.toml"), settings(&source, "sei.toml"));
    assert_eq!(report(&target), report(&source));
    target.good(&["audit", "verify"]);

    // what was read is not read again, and what comes is
    let store = &restored.database.store;
    let processed = || async {
        Processor::new(store.clone(), Arc::clone(&restored.log), registry::connector).drain().await.unwrap()
    };
    assert_eq!(processed().await.events(), 0);
    let ends = restored.log.ends().await.unwrap();
    assert_eq!(ends, log.log.ends().await.unwrap());
    let events = privacy::events();
    let number = events.len() as u64;
    restored.log.append(events).await.unwrap();
    assert_eq!(processed().await.events(), number);

    let again = target.run(&["backup", "restore"]);
    assert!(again.code == Some(1) && again.err.contains("the database is not empty"), "{}", again.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_machine_goes_on_where_the_backup_stood_and_makes_its_own_on_schedule() {
    let kept = Kept::new();
    let log = TestLog::new(LogKind::Embedded).await;
    served::fill(&log.database.store, served::organization().facts()).await;
    let source = program(&log, &kept);
    let made = source.json(&["backup", "create"]);

    let machine = Program::new();
    kept.settings_of(&machine);
    let none = machine.run(&["backup", "restore", "2020"]);
    assert!(none.code == Some(1) && none.err.contains("0 backups have an id"), "{}", none.err);
    let restored = machine.json(&["backup", "restore"]);
    assert_eq!((&restored["id"], &restored["rows"]), (&made["id"], &made["totals"]["rows"]));
    assert!(export(&machine) == export(&source), "the exports differ");
    assert_eq!(report(&machine), report(&source));

    // all but the audit log is in chunks that are there
    let next = machine.json(&["backup", "create"]);
    assert!(next["totals"]["new_chunks"].as_u64() <= Some(2), "{next:#}");
    let before = kept.manifests();
    let flags = ["--set", "backup.schedule=* * * * * *", "--set", "backup.keep=5"];
    let mut up = machine.up(&flags);
    up.address();
    eventually(Duration::from_mins(1), async || kept.manifests() > before).await;
    let ended = up.end(Signal::SIGTERM);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(source.good(&["backup", "verify"]).contains("is whole"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_roles_a_process_makes_backups_on_schedule_and_the_processor_shows_of_when_the_newest_is() {
    let kept = Kept::new();
    let log = TestLog::new(LogKind::Embedded).await;
    let (source, store) = (program(&log, &kept), &log.database.store);
    let refused = source.run(&["backup", "schedule"]);
    assert!(refused.code == Some(1) && refused.err.contains("backup.schedule is not set"), "{}", refused.err);
    assert_eq!(last_success(store).await.unwrap(), None);

    let flags = ["backup", "schedule", "--set", "backup.schedule=* * * * * *", "--set", "backup.keep=5"];
    let mut command = source.command(&flags);
    let mut scheduled = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_made = || kept.path().join("backups").is_dir() && kept.manifests() > 1;
    eventually(Duration::from_mins(1), async || is_made()).await;
    kill(Pid::from_raw(i32::try_from(scheduled.id()).unwrap()), Signal::SIGTERM).unwrap();
    let ended = tokio::task::spawn_blocking(move || scheduled.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));

    let newest = last_success(store).await.unwrap().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let processor = Running::start("sei role processor", directory.path(), &log, "").await;
    let (address, shown) = (processor.address(), format!("\nsei_backup_last_success_seconds {}\n", newest.timestamp()));
    eventually(Duration::from_mins(1), async || {
        let answer = tokio::task::spawn_blocking(move || page(address, "/metrics")).await.unwrap();
        answer.is_some_and(|(_, metrics)| metrics.contains(&shown))
    })
    .await;
    assert_eq!(processor.end().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_erased_after_a_backup_is_not_brought_back_by_it() {
    let kept = Kept::new();
    let log = privacy::filled(LogKind::Embedded).await;
    let source = program(&log, &kept);
    let with_ann = source.json(&["backup", "create"]);
    source.good(&["person", "erase", "ann@lakeside.example", "--yes"]);
    source.good(&["backup", "create"]);

    let restored = log_in(empty_database().await, &log).await;
    let id = with_ann["id"].as_str().unwrap();
    let report = program(&restored, &kept).json(&["backup", "restore", id]);
    assert_eq!(report["id"], id);
    assert!(report["later_tombstones"].as_u64() > Some(2), "{report:#}");
    assert_eq!(privacy::naming_tables(&restored).await, Vec::<String>::new());
    assert_eq!(privacy::naming_events(&restored).await, Vec::<String>::new());
    // nor by a replay of events
    restored.log.append(privacy::events()).await.unwrap();
    privacy::process(&restored).await;
    assert_eq!(privacy::naming_tables(&restored).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_that_was_taken_back_after_a_backup_is_not_given_again() {
    let kept = Kept::new();
    let log = TestLog::new(LogKind::Embedded).await;
    let source = program(&log, &kept);
    let mut connection = log.database.options().connect().await.unwrap();
    let make = "insert into sei.login_user (id, name) values ('ann', 'Ann'), ('ben', 'Ben'), ('cem', 'Cem')";
    sqlx::query(make).execute(&mut connection).await.unwrap();
    let token = |name: &str| source.json(&["token", "create", name])["token"]["id"].as_str().unwrap().to_owned();
    let (leaked, used) = (token("leaked"), token("used"));
    let grant = |user: &str| -> String {
        let granted = source.json(&["grant", "add", "--user", user, "--role", "viewer", "--tenant", "main"]);
        granted["id"].as_str().unwrap().to_owned()
    };
    let (of_ann, of_ben) = (grant("ann"), grant("ben"));
    let first = source.json(&["backup", "create"]);
    source.good(&["token", "revoke", &leaked]);
    source.good(&["grant", "remove", &of_ann]);
    // that it was removed and granted again takes nothing back
    source.good(&["grant", "remove", &of_ben]);
    grant("ben");
    let disable = "update sei.login_user set disabled_at = now() where id = 'ben'";
    sqlx::query(disable).execute(&mut connection).await.unwrap();
    sqlx::query("delete from sei.login_user where id = 'cem'").execute(&mut connection).await.unwrap();
    let newest = source.json(&["backup", "create"]);

    let ids = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let revoked = |list: &Value| -> Vec<String> {
        let revoked = list.as_array().unwrap().iter().filter(|token| !token["revoked_at"].is_null());
        revoked.map(|token| token["id"].as_str().unwrap().to_owned()).collect()
    };
    let restored = log_in(empty_database().await, &log).await;
    let target = program(&restored, &kept);
    let report = target.json(&["backup", "restore", first["id"].as_str().unwrap()]);
    let expected = serde_json::json!({
        "disabled_users": 2, "removed_grants": 1, "revoked_tokens": 1, "valid_tokens": 1,
    });
    assert_eq!(report["access"], expected, "{report:#}");
    assert_eq!(revoked(&target.json(&["token", "list"])), std::slice::from_ref(&leaked));
    assert_eq!(ids(&target.json(&["grant", "list"])), [of_ben]);

    // of what was taken back after the newest backup nothing is known
    let restored = log_in(empty_database().await, &log).await;
    let target = program(&restored, &kept);
    let text = target.good(&["backup", "restore", newest["id"].as_str().unwrap(), "--revoke-tokens"]);
    assert!(
        text.contains("access that was taken back: 1 API token revoked\n") && !text.contains("can be used"),
        "{text}"
    );
    let mut both = vec![leaked, used];
    both.sort();
    assert_eq!(revoked(&target.json(&["token", "list"])), both);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_backup_is_neither_whole_nor_restored() {
    let kept = Kept::new();
    let log = privacy::filled(LogKind::Embedded).await;
    let source = program(&log, &kept);
    source.good(&["backup", "create"]);
    let directories = fs::read_dir(kept.path().join("chunks")).unwrap();
    let chunks = directories.flat_map(|entry| fs::read_dir(entry.unwrap().path()).unwrap());
    // that of the log
    let largest = chunks.map(|entry| entry.unwrap().path()).max_by_key(|file| file.metadata().unwrap().len()).unwrap();
    let mut bytes = fs::read(&largest).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&largest, bytes).unwrap();

    let verified = source.run(&["backup", "verify"]);
    assert!(verified.code == Some(1) && verified.err.contains("is damaged in 1 place"), "{}", verified.err);
    let name = largest.file_name().unwrap().to_str().unwrap();
    assert!(verified.out.contains(name), "{}", verified.out);

    let restored = log_in(empty_database().await, &log).await;
    let target = program(&restored, &kept);
    let failed = target.run(&["backup", "restore"]);
    assert!(failed.code == Some(1) && failed.err.contains(name), "{}", failed.err);
    // nothing is there, and a whole backup can be restored
    fs::remove_file(&largest).unwrap();
    source.good(&["backup", "create"]);
    target.good(&["backup", "restore"]);
    let [before, after] = [&log, &restored].map(|log| checksums(log.database.options()));
    assert_eq!(after.await, before.await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_needs_a_key_and_the_right_one() {
    let kept = Kept::new();
    let log = TestLog::new(LogKind::Embedded).await;
    let source = program(&log, &kept);
    source.good(&["backup", "create"]);
    let other = privacy::program(&log);
    let url = kept.path().display().to_string();
    let passphrase = other.directory().join("passphrase");
    fs::write(&passphrase, "correct horse battery staple").unwrap();
    let passphrase = format!("backup.passphrase={{file=\"{}\"}}", passphrase.display());
    for (flags, expected) in [
        (vec![], "backup.passphrase or backup.identity"),
        (vec!["--set", &passphrase], "is not the one that the backups"),
        (vec!["--set", "backup.encrypt=false"], "are encrypted, and backup.encrypt says otherwise"),
    ] {
        for command in ["list", "verify", "create"] {
            let refused = other.run(&[&["backup", command, "--url", &url][..], flags.as_slice()].concat());
            assert!(refused.code == Some(1) && refused.err.contains(expected), "{command} {flags:?}: {}", refused.err);
        }
    }
    let nothing = other.run(&["backup", "list", "--url", "nowhere", "--set", "backup.encrypt=false"]);
    assert!(nothing.code == Some(1) && nothing.err.contains("nowhere holds no backups"), "{}", nothing.err);
}

#[tokio::test]
async fn every_table_is_in_a_backup_or_left_out_for_a_reason() {
    let database = database().await;
    let source = Source::open(&database.store).await.unwrap().unwrap();
    assert!(Source::open(&database.store).await.unwrap().is_none(), "one at a time");
    let held: BTreeSet<String> = source.tables().map(|table| table.name.clone()).collect();
    source.close().await.unwrap();
    let mut connection = database.options().connect().await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('sei', 'main') and c.relkind = 'r' and c.relname not like '\\_sqlx%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let left_out: BTreeSet<String> = left_out().map(|(name, _)| name.to_owned()).collect();
    assert!(held.is_disjoint(&left_out));
    assert_eq!(held.union(&left_out).cloned().collect::<BTreeSet<_>>(), tables.into_iter().collect());
}
