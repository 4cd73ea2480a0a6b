//! Explains a deployment, change or commit by what the computation of its service found.

use std::collections::BTreeSet;

use chrono::DateTime;
use kernel::{DeploymentKind, DeploymentMetric, FindingKind, Outcome};
use store::history::search::FoundDeployment;

use crate::compute::measured::{self, Eligibility, KnownDeployment};
use crate::compute::{Subject, counts_commits, is_before_counting};
use crate::{CarriedCommit, ChangeExplanation, DeploymentExplanation, History, Options, ServiceMetrics};

/// Explains what a computation found.
pub(crate) struct Explainer<'a> {
    pub(crate) history: &'a History,
    pub(crate) metrics: &'a ServiceMetrics,
    pub(crate) options: &'a Options,
}

impl Explainer<'_> {
    pub(super) fn deployment(&self, found: &FoundDeployment) -> Option<DeploymentExplanation> {
        let known = measured::known(self.history, self.options);
        let fact = known.iter().find(|known| known.fact.id == found.id)?;
        let position = self.metrics.position(found.id.as_str());
        let metric = position.and_then(|position| self.metrics.deployments.get(position));
        let mut why = vec![self.about_source(fact), self.about_environment(fact), about_outcome(fact)];
        why.extend(metric.map(about_kind));
        why.extend(metric.and_then(|metric| metric.rollout.as_ref()).map(|leader| {
            format!("It is part of the rollout that deployment `{leader}` counts for, with its verdict.")
        }));
        let subjects = self.metrics.carried.subjects.iter();
        let carried = subjects.filter(|(_, deployment)| Some(*deployment as usize) == position);
        let changes: Vec<_> = carried
            .map(|(subject, deployment)| self.metrics.change(self.history, self.options, *subject, *deployment))
            .collect();
        let carried_by_it = self.history.graph.numbers().filter(|commit| {
            position.is_some() && self.history.graph.known(*commit) && self.metrics.walk.carrier(*commit) == position
        });
        let subjects: BTreeSet<&str> =
            changes.iter().map(|change| change.change.as_str()).chain([found.id.as_str()]).collect();
        Some(DeploymentExplanation {
            service: self.history.service.clone(),
            deployment: found.id.clone(),
            measured: metric.is_some(),
            why,
            metric: metric.cloned(),
            previous: metric.and_then(|metric| self.row(metric.previous.as_ref()?.as_str())),
            commits: self.commits(carried_by_it.collect()),
            findings: self.findings(&subjects),
            changes,
        })
    }

    fn about_source(&self, fact: &KnownDeployment<'_>) -> String {
        let service = &self.history.service;
        let kind = fact.fact.source.as_str();
        let chosen = match self.history.deployments_from {
            Some(_) => "because `service.deployments_from` says so",
            None => "the first kind of deployment that it has",
        };
        match self.metrics.source {
            Some(source) if source == fact.fact.source => {
                format!("Its source is `{kind}`, which `{service}` is measured by, {chosen}.")
            }
            Some(source) => format!(
                "Its source is `{kind}`, but `{service}` is measured by `{}`, {chosen}; so it does not count.",
                source.as_str()
            ),
            None => format!("Its source is `{kind}`; `{service}` has no deployments to be measured by."),
        }
    }

    fn about_environment(&self, fact: &KnownDeployment<'_>) -> String {
        let rule = match (&self.history.production, &self.options.production, fact.fact.production) {
            (Some(rule), _, _) => format!("by `service.production` (`{rule}`)"),
            (None, Some(rule), _) => format!("by `dora.production` (`{rule}`)"),
            (None, None, Some(_)) => "by its source's own word".to_owned(),
            (None, None, None) => "by the words of its name".to_owned(),
        };
        let environment = match &fact.fact.environment {
            Some(environment) => format!("Its environment is `{environment}`, which"),
            None => "Its environment".to_owned(),
        };
        match fact.fit {
            Eligibility::NotProduction => format!("{environment} is not production {rule}; so it does not count."),
            Eligibility::OtherBranch => {
                "It is a pipeline run for a pull request, for a fork, or for a branch that is neither \
                                 the default branch nor one of `service.branches`; so it does not count."
                    .to_owned()
            }
            Eligibility::RunAgain => {
                "It is a later attempt of a pipeline run that had succeeded before; so it does not count.".to_owned()
            }
            Eligibility::Success
            | Eligibility::Failure
            | Eligibility::Running
            | Eligibility::Neither
            | Eligibility::NoTime => match fact.fact.environment {
                None => "Its source knows no environments, so it counts as production.".to_owned(),
                Some(_) => format!("{environment} is production {rule}."),
            },
        }
    }

    /// The explanation of a change, or of a direct commit.
    pub(crate) fn subject(&self, subject: Subject) -> ChangeExplanation {
        let graph = &self.history.graph;
        let carried = self.metrics.carried.subjects.iter().find(|(carried, _)| *carried == subject);
        let metric =
            carried.map(|(subject, deployment)| self.metrics.change(self.history, self.options, *subject, *deployment));
        let deployment = carried.and_then(|(_, deployment)| self.metrics.deployments.get(*deployment as usize));
        let (anchor, title, url, commits) = match subject {
            Subject::Commit(commit) => (Some(commit), graph.subject(commit).to_owned(), None, vec![commit]),
            Subject::Change(number) => {
                let change = self.history.changes.get(number as usize);
                let own = graph.numbers().filter(|commit| {
                    self.metrics.owners.change_of(*commit) == Some(number as usize)
                        || change.is_some_and(|change| change.commits.contains(commit))
                });
                let commits = own.filter(|commit| graph.known(*commit)).collect();
                (
                    change.and_then(|change| change.merge),
                    change.map(|change| change.title.to_string()).unwrap_or_default(),
                    change.and_then(|change| change.url.as_deref().map(ToOwned::to_owned)),
                    commits,
                )
            }
        };
        let mut why = vec![self.why_carried(subject, anchor, deployment)];
        if metric.as_ref().is_some_and(|metric| metric.excluded) {
            why.push(
                "It is left out of lead time by configuration (a bot's, or one of `dora.exclude_labels`).".to_owned(),
            );
        }
        let id = self.metrics.id(self.history, self.options, subject);
        ChangeExplanation {
            service: self.history.service.clone(),
            title,
            url,
            why,
            deployment: deployment.cloned(),
            commits: self.commits(commits),
            findings: self.findings(&BTreeSet::from([id.as_str()])),
            change: id.into(),
            metric,
        }
    }

    /// Why a deployment carried it, or none did. `anchor` is the commit by which it came onto the branch.
    fn why_carried(&self, subject: Subject, anchor: Option<u32>, deployment: Option<&DeploymentMetric>) -> String {
        let graph = &self.history.graph;
        let reached = anchor.and_then(|commit| self.metrics.walk.reached_by(commit));
        let called = |row: &DeploymentMetric| row.name.clone().unwrap_or_else(|| row.deployment.to_string());
        match (deployment, reached) {
            (Some(row), Some(_)) => format!(
                "Deployment `{}` carried it: of those of `{}`, in the order in which they finished, it is the first \
                 from whose commit {} can be reached.",
                called(row),
                row.service,
                anchor.map(|commit| graph.sha(commit).to_string()).unwrap_or_default()
            ),
            (Some(row), None) => format!(
                "Deployment `{}` carried it by time: it is the first of `{}` that finished after the change was \
                 merged. The parents of the commits between are not known.",
                called(row),
                row.service
            ),
            (None, _) if is_before_counting(self.metrics, subject, reached) => {
                "It was there already when the first known deployment finished, where counting starts; so no \
                 deployment carried it."
                    .to_owned()
            }
            (None, Some(_)) => self.not_counted(subject),
            (None, None) => "No production deployment has reached it yet.".to_owned(),
        }
    }

    /// Why nothing carried what reached production.
    fn not_counted(&self, subject: Subject) -> String {
        let copies = &self.metrics.carried.copies;
        match subject {
            Subject::Change(number) if copies.is_duplicate(number as usize) => {
                "All of its commits came with other changes (a promotion or a backport), so it is no change of its own."
            }
            Subject::Commit(commit) if self.history.graph.is_merge(commit) => {
                "It is a merge that is no change's: it brings nothing of its own."
            }
            Subject::Commit(commit) if copies.has_copies(commit) => {
                "It is a copy (a cherry-pick or a rebase) of a commit that counts already: the same change counts once."
            }
            Subject::Commit(_) if !counts_commits(self.options) => {
                "It came with no pull request; the rules of DevLake know no other."
            }
            Subject::Change(_) | Subject::Commit(_) => "It changes nothing in the directories of the service.",
        }
        .to_owned()
    }

    /// Commits for people, newest first.
    fn commits(&self, commits: Vec<u32>) -> Vec<CarriedCommit> {
        let History { graph, texts, changes, .. } = self.history;
        let mut commits: Vec<CarriedCommit> = commits
            .into_iter()
            .map(|commit| CarriedCommit {
                sha: graph.sha(commit),
                repository: texts.get(graph.repository(commit)).unwrap_or_default().into(),
                subject: graph.subject(commit).to_owned(),
                author: texts.get(graph.author(commit)).map(Into::into),
                authored_at: DateTime::from_timestamp_micros(graph.authored(commit)).unwrap_or_default(),
                change: self
                    .metrics
                    .owners
                    .change_of(commit)
                    .and_then(|number| changes.get(number))
                    .map(|change| change.id.as_ref().into()),
            })
            .collect();
        commits.sort_by(|a, b| (b.authored_at, a.sha).cmp(&(a.authored_at, b.sha)));
        commits
    }

    fn row(&self, deployment: &str) -> Option<DeploymentMetric> {
        self.metrics.deployments.get(self.metrics.position(deployment)?).cloned()
    }

    fn findings(&self, subjects: &BTreeSet<&str>) -> Vec<kernel::Finding> {
        let about = self.metrics.findings.iter().filter(|finding| {
            subjects.contains(finding.subject.as_str()) || finding.kind == FindingKind::PartialHistory
        });
        about.cloned().collect()
    }
}

