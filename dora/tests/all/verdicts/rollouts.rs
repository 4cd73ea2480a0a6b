//! Rollouts over several environments and repositories, and deployments that two sources report.

use kernel::{Deployment, DeploymentKind, Incident};

use super::{counted, leads, to};
use crate::build::{Case, OTHER, REPOSITORY, at, commit, deploy, incident};

#[test]
fn an_environment_that_lags_behind_is_no_rollback() {
    let computed = Case::new()
        .line(3)
        .add(to("production-eu", "eu-a", 1, 10))
        .add(to("production-us", "us-a", 1, 12))
        .add(to("production-eu", "eu-b", 2, 34))
        .add(to("production-eu", "eu-c", 3, 58))
        .add(to("production-us", "us-b", 2, 60))
        .add(to("production-us", "us-c", 3, 84))
        .compute();
    assert!(computed.failed().is_empty() && computed.rework().is_empty());
    assert_eq!(counted(&computed), ["eu-a", "eu-b", "eu-c"]);
    assert_eq!(computed.deployment("us-b").previous, Some("us-a".into()));
    assert_eq!(computed.deployment("us-b").rollout, Some("eu-b".into()));
    // lead time ends where a change was first
    assert_eq!(leads(&computed), [("Commit 2".to_owned(), 32), ("Commit 3".to_owned(), 55)]);
}

#[test]
fn a_change_that_reaches_a_new_environment_first_ends_its_lead_time_there() {
    let computed = Case::new()
        .line(3)
        .add(to("production-eu", "eu-a", 1, 10))
        .add(to("production-us", "us-c", 3, 20))
        .add(to("production-eu", "eu-c", 3, 30))
        .compute();
    assert_eq!(computed.deployment("us-c").commits, 2);
    assert_eq!(leads(&computed), [("Commit 2".to_owned(), 18), ("Commit 3".to_owned(), 17)]);
}

#[test]
fn a_rollout_counts_once_failed_if_it_failed_anywhere_and_recovers_with_its_last_environment() {
    let case = || {
        Case::new()
            .line(3)
            .add(to("production-eu", "eu-a", 1, 10))
            .add(to("production-us", "us-a", 1, 11))
            .add(to("production-eu", "eu-b", 2, 20))
            .add(to("production-us", "us-b", 2, 21))
            .add(to("production-eu", "eu-back", 1, 23))
    };
    let computed = case().add(to("production-us", "us-back", 1, 26)).compute();
    assert_eq!(counted(&computed), ["eu-a", "eu-b", "eu-back"]);
    assert_eq!(computed.failed(), ["eu-b"]);
    let row = computed.deployment("eu-b");
    let ids: Vec<&str> = row.failed_by.iter().map(|evidence| evidence.id.as_str()).collect();
    assert_eq!(ids, ["eu-back", "us-back"]);
    assert_eq!(row.recovered_at, Some(at(26)));
    assert_eq!(computed.rework(), ["eu-back"]);
    // only one environment was taken back, or an incident in it is still open
    assert_eq!(case().compute().deployment("eu-b").recovered_at, Some(at(23)));
    let open = case().add(Incident { caused_by_deployment: Some("us-b".to_owned()), ..incident("i", 22, None) });
    assert_eq!(open.clone().compute().failed(), ["eu-b"]);
    assert_eq!(open.compute().deployment("eu-b").recovered_at, None);
}

#[test]
fn a_rollout_of_two_repositories_counts_once_and_an_incident_fails_all_of_it() {
    let mut case = Case::new();
    case.service.repositories.push(OTHER.into());
    for day in 1..4_u32 {
        let part = |repository: &str, commit: u32| Deployment {
            repository: Some(repository.into()),
            rollout: Some(format!("devlake/1/roll-{day}")),
            ..deploy(&format!("{day}/{repository}"), commit, i64::from(day) * 24)
        };
        case = case.add(part(REPOSITORY, day)).add(part(OTHER, 100 + day));
    }
    case = case.add(incident("i", 49, Some(50)));
    let computed = case.compute();
    assert_eq!(counted(&computed).len(), 3);
    assert_eq!(computed.failed().len(), 1);
    assert_eq!(computed.deployments.iter().filter(|row| row.rollout.is_some()).count(), 3);
}

