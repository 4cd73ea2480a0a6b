//! What goes wrong between `sei` and a Metabase.

use http::{Method, StatusCode};

use crate::reference::Reference;

/// Why Metabase could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetabaseError {
    /// The client can't be made.
    #[error("the client of Metabase can't be made: {0}")]
    Client(String),
    /// The key or the password was refused.
    #[error(
        "{method} {path}: Metabase answered {status}: {message}; expected an API key or a user of the group Administrators: \
         check the key, or the user and the password"
    )]
    Denied {
        /// The method.
        method: Method,
        /// What was asked for.
        path: String,
        /// The status.
        status: StatusCode,
        /// What Metabase says.
        message: String,
    },
    /// Too little would be allowed.
    #[error(
        "the user or API key `{0}` is not of the group Administrators of Metabase: give one that is, which may make \
         connections and permissions"
    )]
    NotAdministrator(String),
    /// No answer, or only failures of the server.
    #[error(
        "{method} {path}: no answer from Metabase after {attempts} attempts: {problem}; check `--url`, and that Metabase runs"
    )]
    Unanswered {
        /// The method.
        method: Method,
        /// What was asked for.
        path: String,
        /// How often.
        attempts: u32,
        /// What went wrong the last time.
        problem: String,
    },
    /// Metabase is elsewhere.
    #[error("{path}: Metabase redirects to {to}; give that address as `--url`")]
    Moved {
        /// What was asked for.
        path: String,
        /// Where it is.
        to: String,
    },
    /// A request that Metabase does not take.
    #[error("{method} {path}: Metabase answered {status}: {message}")]
    Refused {
        /// The method.
        method: Method,
        /// What was asked for.
        path: String,
        /// The status.
        status: StatusCode,
        /// What Metabase says.
        message: String,
    },
    /// An answer that is not as documented.
    #[error(
        "{path}: expected {expected} in the answer; check that `--url` is that of a Metabase of version 50 or later"
    )]
    Unexpected {
        /// What was asked for.
        path: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A connection of this name is of something else.
    #[error(
        "Metabase has a connection `{name}` to {found}, which `sei` did not make; expected {wanted}: choose another \
         `--name`, or rename that one"
    )]
    Taken {
        /// The name.
        name: String,
        /// What it leads to.
        found: String,
        /// What it was to lead to.
        wanted: String,
    },
    /// The password is needed.
    #[error(
        "the connection `{0}` is to be made or changed, which needs its password: give `--db-password-file FILE`, or set \
         SEI_METABASE_DB_PASSWORD"
    )]
    NoPassword(String),
    /// Metabase does not read the views.
    #[error(
        "Metabase has read the schema `{schema}` for {seconds} s and not found {missing}: expected the views of \
         docs/analytics.md; check that the role was granted by `sei analytics grant NAME --tenant …` of the tenant whose \
         schema this is, and that Metabase reaches the database"
    )]
    NotSynced {
        /// The schema.
        schema: String,
        /// How long it took.
        seconds: u64,
        /// What is missing.
        missing: String,
    },
    /// Metabase gave the synchronization up.
    #[error(
        "Metabase could not read the database `{0}`: its synchronization was aborted; see its log (Admin, Troubleshooting)"
    )]
    SyncAborted(String),
    /// Something that was to be there is not.
    #[error("{0} is not there in Metabase, which an earlier step should have made; run the command again")]
    Missing(Reference),
    /// Other processes change the permissions at the same time.
    #[error("{path}: the permissions changed {attempts} times while they were written; run the command again")]
    Contended {
        /// What was written.
        path: &'static str,
        /// How often.
        attempts: u32,
    },
}
