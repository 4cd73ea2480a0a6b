//! `sei up`: one command, from a repository to its metrics, and everything that can be in its way.

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::{RngExt, SeedableRng};
use sqlx::{ConnectOptions, Executor, PgConnection};
use tests::{Program, TestDatabase, Up};

fn git(repository: &Path, arguments: &[&str]) {
    let output = Command::new("git").arg("-C").arg(repository).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository of so many commits, an hour apart, with a version tag on each so manieth.
fn repository(program: &Program, commits: usize, tag_every: Option<usize>) -> PathBuf {
    let path = program.folder().join("repository");
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

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The status and body of a GET.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// The servers that run on a data directory.
fn servers(program: &Program) -> Vec<String> {
    let data = program.data().display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok());
    lines.filter(|line| line.contains("bin/postgres") && line.contains(&data)).collect()
}

const REPORT: [&str; 6] = ["dora", "report", "--from", "2026-05-01", "--to", "2026-08-01"];

fn report(program: &Program) -> serde_json::Value {
    let mut report = program.json(&REPORT);
    for service in report["services"].as_array_mut().unwrap() {
        service["computed_at"].take();
    }
    report
}

#[test]
fn it_reports_ends_in_order_and_continues_with_the_same_data() {
    let program = Program::new();
    let repository = text(&repository(&program, 60, Some(10)));
    let mut up = program.up(&["--repo", &repository]);
    let address = up.address();
    assert_eq!(get(&address, "/livez").0, 200);
    let (status, ready) = get(&address, "/readyz");
    assert_eq!(status, 200, "{ready}");
    let (status, metrics) = get(&address, "/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("sei_collections_total{connector=\"git\",ok=\"true\"} 1"), "{metrics}");
    assert!(metrics.contains("sei_http_requests_total{route=\"/readyz\",status=\"200\"} 1"), "{metrics}");
    assert_eq!(get(&address, "/").0, 200);
    assert_eq!(get(&address, "/api/openapi.json").0, 200);
    // other commands join while it runs
    let first = report(&program);
    let deployments = first["deployment_frequency"]["values"].as_array().unwrap();
    let count = deployments.iter().find(|value| value["name"] == "deployments").unwrap();
    assert_eq!(count["value"], 6.0, "{first}");
    let said = up.end(Signal::SIGINT);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(servers(&program), Vec::<String>::new(), "the private database was left running");

    let mut up = program.up(&["--repo", &repository]);
    up.address();
    assert_eq!(report(&program), first);
    assert_eq!(up.end(Signal::SIGTERM).code, Some(0));
    // and without it
    assert_eq!(report(&program), first);
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn what_is_new_is_collected_beside_a_running_one() {
    let program = Program::new();
    let path = repository(&program, 20, Some(10));
    let mut up = program.up(&["--repo", &text(&path)]);
    up.address();
    git(&path, &["tag", "v2.0.0", "main~3"]);
    let summary = program.json(&["collect", "git", &text(&path)]);
    assert_eq!(summary[0]["deployments"], 1, "{summary}");
    let explained = program.good(&["dora", "explain", "v2.0.0"]);
    assert!(explained.contains("v2.0.0"), "{explained}");
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
}

#[test]
fn the_last_one_stops_the_database_whoever_started_it() {
    let program = Program::new();
    let path = text(&repository(&program, 5, None));
    program.good(&["migrate"]);
    assert_eq!(servers(&program), Vec::<String>::new());
    // this one starts the database, and ends while the other still uses it
    let mut first = program.up(&["--repo", &path]);
    first.address();
    let second = program.command(&["dora", "recompute", "--full"]).stdout(Stdio::null()).spawn().unwrap();
    assert_eq!(first.end(Signal::SIGINT).code, Some(0));
    assert!(second.wait_with_output().unwrap().status.success());
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn a_busy_port_is_explained() {
    let program = Program::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = program.run(&["up", "--listen", &address]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("is in use") && said.err.contains("--listen"), "{}", said.err);
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn a_foreign_data_folder_is_left_alone() {
    let program = Program::new();
    std::fs::create_dir(program.data()).unwrap();
    std::fs::write(program.data().join("thesis.tex"), "x").unwrap();
    let said = program.run(&["up"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("not sei's") && said.err.contains("--data"), "{}", said.err);
    assert_eq!(std::fs::read_dir(program.data()).unwrap().count(), 1);
}

#[test]
fn a_second_one_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let program = Program::new();
    let path = text(&repository(&program, 3, None));
    let mut first = program.up(&["--repo", &path]);
    let address = first.address();
    let said = program.run(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("already runs") && said.err.contains("--data"), "{}", said.err);
    assert_eq!(get(&address, "/readyz").0, 200);
    assert_eq!(first.end(Signal::SIGINT).code, Some(0));
}

#[test]
fn a_repository_without_deployments_says_what_to_configure() {
    let program = Program::new();
    let path = text(&repository(&program, 8, None));
    let mut up = program.up(&["--repo", &path]);
    let out = up.wait_for("Ctrl-C stops sei");
    assert!(out.contains("tag_pattern") && out.contains("deployment_branch"), "{out}");
    assert!(!out.contains("Change lead time"), "a table of blanks:\n{out}");
    assert!(out.contains("Preview, as if each merge to the default branch were a deployment"), "{out}");
    assert!(out.contains("8 merges to `main`") && out.contains("--deployment-branch main"), "{out}");
    assert_eq!(report(&program)["deployment_frequency"]["n"], 0, "a preview changes no number");
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    // and doing so helps, although the history is collected already
    program.good(&["collect", "git", &path, "--deployment-branch", "main"]);
    let report = report(&program);
    assert_eq!(report["deployment_frequency"]["n"], 8, "{report}");
}

#[test]
fn an_empty_repository_and_none_at_all_are_no_failure() {
    for repository in [true, false] {
        let program = Program::new();
        if repository {
            git(program.folder(), &["init", "--quiet"]);
        }
        let mut up = program.up(&[]);
        let out = up.wait_for("Ctrl-C stops sei");
        assert!(!out.contains("Change lead time"), "{out}");
        assert!(out.contains("/?tenant=demo"), "nothing to look at:\n{out}");
        assert_eq!(program.json(&["dora", "report", "--tenant", "demo"])["demo"], true);
        assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    }
}

#[test]
fn a_path_that_is_no_repository_is_told_and_the_rest_goes_on() {
    let program = Program::new();
    let mut up = program.up(&["--repo", "/no/such/repository"]);
    up.wait_for("Ctrl-C stops sei");
    let said = up.end(Signal::SIGINT);
    assert_eq!(said.code, Some(0));
    assert!(said.err.contains("/no/such/repository"), "{}", said.err);
}

/// All rows of facts, out of the private database of a program, without the time at which they were
/// seen and their hash, which follows from it.
fn rows(program: &Program) -> std::collections::BTreeMap<&'static str, Vec<String>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let cluster = store::PrivateCluster::start(&program.data().join("postgres")).await.unwrap();
        let rows = crate::rows::without(&cluster.options(), &["version_at", "digest"]).await;
        cluster.stop().await.unwrap();
        rows
    })
}

/// Waits a little, differently each time, so that a kill meets another step.
fn wait(up: &mut Up, milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
    up.signal(Signal::SIGKILL);
}

#[test]
fn killed_while_it_collects_it_ends_up_with_the_same_rows() {
    let calm = Program::new();
    let path = repository(&calm, 4000, Some(100));
    let mut up = calm.up(&["--repo", &text(&path)]);
    up.address();
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));

    let killed = Program::new();
    for milliseconds in [60, 250, 400, 500, 600, 700, 800, 1000] {
        let mut up = killed.up(&["--repo", &text(&path)]);
        wait(&mut up, milliseconds);
        let _ = up.end(Signal::SIGKILL);
    }
    let mut up = killed.up(&["--repo", &text(&path)]);
    up.address();
    let both = (report(&calm), report(&killed));
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    assert_eq!(both.0, both.1);
    let (calm, killed) = (rows(&calm), rows(&killed));
    for (table, expected) in &calm {
        let same = killed[table] == *expected;
        assert!(same, "{table}: {} rows, {} expected, or others", killed[table].len(), expected.len());
    }
    assert_eq!((calm["commit"].len(), calm["deployment"].len()), (4000, 40));
}

