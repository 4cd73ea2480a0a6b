//! The sections of sources: git repositories, pulls, webhooks.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::findings::{Findings, shown};
use super::secret_ref::SecretRef;
use crate::duration;

/// A webhook source, by its connector and a name of your choice: this one is served at `POST /webhooks/github/main`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSource {
    /// Jira: resolutions and statuses that mean that an issue was canceled, beside the usual ones (Won't Do,
    /// Duplicate, …).
    #[serde(default)]
    #[schemars(example = ["Abgelehnt"])]
    pub canceled: Vec<String>,
    /// The secrets that its signatures are made with; several for rotation. At least one, each of 8 bytes or more.
    #[schemars(example = [SecretRef::Env("GITHUB_WEBHOOK_SECRET".to_owned())])]
    pub secrets: Vec<SecretRef>,
    /// The tenant that receives the events; `main` without it.
    #[serde(default)]
    #[schemars(example = &"main")]
    pub tenant: Option<String>,
}

/// A git repository to collect.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitSource {
    /// A branch: each merge or push to it is a deployment.
    #[serde(default)]
    #[schemars(example = &"main")]
    pub deployment_branch: Option<String>,
    /// Whether changed lines are counted (slower).
    #[serde(default)]
    pub line_counts: bool,
    /// The id of the repository, host/owner/name, if its remote should not decide it.
    #[serde(default)]
    #[schemars(example = &"github.com/octocat/hello-world")]
    pub repository: Option<String>,
    /// When it is collected: a cron expression (minute, hour, day, month, day of week), in UTC. With six fields the
    /// first is seconds, with seven the last is the year as well. Days of the week are numbered as in crontab: 0 and 7
    /// are Sunday.
    #[serde(default = "every_five_minutes")]
    pub schedule: String,
    /// Tags that are deployments, a regular expression. The default matches versions, but no pre-releases.
    #[serde(default = "version_tags")]
    pub tag_pattern: String,
    /// A path, or a URL that git can clone.
    #[schemars(example = &"https://github.com/octocat/hello-world.git")]
    pub url: String,
}

impl GitSource {
    /// A repository with the defaults of everything else.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            repository: None,
            tag_pattern: version_tags(),
            deployment_branch: None,
            line_counts: false,
            schedule: every_five_minutes(),
        }
    }

    /// Reports what is wrong with the repositories of the settings.
    pub fn check(sources: &[Self], findings: &mut Findings) {
        for (index, source) in sources.iter().enumerate() {
            let key = |name: &str| format!("git.{index}.{name}");
            if source.url.is_empty() {
                findings.error(key("url"), "nothing", "a path, or a URL that git can clone");
            }
            findings.pattern(key("tag_pattern"), &source.tag_pattern);
            if let Some(id) = &source.repository {
                findings.repository(key("repository"), id);
            }
            findings.schedule(key("schedule"), &source.schedule);
        }
    }
}

/// The default of `git.tag_pattern`: [`kernel::VERSION_TAGS`].
#[must_use]
pub fn version_tags() -> String {
    kernel::VERSION_TAGS.to_owned()
}

/// The default schedule of a source.
#[must_use]
pub fn every_five_minutes() -> String {
    "*/5 * * * *".to_owned()
}

/// A source that is pulled: asked for its history once, and then for what is new.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PullSource {
    /// Further certificate authorities to trust, a file in PEM form.
    #[serde(default)]
    #[schemars(example = &"/etc/ssl/company.pem")]
    pub ca_file: Option<PathBuf>,
    /// The connector. docs/sources/ states what each pulls and what its token must be able to read.
    #[schemars(example = &"github")]
    pub connector: String,
    /// The maximum delay of a pull after its scheduled time, so that not all begin at once.
    #[serde(default, with = "duration")]
    #[schemars(with = "duration::Text", example = &"30s")]
    pub jitter: Duration,
    /// A name of your choice, unique among the sources of a connector.
    #[serde(default = "main_name")]
    pub name: String,
    /// Options of this connector alone; docs/sources/ lists them.
    #[serde(default)]
    pub options: serde_json::Map<String, serde_json::Value>,
    /// The projects or repositories to pull, as the source calls them; without any, all that the token can read.
    #[serde(default)]
    #[schemars(example = ["octocat/hello-world"])]
    pub projects: Vec<String>,
    /// The proxy to go through; without it what `HTTPS_PROXY` and `NO_PROXY` name.
    #[serde(default)]
    #[schemars(example = &"http://proxy.example.com:3128")]
    pub proxy: Option<String>,
    /// When it is pulled: a cron expression, as for `[[git]]`.
    #[serde(default = "every_five_minutes")]
    pub schedule: String,
    /// The first day, in `dora.time_zone`, that is pulled; everything without it.
    #[serde(default)]
    #[schemars(example = &"2024-01-01")]
    pub since: Option<chrono::NaiveDate>,
    /// The tenant that receives the events; `main` without it.
    #[serde(default)]
    #[schemars(example = &"main")]
    pub tenant: Option<String>,
    /// The time zone of the schedule, by its IANA name.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "time-zone"))]
    pub time_zone: chrono_tz::Tz,
    /// The token to authenticate with.
    #[serde(default)]
    #[schemars(example = SecretRef::Env("GITHUB_TOKEN".to_owned()))]
    pub token: Option<SecretRef>,
    /// Its address, if it is not the vendor's own: GitHub Enterprise, a self-managed GitLab or Jira.
    #[serde(default)]
    #[schemars(example = &"https://github.example.com")]
    pub url: Option<String>,
}

fn main_name() -> String {
    "main".to_owned()
}

impl PullSource {
    /// The connector and the name: `github/main`. Events and cursors of the source have it.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.connector, self.name)
    }

    /// Reports what is wrong with the sources of the settings. What a connector requires is checked when it is opened.
    pub fn check(sources: &[Self], findings: &mut Findings) {
        let mut seen = BTreeSet::new();
        for (index, source) in sources.iter().enumerate() {
            let key = |name: &str| format!("source.{index}.{name}");
            findings.name(key("name"), &source.name, seen.insert(source.full_name()), "sources of a connector");
            if source.name.contains('/') {
                findings.error(key("name"), shown(&source.name), "a name without `/`");
            }
            if let Some(token) = &source.token {
                findings.secret(key("token"), token);
            }
            findings.schedule(key("schedule"), &source.schedule);
            findings.tenant(key("tenant"), source.tenant.as_deref());
        }
    }
}

impl WebhookSource {
    /// Reports what is wrong with the webhook source of a connector.
    pub fn check(&self, connector: &str, name: &str, findings: &mut Findings) {
        let key = format!("webhooks.{connector}.{name}");
        if self.secrets.is_empty() {
            findings.error(format!("{key}.secrets"), "none", "one or more: nothing is accepted unverified");
        }
        for (index, reference) in self.secrets.iter().enumerate() {
            findings.verifying_secret(format!("{key}.secrets.{index}"), reference);
        }
        findings.tenant(format!("{key}.tenant"), self.tenant.as_deref());
        if connector != "jira" && !self.canceled.is_empty() {
            findings.error(format!("{key}.canceled"), shown(&self.canceled.join(", ")), "none: only Jira has it");
        }
    }
}
