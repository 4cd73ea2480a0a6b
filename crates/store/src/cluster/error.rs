//! Why a private cluster can't be started or stopped. Each text says what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the private cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// PostgreSQL is not installed.
    #[error("PostgreSQL is not installed: install it (`apt-get install postgresql`), or set `database.url`")]
    NotInstalled,
    /// We are root, PostgreSQL refuses to be, and there is no other user to run it as.
    #[error("PostgreSQL refuses to run as root and there is no user `postgres`: run `sei` as another user")]
    NoUser,
    /// We are root, and the user whom PostgreSQL runs as can't get to the directory.
    #[error(
        "user `{user}`, whom PostgreSQL runs as when `sei` runs as root, can't get into {}: set `data.directory` to a \
         place that this user can reach, such as /var/lib/sei, or run `sei` as another user", .at.display()
    )]
    NotReachable {
        /// The user.
        user: String,
        /// The first directory on the way that stops the user.
        at: PathBuf,
    },
    /// The directory belongs to something else: nothing in it was touched.
    #[error(
        "{} is not a database of `sei`: choose another `data.directory`, or move it away",
        .0.display()
    )]
    Foreign(PathBuf),
    /// The directory was ours but is damaged: nothing in it was touched.
    #[error("the database in {} is broken ({what}): restore it from a backup, or move it away to start with an empty one", .directory.display())]
    Broken {
        /// The directory.
        directory: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The database was made by a major version of PostgreSQL that is not installed.
    #[error(
        "the database in {} is one of PostgreSQL {found}, and installed is {installed}: install that version \
         (`apt-get install postgresql-{found}`), or move the directory away to start with an empty one", .directory.display()
    )]
    OtherVersion {
        /// The directory.
        directory: PathBuf,
        /// The version that made it.
        found: String,
        /// The versions that are installed.
        installed: String,
    },
    /// The short directory for the socket exists and is not ours alone.
    #[error("{} is not a directory of ours alone, as the database's socket needs it: remove it", .0.display())]
    SocketDirectory(PathBuf),
    /// The server runs already, for another process that needs no port.
    #[error(
        "the database in {} runs already without the port {port}: end what else uses it (`sei up`, `sei …`), and start \
         again", .directory.display()
    )]
    RunsWithoutPort {
        /// The directory.
        directory: PathBuf,
        /// The port.
        port: u16,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: &'static str,
        /// The end of its output.
        output: String,
    },
    /// The server neither became ready nor ended in good time.
    #[error("the database in {} is still {what} after {seconds} s; its log is {}", .directory.display(), .directory.join("log").display())]
    Slow {
        /// The directory.
        directory: PathBuf,
        /// What it is doing.
        what: &'static str,
        /// How long we waited.
        seconds: u64,
    },
    /// A directory or file can't be used.
    #[error("can't use {}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server is up, but does not do what it should.
    #[error("the private database does not answer as it should")]
    Database(#[source] sqlx::Error),
}

/// The error of a directory or file that can't be used.
pub(super) fn at(path: &Path, source: io::Error) -> ClusterError {
    ClusterError::Io { path: path.to_owned(), source }
}

/// Whether the server answered with this SQLSTATE.
pub(super) fn has_state(error: &sqlx::Error, state: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == state)
}
