//! What lies around the changes of a service: sprints, the ways of work items, CI of the default branch and runs that
//! pass when they are run again, assistants, quality and vulnerabilities. It has dice of its own, so that the changes
//! and deployments of a service are the same with it and without.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{
    AccountId, Commit, Fact, Outcome, PipelineRun, QualityMeasure, RepositoryId, Sprint, SprintEntry, StatusCategory,
    Transition, Vulnerability, WorkItem,
};

use super::dice::Dice;
use super::life::stated;
use super::organization::ServicePlan;
use super::scale::Demo;

/// A status of an item, and what it means.
type Status<'s> = (&'s str, StatusCategory);

const TO_DO: Status<'_> = ("To do", StatusCategory::ToDo);
const IN_PROGRESS: Status<'_> = ("In progress", StatusCategory::InProgress);
const BLOCKED: Status<'_> = ("Blocked", StatusCategory::ToDo);

/// The tracker of all items.
const TRACKER: &str = "tracker.demo.example";
/// How long a sprint is.
const SPRINT: TimeDelta = TimeDelta::days(14);
/// How often quality is measured.
const MEASURED_EVERY_DAYS: usize = 7;
/// How many days there are between two vulnerabilities of a service, about.
const VULNERABLE_EVERY_DAYS: usize = 25;
/// Streams of dice from here on are of surroundings.
const FIRST_STREAM: u64 = 1 << 32;

/// The facts of a service with what lies around them.
pub(super) struct Surroundings<I> {
    facts: I,
    out: VecDeque<Fact>,
    dice: Dice,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
    name: String,
    repository: RepositoryId,
}

impl<I: Iterator<Item = Fact>> Iterator for Surroundings<I> {
    type Item = Fact;

    fn next(&mut self) -> Option<Fact> {
        if let Some(fact) = self.out.pop_front() {
            return Some(fact);
        }
        Some(match self.facts.next()? {
            Fact::Commit(commit) => Fact::Commit(self.commit(commit)),
            Fact::PipelineRun(run) => Fact::PipelineRun(self.run(run)),
            Fact::WorkItem(item) => Fact::WorkItem(self.work_item(item)),
            other => other,
        })
    }
}

impl<I> Surroundings<I> {
    pub(super) fn new(demo: &Demo, plan: &ServicePlan, index: usize, facts: I) -> Self {
        let mut surroundings = Self {
            facts,
            out: VecDeque::new(),
            dice: Dice::new(demo.seed, FIRST_STREAM + u64::try_from(index).unwrap_or_default()),
            begin: demo.end - TimeDelta::days(i64::from(demo.scale.days)),
            end: demo.end,
            name: plan.name.clone(),
            repository: plan.repository.clone(),
        };
        surroundings.sprints();
        surroundings.quality();
        surroundings.vulnerabilities();
        surroundings
    }

    /// How much of the history has passed: 0 to 1.
    fn progress(&self, at: DateTime<Utc>) -> f64 {
        ((at - self.begin).as_seconds_f64() / (self.end - self.begin).as_seconds_f64().max(1.0)).clamp(0.0, 1.0)
    }

    /// Instants at a distance of `days` days.
    fn each(&self, days: usize) -> Vec<DateTime<Utc>> {
        let step = TimeDelta::days(i64::try_from(days).unwrap_or(1));
        std::iter::successors(Some(self.begin), |at| Some(*at + step)).take_while(|at| *at < self.end).collect()
    }

    fn sprint(&self, number: i64) -> String {
        format!("{TRACKER}/sprint/{}/{number}", self.name)
    }

    fn sprints(&mut self) {
        let starts = std::iter::successors(Some(self.begin), |at| Some(*at + SPRINT)).take_while(|at| *at < self.end);
        for (number, started_at) in (1..).zip(starts.collect::<Vec<_>>()) {
            let ends_at = started_at + SPRINT;
            let completed_at = (ends_at <= self.end).then_some(ends_at);
            self.out.push_back(Fact::Sprint(Sprint {
                board: Some(self.name.clone()),
                started_at: Some(started_at),
                ends_at: Some(ends_at),
                completed_at,
                ..Sprint::new(
                    self.sprint(number),
                    format!("{} {number}", self.name),
                    stated(completed_at.unwrap_or(started_at)),
                )
            }));
        }
    }

    /// Coverage grows, duplication and debt shrink a little.
    fn quality(&mut self) {
        let base = 55.0 + f64::from(u8::try_from(self.dice.between(0, 25)).unwrap_or_default());
        for at in self.each(MEASURED_EVERY_DAYS) {
            let progress = self.progress(at);
            let values = [
                ("coverage", base + 12.0 * progress),
                ("duplication", 6.0 - 2.0 * progress),
                ("technical_debt_minutes", self.dice.around(2400.0, 0.1).round()),
            ];
            for (metric, value) in values {
                self.out.push_back(Fact::QualityMeasure(QualityMeasure {
                    repository: Some(self.repository.clone()),
                    ..QualityMeasure::new(
                        format!("quality.demo.example/{}/{metric}/{}", self.name, at.date_naive()),
                        format!("quality.demo.example/{}", self.name),
                        metric.to_owned(),
                        value,
                        at,
                        stated(at),
                    )
                }));
            }
        }
    }

