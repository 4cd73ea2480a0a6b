//! What can go wrong with backups.

use runtime::secret::SecretError;
use store::StoreError;
use store::backup::RestoreError;

/// An error of backups.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The settings name no place.
    #[error("no place of backups is set: set backup.url to a directory or to s3://BUCKET/PREFIX, or use --url")]
    NoPlace,
    /// The place can't be used.
    #[error("backups can't be kept at {place}: {why}")]
    Place {
        /// The place.
        place: String,
        /// Why not.
        why: String,
    },
    /// The place can't be read or written.
    #[error("the place of the backups can't be read or written")]
    Objects(#[source] object_store::Error),
    /// There are no backups.
    #[error("{0} holds no backups; `sei backup create` makes one")]
    Nothing(String),
    /// No backup has this id, or several begin with it.
    #[error("{found} backups have an id that begins with `{asked}`; `sei backup list` shows all")]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// How many there are.
        found: usize,
    },
    /// There is no key to encrypt or decrypt with.
    #[error(
        "{0}; set backup.passphrase or backup.identity (`age-keygen` makes one), or backup.encrypt = false for backups \
         that everyone who reads the place can read"
    )]
    NoKey(&'static str),
    /// The key is not that of the backups.
    #[error("the passphrase or identity is not the one that the backups at {0} were encrypted with")]
    WrongKey(String),
    /// A key can't be read.
    #[error("{key}: {expected} was expected, something else was found")]
    InvalidKey {
        /// The setting.
        key: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The backups were made with encryption, and the settings want none, or the other way round.
    #[error(
        "the backups at {place} are {found}, and backup.encrypt says otherwise; set it accordingly, or use another place"
    )]
    OtherEncryption {
        /// The place.
        place: String,
        /// How they are.
        found: &'static str,
    },
    /// A later version made it.
    #[error("the backups have format {0}, this version of sei knows {known}; use a later version", known = crate::manifest::FORMAT)]
    LaterFormat(u32),
    /// What was read is not what was written.
    #[error("`{object}` is damaged: {why}")]
    Damaged {
        /// The object.
        object: String,
        /// What is wrong.
        why: String,
    },
    /// What was restored is not what was backed up.
    #[error("the restored table {table} differs from the backup ({what}); nothing was restored")]
    Differs {
        /// The table.
        table: String,
        /// What differs.
        what: String,
    },
    /// Another process works on the backups.
    #[error("another process makes, deletes or restores a backup of this database; wait until it has ended")]
    Busy,
    /// Compression or encryption failed.
    #[error("a chunk can't be compressed or encrypted")]
    Seal(#[source] std::io::Error),
    /// A manifest can't be written as JSON.
    #[error("a manifest can't be written")]
    Json(#[from] serde_json::Error),
    /// A task ended with a panic.
    #[error("a task ended early")]
    Task(#[source] tokio::task::JoinError),
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database that is restored into.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The database.
    #[error("the database can't be read or written")]
    Store(#[from] StoreError),
}

impl From<object_store::Error> for BackupError {
    fn from(error: object_store::Error) -> Self {
        Self::Objects(error)
    }
}

impl BackupError {
    /// Whether it says that what is kept is not what was written.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Objects(object_store::Error::NotFound { .. }))
    }
}
