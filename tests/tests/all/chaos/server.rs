//! A PostgreSQL and a Kafka of the run alone, which can crash, and the disk that they write to.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::net::TcpStream;

const LARGEST_DISK_MIB: usize = 4096;

/// A server that `scripts/<name>` starts.
pub(super) struct Server {
    name: &'static str,
    environment: Vec<(&'static str, OsString)>,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts it on 127.0.0.1.
    pub(super) async fn start(name: &'static str, environment: Vec<(&'static str, OsString)>) -> Self {
        let printed = run(name, "up", &environment).await;
        let (_, port) = printed.split_once("127.0.0.1:").unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        Self { name, environment, address: SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap())) }
    }

    /// Ends it as a crash does, and starts it again with what it has written.
    pub(super) async fn crash(&self) {
        run(self.name, "restart", &self.environment).await;
    }

    /// Starts it if it has ended, as the supervisor of a server does.
    pub(super) async fn start_again(&self) {
        if TcpStream::connect(self.address).await.is_err() {
            self.crash().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let output = command(self.name, "down", &self.environment).output();
        if !output.as_ref().is_ok_and(|output| output.status.success()) {
            eprintln!("scripts/{} down: {output:?}", self.name);
        }
    }
}

fn command(name: &str, what: &str, environment: &[(&'static str, OsString)]) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts").join(name));
    command.arg(what).envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

async fn run(name: &'static str, what: &'static str, environment: &[(&'static str, OsString)]) -> String {
    let mut command = command(name, what, environment);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "scripts/{name} {what}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The file that takes what is left of a disk.
pub(super) struct Ballast(PathBuf);

impl Ballast {
    /// Fills the disk that a directory is on.
    pub(super) fn fill(directory: &Path) -> Self {
        let path = directory.join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        let ballast = Self(path);
        let block = vec![0; 1 << 20];
        // by accident it may be another disk
        assert!((0..LARGEST_DISK_MIB).any(|_| file.write_all(&block).is_err()), "the disk is too large to fill");
        ballast
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}
