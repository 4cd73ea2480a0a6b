//! A private PostgreSQL cluster for one machine, made of the operating system's packages, so that no database has to be
//! set up first. It listens on a socket that only its own user (and root) can reach, and on no network address. A
//! server that was killed continues with the same data.
//!
//! Promises: the last process that uses it stops it, however the others ended; no secret of our environment reaches its
//! processes. Its user decides when to check whether the server has died ([`PrivateCluster::revive`]).

mod error;
mod installation;
mod launch;
mod needs;
mod server;
mod settings;
mod usage;
mod user;

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;

pub use self::error::ClusterError;
use self::error::{at, has_state};
use self::installation::installed;
use self::launch::{Found, connect, create_database, find, last_words, options, programs, spawn, unheld};
pub use self::needs::ServerNeeds;
use self::server::running;
use self::settings::{START_DEADLINE, STOP_DEADLINE};
pub use self::usage::abandon_clusters;
use self::usage::{OneAtATime, Usage, one_at_a_time};
use self::user::RunAs;
pub use self::user::keep_private;

/// The file that says that a directory is ours.
const MARKER: &str = "sei-cluster";

/// A private cluster that this process uses. [`PrivateCluster::stop`] ends that, and waits until the server
/// has stopped if no other process uses it; dropping it only asks the server to.
#[derive(Debug)]
pub struct PrivateCluster {
    directory: PathBuf,
    user: RunAs,
    options: PgConnectOptions,
    needs: ServerNeeds,
    usage: Arc<Usage>,
    /// The server, if this process started it: to be waited for when it ends.
    child: Option<Child>,
}

impl PrivateCluster {
    /// Starts the cluster that is kept in a directory of its own, or makes it if the directory is not there or
    /// empty. A server that runs already is used. Directories that are not ours are not touched.
    pub async fn start(directory: &Path) -> Result<Self, ClusterError> {
        // from here on an error drops `cluster`, under the lock, which stops what was started
        let (alone, mut cluster) = Self::begin(directory, ServerNeeds::default()).await?;
        cluster.bring_up(&alone).await?;
        Ok(cluster)
    }

    /// Starts it as [`PrivateCluster::start`] does, unless `given_up` comes first. Then `None` is returned when what was
    /// started until then has ended.
    pub async fn start_unless(
        directory: &Path,
        needs: ServerNeeds,
        given_up: impl Future<Output = ()>,
    ) -> Result<Option<Self>, ClusterError> {
        let mut given_up = pin!(given_up);
        let (alone, mut cluster) = tokio::select! {
            begun = Self::begin(directory, needs) => begun?,
            () = &mut given_up => return Ok(None),
        };
        tokio::select! {
            up = cluster.bring_up(&alone) => return up.map(|()| Some(cluster)),
            () = given_up => {}
        }
        if cluster.usage.abandon() {
            cluster.wait_for_end().await?;
        }
        Ok(None)
    }

    /// Begins to use the cluster in a directory, with the lock under which its server is started.
    async fn begin(directory: &Path, needs: ServerNeeds) -> Result<(OneAtATime, Self), ClusterError> {
        let directory = std::path::absolute(directory).map_err(|source| at(directory, source))?;
        installed()?;
        let user = RunAs::choose()?;
        prepare(&directory, &user)?;
        let lock = one_at_a_time(&directory).await?;
        let (usage, alone) = Usage::begin(&directory, lock)?;
        let options = PgConnectOptions::new_without_pgpass();
        Ok((alone, Self { directory, user, options, needs, usage, child: None }))
    }

    /// How to connect to its database.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Starts the server again if it has died. `true` if it had.
    pub async fn revive(&mut self) -> Result<bool, ClusterError> {
        if !self.is_down() {
            return Ok(false);
        }
        let usage = Arc::clone(&self.usage);
        let alone = usage.exclusive().await?;
        self.bring_up(&alone).await?;
        Ok(true)
    }

