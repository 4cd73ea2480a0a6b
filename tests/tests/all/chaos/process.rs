//! A role as a process under a supervisor, which starts it again however it ends.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::command;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::http::get;
use super::plan::Instance;

/// How often the supervisor looks, and how long it waits before a start.
const SUPERVISION: Duration = Duration::from_millis(200);

pub(super) struct Process {
    pub(super) instance: Instance,
    pub(super) address: SocketAddr,
    program: PathBuf,
    directory: PathBuf,
    child: Mutex<Child>,
    /// Whether it was asked to end, or made to.
    is_meant: AtomicBool,
    ended_by_itself: AtomicUsize,
}

impl Process {
    /// Starts it in a directory that has its `sei.toml`.
    pub(super) fn start(instance: Instance, address: SocketAddr, program: &Path, directory: &Path) -> Self {
        Self {
            instance,
            address,
            program: program.to_owned(),
            directory: directory.to_owned(),
            child: Mutex::new(spawn(instance, program, directory)),
            is_meant: AtomicBool::new(false),
            ended_by_itself: AtomicUsize::new(0),
        }
    }

    /// Starts it again whenever it has ended, as systemd and Kubernetes do.
    pub(super) async fn supervise(self: Arc<Self>, until: CancellationToken) {
        while until.run_until_cancelled(sleep(SUPERVISION)).await.is_some() {
            if self.child.lock().unwrap().try_wait().unwrap().is_none() {
                continue;
            }
            if !self.is_meant.swap(false, Ordering::SeqCst) {
                self.ended_by_itself.fetch_add(1, Ordering::SeqCst);
            }
            sleep(SUPERVISION).await;
            *self.child.lock().unwrap() = spawn(self.instance, &self.program, &self.directory);
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let child = self.child.lock().unwrap();
        if matches!(signal, Signal::SIGKILL | Signal::SIGTERM) {
            self.is_meant.store(true, Ordering::SeqCst);
        }
        // one that has just ended needs none
        let _gone = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal);
    }

    /// How it ended, if it has.
    pub(super) fn ended(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap().try_wait().unwrap()
    }

    pub(super) async fn is_ready(&self) -> bool {
        get(self.address, "/readyz").await == Some(200)
    }

    /// How often it ended without being made to.
    pub(super) fn ended_by_itself(&self) -> usize {
        self.ended_by_itself.load(Ordering::SeqCst)
    }

    /// What it has logged in all its runs.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        // it may have ended already
        let _ended = child.kill();
        let _reaped = child.wait();
    }
}

fn spawn(instance: Instance, program: &Path, directory: &Path) -> Child {
    let log: File = OpenOptions::new().create(true).append(true).open(directory.join("log")).unwrap();
    let mut command = command(program);
    command.args(["role", instance.role, "--config"]).arg(directory.join("sei.toml")).current_dir(directory);
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}
