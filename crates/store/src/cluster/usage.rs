//! Who uses a cluster, so that the last user stops it. A process that uses it holds a lock that ends with the
//! process, however that ends: no process has to know which one started the server, or whether its starter is alive.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::error::{ClusterError, at};
use super::server::running;

/// How long a process that ends at once waits for another that is starting or stopping the server.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The uses of this process, for [`abandon_clusters`].
static USES: Mutex<Vec<Arc<Usage>>> = Mutex::new(Vec::new());

/// That this process uses the cluster in a directory.
#[derive(Debug)]
pub(super) struct Usage {
    directory: PathBuf,
    /// Locked by all users together; by one alone only to find out that it is the last.
    users: File,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    started: Option<(Started, i32)>,
    /// This process holds the lock under which servers are started and stopped.
    busy: bool,
    /// This process uses the cluster no longer, and starts nothing any more.
    left: bool,
}

/// What this process has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Started {
    /// `initdb`, which leads a process group of its own.
    Initdb,
    /// The server.
    Server,
}

/// Held by the process that starts or stops the server of a cluster, one at a time.
#[derive(Debug)]
pub(super) struct OneAtATime {
    pub(super) lock: File,
    usage: Arc<Usage>,
}

impl Drop for OneAtATime {
    fn drop(&mut self) {
        self.usage.state().busy = false;
    }
}

impl Usage {
    /// Begins to use the cluster, under the lock of [`one_at_a_time`].
    pub(super) fn begin(directory: &Path, lock: File) -> Result<(Arc<Self>, OneAtATime), ClusterError> {
        let path = directory.join("users.lock");
        let users = File::create(&path).and_then(|users| users.lock_shared().map(|()| users));
        let users = users.map_err(|source| at(&path, source))?;
        let state = Mutex::new(State { busy: true, ..State::default() });
        let usage = Arc::new(Self { directory: directory.to_owned(), users, state });
        uses().push(Arc::clone(&usage));
        Ok((Arc::clone(&usage), OneAtATime { lock, usage }))
    }

    /// Takes the lock again.
    pub(super) async fn exclusive(self: &Arc<Self>) -> Result<OneAtATime, ClusterError> {
        let lock = one_at_a_time(&self.directory).await?;
        self.state().busy = true;
        Ok(OneAtATime { lock, usage: Arc::clone(self) })
    }

    /// Starts a program, unless the process is ending.
    pub(super) fn spawn(&self, what: Started, command: &mut Command) -> io::Result<Child> {
        // under the lock, so that a process that ends at once knows of it
        let mut state = self.state();
        if state.left {
            return Err(io::Error::other("sei is ending"));
        }
        let child = command.spawn()?;
        state.started = Some((what, i32::try_from(child.id()).unwrap_or_default()));
        Ok(child)
    }

    /// Uses the cluster no longer. `true` if no other process does: call under the lock, then none begins
    /// to meanwhile.
    pub(super) fn leave(&self) -> bool {
        self.state().left = true;
        self.users.unlock().is_ok() && self.users.try_lock().is_ok()
    }

    /// Forgets what was started, since it has ended.
    pub(super) fn ended(&self) {
        self.state().started = None;
    }

    /// Asks the server to cut its connections and stop.
    pub(super) fn interrupt(&self) {
        let server = running(&self.directory.join("data")).map(|server| server.pid);
        if let Some(pid) = server.or(self.started(Started::Server)) {
            signal(kill(Pid::from_raw(pid), Signal::SIGINT));
        }
    }

    /// Leaves without waiting for anything; the server is asked to stop if no other process uses it. `true` if it was.
    pub(super) fn abandon(&self) -> bool {
        let (left, busy) = {
            let mut state = self.state();
            (std::mem::replace(&mut state.left, true), state.busy)
        };
        if left && !busy {
            return false;
        }
        if let Some(group) = self.started(Started::Initdb) {
            // what it has made so far is removed by the next start
            signal(killpg(Pid::from_raw(group), Signal::SIGKILL));
            return false;
        }
        // another process that holds the lock uses the cluster, and will leave it
        let _one_at_a_time = if busy { None } else { self.lock_within(LOCK_TIMEOUT) };
        let last = self.leave();
        if last {
            self.interrupt();
        }
        last
    }

    /// Its use is no longer one of the process.
    pub(super) fn forget(&self) {
        uses().retain(|usage| !std::ptr::eq(&raw const **usage, self));
    }

    fn started(&self, wanted: Started) -> Option<i32> {
        let (what, pid) = self.state().started?;
        (what == wanted).then_some(pid)
    }

    fn lock_within(&self, timeout: Duration) -> Option<File> {
        let lock = File::create(self.directory.join("lock")).ok()?;
        let start = Instant::now();
        while lock.try_lock().is_err() {
            if start.elapsed() > timeout {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(lock)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn uses() -> MutexGuard<'static, Vec<Arc<Usage>>> {
    USES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One that is gone needs no signal.
fn signal(sent: nix::Result<()>) {
    if let Err(error) = sent {
        tracing::debug!(%error, "the private database was gone already");
    }
}

/// Waits for other processes that are starting or stopping the server of the cluster in a directory.
pub(super) async fn one_at_a_time(directory: &Path) -> Result<File, ClusterError> {
    let path = directory.join("lock");
    let lock = File::create(&path).map_err(|source| at(&path, source))?;
    // asked repeatedly, since a thread that waits for it could not be given up
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(TryLockError::Error(source)) => return Err(at(&path, source)),
        }
    }
}

/// For a process that is about to end and leaves everything open: asks each private server that no other process
/// uses to stop. Takes 2 s at most.
pub fn abandon_clusters() {
    let all: Vec<Arc<Usage>> = uses().clone();
    for usage in all {
        usage.abandon();
    }
}
