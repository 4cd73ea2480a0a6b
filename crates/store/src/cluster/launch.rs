//! Making a cluster's data, and finding or starting the server on it.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::timeout;
use xxhash_rust::xxh3::xxh3_64;

use super::error::{ClusterError, at, has_state};
use super::installation::Installation;
use super::needs::ServerNeeds;
use super::server::{Server, running};
use super::settings::{ANSWER_DEADLINE, FIND_DEADLINE, NAME, PORT, SETTINGS, access, max_connections};
use super::usage::{OneAtATime, Started, Usage};
use super::user::RunAs;

/// Bytes that a socket's address has room for.
const SOCKET_LIMIT: usize = 107;

/// The programs of the version that the data is of; the newest, for data that is made now.
pub(super) async fn programs(
    directory: &Path,
    installed: Vec<Installation>,
    user: &RunAs,
    usage: &Arc<Usage>,
    alone: &OneAtATime,
) -> Result<PathBuf, ClusterError> {
    let data = directory.join("data");
    if !data.exists() {
        let newest = installed.into_iter().next().ok_or(ClusterError::NotInstalled)?;
        initialize(directory, &newest.programs, user, usage, alone).await?;
        return Ok(newest.programs);
    }
    let broken = |what: &str| ClusterError::Broken { directory: directory.to_owned(), what: what.to_owned() };
    let found = std::fs::read_to_string(data.join("PG_VERSION")).map_err(|_| broken("it has no file PG_VERSION"))?;
    let found = found.trim();
    let major: u32 = found.parse().map_err(|_| broken("its file PG_VERSION names no version"))?;
    let names: Vec<String> = installed.iter().map(|version| version.major.to_string()).collect();
    installed.into_iter().find(|version| version.major == major).map(|version| version.programs).ok_or_else(|| {
        ClusterError::OtherVersion {
            directory: directory.to_owned(),
            found: found.to_owned(),
            installed: names.join(", "),
        }
    })
}

/// Makes the data directory, under another name until it is whole. `initdb` has the lock as its input, and so
/// holds it even if we are killed: no other process starts again while it still writes.
async fn initialize(
    directory: &Path,
    programs: &Path,
    user: &RunAs,
    usage: &Arc<Usage>,
    alone: &OneAtATime,
) -> Result<(), ClusterError> {
    let new = directory.join("data.new");
    if new.exists() {
        std::fs::remove_dir_all(&new).map_err(|source| at(&new, source))?;
    }
    let mut command = user.command(programs.join("initdb"));
    command.arg("-D").arg(&new).args(["-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums"]);
    let lock = alone.lock.try_clone().map_err(|source| at(directory, source))?;
    // its own process group: a Ctrl-C is for us
    command.stdin(lock).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
    let usage = Arc::clone(usage);
    let output = tokio::task::spawn_blocking(move || {
        let output = usage.spawn(Started::Initdb, &mut command)?.wait_with_output();
        usage.ended();
        output
    });
    let output = output.await.map_err(io::Error::other).flatten();
    let output = output.map_err(|source| at(&programs.join("initdb"), source))?;
    if !output.status.success() {
        let output = tail(&String::from_utf8_lossy(&output.stderr));
        return Err(ClusterError::Failed { program: "initdb", output });
    }
    std::fs::rename(&new, directory.join("data")).map_err(|source| at(&new, source))
}

/// What there is of a server on the data.
pub(super) enum Found {
    Running(Server),
    /// The lock that the next server is to hold.
    Nothing(File),
}

/// The server that runs on the data already. One that is just starting or stopping is waited for.
///
/// Each of a server's processes holds a lock from its start to its end, so that one that has not written
/// its own lock file yet is seen too, also if the process that started it was killed.
pub(super) async fn find(directory: &Path, data: &Path) -> Result<Found, ClusterError> {
    let start = Instant::now();
    let held = loop {
        if let Some(held) = unheld(directory)? {
            break held;
        }
        if let Some(server) = running(data) {
            match connect(&options(&server)).await {
                Ok(connection) => {
                    connection.close().await.map_err(ClusterError::Database)?;
                    return Ok(Found::Running(server));
                }
                Err(error) if has_state(&error, "3D000") => return Ok(Found::Running(server)),
                Err(_) => {}
            }
        }
        if start.elapsed() > FIND_DEADLINE {
            let what = "starting or stopping";
            return Err(ClusterError::Slow { directory: directory.to_owned(), what, seconds: FIND_DEADLINE.as_secs() });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    // a killed server's lock file would stop the next one if its number is another process's by now
    let left = data.join("postmaster.pid");
    match std::fs::remove_file(&left) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&left, error)),
        _ => Ok(Found::Nothing(held)),
    }
}