    fn vulnerabilities(&mut self) {
        for (number, day) in (1..).zip(self.each(VULNERABLE_EVERY_DAYS)) {
            let opened_at = day + TimeDelta::hours(self.dice.between(0, 24 * 20));
            if opened_at >= self.end {
                continue;
            }
            let fixed_at = Some(opened_at + self.dice.hours(24.0 * 9.0)).filter(|at| *at < self.end);
            let severity = self.dice.word(&["critical", "high", "high", "medium", "medium", "low"]).to_owned();
            self.out.push_back(Fact::Vulnerability(Vulnerability {
                repository: Some(self.repository.clone()),
                title: self
                    .dice
                    .word(&["Outdated parser", "Weak hash", "Unchecked redirect", "Open bucket"])
                    .to_owned(),
                fixed_at,
                ..Vulnerability::new(
                    format!("{}/alert/{number}", self.repository),
                    severity,
                    opened_at,
                    stated(fixed_at.unwrap_or(opened_at)),
                )
            }));
        }
    }

    /// Assistants write more and more of it; what is on the default branch is built.
    fn commit(&mut self, mut commit: Commit) -> Commit {
        let share = 0.05 + 0.25 * self.progress(commit.authored_at);
        if self.dice.chance(share) {
            commit.co_authors.push(AccountId("email/noreply@anthropic.com".to_owned()));
        }
        if commit.branch.is_some() {
            let started_at = commit.committed_at + TimeDelta::seconds(self.dice.between(5, 60));
            let finished_at = started_at + TimeDelta::seconds(self.dice.between(300, 900));
            let outcome = if self.dice.chance(0.94) { Outcome::Success } else { Outcome::Failure };
            let run = PipelineRun {
                repository: Some(self.repository.clone()),
                sha: Some(commit.sha),
                branch: commit.branch.clone(),
                started_at: Some(started_at),
                finished_at: Some(finished_at),
                outcome: Some(outcome),
                ..PipelineRun::new(
                    self.repository.run(commit.sha, 1),
                    "CI".to_owned(),
                    commit.committed_at,
                    stated(finished_at),
                )
            };
            let run = self.run(run);
            self.out.push_back(Fact::PipelineRun(run));
        }
        commit
    }

    /// Half of the runs that fail pass when they are run again.
    fn run(&mut self, run: PipelineRun) -> PipelineRun {
        if run.outcome == Some(Outcome::Failure) && self.dice.chance(0.5) {
            let later = TimeDelta::minutes(self.dice.between(15, 90));
            let finished_at = run.finished_at.map(|at| at + later).filter(|at| *at < self.end);
            if let Some(finished_at) = finished_at {
                self.out.push_back(Fact::PipelineRun(PipelineRun {
                    id: format!("{}/2", run.id.trim_end_matches("/1")),
                    attempt: 2,
                    queued_at: run.queued_at + later,
                    started_at: run.started_at.map(|at| at + later),
                    finished_at: Some(finished_at),
                    outcome: Some(Outcome::Success),
                    version: stated(finished_at),
                    ..run.clone()
                }));
            }
        }
        run
    }

    /// An item is planned for the sprint in which work on it began; some come into it later. Most on which it has not begun
    /// are planned for the sprint that is open.
    fn work_item(&mut self, mut item: WorkItem) -> WorkItem {
        let Some(started_at) = item.started_at else {
            if self.dice.chance(0.7) {
                let created_at = item.created_at;
                self.enter(&mut item, self.end, Some(created_at));
            }
            return item;
        };
        self.transition(&item, 1, (started_at, TO_DO, IN_PROGRESS));
        if let Some(done_at) = item.done_at {
            // some wait for others for a part of the time
            if self.dice.chance(0.45) {
                let hundredth = (done_at - started_at) / 100;
                let from = started_at + hundredth * 30;
                let until = from + hundredth * i32::try_from(self.dice.between(10, 55)).unwrap_or(10);
                self.transition(&item, 2, (from, IN_PROGRESS, BLOCKED));
                self.transition(&item, 3, (until, BLOCKED, IN_PROGRESS));
            }
            self.transition(&item, 4, (done_at, IN_PROGRESS, (item.status.as_str(), StatusCategory::Done)));
        }
        if started_at >= self.begin {
            let late = self.dice.chance(0.15);
            self.enter(&mut item, started_at, late.then_some(started_at));
        }
        item
    }

    /// An item comes into the sprint of an instant: when it begins, or later.
    fn enter(&mut self, item: &mut WorkItem, of: DateTime<Utc>, later: Option<DateTime<Utc>>) {
        let nth = (of - self.begin).num_days() / SPRINT.num_days();
        let sprint_starts = self.begin + TimeDelta::days(nth * SPRINT.num_days());
        if sprint_starts >= self.end {
            return;
        }
        let at = later.map_or(sprint_starts, |at| at.max(sprint_starts));
        let sprint = self.sprint(nth + 1);
        self.out.push_back(Fact::SprintEntry(SprintEntry::new(
            format!("{}/sprint/{sprint}", item.id.as_str()),
            sprint.clone(),
            item.id.clone(),
            at,
            true,
            stated(at),
        )));
        item.sprints.push(sprint);
    }

    fn transition(&mut self, item: &WorkItem, number: u8, (at, from, to): (DateTime<Utc>, Status<'_>, Status<'_>)) {
        self.out.push_back(Fact::Transition(Transition {
            author: item.assignee.clone(),
            from_status: Some(from.0.to_owned()),
            from_category: Some(from.1),
            to_category: Some(to.1),
            ..Transition::new(
                format!("{}/transition/{number}", item.id.as_str()),
                item.id.clone(),
                at,
                to.0.to_owned(),
                stated(at),
            )
        }));
    }
}
