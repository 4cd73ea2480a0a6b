//! Repositories, requests and processes that the tests of `sei up` share.

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Executor, PgConnection};
use tests::{Program, TestDatabase};

pub(super) fn git(repository: &Path, arguments: &[&str]) {
    let output = Command::new("git").arg("-C").arg(repository).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository of `commits` commits, one an hour, with a version tag on every `tag_every`th.
pub(crate) fn repository(program: &Program, commits: usize, tag_every: Option<usize>) -> PathBuf {
    let path = program.directory().join("repository");
    std::fs::create_dir(&path).unwrap();
    git(&path, &["init", "--quiet", "--initial-branch=main"]);
    let mut stream = String::new();
    for number in 1..=commits {
        let at = 1_780_000_000 + number * 3600;
        let subject = format!("Change {number}");
        writeln!(stream, "commit refs/heads/main\nmark :{number}\ncommitter Ann <ann@example.com> {at} +0000").unwrap();
        writeln!(stream, "data {}\n{subject}", subject.len()).unwrap();
        writeln!(stream, "M 644 inline file.txt\ndata {}\n{number}", number.to_string().len()).unwrap();
        if tag_every.is_some_and(|every| number % every == 0) {
            writeln!(stream, "reset refs/tags/v1.{number}.0\nfrom :{number}\n").unwrap();
        }
    }
    let mut import = Command::new("git")
        .arg("-C")
        .arg(&path)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    path
}

pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The status and body of a GET.
pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    asked(address, &format!("GET {path}"), "")
}

/// The status and body of a request with a body of JSON.
pub(crate) fn asked(address: &str, request: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let about = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
    write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{about}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// The servers that run on a data directory.
pub(super) fn servers(program: &Program) -> Vec<String> {
    let data = program.data().display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok());
    lines.filter(|line| line.contains("bin/postgres") && line.contains(&data)).collect()
}

const REPORT: [&str; 6] = ["dora", "report", "--from", "2026-05-01", "--to", "2026-08-01"];

pub(super) fn report(program: &Program) -> serde_json::Value {
    let mut report = program.json(&REPORT);
    for service in report["services"].as_array_mut().unwrap() {
        service["computed_at"].take();
    }
    report
}

/// All rows of facts, out of the private database of a program, without the time at which they were
/// seen and their hash, which follows from it.
pub(super) fn rows(program: &Program) -> std::collections::BTreeMap<&'static str, Vec<String>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let cluster = store::PrivateCluster::start(&program.data().join("postgres")).await.unwrap();
        let rows = crate::rows::without(&cluster.options(), &["version_at", "digest"]).await;
        cluster.stop().await.unwrap();
        rows
    })
}

/// The process of the database's server, as its lock file names it.
pub(super) fn server_pid(program: &Program) -> Option<i32> {
    let lock = std::fs::read_to_string(program.data().join("postgres/data/postmaster.pid")).ok()?;
    lock.lines().next()?.trim().parse().ok()
}

/// How many bytes the private database has written to its write-ahead log since it was made, if its server answers:
/// a measure of how far `sei` has come.
pub(super) fn written_bytes(program: &Program) -> Option<i64> {
    let lock = std::fs::read_to_string(program.data().join("postgres/data/postmaster.pid")).ok()?;
    let mut lines = lock.lines().skip(3);
    let (port, socket) = (lines.next()?.trim().parse().ok()?, lines.next()?.trim());
    let options = PgConnectOptions::new_without_pgpass().socket(socket).port(port).username("sei");
    let options = options.database("postgres").ssl_mode(PgSslMode::Disable);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut connection = options.connect().await.ok()?;
        let written = sqlx::query_scalar("select (pg_current_wal_insert_lsn() - '0/0')::bigint");
        written.fetch_one(&mut connection).await.ok()
    })
}

/// Waits until no server runs on the data directory.
pub(super) fn no_server_is_left(program: &Program, what: &str) {
    wait_until(what, || servers(program).is_empty());
}

/// A database that is waited for without an end: it listens, and never answers.
pub(super) fn silent_database() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A program in a directory with the settings for such a database; `sei` as `sei up`.
pub(super) fn with_silent_database(name: &str, directory: &Path, database: &TcpListener) -> Command {
    let url = format!("postgres://a@{}/b", database.local_addr().unwrap());
    std::fs::write(directory.join("url"), url).unwrap();
    let settings = "server.listen = '127.0.0.1:0'\ndatabase.url = { file = 'url' }\n";
    std::fs::write(directory.join("sei.toml"), settings).unwrap();
    let mut command = Command::new(tests::binary(name));
    if name == "sei" {
        command.arg("up");
    }
    command.current_dir(directory);
    command
}

/// Waits until something is so.
pub(super) fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_mins(1), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A database that `sei up` waits at: another session holds the lock under which schemas are migrated.
pub(super) struct HeldMigrations {
    runtime: tokio::runtime::Runtime,
    other: PgConnection,
    _database: TestDatabase,
}

impl HeldMigrations {
    /// Names the database in a file `url` of the program's directory.
    pub(super) fn hold(program: &Program) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let database = runtime.block_on(tests::empty_database());
        std::fs::write(program.directory().join("url"), &database.url).unwrap();
        let mut held =
            Self { other: runtime.block_on(database.options().connect()).unwrap(), runtime, _database: database };
        held.run("select pg_advisory_lock(1936025857)");
        held
    }

    pub(super) fn run(&mut self, statement: &'static str) {
        self.runtime.block_on(self.other.execute(statement)).unwrap();
    }

    /// Waits until this many sessions hold the lock, or wait for it.
    pub(super) fn wait_for_sessions(&mut self, count: i64, granted: bool) {
        // who waits tries repeatedly, and holds nothing meanwhile
        let sessions = if granted {
            "select count(*) from pg_locks where locktype = 'advisory' and granted and objid = 1936025857 \
             and database = (select oid from pg_database where datname = current_database())"
        } else {
            "select count(*) from pg_stat_activity where datname = current_database() \
             and query like 'select pg_try_advisory_lock%'"
        };
        let Self { runtime, other, .. } = self;
        runtime.block_on(tests::eventually(Duration::from_mins(1), async || {
            let found = sqlx::query_scalar::<_, i64>(sessions).fetch_one(&mut *other).await;
            found.unwrap() == count
        }));
    }

    pub(super) fn release(&mut self) {
        self.run("select pg_advisory_unlock(1936025857)");
    }
}