/// The lock that each of a server's processes holds, if none does.
pub(super) fn unheld(directory: &Path) -> Result<Option<File>, ClusterError> {
    let path = directory.join("server.lock");
    let lock = File::create(&path).map_err(|source| at(&path, source))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(at(&path, source)),
    }
}

/// Starts a server, with the lock that shows that it runs as its input.
pub(super) fn spawn(
    directory: &Path,
    programs: &Path,
    user: &RunAs,
    usage: &Usage,
    needs: ServerNeeds,
    held: File,
) -> Result<(Server, Child), ClusterError> {
    let port = needs.analytics_port.unwrap_or(PORT);
    let socket_directory = socket_directory(directory, user)?;
    for name in [format!(".s.PGSQL.{port}"), format!(".s.PGSQL.{port}.lock")] {
        let path = socket_directory.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path, error)),
            _ => {}
        }
    }
    let log_path = directory.join("log");
    let log = File::create(&log_path).map_err(|source| at(&log_path, source))?;
    let errors = log.try_clone().map_err(|source| at(&log_path, source))?;
    let mut command = user.command(programs.join("postgres"));
    command.arg("-D").arg(directory.join("data")).arg("-k").arg(&socket_directory).arg("-p").arg(port.to_string());
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    command.arg("-c").arg(max_connections(needs.connections, needs.analytics_port.is_some()));
    if needs.analytics_port.is_some() {
        let path = write_access(directory, user)?;
        let mut file = std::ffi::OsString::from("hba_file=");
        file.push(path);
        command.arg("-c").arg("listen_addresses=127.0.0.1").arg("-c").arg(file);
    }
    // its own process group: a Ctrl-C is for us, and we stop the server when all is written
    command.stdin(held).stdout(log).stderr(errors).process_group(0);
    let child = usage.spawn(Started::Server, &mut command).map_err(|source| at(&programs.join("postgres"), source))?;
    let pid = i32::try_from(child.id()).unwrap_or_default();
    Ok((Server { pid, port, socket_directory }, child))
}

/// Writes who may connect over the port, for the server's user to read.
fn write_access(directory: &Path, user: &RunAs) -> Result<PathBuf, ClusterError> {
    let path = directory.join("access.conf");
    let written = std::fs::write(&path, access())
        .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)))
        .and_then(|()| user.own(&path));
    written.map_err(|source| at(&path, source))?;
    Ok(path)
}

/// A directory for the socket that only the server's user can enter: in the cluster's directory, unless that
/// path is too long for a socket or can't be written in the setting.
fn socket_directory(directory: &Path, user: &RunAs) -> Result<PathBuf, ClusterError> {
    let inside = directory.join("socket");
    let path = inside.as_os_str().as_encoded_bytes();
    let fits = path.len() + "/.s.PGSQL.65535".len() <= SOCKET_LIMIT;
    // the setting is a list, with commas and quotation marks
    let plain = !path.iter().any(|byte| b",\"".contains(byte));
    let socket_directory = if fits && plain {
        inside
    } else {
        let digest = xxh3_64(directory.as_os_str().as_encoded_bytes());
        std::env::temp_dir().join(format!("sei-{}-{digest:016x}", user.uid()))
    };
    match DirBuilder::new().mode(0o700).create(&socket_directory) {
        Ok(()) => user.own(&socket_directory).map_err(|source| at(&socket_directory, source))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(at(&socket_directory, source)),
    }
    // another user may have made a directory of this name first
    let found = std::fs::symlink_metadata(&socket_directory).map_err(|source| at(&socket_directory, source))?;
    if found.is_dir() && found.uid() == user.uid() && found.mode().trailing_zeros() >= 6 {
        Ok(socket_directory)
    } else {
        Err(ClusterError::SocketDirectory(socket_directory))
    }
}

pub(super) fn options(server: &Server) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(&server.socket_directory)
        .port(server.port)
        .username(NAME)
        .database(NAME)
        .ssl_mode(PgSslMode::Disable)
}

/// Connects to a server; fails where it does not answer.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    timeout(ANSWER_DEADLINE, options.connect()).await.map_err(|_| sqlx::Error::PoolTimedOut)?
}

pub(super) async fn create_database(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = connect(&options.clone().database("postgres")).await?;
    let created = sqlx::query("create database sei").execute(&mut connection).await;
    match created {
        // another process was first
        Err(error) if !has_state(&error, "42P04") && !has_state(&error, "23505") => return Err(error),
        _ => {}
    }
    connection.close().await
}

pub(super) fn last_words(log: &Path) -> String {
    tail(&std::fs::read_to_string(log).unwrap_or_default())
}

/// The last lines of a program's output, in one.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(4)..).unwrap_or_default();
    if last.is_empty() { "no output".to_owned() } else { last.join(" / ") }
}
