//! The options of git sources, and the repositories that they name.

use std::time::Duration;

use pull::Pull;
use runtime::settings::{Findings, OptionsType, SourceOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::normalize::Git;

/// Git repositories, all collected in the same way; others are a source of their own.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// A branch: each merge or push to it is a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"main")]
    pub deployment_branch: Option<String>,
    /// The maximum delay of a pull after its scheduled time, so that not all begin at once.
    #[serde(default, with = "runtime::duration")]
    #[schemars(with = "runtime::duration::Text", example = &"30s")]
    pub jitter: Duration,
    /// Whether changed lines are counted (slower).
    #[serde(default)]
    pub line_counts: bool,
    /// The id of the repository, host/owner/name, if its remote should not decide it. For a single URL only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"github.com/octocat/hello-world")]
    pub repository: Option<String>,
    /// When it is pulled: a cron expression (minute, hour, day, month, day of week). With six fields the first is
    /// seconds, with seven the last is the year as well. Days of the week are numbered as in crontab: 0 and 7 are
    /// Sunday.
    #[serde(default = "runtime::settings::every_five_minutes")]
    pub schedule: String,
    /// Tags that are deployments, a regular expression. The default matches versions, but no pre-releases.
    #[serde(default = "version_tags")]
    pub tag_pattern: String,
    /// The time zone of the schedule, by its IANA name.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "time-zone"))]
    pub time_zone: chrono_tz::Tz,
    /// Paths, or URLs that git can clone.
    #[schemars(example = ["https://github.com/octocat/hello-world.git"])]
    pub urls: Vec<String>,
}

/// A git repository to collect.
#[derive(Clone, Debug)]
pub struct GitSource {
    /// A path, or a URL that git can clone.
    pub url: String,
    /// The id of the repository, if its remote should not decide it.
    pub repository: Option<String>,
    /// Tags that are deployments, a regular expression.
    pub tag_pattern: String,
    /// A branch each merge or push to which is a deployment.
    pub deployment_branch: Option<String>,
    /// Whether changed lines are counted.
    pub line_counts: bool,
}

impl Pull for Git {
    fn options(&self) -> OptionsType {
        OptionsType::of::<Options>()
    }
}

fn version_tags() -> String {
    kernel::VERSION_TAGS.to_owned()
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
        }
    }
}

impl Options {
    /// The repositories, one for each URL.
    pub fn repositories(&self) -> impl Iterator<Item = GitSource> {
        self.urls.iter().map(|url| GitSource {
            url: url.clone(),
            repository: self.repository.clone(),
            tag_pattern: self.tag_pattern.clone(),
            deployment_branch: self.deployment_branch.clone(),
            line_counts: self.line_counts,
        })
    }
}

impl SourceOptions for Options {
    fn check(&self, key: &str, findings: &mut Findings) {
        if self.urls.is_empty() {
            findings.error(format!("{key}.urls"), "none", "paths, or URLs that git can clone");
        }
        for (nth, _) in self.urls.iter().enumerate().filter(|(_, url)| url.trim().is_empty()) {
            findings.error(format!("{key}.urls.{nth}"), "nothing", "a path, or a URL that git can clone");
        }
        findings.pattern(format!("{key}.tag_pattern"), &self.tag_pattern);
        if let Some(id) = &self.repository {
            findings.repository(format!("{key}.repository"), id);
            if self.urls.len() > 1 {
                let found = format!("the id of one repository beside {} URLs", self.urls.len());
                findings.error(format!("{key}.repository"), found, "a source of its own for the repository");
            }
        }
    }
}
