//! A configured source, with its secrets read and its options checked.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{NaiveDate, TimeDelta};
use connector::json;
use kernel::Tenant;
use runtime::secret::{self, Secret};
use runtime::settings::{RawOptions, SecretRef, Source};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;

use super::clock::SourceClock;

/// A source of the settings.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The connector and the configured name: `github/main`.
    pub name: String,
    /// Whose events they are.
    pub tenant: Tenant,
    /// Its address, where the settings name one.
    pub url: Option<Url>,
    /// The only addresses that the host of `url` is asked at; without them those that its name leads to.
    pub(crate) addresses: Option<Vec<SocketAddr>>,
    /// Its token, where the settings name one.
    pub token: Option<Secret>,
    /// The projects or repositories to pull, as the source calls them; empty for all it shows.
    pub projects: Vec<String>,
    /// Further authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through.
    pub proxy: Option<String>,
    /// The first day that is pulled.
    pub since: Option<NaiveDate>,
    pub(crate) clock: SourceClock,
    pub(crate) options: RawOptions,
}

/// The options that most connectors have, each of which declares them in its own type.
#[derive(Deserialize)]
struct Common {
    url: Option<String>,
    token: Option<SecretRef>,
    #[serde(default)]
    projects: Vec<String>,
    ca_file: Option<PathBuf>,
    proxy: Option<String>,
    since: Option<NaiveDate>,
}

/// What is wrong with a source of the settings.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{key}`: {problem}")]
pub struct OpenError {
    /// The key below `[source.pull]`.
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

/// The tenant of a source.
pub fn tenant(source: &Source) -> Result<Tenant, OpenError> {
    let tenant = source.tenant.as_deref().map_or_else(|| Ok(Tenant::default()), Tenant::new);
    tenant.map_err(|error| OpenError::new("tenant", error.to_string()))
}

/// The options of a source, in the form that its connector gives them. Give that form
/// `#[serde(deny_unknown_fields)]`, so that a misspelt key is named.
pub fn read_options<T: DeserializeOwned>(options: &RawOptions) -> Result<T, OpenError> {
    json::read_value(options.to_value()).map_err(|wrong| {
        let key = if wrong.path == "." { "pull".to_owned() } else { wrong.path };
        OpenError::new(key, wrong.problem)
    })
}

impl Opened {
    /// Reads the secrets that the settings point to.
    pub fn new(source: &Source) -> Result<Self, OpenError> {
        let raw = source.pull.clone().ok_or_else(|| OpenError::new("pull", "is not set; expected [source.pull]"))?;
        let common: Common = read_options(&raw)?;
        let url = common.url.as_deref().map(Url::parse).transpose();
        let url = url.map_err(|error| OpenError::new("url", format!("{error}; expected https://host")))?;
        let token = common.token.as_ref().map(secret::read).transpose();
        Ok(Self {
            name: source.full_name(),
            tenant: tenant(source)?,
            url,
            addresses: None,
            token: token.map_err(|error| OpenError::new("token", error.to_string()))?,
            projects: common.projects,
            ca_file: common.ca_file,
            proxy: common.proxy,
            since: common.since,
            clock: SourceClock::default(),
            options: raw,
        })
    }

    /// A source that is being set up, and stands in no settings yet. Options beside these are as without settings.
    #[must_use]
    pub fn unsaved(connector: &str, name: &str, url: Option<Url>, token: Secret, projects: Vec<String>) -> Self {
        // a reference, which is not read: the token is here
        let reference = Map::from_iter([("env".to_owned(), Value::from("TOKEN"))]);
        let mut options = Map::from_iter([
            ("projects".to_owned(), Value::from(projects.clone())),
            ("token".to_owned(), Value::from(reference)),
        ]);
        if let Some(url) = &url {
            options.insert("url".to_owned(), url.as_str().into());
        }
        Self {
            name: format!("{connector}/{name}"),
            tenant: Tenant::default(),
            url,
            addresses: None,
            token: Some(token),
            projects,
            ca_file: None,
            proxy: None,
            since: None,
            clock: SourceClock::default(),
            options: RawOptions::new(options),
        }
    }

    /// The same with another option.
    #[must_use]
    pub fn with_option(mut self, key: &str, value: &str) -> Self {
        if let Value::Object(mut options) = self.options.to_value() {
            options.insert(key.to_owned(), value.into());
            self.options = RawOptions::new(options);
        }
        self
    }

    /// The same whose name is looked up no more: its host is asked at these addresses, or through a proxy, or not at all.
    #[must_use]
    pub fn asked_at(self, addresses: Vec<SocketAddr>) -> Self {
        Self { addresses: Some(addresses), ..self }
    }

    /// How far the source's clock is ahead of ours, by the last answer that stated it, to the second; negative if it is
    /// behind.
    #[must_use]
    pub fn clock_ahead_by(&self) -> Option<TimeDelta> {
        self.clock.ahead_by()
    }

    /// A host with the only addresses that it is asked at.
    pub(crate) fn fixed_host(&self) -> Option<(&str, &[SocketAddr])> {
        Some((self.url.as_ref()?.host_str()?, self.addresses.as_deref()?))
    }

    /// The token, which this source cannot do without.
    pub fn token(&self) -> Result<&Secret, OpenError> {
        let expected = "is not set; expected a reference such as { env = \"TOKEN\" }";
        self.token.as_ref().ok_or_else(|| OpenError::new("token", expected))
    }

    /// The options in the form that the connector gives them, as [`read_options`].
    pub fn options<T: DeserializeOwned>(&self) -> Result<T, OpenError> {
        read_options(&self.options)
    }
}