#[test]
fn with_a_named_database_and_kafka_it_reports_the_same() {
    let embedded = Program::new();
    let path = text(&repository(&embedded, 60, Some(10)));
    let mut up = embedded.up(&["--repo", &path]);
    up.address();
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    let expected = report(&embedded);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (database, brokers) = runtime.block_on(async { (tests::empty_database().await, tests::kafka().await) });
    let program = Program::new();
    let url = program.folder().join("url");
    std::fs::write(&url, &database.url).unwrap();
    let (topic, group) = (tests::unique("sei.events"), tests::unique("sei-processor"));
    let settings = format!(
        "[database.url]\nfile = {url:?}\n[log]\nkind = \"kafka\"\ntopic = \"{topic}\"\n\
         [log.kafka]\nbrokers = \"{brokers}\"\ngroup = \"{group}\"\n"
    );
    std::fs::write(program.folder().join("sei.toml"), settings).unwrap();
    let said = program.run(&["status"]);
    assert!(said.err.contains("run `sei migrate` first"), "{}", said.err);
    let mut up = program.up(&["--repo", &path]);
    up.address();
    assert_eq!(report(&program), expected);
    // a command beside it takes part in processing
    git(Path::new(&path), &["tag", "v2.0.0", "main~3"]);
    let summary = program.json(&["collect", "git", &path]);
    assert_eq!(summary[0]["deployments"], 1, "{summary}");
    let status = program.json(&["status"]);
    assert_eq!((&status["log"]["kind"], &status["stale"]), (&"kafka".into(), &false.into()), "{status}");
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
    assert_eq!(servers(&program), Vec::<String>::new(), "it needs no private database");
    drop(database);
}

