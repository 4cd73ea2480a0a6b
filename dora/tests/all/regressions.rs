//! Faults that tools in this field are known for: none of them here.

use kernel::{Change, ChangeState, Commit, Deployment, FindingKind, Incident, Outcome};

use crate::build::{Case, at, change, commit, deploy, hours, incident, sha};

#[test]
fn a_fail_rate_counts_failed_deployments_not_incidents() {
    let mut case = Case::new().line(2).add(deploy("a", 1, 5)).add(deploy("b", 2, 10));
    for number in 0..7 {
        case = case.add(incident(&format!("i{number}"), 11, Some(12)));
    }
    let computed = case.compute();
    assert_eq!(computed.failed(), ["b"]);
    assert_eq!(computed.deployment("b").failed_by.len(), 7);
}

#[test]
fn an_open_incident_is_not_repaired_in_0_hours() {
    let computed = Case::new().line(1).add(deploy("a", 1, 5)).add(incident("i", 6, None)).compute();
    assert!(computed.deployment("a").failed);
    assert_eq!(computed.deployment("a").recovered_at, None);
    assert_eq!(computed.incidents[0].restore_us, None);
}

#[test]
fn an_incident_of_today_is_not_laid_to_a_deployment_of_last_year() {
    let computed = Case::new().line(1).add(deploy("a", 1, 5)).add(incident("i", 24 * 365, None)).compute();
    assert!(computed.failed().is_empty());
    assert_eq!(computed.incidents.len(), 1);
}

#[test]
fn a_deployment_whose_push_is_unknown_is_not_dropped() {
    let computed = Case::new()
        .line(1)
        .add(deploy("a", 1, 5))
        .add(deploy("b", 99, 10))
        .add(Deployment { sha: None, ..deploy("c", 0, 20) })
        .compute();
    assert_eq!(computed.deployments.iter().filter(|row| row.counted).count(), 3);
    assert_eq!(computed.findings.len(), 2);
}

#[test]
fn a_missing_stage_is_not_0() {
    let computed = Case::new()
        .line(2)
        .add(Change { opened_at: Some(at(2)), ..change(1, 2, 4) })
        .add(deploy("a", 1, 3))
        .add(deploy("b", 2, 9))
        .compute();
    let row = computed.change(1);
    assert_eq!((row.pickup_us, row.review_us, row.approval_us), (None, None, None));
    assert_eq!(row.lead_time_us, Some(hours(7)));
}

#[test]
fn a_squash_merge_does_not_make_lead_time_zero() {
    let squashed = Commit { authored_at: at(9), committed_at: at(9), ..commit(2, 9, &[1]) };
    let computed = Case::new()
        .line(1)
        .add(squashed)
        .add(Change { opened_at: Some(at(2)), ..change(1, 2, 9) })
        .add(deploy("a", 1, 3))
        .add(deploy("b", 2, 9))
        .compute();
    assert_eq!(computed.change(1).lead_time_us, Some(hours(7)));
    assert_eq!(computed.findings[0].kind, FindingKind::UnknownFirstCommit);
}

#[test]
fn a_clock_that_runs_backwards_gives_a_finding_not_a_negative_number() {
    let computed = Case::new().line(1).add(commit(2, 50, &[1])).add(deploy("a", 1, 3)).add(deploy("b", 2, 9)).compute();
    assert_eq!(computed.changes[0].lead_time_us, None);
    assert_eq!(computed.changes[0].started_at, Some(at(50)));
    assert_eq!(computed.findings[0].kind, FindingKind::NegativeDuration);
}

#[test]
fn an_incident_resolved_before_its_deployment_finished_is_a_finding_not_a_negative_recovery() {
    let named = Incident { caused_by_deployment: Some("a".to_owned()), ..incident("i", 1, Some(2)) };
    let computed = Case::new().line(1).add(deploy("a", 1, 5)).add(named).compute();
    assert!(computed.deployment("a").failed);
    assert_eq!(computed.deployment("a").recovered_at, None);
    assert_eq!(computed.findings[0].kind, FindingKind::NegativeDuration);
}

#[test]
fn parents_that_go_round_in_a_circle_end() {
    let computed = Case::new()
        .add(commit(1, 1, &[3]))
        .add(commit(2, 2, &[1]))
        .add(commit(3, 3, &[2]))
        .add(change(1, 2, 2))
        .add(deploy("a", 1, 5))
        .add(deploy("b", 3, 9))
        .compute();
    assert_eq!(computed.deployments.len(), 2);
}

#[test]
fn many_incidents_and_deployments_in_one_line_are_all_attributed() {
    let mut case = Case::new().line(10_000);
    for number in 1..=10_000_u32 {
        case = case.add(deploy(&format!("{number:05}"), number, i64::from(number) * 2));
    }
    for number in 0..100_000 {
        case = case.add(incident(&format!("i{number:06}"), number / 5, Some(number / 5 + 1)));
    }
    let computed = case.compute();
    // the last one finished after the last incident
    assert_eq!(computed.failed().len(), 9_999);
}

#[test]
fn a_change_may_be_anything_but_merged_and_still_name_the_same_commit() {
    let open = Change { state: ChangeState::Open, commits: vec![sha(2)], ..change(1, 2, 3) };
    let failed = Deployment { outcome: Some(Outcome::Failure), ..deploy("x", 2, 4) };
    let computed = Case::new().line(2).add(open).add(failed).add(deploy("a", 1, 3)).add(deploy("b", 2, 9)).compute();
    assert_eq!(computed.changes.len(), 1);
    assert!(computed.changes[0].is_commit);
}
