//! The port by which sources are asked that are being set up.

use std::fmt;
use std::net::SocketAddr;

use async_trait::async_trait;
use kernel::Secret;
use url::Url;

/// Who asks sources that are being set up.
#[async_trait]
pub trait SourceSetup: fmt::Debug + Send + Sync {
    /// The option of the settings that says whose token it is, if sources of this connector ask for that beside the token.
    fn account_option(&self, connector: &str) -> Option<&'static str>;

    /// Asks who a token is, what it may do, and which projects it sees.
    async fn check(&self, source: &NewSource) -> Result<CheckedSource, SetupError>;

    /// Registers a webhook for each of the projects of a source. Those before one that can't be registered are.
    async fn register(&self, source: &NewSource, hook: &NewHook) -> Result<Vec<RegisteredHook>, SetupError>;
}

/// A source that is being set up.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// The connector.
    pub connector: String,
    /// The name that the settings will give it.
    pub name: String,
    /// Its address; without it that of the connector.
    pub url: Option<Url>,
    /// The addresses that the host of `url` is asked at, and no others, where it is a name.
    pub addresses: Vec<SocketAddr>,
    /// Whose token it is, if the source asks for that.
    pub account: Option<SourceAccount>,
    /// The token.
    pub token: Secret,
    /// The projects; without any, those that the token sees.
    pub projects: Vec<String>,
}

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceAccount {
    /// The option of the settings that says so.
    pub option: &'static str,
    /// The name or e-mail address.
    pub name: String,
}

/// A webhook to register.
#[derive(Clone, Debug)]
pub struct NewHook {
    /// Where it sends events.
    pub address: String,
    /// What it signs them with.
    pub secret: Secret,
}

/// What a token is good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedSource {
    /// Who the token is, as the source calls them.
    pub identity: String,
    /// What it may do, and what not.
    pub rights: Vec<SourceRight>,
    /// The projects that it sees, as many as are asked for at once.
    pub projects: Vec<String>,
    /// There are more.
    pub has_more_projects: bool,
}

/// A right that a token has, or lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRight {
    /// The right, as the source calls it.
    pub name: &'static str,
    /// What lacks without it.
    pub needed_for: &'static str,
    /// Whether the rest works without it.
    pub is_optional: bool,
    /// What is missing, if it is: in words.
    pub missing: Option<String>,
}

/// What came of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredHook {
    /// The project whose events it sends.
    pub project: String,
    /// Whether it is new: one that was there before keeps its own secret.
    pub is_new: bool,
    /// Why it could not be registered.
    pub error: Option<String>,
}

/// Why a source can't be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// No connector of this name is set up here.
    #[error("`{found}` is set up by hand; expected one of {expected}")]
    Connector {
        /// What it was called.
        found: String,
        /// The connectors that are set up here.
        expected: String,
    },
    /// Something is wrong with a field.
    #[error("`{field}`: {problem}")]
    Invalid {
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The source did not answer as it should.
    #[error("{0}")]
    Failed(String),
}