#[test]
fn a_second_ctrl_c_ends_it_at_once_and_nothing_is_lost() {
    let program = Program::new();
    let path = text(&repository(&program, 30, Some(10)));
    let mut up = program.up(&["--repo", &path]);
    up.address();
    let before = report(&program);
    up.signal(Signal::SIGINT);
    up.wait_for_error("once more forces it");
    // one that comes this soon may be taken for the same request; one of those that follow is not
    let said = up.end_by_repeated(Signal::SIGINT);
    assert!(matches!(said.code, Some(0 | 130)), "{:?}: {}", said.code, said.err);
    assert_eq!(report(&program), before);
    // what was left running was taken over, and stopped
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn a_signal_that_arrives_twice_at_once_ends_it_in_order() {
    let program = Program::new();
    let path = text(&repository(&program, 3, Some(2)));
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut up = program.up(&["--repo", &path]);
        up.address();
        // as `timeout` does: to the process, and to its group
        up.signal(signal);
        let said = up.end(signal);
        assert_eq!(said.code, Some(0), "{signal}: {}", said.err);
        assert_eq!(server_pid(&program), None, "{signal}: the database has ended before it");
    }
}

#[test]
fn events_come_over_the_socket_and_refused_requests_do_not_fill_the_log() {
    let program = Program::new();
    std::fs::write(program.folder().join("secret"), "a secret of this test").unwrap();
    let settings = "[webhooks.github.main]\nsecrets = [{ file = \"secret\" }]\n";
    std::fs::write(program.folder().join("sei.toml"), settings).unwrap();
    let mut up = program.up(&[]);
    let address = up.address();
    let fact = r#"{"fact":"deployment","id":"shop/1","service":"shop","environment":"production","finished_at":"2026-02-03T09:00:00Z","outcome":"success"}"#;
    let post = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let status = |mut stream: Box<dyn ReadWrite>, request: String| {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    let tcp = || Box::new(TcpStream::connect(&address).unwrap());
    let socket = program.data().join("sei.sock");
    assert_eq!(status(tcp(), post("/v1/events", fact)), "401");
    let local = || Box::new(std::os::unix::net::UnixStream::connect(&socket).unwrap());
    assert_eq!(status(local(), post("/v1/events", fact)), "202");
    assert_eq!(
        status(
            tcp(),
            "GET /api/v1/events?fact=shop/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned()
        ),
        "403"
    );
    assert_eq!(
        status(
            local(),
            "GET /api/v1/events?fact=shop/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned()
        ),
        "200"
    );
    for path in ["/livez", "/readyz", "/metrics"] {
        let bent = format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        assert_eq!(status(tcp(), bent), "421", "{path}");
    }
    for _ in 0..300 {
        assert_eq!(status(tcp(), post("/webhooks/github/main", "{}")), "401");
        let long = format!("[{{\"fact\":\"{}\"}}]", "x".repeat(130_000));
        assert_eq!(status(local(), post("/v1/events", &long)), "422");
    }
    let said = up.end(Signal::SIGTERM);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!socket.exists());
    let refused = said.err.lines().filter(|line| line.contains("refused a request")).count();
    // one in ten seconds for each of the two sources, however long the 600 requests took
    assert!((2..200).contains(&refused), "{refused} lines:\n{}", said.err);
    assert!(said.err.lines().all(|line| line.len() <= 4096), "a long line");
}