#[test]
fn two_sources_that_report_the_same_deployments_count_once_and_one_that_deploys_again_does_not() {
    let reported = |other: &str| {
        let mut case = Case::new().line(3);
        for commit in 1..4_u32 {
            let hour = i64::from(commit) * 24;
            case = case.add(deploy(&format!("github.com/lakeside/checkout/deployment/{commit}"), commit, hour));
            case = case.add(deploy(&format!("{other}/deployment/{commit}"), commit, hour + 1));
        }
        // after both had reported it
        case.add(incident("i", 50, Some(51))).compute()
    };
    let computed = reported("argocd.example.org/checkout");
    let first = "github.com/lakeside/checkout/deployment/";
    assert_eq!(counted(&computed), ["1", "2", "3"].map(|commit| format!("{first}{commit}")));
    assert_eq!(computed.failed(), [format!("{first}2")]);
    assert_eq!(computed.deployments.iter().filter(|row| row.rollout.is_none()).count(), 3);
    // the same source: it was deployed twice, and the second time went wrong
    let computed = reported("github.com/lakeside/checkout/again");
    assert_eq!(computed.failed(), ["github.com/lakeside/checkout/again/deployment/2"]);
}

/// Two sources report deployments of these commits to these environments, in order, an hour between them.
fn reported(reports: &[(&str, &str, u32)]) -> Case {
    let reports = (10..).zip(reports);
    reports.fold(Case::new().line(4), |case, (hour, (source, environment, commit))| {
        case.add(to(environment, &format!("{source}/{environment}/{hour}"), *commit, hour))
    })
}

#[test]
fn what_a_source_that_falls_behind_reports_late_is_no_rollback() {
    let (a, b, eu, us) = ("github.com", "argocd.example.org", "production-eu", "production-us");
    for reports in [
        // behind by one, by all, and by one in one of two environments
        vec![(a, eu, 1), (b, eu, 1), (a, eu, 2), (a, eu, 3), (b, eu, 2), (b, eu, 3)],
        vec![(a, eu, 1), (a, eu, 2), (a, eu, 3), (b, eu, 1), (b, eu, 2), (b, eu, 3)],
        vec![(a, eu, 1), (a, us, 1), (b, eu, 1), (a, eu, 2), (b, eu, 2), (a, us, 2), (b, us, 1), (a, eu, 3)],
        vec![(a, eu, 1), (a, us, 1), (b, eu, 1), (b, us, 1), (a, eu, 2), (a, us, 2), (a, us, 3), (b, us, 2)],
    ] {
        // what is detected after a late report is of what runs
        let detected = 10 + i64::try_from(reports.len()).unwrap();
        let computed = reported(&reports).add(incident("i", detected, None)).compute();
        assert_eq!(counted(&computed).len(), 3, "{reports:?}");
        assert!(computed.rework().is_empty(), "{reports:?}");
        assert_eq!(computed.failed(), counted(&computed)[2..], "{reports:?}");
    }
}

#[test]
fn what_another_tool_takes_back_is_a_rollback() {
    let (a, b, eu) = ("github.com", "argocd.example.org", "production-eu");
    for reports in [
        // a tool for rollbacks only, and one that had reported what it takes back
        vec![(a, eu, 1), (a, eu, 2), (b, eu, 1)],
        vec![(a, eu, 1), (b, eu, 1), (a, eu, 2), (b, eu, 2), (b, eu, 1)],
        vec![(a, eu, 1), (a, eu, 2), (b, eu, 1), (b, eu, 2), (b, eu, 1)],
        // the other source reports the rollback late
        vec![(a, eu, 1), (b, eu, 1), (a, eu, 2), (a, eu, 1), (b, eu, 2), (b, eu, 1)],
    ] {
        let computed = reported(&reports).compute();
        assert_eq!(computed.failed(), counted(&computed)[1..2], "{reports:?}");
        assert_eq!((counted(&computed).len(), computed.rework().len()), (3, 1), "{reports:?}");
    }
}

#[test]
fn putting_a_version_back_that_had_been_rolled_back_is_no_rework() {
    let case = Case::new()
        .add(deploy("1", 1, 10))
        .add(deploy("2", 2, 34))
        .add(deploy("3", 1, 35))
        .add(deploy("4", 2, 58))
        .add(deploy("5", 3, 106));
    // with and without the commits
    for computed in [case.clone().line(3).compute(), case.compute()] {
        let kinds: Vec<DeploymentKind> = computed.deployments.iter().map(|row| row.kind).collect();
        assert_eq!(kinds[2..4], [DeploymentKind::Rollback, DeploymentKind::RollForward]);
        assert_eq!(computed.failed(), ["2"]);
        assert_eq!(computed.rework(), ["3"]);
        assert_eq!(counted(&computed).len(), 5);
    }
}

#[test]
fn another_branch_in_the_same_environment_is_no_rollback() {
    // 1 - 2 (main), 1 - 3 (hotfix branch): back from the branch to main takes nothing of it back
    let computed = Case::new()
        .line(2)
        .add(commit(3, 3, &[1]))
        .add(deploy("main", 2, 10))
        .add(deploy("branch", 3, 20))
        .add(deploy("main again", 2, 30))
        .compute();
    assert!(computed.failed().is_empty() && computed.rework().is_empty());
    assert_eq!(computed.deployment("main again").kind, DeploymentKind::RollForward);
}
