//! The programs of this crate as processes of their own: they serve, say when they are ready, and end in
//! order when they are asked to.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use eventlog::settings::LogKind;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use processors::Processor;
use tests::{TestDatabase, TestLog, binary, command, eventually};

use super::{SECRET, Served, sign};

const DEADLINE: Duration = Duration::from_mins(1);

/// A running program. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    served: Served,
    /// What it logs.
    log: PathBuf,
}

/// An address that nothing listens at.
pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Running {
    /// Starts a program, or `sei` with these words, with these settings beside those of the database, the log and the
    /// address.
    pub(crate) async fn start(name: &str, directory: &Path, log: &TestLog, settings: &str) -> Self {
        let address = free_address();
        std::fs::write(directory.join("url"), &log.database.url).unwrap();
        std::fs::write(directory.join("secret"), SECRET).unwrap();
        write_settings(directory, log, address, settings);
        let logged = directory.join("log");
        let file = std::fs::File::create(&logged).unwrap();
        let mut words = name.split(' ');
        let mut command = command(binary(words.next().unwrap()));
        command.args(words).arg("--config").arg(directory.join("sei.toml"));
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let running = Self { child, served: Served::at(address), log: logged };
        running.ready().await;
        running
    }

    /// What it serves.
    pub(crate) fn served(&self) -> &Served {
        &self.served
    }

    /// Where it serves.
    pub(crate) fn address(&self) -> SocketAddr {
        self.served.address
    }

    /// Waits until it may get traffic.
    async fn ready(&self) {
        let address = self.served.address;
        eventually(DEADLINE, async || {
            let reply = tokio::task::spawn_blocking(move || page(address, "/readyz")).await.unwrap();
            reply.is_some_and(|(status, _)| status == 200)
        })
        .await;
    }

    /// Waits until it has logged this.
    pub(crate) async fn logs(&self, text: &str) {
        eventually(DEADLINE, async || std::fs::read_to_string(&self.log).unwrap().contains(text)).await;
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Asks it to end, and returns its exit code.
    pub(crate) async fn end(mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        let child = RefCell::new(&mut self.child);
        eventually(DEADLINE, async || child.borrow_mut().try_wait().unwrap().is_some()).await;
        self.child.wait().unwrap().code()
    }
}

/// The settings of a program that listens at this address.
fn write_settings(directory: &Path, log: &TestLog, address: SocketAddr, settings: &str) {
    let config = format!(
        "data.directory = '{directory}'\ndatabase.url = {{ file = '{directory}/url' }}\nserver.listen = '{address}'\n\
         log.topic = '{}'\n{settings}",
        log.settings.topic,
        directory = directory.display(),
    );
    std::fs::write(directory.join("sei.toml"), config).unwrap();
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The status and the text of a page, if there is an answer.
pub(crate) fn page(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let (_, text) = answer.split_once("\r\n\r\n")?;
    Some((status, text.to_owned()))
}

async fn rows(database: &TestDatabase, log: &TestLog, table: &str) -> Vec<String> {
    Processor::new(database.store.clone(), log.log.clone(), registry::connector).drain().await.unwrap();
    crate::rows::all(&database.options()).await.remove(table).unwrap()
}

#[tokio::test]
async fn the_gateway_takes_webhooks_and_ends_in_order() {
    let log = TestLog::new(LogKind::Embedded).await;
    let directory = tempfile::tempdir().unwrap();
    let settings = format!(
        "[[source]]\nconnector = 'github'\n[source.webhook]\nsecrets = [{{ file = '{}/secret' }}]\n",
        directory.path().display()
    );
    let running = Running::start("sei-webhooks", directory.path(), &log, &settings).await;
    let payload = super::super::github::fixture("release.published");
    assert_eq!(running.served.github("release", "d-1", &payload).await.status, 202);
    let signature = sign("wrong", &payload);
    let wrong = [("content-type", "application/json"), ("x-hub-signature-256", signature.as_str())];
    assert_eq!(running.served.post("/webhooks/github/main", &wrong, &payload).await.status, 401);
    assert_eq!(running.end().await, Some(0));
    assert_eq!(rows(&log.database, &log, "deployment").await.len(), 1);
}

/// Settings that collect a git repository.
fn git_settings(repository: &impl std::fmt::Display) -> String {
    format!("[[source]]\nconnector = 'git'\n[source.pull]\nurls = ['{repository}']\n")
}

#[tokio::test]
async fn the_collector_collects_at_once_and_ends_in_order() {
    let log = TestLog::new(LogKind::Embedded).await;
    let directory = tempfile::tempdir().unwrap();
    let repository = directory.path().join("repository");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(&repository).args(["-c", "user.name=Ann", "-c", "user.email=ann@lakeside.example"]);
        assert!(command.args(arguments).stdout(Stdio::null()).status().unwrap().success(), "{arguments:?}");
    };
    std::fs::create_dir(&repository).unwrap();
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["commit", "--quiet", "--allow-empty", "--message=First"]);
    git(&["tag", "v1.0.0"]);
    let settings = git_settings(&repository.display());
    let running = Running::start("sei-collector", directory.path(), &log, &settings).await;
    eventually(DEADLINE, async || rows(&log.database, &log, "commit").await.len() == 1).await;
    assert_eq!(rows(&log.database, &log, "deployment").await.len(), 1);
    assert_eq!(running.end().await, Some(0));
}

#[tokio::test]
async fn every_role_starts_again_with_new_settings_and_goes_on_with_the_old_ones_if_these_are_wrong() {
    let log = TestLog::new(LogKind::Embedded).await;
    let programs = ["sei-webhooks", "sei-collector", "sei-processor", "sei-dora", "sei-api"];
    let roles = ["sei role webhooks", "sei role collector", "sei role processor", "sei role dora", "sei role api"];
    for role in programs.into_iter().chain(roles) {
        let directory = tempfile::tempdir().unwrap();
        let mut running = Running::start(role, directory.path(), &log, "").await;
        write_settings(directory.path(), &log, running.served.address, "server.listen_at = 5\n");
        running.signal(Signal::SIGHUP);
        running.logs("the new settings can't be used").await;
        running.ready().await;
        running.served = Served::at(free_address());
        write_settings(directory.path(), &log, running.served.address, "");
        running.signal(Signal::SIGHUP);
        running.ready().await;
        assert_eq!(running.end().await, Some(0), "{role}");
    }
}