trait ReadWrite: Read + std::io::Write {}

impl<T: Read + std::io::Write> ReadWrite for T {}

/// The process of the database's server, as its lock file names it.
fn server_pid(program: &Program) -> Option<i32> {
    let lock = std::fs::read_to_string(program.data().join("postgres/data/postmaster.pid")).ok()?;
    lock.lines().next()?.trim().parse().ok()
}

/// Waits until no server runs on the data directory.
fn no_server_is_left(program: &Program, what: &str) {
    wait_until(what, || servers(program).is_empty());
}

#[test]
fn a_database_that_dies_is_started_again() {
    let program = Program::new();
    let path = text(&repository(&program, 20, Some(10)));
    let mut up = program.up(&["--repo", &path]);
    let address = up.address();
    let before = get(&address, "/api/v1/services");
    assert_eq!(before.0, 200, "{before:?}");
    let first = server_pid(&program).unwrap();
    kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
    wait_until("it answers again", || {
        server_pid(&program).is_some_and(|pid| pid != first)
            && get(&address, "/api/v1/services") == before
            && get(&address, "/readyz").0 == 200
    });
    let said = up.end(Signal::SIGINT);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("was started again"), "{}", said.err);
    assert_eq!(servers(&program), Vec::<String>::new());
}

#[test]
fn a_database_that_dies_as_soon_as_it_is_ready_ends_nothing() {
    for _ in 0..4 {
        let program = Program::new();
        let path = text(&repository(&program, 5, Some(1)));
        let mut up = program.up(&["--repo", &path]);
        // logged when all roles were started, before anything is collected
        let log = up.wait_for_error("listening on http://");
        let address = log.split("listening on http://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let first = server_pid(&program).unwrap();
        kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
        wait_until("it is ready again", || {
            server_pid(&program).is_some_and(|pid| pid != first) && get(&address, "/readyz").0 == 200
        });
        // what arrives from now on is computed: the engine has not ended
        program.good(&["collect", "git", &path]);
        wait_until("the service is computed", || {
            let status = program.json(&["status"]);
            status["stale"] == false && status["services"][0]["deployments"] == 5
        });
        let said = up.end(Signal::SIGINT);
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
}

/// Waits until something is so.
fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_mins(1), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn ended_at_any_time_by_any_signal_it_leaves_no_database_running() {
    let program = Program::new();
    let path = text(&repository(&program, 10, Some(5)));
    let mut dice = rand::rngs::StdRng::seed_from_u64(10);
    for run in 0..16 {
        let signal = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP][dice.random_range(0..3)];
        let (milliseconds, twice) = (dice.random_range(0..2500), dice.random_bool(0.4));
        let what = format!("run {run}: {signal} after {milliseconds} ms{}", if twice { ", twice" } else { "" });
        let up = program.up(&["--repo", &path]);
        std::thread::sleep(Duration::from_millis(milliseconds));
        up.signal(signal);
        if twice {
            std::thread::sleep(Duration::from_millis(dice.random_range(0..500)));
            up.signal(signal);
        }
        let said = up.end(if signal == Signal::SIGHUP { Signal::SIGTERM } else { signal });
        assert!(!said.err.contains("on-release"), "{what}: {}", said.err);
        no_server_is_left(&program, &what);
    }
    let mut up = program.up(&["--repo", &path]);
    up.address();
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
}

/// A database that `sei up` waits at: another session holds the lock under which schemas are migrated.
struct HeldMigrations {
    runtime: tokio::runtime::Runtime,
    other: PgConnection,
    _database: TestDatabase,
}

impl HeldMigrations {
    /// Names the database in a file `url` of the program's directory.
    fn hold(program: &Program) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let database = runtime.block_on(tests::empty_database());
        std::fs::write(program.folder().join("url"), &database.url).unwrap();
        let mut held =
            Self { other: runtime.block_on(database.options().connect()).unwrap(), runtime, _database: database };
        held.run("select pg_advisory_lock(1936025857)");
        held
    }

    fn run(&mut self, statement: &'static str) {
        self.runtime.block_on(self.other.execute(statement)).unwrap();
    }

    /// Waits until this many sessions hold the lock, or wait for it.
    fn wait_for_sessions(&mut self, count: i64, granted: bool) {
        let locks = "select count(*) from pg_locks where locktype = 'advisory' and granted = $1 and objid = 1936025857 \
                     and database = (select oid from pg_database where datname = current_database())";
        let Self { runtime, other, .. } = self;
        runtime.block_on(tests::eventually(Duration::from_mins(1), async || {
            let found = sqlx::query_scalar::<_, i64>(locks).bind(granted).fetch_one(&mut *other).await;
            found.unwrap() == count
        }));
    }

    fn release(&mut self) {
        self.run("select pg_advisory_unlock(1936025857)");
    }
}

