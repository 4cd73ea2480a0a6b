//! The sources of the settings by how they are collected: git repositories, and what is pulled over HTTP.

use connector::Connector;
use connector_git::{self as git, GitSource};
use kernel::Tenant;
use pull::OpenError;
use pull::options::Timing;
use runtime::settings::{RawOptions, Source};
use serde_json::Value;

use crate::scheduler::ScheduleError;

/// A source of the settings that cannot be collected.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// What it says is wrong.
    #[error("[[source]] {0} can't be pulled")]
    Open(String, #[source] OpenError),
    /// Its schedule is.
    #[error("`{0}` is never due")]
    Schedule(String, #[source] ScheduleError),
}

/// A git repository of the settings.
#[derive(Clone, Debug)]
pub struct ConfiguredRepository {
    /// How it is collected.
    pub source: GitSource,
    /// Whose events they are.
    pub tenant: Tenant,
    /// When it is collected.
    pub timing: Timing,
}

/// Whether a source is a set of git repositories.
fn is_git(source: &Source) -> bool {
    source.connector == git::Git.name()
}

/// The sources that are pulled over HTTP.
pub fn pulled(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|source| source.pull.is_some() && !is_git(source))
}

/// The git repositories, one for each URL.
pub fn repositories(sources: &[Source]) -> Result<Vec<ConfiguredRepository>, SourceError> {
    let mut all = Vec::new();
    for source in sources.iter().filter(|source| is_git(source)) {
        let Some(options) = &source.pull else { continue };
        all.extend(read(source, options).map_err(|error| SourceError::Open(source.full_name(), error))?);
    }
    Ok(all)
}

fn read(source: &Source, raw: &RawOptions) -> Result<Vec<ConfiguredRepository>, OpenError> {
    let tenant = pull::tenant(source)?;
    let options: git::Options = pull::read_options(raw)?;
    let timing: Timing = pull::read_options(raw)?;
    let configured = |source| ConfiguredRepository { source, tenant: tenant.clone(), timing: timing.clone() };
    Ok(options.repositories().map(configured).collect())
}

/// The sources with these git repositories instead of those that they have.
#[must_use]
pub fn with_repositories(sources: &[Source], repositories: &[ConfiguredRepository]) -> Vec<Source> {
    let others = sources.iter().filter(|source| !is_git(source)).cloned();
    others.chain(repositories.iter().map(ConfiguredRepository::to_source)).collect()
}

impl ConfiguredRepository {
    /// A repository that the settings do not name.
    pub fn new(url: impl Into<String>) -> Self {
        let timing = Timing {
            schedule: runtime::settings::every_five_minutes(),
            time_zone: chrono_tz::Tz::UTC,
            jitter: std::time::Duration::ZERO,
        };
        Self { source: GitSource::new(url), tenant: Tenant::default(), timing }
    }

    fn to_source(&self) -> Source {
        let (source, timing) = (self.source.clone(), self.timing.clone());
        let options = git::Options {
            deployment_branch: source.deployment_branch,
            jitter: timing.jitter,
            line_counts: source.line_counts,
            repository: source.repository,
            schedule: timing.schedule,
            tag_pattern: source.tag_pattern,
            time_zone: timing.time_zone,
            urls: vec![source.url],
        };
        let options = match serde_json::to_value(options) {
            Ok(Value::Object(options)) => options,
            // texts, numbers and lists of these can always be written
            _ => serde_json::Map::new(),
        };
        let tenant = Some(self.tenant.to_string());
        Source { pull: Some(RawOptions::new(options)), tenant, ..Source::new(git::Git.name(), "main") }
    }
}

/// When a source is pulled.
pub(crate) fn timing(source: &Source) -> Result<Timing, OpenError> {
    pull::read_options(&source.pull.clone().unwrap_or_default())
}
