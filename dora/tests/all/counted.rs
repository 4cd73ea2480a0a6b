//! Which deployments count, when they took effect, in which order, and which of them are one rollout.

use chrono::TimeDelta;
use kernel::{
    Commit, Deployment, DeploymentKind, DeploymentSource, FindingKind, Outcome, PipelineRun, Repository, RepositoryId,
    Rule, Sha,
};

use crate::build::{Case, Computed, REPOSITORY, at, commit, deploy, hours, incident, sha, tag, version};

const OTHER: &str = "example.com/shop/api";

fn ids(computed: &Computed) -> Vec<&str> {
    computed.deployments.iter().map(|row| row.deployment.as_str()).collect()
}

fn to(environment: &str, id: &str, commit: u32, hour: i64) -> Deployment {
    Deployment { environment: Some(environment.to_owned()), ..deploy(id, commit, hour) }
}

fn of(repository: &str, deployment: Deployment) -> Deployment {
    Deployment { repository: Some(repository.into()), ..deployment }
}

fn run(id: &str, name: &str, commit: u32, hour: i64) -> PipelineRun {
    PipelineRun {
        repository: Some(REPOSITORY.into()),
        sha: Some(sha(commit)),
        finished_at: Some(at(hour)),
        outcome: Some(Outcome::Success),
        ..PipelineRun::new(format!("{REPOSITORY}/run/{id}"), name.to_owned(), at(hour), version())
    }
}

fn repository(default_branch: Option<&str>) -> Repository {
    Repository {
        default_branch: default_branch.map(ToOwned::to_owned),
        ..Repository::new(REPOSITORY.into(), "shop/web".to_owned(), version())
    }
}

#[test]
fn names_decide_what_production_is_where_nothing_else_does() {
    let names = [
        "production",
        "prod",
        "prod-staging",
        "production-preview",
        "prod-like",
        "live-preview",
        "live-demo",
        "PRD",
        "live",
        "prod-eu",
        "production/eu",
        "Production – site",
        "prod1",
        "production2",
        "gprd",
        "pre-prod",
        "non-production",
        "eu-prod",
        "aws-production",
        "gcp-prod-1",
    ];
    let mut case = Case::new().line(20);
    for (number, name) in (1_u32..).zip(names) {
        case = case.add(to(name, name, number, i64::from(number) * 24));
    }
    let computed = case.compute();
    let expected = [
        "production",
        "prod",
        "PRD",
        "live",
        "prod-eu",
        "production/eu",
        "Production – site",
        "prod1",
        "production2",
        "gprd",
        "eu-prod",
        "aws-production",
        "gcp-prod-1",
    ];
    assert_eq!(ids(&computed), expected);
    let finding = computed.findings.iter().find(|finding| finding.kind == FindingKind::Environments).unwrap();
    assert_eq!(finding.subject, "web");
    assert!(finding.detail.contains("not counted: `live-demo`, `live-preview`"), "{}", finding.detail);
    let two = Case::new().line(2).add(to("production", "a", 1, 1)).add(to("production-preview", "b", 2, 2)).compute();
    assert_eq!(ids(&two), ["a"]);
    let finding = two.findings.iter().find(|finding| finding.kind == FindingKind::Environments).unwrap();
    assert!(finding.detail.starts_with("counted as production: `production`; not counted: `production-preview`"));
    // one environment says nothing of others
    let one = Case::new().line(1).add(deploy("a", 1, 1)).compute();
    assert!(one.findings.iter().all(|finding| finding.kind != FindingKind::Environments));
}

#[test]
fn the_word_of_the_source_goes_before_names_and_behind_a_pattern_that_is_set() {
    let stated = |id: &str, name: &str, production: bool, hour: i64| Deployment {
        production: Some(production),
        ..to(name, id, 1, hour)
    };
    let mut case = Case::new()
        .line(1)
        .add(stated("portal", "customer-portal", true, 10))
        .add(stated("review", "production-like/review-7", false, 11))
        .add(stated("frozen", "production", false, 12))
        .add(to("gprd", "named", 1, 13));
    assert_eq!(ids(&case.compute()), ["portal", "named"]);
    let general = case.clone().set(|settings| settings.production = Some("^production".to_owned())).compute();
    assert_eq!(ids(&general), ["review", "frozen"]);
    case.service.production = Some("portal|gprd".to_owned());
    let own = case.set(|settings| settings.production = Some("^production".to_owned())).compute();
    assert_eq!(ids(&own), ["portal", "named"]);
}

