//! A private PostgreSQL cluster for one machine, made of the operating system's packages, so that nobody
//! has to set up a database first. It listens on a socket that only its own user (and root) can get to,
//! on no network address; a server that is killed, with or without us, continues with the same data.

mod error;
mod installation;
mod server;
mod user;

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use xxhash_rust::xxh3::xxh3_64;

pub use self::error::ClusterError;
use self::installation::{Installation, installed};
use self::server::{Server, alive, running};
use self::user::RunAs;

const PORT: u16 = 5432;
/// The user and the database in the cluster.
const NAME: &str = "sei";
/// The file that says that a folder is ours.
const MARKER: &str = "sei-cluster";
/// A socket's address has room for so many bytes.
const SOCKET_LIMIT: usize = 107;
/// Recovery after a crash may take its time.
const START_DEADLINE: Duration = Duration::from_mins(5);
const STOP_DEADLINE: Duration = Duration::from_mins(1);

/// Settings of the server. No network, no log collector (we keep its output), little in the background.
const SETTINGS: [&str; 9] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=60",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    "max_wal_size=1GB",
    // what one computation writes fits, so that it need not wait for the disk before it commits
    "shared_buffers=512MB",
];

/// A running private cluster. If this process started it, dropping this tells it to stop, and
/// [`PrivateCluster::stop`] waits until it has.
#[derive(Debug)]
pub struct PrivateCluster {
    folder: PathBuf,
    options: PgConnectOptions,
    ours: Option<Ours>,
}

/// The server that is ours to stop.
#[derive(Debug)]
struct Ours {
    pid: i32,
    /// None for a server that a `sei` that was killed has left behind.
    child: Option<Child>,
}

impl PrivateCluster {
    /// Starts the cluster that is kept in a folder of its own, or makes it if the folder is not there or
    /// empty. A server that runs already is used, and stopped by us only if the `sei` that started it is
    /// gone. Folders that are not ours are not touched.
    pub async fn start(folder: &Path) -> Result<Self, ClusterError> {
        let folder = std::path::absolute(folder).map_err(|source| at(folder, source))?;
        let installed = installed()?;
        let user = RunAs::choose()?;
        prepare(&folder, &user)?;
        let one_at_a_time = lock(&folder).await?;
        let data = folder.join("data");
        let programs = programs(&folder, installed, &user, &one_at_a_time).await?;
        let (server, ours) = match find(&folder, &data).await? {
            Found::Running(server) => {
                let ours = adopt(&folder, &server).then_some(Ours { pid: server.pid, child: None });
                (server, ours)
            }
            Found::Nothing(held) => {
                let (server, child) = spawn(&folder, &data, &programs, &user, held)?;
                let ours = Ours { pid: server.pid, child: Some(child) };
                (server, Some(ours))
            }
        };
        if ours.is_some() {
            let owner = folder.join("owner");
            std::fs::write(&owner, std::process::id().to_string()).map_err(|source| at(&owner, source))?;
        }
        // from here on an error drops `cluster`, which stops what was started
        let mut cluster = Self { folder, options: options(&server), ours };
        cluster.wait_until_ready().await?;
        Ok(cluster)
    }

