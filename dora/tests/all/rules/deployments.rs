//! Which deployments count, which commits each carries, and what kind it is.

use dora::settings::FirstDeployment;
use kernel::{Deployment, DeploymentKind, DeploymentSource, FindingKind, Outcome, PipelineRun, Rule};

use super::kinds;
use crate::build::{Case, REPOSITORY, at, commit, deploy, hours, sha, tag, version};

#[test]
fn a_commit_belongs_to_the_first_deployment_that_reaches_it() {
    let computed =
        Case::new().line(6).add(deploy("a", 1, 10)).add(deploy("b", 3, 20)).add(deploy("c", 6, 30)).compute();
    let commits: Vec<i32> = computed.deployments.iter().map(|row| row.commits).collect();
    assert_eq!(commits, [0, 2, 3]);
    let carried: Vec<(String, &str)> =
        computed.changes.iter().map(|row| (row.title.clone(), row.deployment.as_str())).collect();
    let mut carried: Vec<(&str, &str)> = carried.iter().map(|(title, id)| (title.as_str(), *id)).collect();
    carried.sort_unstable();
    assert_eq!(
        carried,
        [("Commit 2", "b"), ("Commit 3", "b"), ("Commit 4", "c"), ("Commit 5", "c"), ("Commit 6", "c")]
    );
    // a direct commit starts when it was written
    let second = computed.changes.iter().find(|row| row.title == "Commit 2").unwrap();
    assert_eq!(second.lead_time_us, Some(hours(20 - 2)));
    assert!(second.is_commit);
    assert_eq!(second.change.as_str(), format!("{REPOSITORY}@{}", sha(2)));
}

#[test]
fn the_first_deployment_is_where_counting_starts() {
    let case = Case::new().line(3).add(deploy("a", 2, 10)).add(deploy("b", 3, 20));
    let computed = case.compute();
    assert_eq!(kinds(&computed), [DeploymentKind::First, DeploymentKind::Normal]);
    assert_eq!(computed.deployment("a").commits, 0);
    assert_eq!(computed.changes.len(), 1);
    let all = case.set(|settings| settings.first_deployment = FirstDeployment::CarriesAll).compute();
    assert_eq!(all.deployment("a").commits, 2);
    assert_eq!(all.changes.len(), 3);
}

#[test]
fn deployments_are_ordered_by_finish_then_start_then_id() {
    let started = |id: &str, start: Option<i64>| Deployment { started_at: start.map(at), ..deploy(id, 1, 10) };
    let computed = Case::new()
        .line(1)
        .add(started("b", Some(9)))
        .add(started("c", Some(8)))
        .add(started("a", Some(9)))
        .add(deploy("z", 1, 9))
        .compute();
    let ids: Vec<&str> = computed.deployments.iter().map(|row| row.deployment.as_str()).collect();
    assert_eq!(ids, ["z", "c", "a", "b"]);
}

#[test]
fn going_back_is_a_rollback_and_the_same_commit_again_a_redeployment() {
    let computed = Case::new()
        .line(3)
        .add(deploy("a", 1, 10))
        .add(deploy("b", 3, 20))
        .add(deploy("b2", 3, 21))
        .add(deploy("back", 1, 30))
        .compute();
    assert_eq!(
        kinds(&computed),
        [DeploymentKind::First, DeploymentKind::Normal, DeploymentKind::Redeployment, DeploymentKind::Rollback]
    );
    // the one that ran is the redeployment
    assert_eq!(computed.failed(), ["b2"]);
    assert_eq!(computed.deployment("b2").failed_by[0].rule, Rule::RolledBack);
    assert_eq!(computed.deployment("b2").failed_by[0].id, "back");
    assert_eq!(computed.deployment("b2").recovered_at, Some(at(30)));
    assert_eq!(computed.rework(), ["back"]);
    let counts: Vec<bool> = computed.deployments.iter().map(|row| row.counted).collect();
    assert_eq!(counts, [true, true, false, true]);
}

#[test]
fn going_forward_again_fails_no_other_deployment() {
    let computed = Case::new()
        .line(3)
        .add(deploy("a", 1, 10))
        .add(deploy("b", 3, 20))
        .add(deploy("back", 1, 30))
        .add(deploy("again", 3, 40))
        .compute();
    assert_eq!(computed.deployment("again").kind, DeploymentKind::RollForward);
    assert_eq!(computed.failed(), ["b"]);
    assert_eq!(computed.rework(), ["back"]);
}

#[test]
fn going_back_to_a_commit_that_never_was_deployed_by_itself_is_a_rollback_too() {
    let computed =
        Case::new().line(4).add(deploy("a", 1, 10)).add(deploy("b", 4, 20)).add(deploy("back", 2, 30)).compute();
    assert_eq!(computed.deployment("back").kind, DeploymentKind::Rollback);
    assert_eq!(computed.failed(), ["b"]);
}