#[test]
fn runs_of_branches_that_are_not_deployed_leave_releases_in_place() {
    let on = |id: &str, branch: &str, commit: u32, hour: i64| PipelineRun {
        branch: Some(branch.to_owned()),
        ..run(id, "Deploy", commit, hour)
    };
    let release = |id: &str, commit, hour| Deployment { source: DeploymentSource::Release, ..tag(id, commit, hour) };
    let case = Case::new()
        .line(4)
        .add(repository(Some("main")))
        .add(run("9/1", "Deploy preview", 4, 8))
        .add(on("10/1", "feat-1", 3, 9))
        .add(on("11/1", "feat-2", 4, 12))
        .add(PipelineRun { pull_request: true, ..run("12/1", "Release", 4, 13) })
        .add(release("v1.0.0", 1, 10))
        .add(release("v1.1.0", 2, 20));
    let computed = case.compute();
    assert_eq!(ids(&computed), ["v1.0.0", "v1.1.0"]);
    assert_eq!(computed.changes.len(), 1);
    assert_eq!(computed.changes[0].lead_time_us, Some(hours(18)));
    // a branch that the service names, also by a pattern, and a tag
    let mut named = case.clone().add(PipelineRun { tag: Some("v9".to_owned()), ..run("13/1", "Deploy", 4, 14) });
    let runs = |numbers: &[u32]| -> Vec<String> {
        numbers.iter().map(|number| format!("{REPOSITORY}/run/{number}/1/deployment")).collect()
    };
    assert_eq!(ids(&named.compute()), runs(&[13]));
    named.service.branches = vec!["feat-*".to_owned()];
    assert_eq!(ids(&named.compute()), runs(&[10, 11, 13]));
    named.service.branches = vec!["feat-2".to_owned(), "other".to_owned()];
    assert_eq!(ids(&named.compute()), runs(&[11, 13]));
}

#[test]
fn of_pull_requests_and_forks_no_run_is_a_deployment() {
    let main = |id: &str, hour| PipelineRun { branch: Some("main".to_owned()), ..run(id, "Release", 1, hour) };
    let case = Case::new()
        .line(1)
        .add(repository(Some("main")))
        .add(main("1/1", 10))
        .add(PipelineRun { pull_request: true, ..run("2/1", "Release", 1, 11) })
        .add(PipelineRun { pull_request: true, outcome: Some(Outcome::Failure), ..main("3/1", 12) });
    assert_eq!(ids(&case.compute()), [format!("{REPOSITORY}/run/1/1/deployment")]);
    // alone they leave a service without deployments, whose finding says how to configure it
    let trial = |branch: &str| PipelineRun { branch: Some(branch.to_owned()), ..run("4/1", "Release", 1, 10) };
    let statement = Case::new().line(1).add(trial("develop")).compute().statement.unwrap();
    assert!(statement.contains("`develop`") && statement.contains("`service.branches`"), "{statement}");
    // where no source says what the default branch is
    assert_eq!(Case::new().line(1).add(trial("master")).compute().deployments.len(), 1);
    assert_eq!(
        Case::new().line(1).add(repository(Some("develop"))).add(trial("develop")).compute().deployments.len(),
        1
    );
    // or what a run was for
    assert_eq!(Case::new().line(1).add(run("5/1", "Release", 1, 10)).compute().deployments.len(), 1);
}

#[test]
fn another_attempt_after_a_success_is_no_deployment() {
    let attempt = |id: &str, attempt, outcome, commit, hour| PipelineRun {
        attempt,
        outcome: Some(outcome),
        ..run(id, "deploy", commit, hour)
    };
    let computed = Case::new()
        .line(3)
        .add(attempt("6/1", 1, Outcome::Success, 1, 10))
        .add(attempt("7/1", 1, Outcome::Failure, 2, 11))
        .add(attempt("7/2", 2, Outcome::Success, 2, 12))
        .add(attempt("8/1", 1, Outcome::Success, 3, 20))
        .add(attempt("7/3", 3, Outcome::Success, 2, 30))
        .add(attempt("7/4", 4, Outcome::Failure, 2, 31))
        .set(|settings| settings.count_failed_attempts = true)
        .compute();
    let id = |run: &str| format!("{REPOSITORY}/run/{run}/deployment");
    assert_eq!(ids(&computed), ["6/1", "7/1", "7/2", "8/1"].map(id));
    assert_eq!(computed.failed(), [id("7/1")]);
}

fn merged(id: &str, commit: u32, hour: i64) -> Deployment {
    Deployment { source: DeploymentSource::Branch, environment: None, ..deploy(id, commit, hour) }
}

#[test]
fn commits_of_one_second_and_of_skewed_clocks_keep_their_line() {
    // two commits of one second, whose ids are in the other order
    let equal = Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(2, 10, &[1]))
        .add(commit(3, 10, &[2]))
        .add(merged("base", 1, 1))
        .add(merged("b", 2, 10))
        .add(merged("a", 3, 10))
        .compute();
    assert_eq!(ids(&equal), ["base", "b", "a"]);
    assert!(equal.failed().is_empty() && equal.rework().is_empty());
    // a child whose clock is behind, and one whose clock is far ahead
    let skewed = Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(2, 10, &[1]))
        .add(commit(3, 9, &[2]))
        .add(commit(4, 90_000, &[3]))
        .add(commit(5, 12, &[4]))
        .add(commit(6, 14, &[5]));
    let clocks = [(1, 1), (2, 10), (3, 9), (4, 90_000), (5, 12), (6, 14)];
    let skewed = clocks
        .into_iter()
        .fold(skewed, |case, (commit, hour)| case.add(merged(&format!("d{}", 9 - commit), commit, hour)));
    let computed = skewed.compute();
    assert_eq!(ids(&computed), ["d8", "d7", "d6", "d5", "d4", "d3"]);
    assert!(computed.failed().is_empty() && computed.rework().is_empty());
    assert_eq!(computed.deployment("d5").finished_at, at(12));
    assert!(computed.deployments.is_sorted_by_key(|row| row.finished_at));
    // so do tags that have no time of their own
    let tags = Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(2, 10, &[1]))
        .add(commit(3, 9, &[2]))
        .add(tag("1.0.0", 1, 1))
        .add(tag("2.0.0", 2, 10))
        .add(tag("3.0.0", 3, 9))
        .compute();
    let carried: Vec<(&str, i32)> = tags.deployments.iter().map(|row| (row.deployment.as_str(), row.commits)).collect();
    assert_eq!(carried, [("1.0.0", 0), ("2.0.0", 1), ("3.0.0", 1)]);
}

