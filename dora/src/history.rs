//! What is known about one service: the input of the computation. Built from facts in any order; two
//! histories of the same facts compute to the same rows.

mod graph;
mod index;
#[cfg(test)]
pub(crate) mod small_graph;
mod text;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kernel::{
    Account, AccountId, Change, ChangeState, Completeness, Deployment, DeploymentSource, Fact, Incident, PipelineRun,
    Repository, RepositoryId, Review, ReviewState, Service, Sha,
};
use regex::Regex;
use store::history::CommitRow;

use crate::{DoraError, options};
pub(crate) use graph::Graph;
pub(crate) use index::index;
pub(crate) use text::Texts;

/// Everything that is known about one service.
#[derive(Debug)]
pub struct History {
    pub(crate) service: String,
    pub(crate) repositories: Vec<RepositoryId>,
    /// Its own directories, if it shares a repository.
    pub(crate) paths: Vec<String>,
    /// Which deployments are its own, by name, where it shares a repository.
    pub(crate) own_deployments: Option<Regex>,
    pub(crate) production: Option<Regex>,
    /// Branches whose pipeline runs can be deployments, beside the default branch.
    pub(crate) branches: Option<Regex>,
    pub(crate) deployments_from: Option<DeploymentSource>,
    /// What its incidents are part of at their sources.
    claims: Vec<String>,
    /// The component that is called as it is.
    component: String,
    pub(crate) texts: Texts,
    pub(crate) graph: Graph,
    /// By id. Merged ones that were not taken away.
    pub(crate) changes: Vec<ChangeRecord>,
    /// By change, then time.
    pub(crate) reviews: Vec<ReviewRecord>,
    /// By id.
    pub(crate) deployments: Vec<Deployment>,
    /// By id.
    pub(crate) pipeline_runs: Vec<PipelineRun>,
    /// By id.
    pub(crate) incidents: Vec<Incident>,
    pub(crate) bots: HashSet<u32>,
    pub(crate) default_branches: BTreeMap<RepositoryId, String>,
    /// The commits that these branches point to, where they were seen.
    pub(crate) default_tips: BTreeMap<RepositoryId, u32>,
    /// Repositories whose history is cut off.
    pub(crate) partial: BTreeSet<RepositoryId>,
}

/// A merged change. Texts by number, commits by number, times in microseconds since 1970.
#[derive(Debug)]
pub(crate) struct ChangeRecord {
    pub id: Box<str>,
    pub title: Box<str>,
    pub url: Option<Box<str>>,
    pub repository: u32,
    pub author: u32,
    pub source_branch: u32,
    pub target_branch: u32,
    pub head: Option<u32>,
    pub merge: Option<u32>,
    /// Those that its source lists.
    pub commits: Box<[u32]>,
    pub opened: Option<i64>,
    pub ready: Option<i64>,
    pub merged: Option<i64>,
    pub labels: Box<[u32]>,
    pub reverts: Option<Box<str>>,
}

/// A review or comment on a change.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReviewRecord {
    pub change: Box<str>,
    pub at: i64,
    pub reviewer: u32,
    pub approved: bool,
}

/// Builds a [`History`] from facts, in any order.
#[derive(Debug)]
pub struct HistoryBuilder {
    history: History,
}

/// Names of branches, in which `*` stands for any text, as one pattern.
fn branch_pattern(branches: &[String]) -> Option<String> {
    let patterns: Vec<String> = branches.iter().map(|branch| regex::escape(branch).replace(r"\*", ".*")).collect();
    (!patterns.is_empty()).then(|| format!("^(?:{})$", patterns.join("|")))
}

