//! The programs of this crate as processes of their own: they serve, say when they are ready, and end in
//! order when they are asked to.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use processors::Processor;
use runtime::settings::LogKind;
use tests::{TestDatabase, TestLog, binary, eventually};
use tokio_util::sync::CancellationToken;

use super::{SECRET, Served, sign};

const DEADLINE: Duration = Duration::from_mins(1);

/// A running program. Killed when dropped.
struct Running {
    child: Child,
    served: Served,
}

impl Running {
    /// Starts it with these settings beside those of the database, the log and the address.
    async fn start(name: &str, folder: &Path, log: &TestLog, settings: &str) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = free.local_addr().unwrap();
        drop(free);
        std::fs::write(folder.join("url"), &log.database.url).unwrap();
        std::fs::write(folder.join("secret"), SECRET).unwrap();
        let config = format!(
            "data.folder = '{folder}'\ndatabase.url = {{ file = '{folder}/url' }}\nserver.listen = '{address}'\n\
             log.topic = '{}'\n{settings}",
            log.settings.topic,
            folder = folder.display(),
        );
        std::fs::write(folder.join("sei.toml"), config).unwrap();
        let mut command = Command::new(binary(name));
        for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("SEI_")) {
            command.env_remove(variable);
        }
        let child = command.arg("--config").arg(folder.join("sei.toml")).stdout(Stdio::null()).spawn().unwrap();
        let running = Self { child, served: Served { address, _until: CancellationToken::new().drop_guard() } };
        eventually(DEADLINE, async || {
            let reply = tokio::task::spawn_blocking(move || ask(address, "/readyz")).await.unwrap();
            reply.is_some_and(|status| status == 200)
        })
        .await;
        running
    }

    /// Asks it to end, and returns its exit code.
    async fn end(mut self) -> Option<i32> {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM).unwrap();
        let child = RefCell::new(&mut self.child);
        eventually(DEADLINE, async || child.borrow_mut().try_wait().unwrap().is_some()).await;
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The status of a page, if somebody answers.
fn ask(address: SocketAddr, path: &str) -> Option<u16> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

async fn rows(database: &TestDatabase, log: &TestLog, table: &str) -> Vec<String> {
    Processor::new(database.store.clone(), log.log.clone(), collectors::registry::connector).drain().await.unwrap();
    crate::rows::all(&database.options()).await.remove(table).unwrap()
}

#[tokio::test]
async fn the_gateway_takes_webhooks_and_ends_in_order() {
    let log = TestLog::new(LogKind::Embedded).await;
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("[webhooks.github.main]\nsecrets = [{{ file = '{}/secret' }}]\n", folder.path().display());
    let running = Running::start("sei-webhooks", folder.path(), &log, &settings).await;
    let payload = super::super::github::fixture("release.published");
    assert_eq!(running.served.github("release", "d-1", &payload).await.status, 202);
    let signature = sign("wrong", &payload);
    let wrong = [("content-type", "application/json"), ("x-hub-signature-256", signature.as_str())];
    assert_eq!(running.served.post("/webhooks/github/main", &wrong, &payload).await.status, 401);
    assert_eq!(running.end().await, Some(0));
    assert_eq!(rows(&log.database, &log, "deployment").await.len(), 1);
}

#[tokio::test]
async fn the_collector_collects_at_once_and_ends_in_order() {
    let log = TestLog::new(LogKind::Embedded).await;
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("repository");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(&repository).args(["-c", "user.name=Ann", "-c", "user.email=ann@lakeside.example"]);
        assert!(command.args(arguments).stdout(Stdio::null()).status().unwrap().success(), "{arguments:?}");
    };
    std::fs::create_dir(&repository).unwrap();
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["commit", "--quiet", "--allow-empty", "--message=First"]);
    git(&["tag", "v1.0.0"]);
    let settings = format!("[[git]]\nurl = '{}'\n", repository.display());
    let running = Running::start("sei-collector", folder.path(), &log, &settings).await;
    eventually(DEADLINE, async || rows(&log.database, &log, "commit").await.len() == 1).await;
    assert_eq!(rows(&log.database, &log, "deployment").await.len(), 1);
    assert_eq!(running.end().await, Some(0));
}
