//! `compat = "devlake"`: where its rules differ from ours, on cases counted by hand.

use dora::settings::Compat;
use kernel::{Change, Deployment, Incident, PipelineRun, ReviewState};

use crate::build::{Case, at, change, commit, deploy, hours, incident, review, sha, tag, version};

fn devlake() -> Case {
    Case::new().set(|settings| settings.compat = Compat::Devlake)
}

#[test]
fn an_incident_is_laid_to_the_latest_deployment_before_it_however_long_ago() {
    let computed = devlake()
        .line(2)
        .add(deploy("a", 1, 5))
        .add(deploy("b", 2, 10))
        .add(incident("long after", 24 * 300, Some(24 * 301)))
        .add(Incident { caused_by_deployment: Some("b".to_owned()), ..incident("names another", 7, None) })
        .add(Incident { external_cause: true, ..incident("not ours", 6, None) })
        .add(incident("at the very moment", 10, None))
        .add(incident("before all", 4, None))
        .compute();
    assert_eq!(computed.failed(), ["a", "b"]);
    let ids = |id: &str| computed.deployment(id).failed_by.iter().map(|found| found.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids("a"), ["not ours", "names another", "at the very moment"]);
    assert_eq!(ids("b"), ["long after"]);
    assert_eq!(computed.incidents.len(), 5);
}

#[test]
fn neither_rollbacks_nor_reverts_nor_hotfixes_fail_a_deployment() {
    let computed = devlake()
        .line(3)
        .add(Change { source_branch: Some("hotfix/x".to_owned()), ..change(1, 3, 3) })
        .add(deploy("a", 1, 5))
        .add(deploy("b", 2, 6))
        .add(deploy("c", 1, 7))
        .add(deploy("d", 3, 8))
        .compute();
    assert!(computed.failed().is_empty() && computed.rework().is_empty());
}

#[test]
fn deployments_and_deploying_pipelines_count_together_and_each_time() {
    let run = PipelineRun {
        repository: Some(crate::build::REPOSITORY.into()),
        sha: Some(sha(2)),
        started_at: Some(at(6)),
        finished_at: Some(at(7)),
        outcome: Some(kernel::Outcome::Success),
        ..PipelineRun::new("run/1".to_owned(), "deploy".to_owned(), at(5), version())
    };
    let computed = devlake()
        .line(2)
        .add(deploy("a", 1, 5))
        .add(run)
        .add(deploy("again", 2, 8))
        .add(tag("v1.0.0", 2, 9))
        .add(Deployment { environment: Some("staging".to_owned()), ..deploy("s", 2, 9) })
        .compute();
    let counted: Vec<&str> =
        computed.deployments.iter().filter(|row| row.counted).map(|row| row.deployment.as_str()).collect();
    assert_eq!(counted, ["a", "run/1/deployment", "again"]);
}

#[test]
fn lead_time_is_the_sum_of_stages_in_whole_minutes_and_a_missing_one_is_0() {
    let seconds = |hour: i64, seconds: i64| at(hour) + chrono::Duration::seconds(seconds);
    let computed = devlake()
        .add(commit(1, 1, &[]))
        .add(commit(2, 2, &[1]))
        .add(commit(3, 6, &[1, 2]))
        // opened 30 s after the first commit, merged 4 h after; the draft is not known
        .add(Change { opened_at: Some(seconds(2, 30)), ready_at: Some(at(3)), ..change(1, 3, 6) })
        .add(review(1, 1, "example.com/dependabot[bot]", ReviewState::Commented, 4))
        .add(commit(4, 7, &[3]))
        .add(Change { opened_at: None, ..change(2, 4, 7) })
        .add(commit(5, 8, &[4]))
        .add(deploy("a", 1, 5))
        .add(deploy("b", 5, 9))
        .compute();
    let row = computed.change(1);
    let minute = hours(1) / 60;
    assert_eq!(row.coding_us, Some(minute));
    assert_eq!(row.pickup_us, Some(hours(2)));
    assert_eq!(row.review_us, Some(hours(2)));
    assert_eq!(row.deploy_us, Some(hours(3)));
    // 1 min + 3 h 59 min 30 s in whole minutes + 3 h
    assert_eq!(row.lead_time_us, Some(minute + hours(4) + hours(3)));
    // of the second only the deployment is known
    assert_eq!(computed.change(2).lead_time_us, Some(hours(2)));
    // commits outside of changes are not known
    assert_eq!(computed.changes.len(), 2);
}

#[test]
fn what_was_taken_back_is_carried_again_by_the_deployment_that_goes_beyond_it() {
    let computed = devlake()
        .line(3)
        .add(change(1, 2, 3))
        .add(deploy("second", 2, 10))
        .add(deploy("first", 1, 20))
        .add(deploy("third", 3, 30))
        .compute();
    assert_eq!(computed.change(1).deployment.as_str(), "third");
}

#[test]
fn of_two_lines_the_merge_carries_what_the_one_before_it_does_not_have() {
    // 1 - 2, 1 - 3, both merged into 4
    let computed = devlake()
        .line(2)
        .add(commit(3, 3, &[1]))
        .add(commit(4, 4, &[2, 3]))
        .add(change(1, 2, 2))
        .add(change(2, 3, 3))
        .add(deploy("a", 2, 10))
        .add(deploy("b", 3, 20))
        .add(deploy("m", 4, 30))
        .compute();
    assert_eq!(computed.change(1).deployment.as_str(), "m");
    assert_eq!(computed.change(2).deployment.as_str(), "b");
}

#[test]
fn the_environment_does_not_matter_to_what_ran_before() {
    let to = |environment: &str, id: &str, commit, hour| Deployment {
        environment: Some(environment.to_owned()),
        ..deploy(id, commit, hour)
    };
    let computed = devlake().line(2).add(to("prod-eu", "eu", 1, 5)).add(to("prod-us", "us", 2, 6)).compute();
    assert_eq!(computed.deployment("us").previous, Some("eu".into()));
}

#[test]
fn deployments_of_one_id_count_once_and_an_incident_fails_them_once() {
    let mut case = devlake();
    case.service.repositories.push(crate::build::OTHER.into());
    for day in 1..4_u32 {
        for (repository, commit) in [(crate::build::REPOSITORY, day), (crate::build::OTHER, 100 + day)] {
            case = case.add(Deployment {
                repository: Some(repository.into()),
                rollout: Some(format!("devlake/1/{day}")),
                ..deploy(&format!("{day}/{repository}"), commit, i64::from(day) * 24)
            });
        }
    }
    let computed = case.add(incident("i", 49, Some(50))).compute();
    assert_eq!(computed.deployments.iter().filter(|row| row.counted).count(), 3);
    assert_eq!(computed.failed().len(), 1);
}

#[test]
fn a_service_of_only_tags_has_a_finding_that_these_rules_take_none() {
    let statement = devlake().line(1).add(tag("v1.0.0", 1, 5)).compute().statement.unwrap();
    assert!(statement.contains("does not take for deployments"), "{statement}");
}
