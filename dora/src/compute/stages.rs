//! The row of a change: its lead time and its stages. What has no end points is null; what would be
//! negative is null and a finding.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a change or a deployment, numbers are theirs")]

use chrono::{DateTime, Utc};
use kernel::{ChangeId, ChangeMetric, DeploymentMetric, RepositoryId};
use runtime::settings::LeadTimeStart;

use super::carried::Subject;
use super::owners::{Beginning, Owners};
use crate::Options;
use crate::history::{ChangeRecord, History};

/// The row of a change, and what would be negative in it.
pub(crate) struct Staged {
    pub row: ChangeMetric,
    pub negative: Vec<&'static str>,
    /// Its commits are not known, so its lead time starts when it was opened, or not at all.
    pub unknown_start: bool,
}

/// An instant from microseconds since 1970.
pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// Which accounts are bots, by number.
pub(crate) fn bots(history: &History, options: &Options) -> Vec<bool> {
    let texts = history.texts.all();
    texts.zip(0..).map(|(text, number)| history.bots.contains(&number) || options.names_bot(text)).collect()
}

/// Everything that a row is made from.
pub(crate) struct Stages<'a> {
    pub history: &'a History,
    pub options: &'a Options,
    pub owners: &'a Owners,
    pub deployments: &'a [DeploymentMetric],
    pub bots: &'a [bool],
}

impl Stages<'_> {
    pub fn row(&self, subject: Subject, deployment: u32) -> Staged {
        let deployment = &self.deployments[deployment as usize];
        match subject {
            Subject::Change(number) => {
                let record = &self.history.changes[number as usize];
                self.change(record, self.owners.beginnings[number as usize], deployment)
            }
            Subject::Commit(commit) => self.commit(commit, deployment),
        }
    }

    fn is_bot(&self, account: u32) -> bool {
        self.bots.get(account as usize).copied().unwrap_or_default()
    }

    fn text(&self, number: u32) -> Option<&str> {
        self.history.texts.get(number)
    }

    fn commit(&self, commit: u32, deployment: &DeploymentMetric) -> Staged {
        let graph = &self.history.graph;
        let repository = self.text(graph.repository(commit)).unwrap_or_default();
        let author = graph.author(commit);
        let bot = self.is_bot(author);
        let started = graph.authored(commit);
        let mut span = Spans::default();
        let lead_time_us = span.between("lead time", Some(started), Some(deployment.finished_at.timestamp_micros()));
        let row = ChangeMetric {
            service: self.history.service.clone(),
            change: ChangeId(format!("{repository}@{}", graph.sha(commit))),
            is_commit: true,
            deployment: deployment.deployment.clone(),
            deployed_at: deployment.finished_at,
            repository: repository.into(),
            title: graph.subject(commit).to_owned(),
            author: self.text(author).map(Into::into),
            bot,
            commits: 1,
            started_at: Some(instant(started)),
            opened_at: None,
            ready_at: None,
            first_review_at: None,
            approved_at: None,
            merged_at: None,
            coding_us: None,
            pickup_us: None,
            review_us: None,
            approval_us: None,
            deploy_us: None,
            lead_time_us,
            excluded: bot && self.options.exclude_bots,
        };
        Staged { row, negative: span.negative, unknown_start: false }
    }

    fn change(&self, change: &ChangeRecord, beginning: Beginning, deployment: &DeploymentMetric) -> Staged {
        let (reviewed, approved) = self.reviewed(change);
        let bot = self.is_bot(change.author);
        let labelled = change.labels.iter().filter_map(|label| self.text(*label));
        let excluded = bot && self.options.exclude_bots
            || labelled.into_iter().any(|label| self.options.exclude_labels.contains(label));
        let (started, unknown_start) = match self.options.lead_time_start {
            LeadTimeStart::FirstCommit => (beginning.first.or(change.opened), beginning.first.is_none()),
            LeadTimeStart::Opened => (change.opened, false),
            LeadTimeStart::Merged => (change.merged, false),
        };
        let deployed = Some(deployment.finished_at.timestamp_micros());
        let ready = change.ready.or(change.opened);
        let mut span = Spans::default();
        let row = ChangeMetric {
            service: self.history.service.clone(),
            change: ChangeId(change.id.to_string()),
            is_commit: false,
            deployment: deployment.deployment.clone(),
            deployed_at: deployment.finished_at,
            repository: RepositoryId(self.text(change.repository).unwrap_or_default().to_owned()),
            title: change.title.to_string(),
            author: self.text(change.author).map(Into::into),
            bot,
            commits: beginning.commits,
            started_at: started.map(instant),
            opened_at: change.opened.map(instant),
            ready_at: change.ready.map(instant),
            first_review_at: reviewed.map(instant),
            approved_at: approved.map(instant),
            merged_at: change.merged.map(instant),
            coding_us: span.between("coding", beginning.first, ready),
            pickup_us: span.between("pickup", ready, reviewed),
            review_us: span.between("review", reviewed, change.merged),
            approval_us: span.between("approval", approved, change.merged),
            deploy_us: span.between("deploy", change.merged, deployed),
            lead_time_us: span.between("lead time", started, deployed),
            excluded,
        };
        Staged { row, negative: span.negative, unknown_start }
    }

    /// When somebody else who is no bot first reviewed it, and first approved it; before it was merged.
    fn reviewed(&self, change: &ChangeRecord) -> (Option<i64>, Option<i64>) {
        let others = self.history.reviews_of(&change.id).iter().filter(|review| {
            let same = self.text(review.reviewer).is_some() && review.reviewer == change.author;
            !same && !self.is_bot(review.reviewer) && change.merged.is_none_or(|merged| review.at <= merged)
        });
        let mut approvals = others.clone().filter(|review| review.approved);
        (others.map(|review| review.at).next(), approvals.next().map(|review| review.at))
    }
}

/// Durations, and the names of those that would be negative.
#[derive(Default)]
struct Spans {
    negative: Vec<&'static str>,
}

impl Spans {
    fn between(&mut self, name: &'static str, from: Option<i64>, to: Option<i64>) -> Option<i64> {
        let span = to?.checked_sub(from?)?;
        if span < 0 {
            self.negative.push(name);
            return None;
        }
        Some(span)
    }
}
