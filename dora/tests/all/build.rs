//! Histories for tests, written down in few words. Times are hours since a fixed Monday.

use chrono::{DateTime, Duration, TimeZone, Utc};
use dora::settings;
use dora::{HistoryBuilder, Options, compute};
use kernel::{
    Account, Change, ChangeMetric, ChangeState, Commit, Completeness, Deployment, DeploymentMetric, DeploymentSource,
    Fact, Finding, Incident, IncidentMetric, Outcome, Repository, RepositoryId, Review, ReviewState, Service, Sha,
    Version,
};

/// The repository of every fact that names none.
pub const REPOSITORY: &str = "example.com/shop/web";

/// Another repository of the same service, where a case has one.
pub const OTHER: &str = "example.com/shop/api";

/// Hours since 2026-01-05, a Monday.
pub fn at(hours: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 5, 0, 0, 0).unwrap() + Duration::hours(hours)
}

/// Microseconds of a number of hours.
pub fn hours(count: i64) -> i64 {
    count * 3_600_000_000
}

/// The commit of this number.
pub fn sha(number: u32) -> Sha {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes[4..8].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
    Sha::from_bytes(&bytes).unwrap()
}

pub fn version() -> Version {
    Version { completeness: Completeness::Reported, at: at(0) }
}

/// Facts of one service, and the settings that they are computed with.
#[derive(Clone, Debug)]
pub struct Case {
    pub facts: Vec<Fact>,
    pub service: Service,
    pub settings: settings::Dora,
}

/// What was computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    pub deployments: Vec<DeploymentMetric>,
    pub changes: Vec<ChangeMetric>,
    pub incidents: Vec<IncidentMetric>,
    pub findings: Vec<Finding>,
    pub statement: Option<String>,
}

impl Case {
    pub fn new() -> Self {
        Self {
            facts: Vec::new(),
            service: Service { repositories: vec![REPOSITORY.into()], ..Service::new("web".to_owned(), version()) },
            settings: settings::Dora::default(),
        }
    }

    pub fn set(mut self, change: impl FnOnce(&mut settings::Dora)) -> Self {
        change(&mut self.settings);
        self
    }

    pub fn add(mut self, fact: impl Into<Item>) -> Self {
        self.facts.push(fact.into().0);
        self
    }

    /// Commits on one line, each an hour after the one before it: the first of them.
    pub fn line(mut self, count: u32) -> Self {
        for number in 1..=count {
            let parents: Vec<u32> = number.checked_sub(1).filter(|parent| *parent > 0).into_iter().collect();
            self = self.add(commit(number, i64::from(number), &parents));
        }
        self
    }

    pub fn compute(&self) -> Computed {
        let mut builder = HistoryBuilder::new(&self.service).unwrap();
        for fact in &self.facts {
            builder.fact(fact);
        }
        let options = Options::new(&self.settings).unwrap();
        let history = builder.build();
        let metrics = compute(&history, &options);
        let mut changes: Vec<ChangeMetric> = metrics.changes(&history, &options).collect();
        changes.sort_by(|a, b| (a.deployed_at, &a.change).cmp(&(b.deployed_at, &b.change)));
        Computed {
            deployments: metrics.deployments,
            changes,
            incidents: metrics.incidents,
            findings: metrics.findings,
            statement: metrics.statement,
        }
    }
}

impl Computed {
    /// The deployment of this id's end.
    pub fn deployment(&self, id: &str) -> &DeploymentMetric {
        self.deployments
            .iter()
            .find(|row| row.deployment.as_str() == id)
            .unwrap_or_else(|| panic!("no deployment {id}"))
    }

    /// The change of this number.
    pub fn change(&self, number: i64) -> &ChangeMetric {
        let id = RepositoryId::from(REPOSITORY).change(number);
        self.changes.iter().find(|row| row.change == id).unwrap_or_else(|| panic!("no change {number}"))
    }

    /// Which failed, by id.
    pub fn failed(&self) -> Vec<&str> {
        self.deployments.iter().filter(|row| row.failed).map(|row| row.deployment.as_str()).collect()
    }

    /// Which repaired, by id.
    pub fn rework(&self) -> Vec<&str> {
        self.deployments.iter().filter(|row| row.rework).map(|row| row.deployment.as_str()).collect()
    }
}

/// A fact under construction.
pub struct Item(pub Fact);

macro_rules! item {
    ($($kind:ident),*) => {
        $(impl From<$kind> for Item {
            fn from(fact: $kind) -> Self {
                Self(Fact::$kind(fact))
            }
        })*
    };
}
item!(Repository, Commit, Change, Review, Deployment, Incident, Account);

impl From<kernel::PipelineRun> for Item {
    fn from(fact: kernel::PipelineRun) -> Self {
        Self(Fact::PipelineRun(fact))
    }
}

pub fn commit(number: u32, hour: i64, parents: &[u32]) -> Commit {
    Commit {
        parents: Some(parents.iter().map(|parent| sha(*parent)).collect()),
        author: Some("email/ann@example.com".into()),
        subject: format!("Commit {number}"),
        ..Commit::new(REPOSITORY.into(), sha(number), at(hour), at(hour), version())
    }
}

/// A merged change.
pub fn change(number: i64, merge: u32, merged: i64) -> Change {
    Change {
        number: Some(number),
        title: format!("Change {number}"),
        url: Some(format!("https://example.com/shop/web/pull/{number}")),
        author: Some("example.com/ann".into()),
        source_branch: Some(format!("topic-{number}")),
        target_branch: Some("main".to_owned()),
        merge_sha: Some(sha(merge)),
        merged_at: Some(at(merged)),
        ..Change::new(RepositoryId::from(REPOSITORY).change(number), REPOSITORY.into(), ChangeState::Merged, version())
    }
}

pub fn review(number: i64, id: u32, reviewer: &str, state: ReviewState, hour: i64) -> Review {
    let change = RepositoryId::from(REPOSITORY).change(number);
    Review {
        reviewer: Some(reviewer.into()),
        ..Review::new(format!("{change}/review/{id}"), change, state, at(hour), version())
    }
}

/// A successful deployment of the forge to production.
pub fn deploy(id: &str, commit: u32, hour: i64) -> Deployment {
    Deployment {
        repository: Some(REPOSITORY.into()),
        environment: Some("production".to_owned()),
        sha: Some(sha(commit)),
        finished_at: Some(at(hour)),
        outcome: Some(Outcome::Success),
        url: Some(format!("https://example.com/deployments/{id}")),
        ..Deployment::new(id.into(), version())
    }
}

/// A version tag.
pub fn tag(name: &str, commit: u32, hour: i64) -> Deployment {
    Deployment {
        source: DeploymentSource::Tag,
        environment: None,
        name: Some(name.to_owned()),
        ..deploy(name, commit, hour)
    }
}

pub fn incident(id: &str, detected: i64, resolved: Option<i64>) -> Incident {
    Incident {
        service: Some("web".to_owned()),
        title: format!("Incident {id}"),
        resolved_at: resolved.map(at),
        url: Some(format!("https://example.com/incidents/{id}")),
        ..Incident::new(id.into(), at(detected), version())
    }
}
