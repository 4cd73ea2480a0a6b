//! A configured source, with its secrets read and its own options checked.

use std::path::PathBuf;

use connector::json;
use kernel::Tenant;
use runtime::secret::{self, Secret};
use runtime::settings::PullSource;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;

/// A source of the settings.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The connector and the configured name: `github/main`.
    pub name: String,
    /// Whose events they are.
    pub tenant: Tenant,
    /// Its address, where the settings name one.
    pub url: Option<Url>,
    /// Its token, where the settings name one.
    pub token: Option<Secret>,
    /// The projects or repositories to pull, as the source calls them; empty for all it shows.
    pub projects: Vec<String>,
    /// Further authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through.
    pub proxy: Option<String>,
    options: Map<String, Value>,
}

/// What is wrong with a source of the settings.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{key}`: {problem}")]
pub struct OpenError {
    /// The key below `[[source]]`.
    pub key: String,
    /// What is wrong with it and what was expected.
    pub problem: String,
}

impl OpenError {
    /// Something is wrong with the value of this key.
    #[must_use]
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}

impl Opened {
    /// Reads the secrets that the settings point to.
    pub fn new(settings: &PullSource) -> Result<Self, OpenError> {
        let url = settings.url.as_deref().map(Url::parse).transpose();
        let url = url.map_err(|error| OpenError::new("url", format!("{error}; expected https://host")))?;
        let token = settings.token.as_ref().map(secret::read).transpose();
        let tenant = settings.tenant.as_deref().map_or_else(|| Ok(Tenant::default()), Tenant::new);
        Ok(Self {
            name: settings.full_name(),
            tenant: tenant.map_err(|error| OpenError::new("tenant", error.to_string()))?,
            url,
            token: token.map_err(|error| OpenError::new("token", error.to_string()))?,
            projects: settings.projects.clone(),
            ca_file: settings.ca_file.clone(),
            proxy: settings.proxy.clone(),
            options: settings.options.clone(),
        })
    }

    /// The token, which this source cannot do without.
    pub fn token(&self) -> Result<&Secret, OpenError> {
        let expected = "is not set; expected a reference such as { env = \"TOKEN\" }";
        self.token.as_ref().ok_or_else(|| OpenError::new("token", expected))
    }

    /// The connector's own settings, in the form that the connector gives them. Give that form
    /// `#[serde(deny_unknown_fields)]`, so that a misspelt key is named.
    pub fn options<T: DeserializeOwned>(&self) -> Result<T, OpenError> {
        json::read_value(Value::Object(self.options.clone())).map_err(|wrong| {
            let path = if wrong.path == "." { String::new() } else { format!(".{}", wrong.path) };
            OpenError::new(format!("options{path}"), wrong.problem)
        })
    }
}