    /// How to connect to its database.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Stops it, if this process started it, and waits until its data is safely on disk. Connections are
    /// cut off, so close the store first.
    pub async fn stop(mut self) -> Result<(), ClusterError> {
        let Some(mut ours) = self.ours.take() else { return Ok(()) };
        interrupt(ours.pid);
        let start = Instant::now();
        while !ours.is_gone() {
            if start.elapsed() > STOP_DEADLINE {
                return Err(self.slow("stopping", STOP_DEADLINE));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> Result<(), ClusterError> {
        let start = Instant::now();
        loop {
            match self.options.connect().await {
                Ok(connection) => return connection.close().await.map_err(ClusterError::Database),
                Err(error) if has_state(&error, "3D000") => {
                    create_database(&self.options).await.map_err(ClusterError::Database)?;
                }
                // not listening yet, or starting up
                Err(sqlx::Error::Io(_)) => {}
                Err(error) if has_state(&error, "57P03") => {}
                Err(error) => return Err(ClusterError::Database(error)),
            }
            if self.ours.as_mut().is_some_and(Ours::is_gone) {
                self.ours = None;
                return Err(ClusterError::Failed { program: "postgres", said: last_words(&self.folder.join("log")) });
            }
            if start.elapsed() > START_DEADLINE {
                return Err(self.slow("starting", START_DEADLINE));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn slow(&self, what: &'static str, waited: Duration) -> ClusterError {
        ClusterError::Slow { folder: self.folder.clone(), what, seconds: waited.as_secs() }
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        if let Some(ours) = &self.ours {
            interrupt(ours.pid);
        }
    }
}

impl Ours {
    fn is_gone(&mut self) -> bool {
        match &mut self.child {
            Some(child) => !matches!(child.try_wait(), Ok(None)),
            None => !alive(self.pid),
        }
    }
}

fn at(path: &Path, source: io::Error) -> ClusterError {
    ClusterError::Io { path: path.to_owned(), source }
}

/// Tells a server to cut its connections and stop. One that is gone needs no telling.
fn interrupt(pid: i32) {
    if let Err(error) = kill(Pid::from_raw(pid), Signal::SIGINT) {
        tracing::debug!(%error, "the private database was gone already");
    }
}

fn has_state(error: &sqlx::Error, state: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == state)
}

/// Makes the folder ours, if it is nobody's, and checks that it is.
fn prepare(folder: &Path, user: &RunAs) -> Result<(), ClusterError> {
    let marker = folder.join(MARKER);
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(|source| at(parent, source))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(folder, error)),
        _ => {}
    }
    let mut entries = std::fs::read_dir(folder).map_err(|source| at(folder, source))?;
    if !marker.exists() {
        if entries.next().is_some() {
            return Err(ClusterError::Foreign(folder.to_owned()));
        }
        user.own(folder).map_err(|source| at(folder, source))?;
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder, private).map_err(|source| at(folder, source))?;
        user.reach(folder)?;
        let text = "The private database of `sei`. Nothing in this folder is meant to be changed by hand.\n";
        std::fs::write(&marker, text).map_err(|source| at(&marker, source))?;
    }
    user.reach(folder)
}

/// Waits for other processes that are starting the same cluster.
async fn lock(folder: &Path) -> Result<File, ClusterError> {
    let path = folder.join("lock");
    let locked = tokio::task::spawn_blocking({
        let path = path.clone();
        move || {
            let file = File::create(path)?;
            file.lock()?;
            Ok(file)
        }
    });
    locked.await.map_err(io::Error::other).flatten().map_err(|source| at(&path, source))
}

/// The programs of the version that the data is of; the newest, for data that is made now.
async fn programs(
    folder: &Path,
    installed: Vec<Installation>,
    user: &RunAs,
    lock: &File,
) -> Result<PathBuf, ClusterError> {
    let data = folder.join("data");
    if !data.exists() {
        let newest = installed.into_iter().next().ok_or(ClusterError::NotInstalled)?;
        initialize(folder, &newest.programs, user.clone(), lock).await?;
        return Ok(newest.programs);
    }
    let broken = |what: &str| ClusterError::Broken { folder: folder.to_owned(), what: what.to_owned() };
    let found = std::fs::read_to_string(data.join("PG_VERSION")).map_err(|_| broken("it has no file PG_VERSION"))?;
    let found = found.trim();
    let major: u32 = found.parse().map_err(|_| broken("its file PG_VERSION names no version"))?;
    let names: Vec<String> = installed.iter().map(|version| version.major.to_string()).collect();
    installed.into_iter().find(|version| version.major == major).map(|version| version.programs).ok_or_else(|| {
        ClusterError::OtherVersion { folder: folder.to_owned(), found: found.to_owned(), installed: names.join(", ") }
    })
}

/// Makes the data folder, under another name until it is whole. `initdb` has the lock as its input, and so
/// holds it even if we are killed: nobody starts again while it still writes.
async fn initialize(folder: &Path, programs: &Path, user: RunAs, lock: &File) -> Result<(), ClusterError> {
    let new = folder.join("data.new");
    if new.exists() {
        std::fs::remove_dir_all(&new).map_err(|source| at(&new, source))?;
    }
    let mut command = user.command(programs.join("initdb"));
    command.arg("-D").arg(&new).args(["-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums"]);
    let lock = lock.try_clone().map_err(|source| at(folder, source))?;
    let output = tokio::task::spawn_blocking(move || command.stdin(lock).output()).await;
    let output = output.map_err(io::Error::other).flatten().map_err(|source| at(&programs.join("initdb"), source))?;
    if !output.status.success() {
        let said = tail(&String::from_utf8_lossy(&output.stderr));
        return Err(ClusterError::Failed { program: "initdb", said });
    }
    std::fs::rename(&new, folder.join("data")).map_err(|source| at(&new, source))
}

/// What there is of a server on the data.
enum Found {
    Running(Server),
    /// The lock that the next server is to hold.
    Nothing(File),
}

/// The server that runs on the data already. One that is just starting or stopping is waited for.
///
/// Each of a server's processes holds a lock from its start to its end, so that one that has not written
/// its own lock file yet is seen too, whoever started it and was killed.
async fn find(folder: &Path, data: &Path) -> Result<Found, ClusterError> {
    let path = folder.join("server.lock");
    let held = File::create(&path).map_err(|source| at(&path, source))?;
    let start = Instant::now();
    loop {
        match held.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => return Err(at(&path, source)),
        }
        if let Some(server) = running(data) {
            match options(&server).connect().await {
                Ok(connection) => {
                    connection.close().await.map_err(ClusterError::Database)?;
                    return Ok(Found::Running(server));
                }
                Err(error) if has_state(&error, "3D000") => return Ok(Found::Running(server)),
                Err(_) => {}
            }
        }
        if start.elapsed() > STOP_DEADLINE {
            let what = "starting or stopping";
            return Err(ClusterError::Slow { folder: folder.to_owned(), what, seconds: STOP_DEADLINE.as_secs() });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // a killed server's lock file would stop the next one if its number is another process's by now
    let left = data.join("postmaster.pid");
    match std::fs::remove_file(&left) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&left, error)),
        _ => Ok(Found::Nothing(held)),
    }
}