impl HistoryBuilder {
    /// A service. Its own settings must be usable; facts of other services are the caller's to leave out.
    pub fn new(service: &Service) -> Result<Self, DoraError> {
        let pattern = |key: &str, text: &Option<String>| {
            options::optional(&format!("service.{}.{key}", service.name), text.as_deref())
        };
        let mut texts = Texts::default();
        for repository in &service.repositories {
            texts.number(repository.as_str());
        }
        Ok(Self {
            history: History {
                service: service.name.clone(),
                repositories: service.repositories.clone(),
                paths: service.paths.clone(),
                own_deployments: pattern("deployments", &service.deployments)?,
                production: pattern("production", &service.production)?,
                branches: pattern("branches", &branch_pattern(&service.branches))?,
                deployments_from: service.deployments_from,
                claims: service.claims(),
                component: service.component(),
                texts,
                graph: Graph::default(),
                changes: Vec::new(),
                reviews: Vec::new(),
                deployments: Vec::new(),
                pipeline_runs: Vec::new(),
                incidents: Vec::new(),
                bots: HashSet::new(),
                default_branches: BTreeMap::new(),
                default_tips: BTreeMap::new(),
                partial: BTreeSet::new(),
            },
        })
    }

    /// Adds a fact. Kinds that say nothing about deployments (work items, teams) are left out.
    pub fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::Repository(x) => self.repository(x),
            Fact::Commit(x) => self.commit(&CommitRow {
                repository: x.repository.as_str(),
                sha: x.sha,
                parents: x.parents.as_deref(),
                author: x.author.as_ref().map(AccountId::as_str),
                authored_us: x.authored_at.timestamp_micros(),
                committed_us: x.committed_at.timestamp_micros(),
                subject: &x.subject,
                branch: x.branch.as_deref(),
                reverts: &x.reverts,
                directories: x.directories.as_deref(),
                cherry_picked_from: x.cherry_picked_from,
                directories_truncated: x.directories_truncated,
            }),
            Fact::Change(x) => self.change(x),
            Fact::Review(x) => self.review(x),
            Fact::PipelineRun(x) => self.pipeline_run(x.clone()),
            Fact::Deployment(x) => self.deployment(x.clone()),
            Fact::Incident(x) => self.incident(x.clone()),
            Fact::Account(x) => self.account(x),
            Fact::Partial(x) => self.fact(&x.of),
            _ => {}
        }
    }

    /// Adds a repository.
    pub fn repository(&mut self, repository: &Repository) {
        if repository.partial {
            self.history.partial.insert(repository.id.clone());
        }
        if let Some(branch) = &repository.default_branch {
            self.history.default_branches.insert(repository.id.clone(), branch.clone());
        }
        if let Some(tip) = repository.default_branch_tip {
            let tip = self.history.graph.intern(tip);
            self.history.default_tips.insert(repository.id.clone(), tip);
        }
    }

    /// Adds a commit.
    pub fn commit(&mut self, commit: &CommitRow<'_>) {
        self.history.graph.add(commit, &self.history.paths, &mut self.history.texts);
    }

    /// Adds a change.
    pub fn change(&mut self, change: &Change) {
        if change.deleted || change.state != ChangeState::Merged {
            return;
        }
        // what git showed of a merge is found in the graph, by ancestry and with what merges inside it are of
        let is_inferred = change.version.completeness == Completeness::Inferred;
        let listed = if is_inferred { &[][..] } else { change.commits.as_slice() };
        let History { graph, texts, changes, .. } = &mut self.history;
        let mut number = |text: Option<&str>| text.map_or(Texts::NONE, |text| texts.number(text));
        changes.push(ChangeRecord {
            id: change.id.as_str().into(),
            title: change.title.as_str().into(),
            url: change.url.as_deref().map(Into::into),
            repository: number(Some(change.repository.as_str())),
            author: number(change.author.as_ref().map(AccountId::as_str)),
            source_branch: number(change.source_branch.as_deref()),
            target_branch: number(change.target_branch.as_deref()),
            head: change.head_sha.map(|sha| graph.intern(sha)),
            merge: change.merge_sha.map(|sha| graph.intern(sha)),
            commits: listed.iter().map(|sha| graph.intern(*sha)).collect(),
            opened: change.opened_at.map(|at| at.timestamp_micros()),
            ready: change.ready_at.map(|at| at.timestamp_micros()),
            merged: change.merged_at.map(|at| at.timestamp_micros()),
            labels: change.labels.iter().map(|label| number(Some(label))).collect(),
            reverts: change.reverts.as_ref().map(|id| id.as_str().into()),
        });
    }

    /// Adds a review.
    pub fn review(&mut self, review: &Review) {
        let reviewer = review.reviewer.as_ref();
        let reviewer = reviewer.map_or(Texts::NONE, |reviewer| self.history.texts.number(reviewer.as_str()));
        self.history.reviews.push(ReviewRecord {
            change: review.change.as_str().into(),
            at: review.submitted_at.timestamp_micros(),
            reviewer,
            approved: review.state == ReviewState::Approved,
        });
    }

    /// Adds a run of a pipeline.
    pub fn pipeline_run(&mut self, run: PipelineRun) {
        self.intern(run.sha);
        self.history.pipeline_runs.push(run);
    }

    /// Adds a deployment.
    pub fn deployment(&mut self, deployment: Deployment) {
        if !deployment.deleted {
            self.intern(deployment.sha);
            if let Some(repository) = &deployment.repository {
                self.history.texts.number(repository.as_str());
            }
            self.history.deployments.push(deployment);
        }
    }

    /// Adds an incident.
    pub fn incident(&mut self, incident: Incident) {
        if !incident.deleted {
            self.history.incidents.push(incident);
        }
    }

    /// Adds an account.
    pub fn account(&mut self, account: &Account) {
        if account.bot {
            let number = self.history.texts.number(account.id.as_str());
            self.history.bots.insert(number);
        }
    }

    /// The history.
    #[must_use]
    pub fn build(self) -> History {
        let mut history = self.history;
        history.changes.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        let texts = &history.texts;
        history.reviews.sort_unstable_by(|a, b| {
            let key = |review: &ReviewRecord| (texts.get(review.reviewer).map(str::to_owned), review.approved);
            (&a.change, a.at).cmp(&(&b.change, b.at)).then_with(|| key(a).cmp(&key(b)))
        });
        history.deployments.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        history.pipeline_runs.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        history.incidents.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        history
    }

    fn intern(&mut self, sha: Option<Sha>) {
        if let Some(sha) = sha {
            self.history.graph.intern(sha);
        }
    }
}

