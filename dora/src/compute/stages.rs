//! The row of a change: its lead time and its stages. What has no end points is null; what would be
//! negative is null and a finding.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a change or a deployment, numbers are theirs")]

use kernel::{ChangeId, ChangeMetric, DeploymentMetric, RepositoryId};

use super::carried::Subject;
use super::owners::{Beginning, Owners};
use super::rules::{GivenReview, RuleSet};
use super::spans::{Times, instant};
use crate::Options;
use crate::history::{ChangeRecord, History};
use crate::settings::LeadTimeStart;

/// Which accounts are bots, by number.
pub(crate) fn bots(history: &History, options: &Options) -> Vec<bool> {
    let texts = history.texts.all();
    texts.zip(0..).map(|(text, number)| history.bots.contains(&number) || options.names_bot(text)).collect()
}

/// Everything that rows are made from.
pub(crate) struct Stages<'a> {
    pub history: &'a History,
    pub options: &'a Options,
    pub rules: &'static dyn RuleSet,
    pub owners: &'a Owners,
    pub deployments: &'a [DeploymentMetric],
    pub bots: &'a [bool],
}

/// The findings about the data of a change, with its id.
pub(crate) struct Noticed {
    /// The durations that would be negative.
    pub negative: Option<(String, Vec<&'static str>)>,
    /// How the start of its lead time was determined, since its commits are not known.
    pub unknown_start: Option<(String, &'static str)>,
    /// How many of its commits have an author time that is not believed.
    pub implausible: Option<(String, i32)>,
}

impl Stages<'_> {
    /// The row of what a deployment carried.
    pub fn row(&self, subject: Subject, deployment: u32) -> ChangeMetric {
        let deployment = &self.deployments[deployment as usize];
        let times = self.times(subject, deployment);
        let spans = self.rules.spans(&times);
        let (repository, title, author, commits, labels): (_, _, _, _, &[u32]) = match subject {
            Subject::Change(number) => {
                let change = self.record(number);
                let commits = self.owners.beginnings[number as usize].commits;
                (change.repository, change.title.as_ref(), change.author, commits, &change.labels)
            }
            Subject::Commit(commit) => {
                let graph = &self.history.graph;
                (graph.repository(commit), graph.subject(commit), graph.author(commit), 1, &[])
            }
        };
        let bot = self.is_bot(author);
        let labeled =
            labels.iter().filter_map(|label| self.text(*label)).any(|label| self.options.excludes_label(label));
        ChangeMetric {
            service: self.history.service.clone(),
            change: ChangeId(self.id(subject)),
            is_commit: matches!(subject, Subject::Commit(_)),
            deployment: deployment.deployment.clone(),
            deployed_at: deployment.finished_at,
            repository: RepositoryId(self.text(repository).unwrap_or_default().to_owned()),
            title: title.to_owned(),
            author: self.text(author).map(Into::into),
            bot,
            commits,
            started_at: times.started.map(instant),
            opened_at: times.opened.map(instant),
            ready_at: times.ready.map(instant),
            first_review_at: times.reviewed.map(instant),
            approved_at: times.approved.map(instant),
            merged_at: times.merged.map(instant),
            coding_us: spans.coding.unwrap_or_default(),
            pickup_us: spans.pickup.unwrap_or_default(),
            review_us: spans.review.unwrap_or_default(),
            approval_us: spans.approval.unwrap_or_default(),
            deploy_us: spans.deploy.unwrap_or_default(),
            lead_time_us: spans.lead_time.unwrap_or_default(),
            excluded: bot && self.options.exclude_bots || labeled,
        }
    }

    /// The findings about the data of what a deployment carried.
    pub fn noticed(&self, subject: Subject, deployment: u32) -> Noticed {
        let times = self.times(subject, &self.deployments[deployment as usize]);
        let spans = self.rules.spans(&times);
        let named = [
            ("lead time", spans.lead_time),
            ("coding", spans.coding),
            ("pickup", spans.pickup),
            ("review", spans.review),
            ("approval", spans.approval),
            ("deploy", spans.deploy),
        ];
        let negative: Vec<_> = named.into_iter().filter(|(_, span)| span.is_err()).map(|(name, _)| name).collect();
        let unknown = match times.started {
            Some(_) => "its commits are not known, so its lead time starts when it was opened",
            None => "its commits are not known, nor when it was opened, so its lead time is missing",
        };
        Noticed {
            negative: (!negative.is_empty()).then(|| (self.id(subject), negative)),
            unknown_start: times.unknown_start.then(|| (self.id(subject), unknown)),
            implausible: (times.implausible > 0).then(|| (self.id(subject), times.implausible)),
        }
    }

    fn times(&self, subject: Subject, deployment: &DeploymentMetric) -> Times {
        let deployed = deployment.finished_at.timestamp_micros();
        let number = match subject {
            Subject::Change(number) => number,
            Subject::Commit(commit) => {
                let started = self.history.graph.plausibly_authored(commit);
                let implausible = i32::from(started.is_none());
                return Times { started, deployed, implausible, ..Times::default() };
            }
        };
        let change = self.record(number);
        let Beginning { first, implausible, .. } = self.owners.beginnings[number as usize];
        let (started, unknown_start) = match self.options.lead_time_start {
            LeadTimeStart::FirstCommit => (first.or(change.opened), first.is_none()),
            LeadTimeStart::Opened => (change.opened, false),
            LeadTimeStart::Merged => (change.merged, false),
        };
        let (reviewed, approved) = self.reviewed(change);
        Times {
            first,
            opened: change.opened,
            ready: change.ready,
            reviewed,
            approved,
            merged: change.merged,
            started,
            deployed,
            unknown_start,
            implausible,
        }
    }

    /// When it was first reviewed, and first approved, by the reviews that count.
    fn reviewed(&self, change: &ChangeRecord) -> (Option<i64>, Option<i64>) {
        let mut counted = self.history.reviews_of(&change.id).iter().filter(|review| {
            self.rules.counts(&GivenReview {
                reviewer: self.text(review.reviewer),
                by_bot: self.is_bot(review.reviewer),
                at: review.at,
                author: self.text(change.author),
                merged: change.merged,
            })
        });
        let approved = counted.clone().find(|review| review.approved);
        (counted.next().map(|review| review.at), approved.map(|review| review.at))
    }

    /// The id of a change; for a direct commit its repository and its own.
    pub fn id(&self, subject: Subject) -> String {
        match subject {
            Subject::Change(number) => self.record(number).id.to_string(),
            Subject::Commit(commit) => {
                let graph = &self.history.graph;
                format!("{}@{}", self.text(graph.repository(commit)).unwrap_or_default(), graph.sha(commit))
            }
        }
    }

    fn record(&self, number: u32) -> &ChangeRecord {
        &self.history.changes[number as usize]
    }

    fn is_bot(&self, account: u32) -> bool {
        self.bots.get(account as usize).copied().unwrap_or_default()
    }

    fn text(&self, number: u32) -> Option<&str> {
        self.history.texts.get(number)
    }
}