#[test]
fn it_ends_at_a_signal_while_it_waits_for_the_lock_of_migrations() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let program = Program::new();
        let mut held = HeldMigrations::hold(&program);
        std::fs::write(program.folder().join("sei.toml"), "[database.url]\nfile = \"url\"\n").unwrap();
        let up = program.up(&[]);
        held.wait_for_sessions(1, false);
        // the lock stays held: only the signal can end it
        let said = up.end(signal);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(!said.out.contains("Page:"), "{}", said.out);
        // its session notices that its client is gone, and leaves the database free for the next
        held.release();
        held.wait_for_sessions(0, true);
        program.good(&["migrate"]);
    }
}

#[test]
fn a_hangup_right_after_the_start_ends_no_program() {
    use nix::sys::signal::SigSet;
    let hangup = SigSet::from_iter([Signal::SIGHUP]);
    for name in ["sei", "sei-webhooks", "sei-collector", "sei-processor", "sei-dora", "sei-api"] {
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let mut command = Command::new(tests::binary(name));
            // a database that waits for ever: it listens, and never answers
            let database = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("postgres://a@{}/b", database.local_addr().unwrap());
            std::fs::write(folder.path().join("url"), url).unwrap();
            let settings = "server.listen = '127.0.0.1:0'\ndatabase.url = { file = 'url' }\n";
            std::fs::write(folder.path().join("sei.toml"), settings).unwrap();
            if name == "sei" {
                command.arg("up");
            }
            let log = folder.path().join("log");
            let file = std::fs::File::create(&log).unwrap();
            command.current_dir(folder.path()).stdout(Stdio::null()).stderr(file);
            let said = || std::fs::read_to_string(&log).unwrap();
            // held back while the system loads the program, as no program can help that, and let through by itself
            hangup.thread_block().unwrap();
            let mut child = command.spawn().unwrap();
            hangup.thread_unblock().unwrap();
            let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
            kill(pid, Signal::SIGHUP).unwrap();
            // it comes as far as the database
            database.set_nonblocking(true).unwrap();
            // kept open: without its database a program ends
            let mut asked = None;
            wait_until("it asks the database", || {
                assert_eq!(child.try_wait().unwrap(), None, "{name} has ended: {}", said());
                asked = database.accept().ok();
                asked.is_some()
            });
            wait_until("it has taken the signal", || {
                assert_eq!(child.try_wait().unwrap(), None, "{name} has ended: {}", said());
                let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
                status.lines().any(|line| line.starts_with("ShdPnd:") && line.ends_with("0000000000000000"))
            });
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn a_hangup_during_the_start_reads_the_settings_once_it_has_started() {
    let program = Program::new();
    let mut held = HeldMigrations::hold(&program);
    let settings = program.folder().join("sei.toml");
    std::fs::write(&settings, "[database.url]\nfile = \"url\"\n").unwrap();
    let mut up = program.up(&["--config", &text(&settings)]);
    held.wait_for_sessions(1, false);
    std::fs::write(&settings, "[database.url]\nfile = \"url\"\n\n[[service]]\nname = \"shop\"\n").unwrap();
    program.good(&["reload", "--config", "/dev/null"]);
    up.signal(Signal::SIGHUP);
    held.release();
    up.wait_for_error("the settings have changed");
    let address = up.address();
    let (status, services) = get(&address, "/api/v1/services");
    assert!(status == 200 && services.contains("\"shop\""), "{status} {services}");
    assert_eq!(up.end(Signal::SIGTERM).code, Some(0));
}

#[test]
fn a_database_whose_sei_was_killed_is_stopped_by_the_next() {
    let program = Program::new();
    let path = text(&repository(&program, 5, None));
    let mut up = program.up(&["--repo", &path]);
    up.address();
    let _ended = up.end(Signal::SIGKILL);
    assert!(server_pid(&program).is_some(), "nothing was left to take over");
    program.good(&["status"]);
    no_server_is_left(&program, "after the next command");
}

#[test]
fn no_secret_of_the_environment_reaches_the_database_and_nobody_else_looks_into_the_data_folder() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    let path = text(&repository(&program, 5, None));
    program.good(&["migrate"]);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    // as an earlier version has left it
    std::fs::set_permissions(program.data(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut up = program.up_with(&["--repo", &path], &[("GITHUB_TOKEN", "a-secret-of-ours")]);
    up.address();
    // root lets the database's own user through
    let closed = if nix::unistd::Uid::effective().is_root() { 0o710 } else { 0o700 };
    assert_eq!(format!("{:o}", mode(&program.data())), format!("{closed:o}"));
    assert_eq!(format!("{:o}", mode(&program.data().join("postgres"))), "700");
    let server = server_pid(&program).unwrap();
    let environment = std::fs::read(format!("/proc/{server}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("LC_ALL=C"), "{environment}");
    assert!(!environment.contains("a-secret-of-ours") && !environment.contains("HOME="), "{environment}");
    assert_eq!(up.end(Signal::SIGINT).code, Some(0));
}

#[test]
fn settings_are_read_again_while_it_runs_and_wrong_ones_change_nothing() {
    let program = Program::new();
    let path = text(&repository(&program, 20, Some(10)));
    let settings = program.folder().join("sei.toml");
    std::fs::write(&settings, format!("[[git]]\nurl = \"{path}\"\n")).unwrap();
    let mut up = program.up(&["--config", &text(&settings)]);
    let address = up.address();

    std::fs::write(&settings, "[[git]]\nurl = 5\n").unwrap();
    let said = program.run(&["reload", "--config", "/dev/null"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("git.0.url") && said.err.contains("keeps the settings"), "{}", said.err);
    up.wait_for_error("the new settings can't be used");
    assert_eq!(get(&address, "/livez").0, 200);

    std::fs::write(&settings, format!("[[git]]\nurl = \"{path}\"\n\n[[service]]\nname = \"shop\"\n")).unwrap();
    let said = program.good(&["reload", "--config", "/dev/null"]);
    assert!(said.contains("starts again with what has changed: service"), "{said}");
    up.wait_for_error("changed=\"service\"");
    let address = up.next_address();
    let (status, services) = get(&address, "/api/v1/services");
    assert!(status == 200 && services.contains("\"shop\""), "{status} {services}");
    assert_eq!(up.end(Signal::SIGTERM).code, Some(0));
    assert_eq!(servers(&program), Vec::<String>::new());
    let said = program.run(&["reload"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("no `sei up` runs"), "{}", said.err);
}