impl History {
    /// The service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// How many commits were read.
    #[must_use]
    pub fn commits(&self) -> usize {
        self.graph.numbers().filter(|commit| self.graph.known(*commit)).count()
    }

    /// Whether an incident hit this service, rather than only naming something of it: by what the service claims, by
    /// the service that the incident names, by a component of the service's name, or by the repository. Of one that
    /// another service claims, that is the service that it names.
    pub(crate) fn owns(&self, incident: &Incident) -> bool {
        let selectors = incident.all_selectors();
        if self.claims.iter().any(|claim| selectors.contains(claim)) {
            return true;
        }
        match (&incident.service, &incident.repository) {
            (Some(service), _) => *service == self.service,
            (None, _) if selectors.contains(&self.component) => true,
            (None, Some(repository)) => self.repositories.contains(repository),
            (None, None) => false,
        }
    }

    /// The position of a change.
    pub(crate) fn find_change(&self, id: &str) -> Option<usize> {
        self.changes.binary_search_by(|change| change.id.as_ref().cmp(id)).ok()
    }

    /// Reviews and comments of a change, oldest first.
    pub(crate) fn reviews_of(&self, change: &str) -> &[ReviewRecord] {
        let start = self.reviews.partition_point(|review| review.change.as_ref() < change);
        let reviews = self.reviews.get(start..).unwrap_or_default();
        let count = reviews.partition_point(|review| review.change.as_ref() == change);
        reviews.get(..count).unwrap_or_default()
    }
}