fn about_outcome(fact: &KnownDeployment<'_>) -> String {
    match fact.fit {
        Eligibility::Success => "It succeeded.",
        Eligibility::NotProduction | Eligibility::OtherBranch | Eligibility::RunAgain => match fact.fact.outcome {
            Some(Outcome::Success) => "It succeeded.",
            Some(Outcome::Failure) => "It failed.",
            Some(Outcome::Neither) | None => "It ended neither with success nor with failure.",
        },
        Eligibility::Failure => "It failed: an attempt, not a deployment.",
        Eligibility::Running => "It is still running, so it does not count yet.",
        Eligibility::Neither => "It was canceled, skipped or superseded, so it does not count.",
        Eligibility::NoTime => "Its source does not say when it ended, so it does not count.",
    }
    .to_owned()
}

fn about_kind(metric: &DeploymentMetric) -> String {
    let plural = |count: i32, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    match metric.kind {
        DeploymentKind::First if metric.is_baseline() => {
            "It is the first deployment that is known in its environment: counting starts with the first of all, so it \
             carries nothing (`dora.first_deployment`)."
                .to_owned()
        }
        DeploymentKind::First => "It is the first deployment that is known in its environment.".to_owned(),
        DeploymentKind::Normal if metric.commits == 0 && metric.changes == 0 => {
            "It advances: its commit is no ancestor of the one before it. It brought nothing that no earlier \
             deployment had reached."
                .to_owned()
        }
        DeploymentKind::Normal => format!(
            "It brought {} that no earlier deployment had reached, in {}.",
            plural(metric.commits, "commit"),
            plural(metric.changes, "change")
        ),
        DeploymentKind::Rollback => {
            "It went back to a commit before that of the deployment before it in its environment: it is a rollback, \
             and carries nothing new."
                .to_owned()
        }
        DeploymentKind::RollForward => {
            "It put a version into production again that had been there before: it advances, and is no rollback."
                .to_owned()
        }
        DeploymentKind::Redeployment => {
            "It is of the very commit of the deployment before it: a redeployment, which does not count once more."
                .to_owned()
        }
        DeploymentKind::None if metric.success => {
            "An earlier deployment had already reached its commit: it was named or reported late, or is a second \
             name, carries nothing and gives no verdict."
                .to_owned()
        }
        DeploymentKind::None => "What failed carries nothing.".to_owned(),
    }
}