#[test]
fn at_the_same_time_an_ancestor_goes_before_its_descendants_from_every_source() {
    let computed = Case::new()
        .line(3)
        .add(Deployment { started_at: Some(at(9)), ..deploy("c", 1, 10) })
        .add(Deployment { started_at: Some(at(8)), ..deploy("b", 2, 10) })
        .add(Deployment { started_at: Some(at(7)), ..deploy("a", 3, 10) })
        .compute();
    assert_eq!(ids(&computed), ["c", "b", "a"]);
    assert!(computed.failed().is_empty() && computed.rework().is_empty());
}

#[test]
fn a_repository_keeps_its_line_where_none_of_its_commits_is_known() {
    let mut case =
        Case::new().add(of(OTHER, deploy("d1", 1, 10))).add(deploy("d2", 2, 11)).add(of(OTHER, deploy("d3", 1, 12)));
    case.service.repositories = vec![OTHER.into(), REPOSITORY.into()];
    let computed = case.compute();
    assert_eq!(computed.deployment("d3").kind, DeploymentKind::Redeployment);
    assert_eq!(computed.deployment("d3").previous, Some("d1".into()));
    assert!(computed.failed().is_empty() && computed.rework().is_empty());
    assert_eq!(computed.deployments.iter().filter(|row| row.counted).count(), 2);
}

#[test]
fn a_change_is_not_carried_by_another_repository_of_which_nothing_is_known() {
    let mut case = Case::new()
        .line(2)
        .add(crate::build::change(1, 2, 100))
        .add(deploy("web", 1, 50))
        .add(of(OTHER, deploy("api-1", 7, 60)))
        .add(of(OTHER, deploy("api-2", 8, 200)));
    case.service.repositories = vec![REPOSITORY.into(), OTHER.into()];
    let computed = case.compute();
    assert!(computed.changes.is_empty(), "{:?}", computed.changes);
    assert_eq!(computed.deployment("api-2").previous, Some("api-1".into()));
}

#[test]
fn an_incident_finds_a_commit_that_only_a_deployment_names_whatever_its_length() {
    let long = Sha::parse(&"ab".repeat(32)).unwrap();
    let computed = Case::new()
        .add(deploy("first", 1, 1))
        .add(Deployment { sha: Some(long), ..deploy("second", 0, 50) })
        .add(kernel::Incident {
            service: Some("other".to_owned()),
            caused_by_deployment: Some(long.to_string().to_uppercase()),
            fixed_by_deployment: Some(sha(1).to_string()),
            ..incident("i", 51, None)
        })
        .compute();
    assert_eq!(computed.failed(), ["second"]);
    assert_eq!(computed.deployment("second").failed_by[0].rule, Rule::IncidentNamesIt);
    assert_eq!(computed.rework(), ["first"]);
}

/// A commit of the other repository.
fn elsewhere(number: u32, hour: i64) -> Commit {
    Commit { repository: RepositoryId::from(OTHER), ..commit(number, hour, &[]) }
}

#[test]
fn the_store_of_commits_does_not_matter_to_the_line_of_a_repository() {
    let mut case =
        Case::new().add(of(OTHER, deploy("d1", 1, 10))).add(deploy("d2", 2, 11)).add(of(OTHER, deploy("d3", 1, 12)));
    case.service.repositories = vec![OTHER.into(), REPOSITORY.into()];
    let shown = |computed: Computed| -> Vec<(DeploymentKind, bool)> {
        computed.deployments.iter().map(|row| (row.kind, row.failed)).collect()
    };
    let unknown = shown(case.compute());
    let known = shown(case.add(elsewhere(1, 5)).add(commit(2, 5, &[])).compute());
    assert_eq!(unknown, known);
}

#[test]
fn a_deployment_without_a_time_of_its_end_took_effect_when_it_started() {
    let computed = Case::new()
        .line(2)
        .add(deploy("b", 2, 20))
        .add(Deployment { finished_at: None, started_at: Some(at(20) - TimeDelta::hours(2)), ..deploy("a", 1, 0) })
        .compute();
    assert_eq!(ids(&computed), ["a", "b"]);
}
