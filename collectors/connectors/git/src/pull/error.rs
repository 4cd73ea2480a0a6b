//! What can keep a repository from being collected, each with what to do about it.

use std::path::PathBuf;

use eventlog::LogError;
use store::StoreError;

/// Any error of another library, as the source of one of ours.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a repository could not be collected. Nothing is lost by it: the cursor moves only after the log
/// has acknowledged everything, so the next attempt starts where this one did.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is nothing at this path.
    #[error("there is no `{}`: give the path of a clone or of a bare repository, or a URL", .0.display())]
    NotFound(PathBuf),
    /// The path is no repository.
    #[error("`{}` is not a git repository{hint}", .path.display())]
    NotARepository {
        /// What was given.
        path: PathBuf,
        /// Where one was found nearby, as the end of the sentence.
        hint: String,
    },
    /// A file of the repository is not what git makes: reading it could show what is not its own, or never end.
    #[error("the repository `{}` is not read: {problem}", .repository.display())]
    Unsafe {
        /// Where it is.
        repository: PathBuf,
        /// Which file, and what is wrong with it.
        problem: String,
    },
    /// Reading the repository took longer than it may.
    #[error(
        "collecting the repository `{repository}` did not end within {hours} hours, so it was given up; `git -C {repository} fsck` shows what it can't read, `line_counts = false` makes it faster"
    )]
    TooLong {
        /// Where it is.
        repository: String,
        /// The bound.
        hours: u64,
    },
    /// The repository is there, and cannot be read.
    #[error("the repository `{repository}` can't be read: {problem}; `git -C {repository} fsck` says what is broken")]
    Broken {
        /// Where it is.
        repository: String,
        /// What could not be read.
        problem: String,
        /// The cause.
        #[source]
        cause: Option<Cause>,
    },
    /// A setting of the source cannot be used.
    #[error("git source `{repository}`: {problem}")]
    Setting {
        /// The configured path or URL, without credentials.
        repository: String,
        /// The setting, what was found and what was expected.
        problem: String,
    },
    /// The `git` program is missing.
    #[error("the program `git` is needed to clone `{0}` and was not found: install it (`apt-get install git`)")]
    NoGit(String),
    /// The remote repository could not be fetched.
    #[error("`{url}` could not be fetched: {message}")]
    Remote {
        /// The URL, without credentials.
        url: String,
        /// The message of `git`, without credentials.
        message: String,
        /// Whether another attempt may go better: the network, not the address or the credentials.
        transient: bool,
    },
    /// A file or process of this machine failed.
    #[error("{0}")]
    Io(String, #[source] std::io::Error),
    /// Collecting it broke off.
    #[error("collecting it broke off, which is a fault of sei: {0}")]
    Ended(String),
    /// The event log took no more pages.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The cursor could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl GitError {
    /// Whether the same attempt may succeed later, without any change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Remote { transient, .. } => *transient,
            Self::Log(error) => matches!(error, LogError::Transient(_) | LogError::Saturated),
            Self::Store(error) => error.is_transient(),
            _ => false,
        }
    }
}
