//! The steps of a way: when each was taken, or why that is not known.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::{Change, ChangeMetric, ChangeState, Commit, Deployment, Review, ReviewState};

use super::model::{JourneyKind, JourneyStep, JourneyWay, StepKind};
use super::passage::{Passed, finished};
use super::traveler::Traveler;
use crate::bots::Bots;
use crate::progress::counted;

/// The way of something, by how it passed through services.
pub(super) fn way(traveler: &Traveler, passed: Vec<Passed>, bots: &Bots) -> JourneyWay {
    match traveler {
        Traveler::Change(change, reviews) => of_change(change, &counted(change, reviews, bots), passed),
        Traveler::Commit(commit) => of_commit(commit, passed),
        Traveler::Version(deployment) => of_version(deployment, passed),
    }
}

fn of_change(change: &Change, reviews: &[&Review], passed: Vec<Passed>) -> JourneyWay {
    let reviewed = reviews.first().map(|review| review.submitted_at);
    let approved = reviews.iter().find(|review| review.state == ReviewState::Approved);
    let measured = |of: fn(&ChangeMetric) -> Option<DateTime<Utc>>| metrics(&passed).filter_map(of).min();
    let lacks = |what: &str| match change.state {
        ChangeState::Open => format!("no {what} by another person yet"),
        ChangeState::Merged => format!("merged without any {what} by another person"),
        ChangeState::Abandoned => format!("closed without any {what} by another person"),
    };
    let not_merged = match change.state {
        ChangeState::Open => Some("not merged"),
        ChangeState::Abandoned => Some("closed without a merge"),
        ChangeState::Merged => None,
    };
    let mut steps = vec![
        first_commit(&passed),
        JourneyStep::new(StepKind::Opened, change.opened_at, || {
            "it is known from git only, which does not record when it was opened".to_owned()
        }),
    ];
    steps.extend(change.ready_at.map(|at| JourneyStep { step: StepKind::Ready, at: Some(at), why: None }));
    let first_review_at = measured(|metric| metric.first_review_at).or(reviewed);
    steps.push(JourneyStep::new(StepKind::FirstReview, first_review_at, || lacks("review")));
    let approved_at = measured(|metric| metric.approved_at).or_else(|| approved.map(|review| review.submitted_at));
    steps.push(JourneyStep::new(StepKind::Approved, approved_at, || lacks("approval")));
    let why = || not_merged.unwrap_or("its source does not say when").to_owned();
    steps.push(JourneyStep::new(StepKind::Merged, change.merged_at, why));
    steps.push(in_production(&passed, not_merged));
    let of = (JourneyKind::Change, change.id.0.clone(), change.title.clone(), change.url.clone());
    put_together(of, Some(change.state), steps, passed)
}

fn of_commit(commit: &Commit, passed: Vec<Passed>) -> JourneyWay {
    let written = JourneyStep { step: StepKind::FirstCommit, at: Some(commit.authored_at), why: None };
    let came_with = metrics(&passed).find(|metric| !metric.is_commit).and_then(|metric| metric.merged_at);
    let merged = came_with.map(|at| JourneyStep { step: StepKind::Merged, at: Some(at), why: None });
    let steps = [Some(written), merged, Some(in_production(&passed, None))].into_iter().flatten().collect();
    let id = format!("{}@{}", commit.repository, commit.sha);
    put_together((JourneyKind::Commit, id, commit.subject.clone(), None), None, steps, passed)
}

fn of_version(deployment: &Deployment, passed: Vec<Passed>) -> JourneyWay {
    let kind = if deployment.source.runs() { JourneyKind::Deployment } else { JourneyKind::Release };
    let why = || "its source does not say when".to_owned();
    let steps = vec![JourneyStep::new(StepKind::Released, finished(deployment), why), in_production(&passed, None)];
    let title = deployment.name.clone().unwrap_or_else(|| deployment.id.0.clone());
    put_together((kind, deployment.id.0.clone(), title, deployment.url.clone()), None, steps, passed)
}

fn put_together(
    (kind, id, title, url): (JourneyKind, String, String, Option<String>),
    state: Option<ChangeState>,
    steps: Vec<JourneyStep>,
    passed: Vec<Passed>,
) -> JourneyWay {
    let runs = passed.iter().find(|passed| !passed.runs.is_empty()).map(|passed| passed.runs.clone());
    let services = passed.into_iter().map(|passed| passed.service).collect();
    JourneyWay { kind, id, title, url, state, steps, runs: runs.unwrap_or_default(), services }
}

fn metrics(passed: &[Passed]) -> impl Iterator<Item = &ChangeMetric> {
    passed.iter().filter_map(|passed| passed.metric.as_ref())
}

fn first_commit(passed: &[Passed]) -> JourneyStep {
    let measured = metrics(passed).filter_map(|metric| metric.started_at).min();
    let at = measured.or_else(|| passed.iter().filter_map(|passed| passed.first_commit_at).min());
    JourneyStep::new(StepKind::FirstCommit, at, || "none of its commits is known".to_owned())
}

/// When it reached production first, with whichever service; `blocked` says why it can't have.
fn in_production(passed: &[Passed], blocked: Option<&str>) -> JourneyStep {
    let at = passed.iter().filter_map(|passed| passed.service.in_production_at).min();
    JourneyStep::new(StepKind::InProduction, at, || blocked.map_or_else(|| not_there(passed), str::to_owned))
}

/// Why something is not in production that could be.
fn not_there(passed: &[Passed]) -> String {
    if passed.is_empty() {
        return "it belongs to no service that is known".to_owned();
    }
    let deployments = passed.iter().flat_map(|passed| &passed.service.deployments);
    let elsewhere: BTreeSet<&str> = deployments.filter_map(|deployment| deployment.environment.as_deref()).collect();
    if elsewhere.is_empty() {
        return "not yet deployed to production".to_owned();
    }
    let elsewhere: Vec<&str> = elsewhere.into_iter().collect();
    format!("not yet deployed to production; it is in {}", elsewhere.join(", "))
}

#[cfg(test)]
mod tests {
    use kernel::{Completeness, Version};

    use super::*;

    fn change(state: ChangeState) -> Change {
        let version = Version { completeness: Completeness::Reported, at: "2026-03-02T00:00:00Z".parse().unwrap() };
        Change::new("r#1".into(), "r".into(), state, version)
    }

    fn whys(state: ChangeState) -> Vec<(StepKind, Option<String>)> {
        let bots = Bots::of([], &crate::settings::Dora::default()).unwrap();
        let way = way(&Traveler::Change(change(state), Vec::new()), Vec::new(), &bots);
        way.steps.into_iter().map(|step| (step.step, step.why)).collect()
    }

    #[test]
    fn what_did_not_happen_says_why() {
        let why = |state: ChangeState, of: StepKind| {
            whys(state).into_iter().find(|(step, _)| *step == of).and_then(|(_, why)| why)
        };
        let open = |step| why(ChangeState::Open, step);
        assert_eq!(open(StepKind::FirstReview).as_deref(), Some("no review by another person yet"));
        assert_eq!(open(StepKind::Merged).as_deref(), Some("not merged"));
        assert_eq!(open(StepKind::InProduction).as_deref(), Some("not merged"));
        assert_eq!(open(StepKind::Ready), None, "it was no draft");
        let abandoned = why(ChangeState::Abandoned, StepKind::InProduction);
        assert_eq!(abandoned.as_deref(), Some("closed without a merge"));
        let merged = why(ChangeState::Merged, StepKind::InProduction);
        assert_eq!(merged.as_deref(), Some("it belongs to no service that is known"));
    }
}