#[test]
fn a_tag_on_a_commit_that_was_reached_says_nothing() {
    let computed = Case::new()
        .line(4)
        .add(tag("1.0.0", 2, 10))
        .add(tag("2.0.0", 4, 20))
        .add(tag("1.1.0", 3, 30))
        .add(tag("latest-2.0.0", 4, 40))
        .compute();
    assert_eq!(
        kinds(&computed),
        [DeploymentKind::First, DeploymentKind::Normal, DeploymentKind::None, DeploymentKind::None]
    );
    assert!(computed.failed().is_empty() && computed.rework().is_empty());
    // set late it is a release all the same; a second name is not
    let counts: Vec<bool> = computed.deployments.iter().map(|row| row.counted).collect();
    assert_eq!(counts, [true, true, true, false]);
}

#[test]
fn parallel_release_lines_are_normal() {
    // 1 - 2 - 3 (main), 1 - 4 (maintenance)
    let computed = Case::new()
        .line(3)
        .add(commit(4, 15, &[1]))
        .add(tag("1.0.0", 1, 10))
        .add(tag("2.0.0", 3, 12))
        .add(tag("1.1.0", 4, 20))
        .compute();
    assert_eq!(kinds(&computed), [DeploymentKind::First, DeploymentKind::Normal, DeploymentKind::Normal]);
    assert_eq!(computed.deployment("1.1.0").commits, 1);
    assert!(computed.failed().is_empty());
}

#[test]
fn only_production_counts() {
    let environment =
        |id: &str, name: Option<&str>| Deployment { environment: name.map(ToOwned::to_owned), ..deploy(id, 1, 10) };
    for (name, counts) in [
        (Some("production"), true),
        (Some("Prod"), true),
        (Some("prod-eu"), true),
        (Some("live"), true),
        (Some("prd/1"), true),
        (None, true),
        (Some("staging"), false),
        (Some("preproduction"), false),
        (Some("products"), false),
    ] {
        let computed = Case::new().line(1).add(environment("x", name)).compute();
        assert_eq!(computed.deployments.len(), usize::from(counts), "{name:?}");
        assert_eq!(computed.statement.is_none(), counts, "{name:?}");
    }
    let mut case = Case::new().line(1).add(environment("x", Some("eu-1")));
    case.service.production = Some("^eu".to_owned());
    assert_eq!(case.compute().deployments.len(), 1);
}

#[test]
fn what_was_canceled_or_still_runs_or_has_no_time_does_not_count() {
    let outcome = |id: &str, outcome: Option<Outcome>| Deployment { outcome, ..deploy(id, 1, 10) };
    let computed = Case::new()
        .line(1)
        .add(outcome("cancelled", Some(Outcome::Neither)))
        .add(outcome("running", None))
        .add(Deployment { finished_at: None, ..deploy("timeless", 1, 10) })
        .add(Deployment { deleted: true, ..deploy("deleted", 1, 10) })
        .add(deploy("good", 1, 20))
        .compute();
    let ids: Vec<&str> = computed.deployments.iter().map(|row| row.deployment.as_str()).collect();
    assert_eq!(ids, ["good"]);
    assert_eq!(computed.findings.len(), 1);
    assert_eq!((computed.findings[0].kind, computed.findings[0].subject.as_str()), (FindingKind::NoTime, "timeless"));
}

#[test]
fn the_first_kind_of_deployment_that_there_is_measures() {
    let release = |id: &str, hour| Deployment { source: DeploymentSource::Release, ..tag(id, 1, hour) };
    let run = PipelineRun {
        repository: Some(REPOSITORY.into()),
        sha: Some(sha(2)),
        finished_at: Some(at(19)),
        outcome: Some(Outcome::Success),
        ..PipelineRun::new(format!("{REPOSITORY}/run/7/1"), "Deploy to the world".to_owned(), at(18), version())
    };
    let mut case = Case::new().line(2).add(tag("1.0", 1, 10)).add(release("r1", 11)).add(run.clone());
    let ids = |case: &Case| -> Vec<String> {
        case.compute().deployments.iter().map(|row| row.deployment.to_string()).collect()
    };
    assert_eq!(ids(&case), [format!("{REPOSITORY}/run/7/1/deployment")]);
    case.service.deployments_from = Some(DeploymentSource::Tag);
    assert_eq!(ids(&case), ["1.0"]);
    case.service.deployments_from = Some(DeploymentSource::Branch);
    assert_eq!(ids(&case), Vec::<String>::new());
    // a name that says nothing of deploying is no deployment
    let ci = PipelineRun { name: "Tests".to_owned(), ..run };
    let computed = Case::new().line(2).add(ci).compute();
    assert!(computed.deployments.is_empty());
    assert!(computed.statement.unwrap().contains("`Tests`"));
}
