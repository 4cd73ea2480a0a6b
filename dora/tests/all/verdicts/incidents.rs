//! Which deployment an incident fails.

use kernel::{Change, Commit, Deployment, Outcome, Rule};

use super::to;
use crate::build::{Case, at, change, commit, deploy, incident, sha};

#[test]
fn an_incident_after_an_attempt_or_a_rollback_in_one_environment_is_attributed_there() {
    let both = || {
        let case = Case::new().line(2).add(to("production-eu", "eu-1", 1, 5)).add(to("production-us", "us-1", 1, 6));
        case.add(to("production-eu", "eu-2", 2, 10))
    };
    // the attempt in us failed: no deployment is at fault unless attempts count
    let attempt = Deployment { outcome: Some(Outcome::Failure), ..to("production-us", "us-2", 2, 11) };
    let case = both().add(attempt).add(incident("i", 12, None));
    assert!(case.clone().compute().failed().is_empty());
    assert_eq!(case.set(|settings| settings.count_failed_attempts = true).compute().failed(), ["us-2"]);
    // eu was taken back before anything was written down
    let computed = both().add(to("production-eu", "eu-back", 1, 12)).add(incident("i", 13, Some(14))).compute();
    assert_eq!(computed.failed(), ["eu-2"]);
    assert_eq!(computed.deployment("eu-2").recovered_at, Some(at(12)));
}

#[test]
fn an_incident_after_a_failed_attempt_is_the_attempts() {
    let case = Case::new()
        .line(2)
        .add(deploy("1", 1, 9))
        .add(Deployment { outcome: Some(Outcome::Failure), ..deploy("2", 2, 11) })
        .add(incident("i", 11, Some(12)));
    let computed = case.clone().set(|settings| settings.count_failed_attempts = true).compute();
    assert_eq!(computed.failed(), ["2"]);
    let rules: Vec<Rule> = computed.deployment("2").failed_by.iter().map(|evidence| evidence.rule).collect();
    assert_eq!(rules, [Rule::IncidentWhileNewest, Rule::FailedAttempt]);
    assert_eq!(computed.deployment("2").recovered_at, Some(at(12)));
    assert!(case.compute().failed().is_empty());
}

#[test]
fn an_incident_while_a_deployment_runs_is_laid_to_it() {
    let started = |id: &str, commit, start, end| Deployment { started_at: Some(at(start)), ..deploy(id, commit, end) };
    let case = || Case::new().line(2).add(started("a", 1, 1, 2)).add(started("b", 2, 10, 12));
    assert_eq!(case().add(incident("i", 11, None)).compute().failed(), ["b"]);
    assert_eq!(case().add(incident("i", 9, None)).compute().failed(), ["a"]);
}

#[test]
fn an_incident_while_a_deployment_waits_longer_than_the_window_is_that_of_the_one_that_runs() {
    for outcome in [Outcome::Success, Outcome::Failure] {
        // it was created an hour after the other one had finished, and ended days later
        let waited = Deployment { started_at: Some(at(11)), outcome: Some(outcome), ..deploy("41", 2, 110) };
        let case = || Case::new().line(2).add(deploy("40", 1, 10)).add(waited.clone());
        let computed = case().add(incident("i", 15, Some(16))).compute();
        assert_eq!(computed.failed(), ["40"], "{outcome:?}");
        assert_eq!(computed.deployment("40").recovered_at, Some(at(16)), "{outcome:?}");
    }
    // it is taken to have begun at most the window before it finished
    let waited = || Deployment { started_at: Some(at(11)), ..deploy("41", 2, 40) };
    let case = || Case::new().line(2).add(deploy("40", 1, 10)).add(waited());
    assert_eq!(case().add(incident("i", 15, None)).compute().failed(), ["40"]);
    assert_eq!(case().add(incident("i", 16, None)).compute().failed(), ["41"]);
}

#[test]
fn an_incident_written_down_after_the_rollback_is_that_of_what_was_rolled_back() {
    let case = || Case::new().line(2).add(deploy("1", 1, 10)).add(deploy("2", 2, 34)).add(deploy("3", 1, 35));
    let computed = case().add(incident("i", 36, Some(37))).compute();
    assert_eq!(computed.failed(), ["2"]);
    let evidence =
        computed.deployment("2").failed_by.iter().find(|found| found.what == kernel::EvidenceKind::Incident).unwrap();
    assert_eq!(evidence.target.as_deref(), Some("3"));
    assert_eq!(computed.incidents[0].deployment, Some("2".into()));
    assert_eq!(computed.deployment("2").recovered_at, Some(at(35)));
    // long after what was undone it is the rollback's own
    let late = case().set(|settings| settings.attribution_window = std::time::Duration::from_hours(2));
    assert_eq!(late.add(incident("i", 37, None)).compute().failed(), ["2", "3"]);
}

#[test]
fn an_incident_after_a_deployment_of_only_a_revert_or_hotfix_is_that_of_what_was_undone() {
    let revert = Commit { reverts: vec![sha(2)], ..commit(3, 11, &[2]) };
    let case = || Case::new().line(2).add(deploy("1", 1, 5)).add(deploy("2", 2, 10)).add(incident("i", 13, None));
    let computed = case().add(revert.clone()).add(deploy("3", 3, 12)).compute();
    assert_eq!(computed.failed(), ["2"]);
    let fix = Change { source_branch: Some("hotfix/x".to_owned()), ..change(1, 3, 11) };
    let computed = case().add(commit(3, 11, &[2])).add(fix).add(deploy("3", 3, 12)).compute();
    assert_eq!(computed.failed(), ["2"]);
    // with something else beside the revert it may be the cause itself
    let computed = case().add(revert).add(commit(4, 11, &[3])).add(deploy("3", 4, 12)).compute();
    assert_eq!(computed.failed(), ["2", "3"]);
}

#[test]
fn a_deployment_recovers_when_all_incidents_in_its_evidence_are_resolved() {
    let case = |second: Option<i64>| {
        let case = Case::new().line(1).add(deploy("a", 1, 10));
        case.add(incident("i1", 11, Some(13))).add(incident("i2", 12, second)).compute()
    };
    assert_eq!(case(Some(20)).deployment("a").recovered_at, Some(at(20)));
    assert_eq!(case(None).deployment("a").recovered_at, None);
}
