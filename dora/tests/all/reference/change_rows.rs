//! The rows of changes and of direct commits.

use chrono::{DateTime, Utc};
use dora::settings::LeadTimeStart;
use kernel::{Change, ChangeMetric, Commit, FindingKind, Review, ReviewState};

use super::{World, finish, micros};

impl World<'_> {
    fn is_bot(&self, account: Option<&str>) -> bool {
        let Some(account) = account else { return false };
        account.contains("[bot]") || self.bots.contains(account)
    }

    pub(super) fn change_rows(&mut self) -> Vec<ChangeMetric> {
        let mut rows = Vec::new();
        for change in self.changes.clone() {
            let brought = self.brought(change).filter(|_| self.counts(change));
            if let Some(number) = brought.filter(|number| self.carries(*number)) {
                rows.push(self.change_row(change, number));
            }
        }
        let commits: Vec<&Commit> = self.commits.values().copied().collect();
        for commit in commits {
            let Some(number) = self.carrier(commit.sha) else { continue };
            if !self.is_direct(commit.sha) {
                continue;
            }
            let id = format!("{}@{}", commit.repository, commit.sha);
            let lead = micros(finish(self.deployments[number]) - commit.authored_at);
            if lead < 0 {
                self.findings.insert((FindingKind::NegativeDuration, id.clone()));
            }
            let author = commit.author.as_ref();
            let bot = self.is_bot(author.map(kernel::AccountId::as_str));
            rows.push(ChangeMetric {
                service: "web".to_owned(),
                change: id.into(),
                is_commit: true,
                deployment: self.deployments[number].id.clone(),
                deployed_at: finish(self.deployments[number]),
                repository: commit.repository.clone(),
                title: commit.subject.clone(),
                author: author.cloned(),
                bot,
                commits: 1,
                started_at: Some(commit.authored_at),
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
                lead_time_us: Some(lead).filter(|lead| *lead >= 0),
                excluded: bot && self.case.settings.exclude_bots_from_lead_time,
            });
        }
        rows.sort_by(|a, b| (a.deployed_at, &a.change).cmp(&(b.deployed_at, &b.change)));
        rows
    }

    fn change_row(&mut self, change: &Change, number: usize) -> ChangeMetric {
        let (commits, first, _) = self.beginning(change);
        let author = change.author.as_ref().map(kernel::AccountId::as_str);
        let counts = |review: &&&Review| {
            let reviewer = review.reviewer.as_ref().map(kernel::AccountId::as_str);
            review.change == change.id
                && !(reviewer.is_some() && reviewer == author)
                && !self.is_bot(reviewer)
                && change.merged_at.is_none_or(|merged| review.submitted_at <= merged)
        };
        let reviewed = self.reviews.iter().find(counts).map(|review| review.submitted_at);
        let approvals = self.reviews.iter().filter(|review| review.state == ReviewState::Approved);
        let approved = approvals.clone().find(counts).map(|review| review.submitted_at);
        let start = match self.case.settings.lead_time_start {
            LeadTimeStart::FirstCommit => first.or(change.opened_at),
            LeadTimeStart::Opened => change.opened_at,
            LeadTimeStart::Merged => change.merged_at,
        };
        let deployed = finish(self.deployments[number]);
        let ready = change.ready_at.or(change.opened_at);
        let mut negative = false;
        let mut span = |from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>| {
            let span = micros(to? - from?);
            negative |= span < 0;
            Some(span).filter(|span| *span >= 0)
        };
        let bot = self.is_bot(author);
        let labeled = change.labels.iter().any(|label| self.case.settings.exclude_labels.contains(label));
        let row = ChangeMetric {
            service: "web".to_owned(),
            change: change.id.clone(),
            is_commit: false,
            deployment: self.deployments[number].id.clone(),
            deployed_at: deployed,
            repository: change.repository.clone(),
            title: change.title.clone(),
            author: change.author.clone(),
            bot,
            commits: i32::try_from(commits).unwrap(),
            started_at: start,
            opened_at: change.opened_at,
            ready_at: change.ready_at,
            first_review_at: reviewed,
            approved_at: approved,
            merged_at: change.merged_at,
            coding_us: span(first, ready),
            pickup_us: span(ready, reviewed),
            review_us: span(reviewed, change.merged_at),
            approval_us: span(approved, change.merged_at),
            deploy_us: span(change.merged_at, Some(deployed)),
            lead_time_us: span(start, Some(deployed)),
            excluded: bot && self.case.settings.exclude_bots_from_lead_time || labeled,
        };
        if negative {
            self.findings.insert((FindingKind::NegativeDuration, change.id.to_string()));
        }
        if first.is_none() && self.case.settings.lead_time_start == LeadTimeStart::FirstCommit {
            self.findings.insert((FindingKind::UnknownFirstCommit, change.id.to_string()));
        }
        row
    }
}