/// Whether the `sei` that started a running server is gone, so that stopping it is up to us.
fn adopt(folder: &Path, server: &Server) -> bool {
    let owner = std::fs::read_to_string(folder.join("owner")).ok().and_then(|pid| pid.trim().parse().ok());
    let orphaned = owner.is_some_and(|owner: i32| !alive(owner));
    if orphaned {
        tracing::info!(pid = server.pid, "taking over the private database of a `sei` that was killed");
    }
    orphaned
}

/// Starts a server, with the lock that tells that it runs as its input.
fn spawn(
    folder: &Path,
    data: &Path,
    programs: &Path,
    user: &RunAs,
    held: File,
) -> Result<(Server, Child), ClusterError> {
    let socket_folder = socket_folder(folder, user)?;
    for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
        let path = socket_folder.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path, error)),
            _ => {}
        }
    }
    let log_path = folder.join("log");
    let log = File::create(&log_path).map_err(|source| at(&log_path, source))?;
    let errors = log.try_clone().map_err(|source| at(&log_path, source))?;
    let mut command = user.command(programs.join("postgres"));
    command.arg("-D").arg(data).arg("-k").arg(&socket_folder).arg("-p").arg(PORT.to_string());
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    // its own process group: a Ctrl-C is for us, and we stop the server when all is written
    command.stdin(held).stdout(log).stderr(errors).process_group(0);
    let child = command.spawn().map_err(|source| at(&programs.join("postgres"), source))?;
    let pid = i32::try_from(child.id()).unwrap_or_default();
    Ok((Server { pid, port: PORT, socket_folder }, child))
}

/// A folder for the socket that only the server's user can enter: in the cluster's folder, unless that
/// path is too long for a socket or can't be written in the setting.
fn socket_folder(folder: &Path, user: &RunAs) -> Result<PathBuf, ClusterError> {
    let inside = folder.join("socket");
    let path = inside.as_os_str().as_encoded_bytes();
    let fits = path.len() + format!("/.s.PGSQL.{PORT}").len() <= SOCKET_LIMIT;
    // the setting is a list, with commas and quotation marks
    let plain = !path.iter().any(|byte| b",\"".contains(byte));
    let socket_folder = if fits && plain {
        inside
    } else {
        let digest = xxh3_64(folder.as_os_str().as_encoded_bytes());
        std::env::temp_dir().join(format!("sei-{}-{digest:016x}", user.uid()))
    };
    match DirBuilder::new().mode(0o700).create(&socket_folder) {
        Ok(()) => user.own(&socket_folder).map_err(|source| at(&socket_folder, source))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(at(&socket_folder, source)),
    }
    // somebody else may have made a folder of this name first
    let found = std::fs::symlink_metadata(&socket_folder).map_err(|source| at(&socket_folder, source))?;
    if found.is_dir() && found.uid() == user.uid() && found.mode().trailing_zeros() >= 6 {
        Ok(socket_folder)
    } else {
        Err(ClusterError::SocketFolder(socket_folder))
    }
}

fn options(server: &Server) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(&server.socket_folder)
        .port(server.port)
        .username(NAME)
        .database(NAME)
        .ssl_mode(PgSslMode::Disable)
}

async fn create_database(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = options.clone().database("postgres").connect().await?;
    let created = sqlx::query("create database sei").execute(&mut connection).await;
    match created {
        // another process was first
        Err(error) if !has_state(&error, "42P04") && !has_state(&error, "23505") => return Err(error),
        _ => {}
    }
    connection.close().await
}

fn last_words(log: &Path) -> String {
    tail(&std::fs::read_to_string(log).unwrap_or_default())
}

/// The last lines of what a program said, in one.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(4)..).unwrap_or_default();
    if last.is_empty() { "it said nothing".to_owned() } else { last.join(" / ") }
}