    /// Uses it no longer. If no other process does, stops it and waits until its data is safely on disk, for a bounded time.
    /// Connections are cut off, so close the store first.
    pub async fn stop(mut self) -> Result<(), ClusterError> {
        let usage = Arc::clone(&self.usage);
        let alone = timeout(STOP_DEADLINE, usage.exclusive()).await;
        let _alone = alone.map_err(|_| self.slow("being started or stopped by another process", STOP_DEADLINE))??;
        if !usage.leave() {
            return Ok(());
        }
        usage.interrupt();
        self.wait_for_end().await
    }

    /// Waits until none of the server's processes is left.
    async fn wait_for_end(&mut self) -> Result<(), ClusterError> {
        let start = Instant::now();
        while !self.has_ended() || unheld(&self.directory)?.is_none() {
            if start.elapsed() > STOP_DEADLINE {
                return Err(self.slow("stopping", STOP_DEADLINE));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Finds the server or starts it, and waits until it answers.
    async fn bring_up(&mut self, alone: &OneAtATime) -> Result<(), ClusterError> {
        let programs = programs(&self.directory, installed()?, &self.user, &self.usage, alone).await?;
        loop {
            let server = match find(&self.directory, &self.directory.join("data")).await? {
                Found::Running(server) => match self.needs.analytics_port.filter(|port| *port != server.port) {
                    None => server,
                    Some(port) => {
                        return Err(ClusterError::RunsWithoutPort { directory: self.directory.clone(), port });
                    }
                },
                Found::Nothing(held) => {
                    let (server, child) = spawn(&self.directory, &programs, &self.user, &self.usage, self.needs, held)?;
                    self.child = Some(child);
                    server
                }
            };
            self.options = options(&server);
            // one that was asked to stop just before is started again
            if self.is_ready().await? {
                return Ok(());
            }
        }
    }

    /// Waits until the server answers; `false` if it is one that others started and that has ended.
    async fn is_ready(&mut self) -> Result<bool, ClusterError> {
        let start = Instant::now();
        loop {
            match connect(&self.options).await {
                Ok(connection) => return connection.close().await.map(|()| true).map_err(ClusterError::Database),
                Err(error) if has_state(&error, "3D000") => {
                    create_database(&self.options).await.map_err(ClusterError::Database)?;
                }
                // not listening yet, or starting up
                Err(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => {}
                Err(error) if has_state(&error, "57P03") => {}
                Err(error) => return Err(ClusterError::Database(error)),
            }
            let ours = self.child.is_some();
            if self.is_down() {
                if !ours {
                    return Ok(false);
                }
                return Err(ClusterError::Failed {
                    program: "postgres",
                    output: last_words(&self.directory.join("log")),
                });
            }
            if start.elapsed() > START_DEADLINE {
                return Err(self.slow("starting", START_DEADLINE));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether no server runs on the data.
    fn is_down(&mut self) -> bool {
        if self.child.is_some() { self.has_ended() } else { running(&self.directory.join("data")).is_none() }
    }

    /// Whether what this process started, if anything, has ended.
    fn has_ended(&mut self) -> bool {
        let Some(child) = &mut self.child else { return true };
        if matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        self.child = None;
        self.usage.ended();
        true
    }

    fn slow(&self, what: &'static str, waited: Duration) -> ClusterError {
        ClusterError::Slow { directory: self.directory.clone(), what, seconds: waited.as_secs() }
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        self.usage.abandon();
        self.usage.forget();
    }
}

/// Makes the directory ours, if it has no owner yet, and checks that it is.
fn prepare(directory: &Path, user: &RunAs) -> Result<(), ClusterError> {
    let marker = directory.join(MARKER);
    if let Some(parent) = directory.parent() {
        std::fs::create_dir_all(parent).map_err(|source| at(parent, source))?;
    }
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(directory, error)),
        _ => {}
    }
    let mut entries = std::fs::read_dir(directory).map_err(|source| at(directory, source))?;
    if !marker.exists() {
        if entries.next().is_some() {
            return Err(ClusterError::Foreign(directory.to_owned()));
        }
        user.own(directory).map_err(|source| at(directory, source))?;
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(directory, private).map_err(|source| at(directory, source))?;
        user.reach(directory)?;
        let text = "The private database of `sei`. Nothing in this directory is meant to be changed by hand.\n";
        std::fs::write(&marker, text).map_err(|source| at(&marker, source))?;
    }
    user.reach(directory)
}
