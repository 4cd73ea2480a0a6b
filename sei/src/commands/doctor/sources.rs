//! The sources of the settings: whether they answer, what their tokens may do, and their clocks.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use connector_git as git;
use pull::{CheckedSource, Opened};
use runtime::settings::Source;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::diagnosis::{Diagnosis, in_time};
use crate::output::count;

/// Sources, and repositories, that are asked at most.
const MAX_SOURCES: usize = 200;
/// Those that are asked at once.
const AT_ONCE: usize = 16;
/// How long each may take.
const SOURCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Projects of a source that are looked at.
const MAX_PROJECTS: usize = 5;
/// Clocks that differ by more are a warning. Sources state whole seconds.
const MAX_DIFFERENCE: TimeDelta = TimeDelta::seconds(30);

/// What is asked.
enum Target {
    /// A git repository, by its address.
    Repository(String),
    /// A source that is pulled over HTTP.
    Pulled(Box<Source>),
}

/// Asks all sources.
pub(super) async fn diagnose(sources: &[Source]) -> Vec<Diagnosis> {
    let targets = match targets(sources) {
        Ok(targets) => targets,
        Err(error) => {
            let found = runtime::with_causes(&error);
            return vec![Diagnosis::failure("sources", found, "see [[source]] in the settings")];
        }
    };
    let left_out = targets.len().saturating_sub(MAX_SOURCES);
    let (permits, mut asked) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for (index, target) in targets.into_iter().take(MAX_SOURCES).enumerate() {
        let permits = Arc::clone(&permits);
        asked.spawn(async move {
            let _turn = permits.acquire_owned().await;
            (index, target.diagnose().await)
        });
    }
    let mut found = Vec::new();
    while let Some(ended) = asked.join_next().await {
        // one that panicked is in the log
        found.extend(ended);
    }
    found.sort_by_key(|(index, _)| *index);
    let mut all: Vec<Diagnosis> = found.into_iter().flat_map(|(_, found)| found).collect();
    if left_out > 0 {
        let found = format!("{} not asked", count(left_out, "further source"));
        all.push(Diagnosis::ok("sources", found));
    }
    all
}

fn targets(sources: &[Source]) -> Result<Vec<Target>, collectors::sources::SourceError> {
    let repositories = collectors::sources::repositories(sources)?;
    let repositories = repositories.into_iter().map(|repository| Target::Repository(repository.source.url));
    let pulled = collectors::sources::pulled(sources).map(|source| Target::Pulled(Box::new(source.clone())));
    Ok(pulled.chain(repositories).collect())
}

impl Target {
    async fn diagnose(self) -> Vec<Diagnosis> {
        match self {
            Self::Repository(url) => {
                let check = git::source_name(&url);
                in_time(&check, SOURCE_TIMEOUT, repository(&check, &url)).await
            }
            Self::Pulled(source) => {
                let check = source.full_name();
                in_time(&check, SOURCE_TIMEOUT, pulled(&check, &source)).await
            }
        }
    }
}

async fn repository(check: &str, url: &str) -> Vec<Diagnosis> {
    vec![match git::reach(url).await {
        Ok(()) => Diagnosis::ok(check, "can be read"),
        Err(error) => Diagnosis::failure(
            check,
            runtime::with_causes(&error),
            "see that the address is right, and that this user has a key or credentials for it (`git ls-remote`)",
        ),
    }]
}

async fn pulled(check: &str, source: &Source) -> Vec<Diagnosis> {
    let page = format!("see collectors/connectors/{}/README.md", source.connector);
    let Some(connector) = registry::paged().find(|paged| paged.name() == source.connector) else {
        return vec![Diagnosis::failure(check, "no connector of this program pulls it", page)];
    };
    let opened = match Opened::new(source) {
        Ok(opened) => opened,
        Err(error) => return vec![Diagnosis::failure(check, error.to_string(), page)],
    };
    let mut some = opened.clone();
    some.projects.truncate(MAX_PROJECTS);
    match pull::rights(connector, &some).await {
        Ok(checked) => {
            let mut all = rights(check, &checked, &page);
            all.extend(opened.clock_ahead_by().and_then(|ahead_by| clock(check, ahead_by)));
            all
        }
        Err(error) => vec![Diagnosis::failure(check, error.to_string(), page)],
    }
}

/// What a token may do.
fn rights(check: &str, checked: &CheckedSource, page: &str) -> Vec<Diagnosis> {
    let mut all: Vec<Diagnosis> = checked
        .rights
        .iter()
        .filter(|right| right.missing.is_some())
        .map(|right| {
            let why = right.missing.as_deref().unwrap_or_default();
            let found = format!("the token lacks {}, needed for {}: {why}", right.name, right.needed_for);
            if right.is_optional {
                Diagnosis::warning(check, found, format!("give it that right if you want these; {page}"))
            } else {
                Diagnosis::failure(check, found, format!("give it that right; {page}"))
            }
        })
        .collect();
    if all.is_empty() {
        let of = if checked.identity.is_empty() { String::new() } else { format!(" of `{}`", checked.identity) };
        let rights = count(checked.rights.len(), "right");
        all.push(Diagnosis::ok(check, format!("it answers; the token{of} has all it needs, {rights} asked")));
    }
    all
}

/// What is wrong with a clock that is ahead of ours by this.
fn clock(check: &str, ahead_by: TimeDelta) -> Option<Diagnosis> {
    let found = format!("its clock differs from ours by {} s", ahead_by.num_seconds().abs());
    let advice = "synchronize the clock of this machine (NTP): times of events are compared";
    (ahead_by.abs() > MAX_DIFFERENCE).then(|| Diagnosis::warning(check, found, advice))
}

#[cfg(test)]
mod tests {
    use pull::CheckedRight;

    use super::super::diagnosis::DiagnosisState;
    use super::*;

    fn right(is_optional: bool, missing: Option<&str>) -> CheckedRight {
        CheckedRight { name: "Actions", needed_for: "runs", is_optional, missing: missing.map(str::to_owned) }
    }

    #[test]
    fn a_right_that_is_missing_is_a_failure_unless_the_rest_works_without_it() {
        for (found, expected) in [
            (vec![right(false, None), right(true, None)], vec![DiagnosisState::Ok]),
            (vec![right(false, None), right(true, Some("read"))], vec![DiagnosisState::Warning]),
            (vec![right(false, Some("read")), right(true, None)], vec![DiagnosisState::Failure]),
            (vec![], vec![DiagnosisState::Ok]),
        ] {
            let checked = CheckedSource { identity: "ann".to_owned(), rights: found, ..CheckedSource::default() };
            let states: Vec<_> = rights("github/main", &checked, "see x").iter().map(|one| one.state).collect();
            assert_eq!(states, expected);
        }
    }

    #[test]
    fn a_clock_that_differs_by_half_a_minute_is_a_warning() {
        assert_eq!(clock("github/main", TimeDelta::seconds(-29)), None);
        assert!(clock("github/main", TimeDelta::seconds(-31)).unwrap().found.contains("31 s"));
    }

    #[tokio::test]
    async fn a_path_without_a_repository_is_a_failure_and_one_with_a_repository_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let url = directory.path().display().to_string();
        let source = |url: &str| {
            let options = serde_json::json!({ "urls": [url] });
            Source { pull: serde_json::from_value(options).ok(), ..Source::new("git", "main") }
        };
        assert_eq!(diagnose(&[source(&url)]).await[0].state, DiagnosisState::Failure);
        std::fs::create_dir(directory.path().join(".git")).unwrap();
        assert_eq!(diagnose(&[source(&url)]).await[0].state, DiagnosisState::Ok);
    }
}
