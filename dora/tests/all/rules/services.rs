//! Services of several repositories, of a part of one, and of incomplete data.

use kernel::{Commit, Deployment, DeploymentKind, FindingKind, Repository};

use crate::build::{Case, REPOSITORY, change, commit, deploy, tag, version};

#[test]
fn an_unknown_commit_and_a_shallow_clone_are_findings() {
    let shallow = Repository { partial: true, ..Repository::new(REPOSITORY.into(), "shop/web".to_owned(), version()) };
    let computed = Case::new().line(1).add(shallow).add(deploy("a", 1, 5)).add(deploy("b", 77, 10)).compute();
    let found: Vec<(FindingKind, &str)> =
        computed.findings.iter().map(|finding| (finding.kind, finding.subject.as_str())).collect();
    assert_eq!(found, [(FindingKind::UnknownCommit, "b"), (FindingKind::PartialHistory, REPOSITORY)]);
    assert_eq!(computed.deployment("b").kind, DeploymentKind::Normal);
}

#[test]
fn a_service_without_deployments_has_a_finding_on_what_to_configure() {
    let statement = Case::new().line(2).compute().statement.unwrap();
    assert!(
        statement.contains("`tag_pattern` in `[source.pull]`") && statement.contains("`deployment_branch`"),
        "{statement}"
    );
    let staging = Deployment { environment: Some("staging".to_owned()), ..deploy("a", 1, 5) };
    let statement = Case::new().line(2).add(staging).compute().statement.unwrap();
    assert!(statement.contains("`staging`") && statement.contains("`service.production`"), "{statement}");
}

#[test]
fn repositories_of_one_service_each_have_their_own_first_deployment() {
    const OTHER: &str = "example.com/shop/api";
    let mut case = Case::new().line(2).add(deploy("a", 1, 5)).add(deploy("b", 2, 20));
    case.service.repositories.push(OTHER.into());
    let there = |number, hour, parents: &[u32]| Commit { repository: OTHER.into(), ..commit(number, hour, parents) };
    let deployed = |id, commit, hour| Deployment { repository: Some(OTHER.into()), ..deploy(id, commit, hour) };
    let computed = case
        .add(there(101, 1, &[]))
        .add(there(102, 8, &[101]))
        .add(deployed("x", 101, 10))
        .add(deployed("y", 102, 15))
        .compute();
    let shown: Vec<(&str, DeploymentKind, i32)> =
        computed.deployments.iter().map(|row| (row.deployment.as_str(), row.kind, row.commits)).collect();
    assert_eq!(
        shown,
        [
            ("a", DeploymentKind::First, 0),
            ("x", DeploymentKind::First, 0),
            ("y", DeploymentKind::Normal, 1),
            ("b", DeploymentKind::Normal, 1)
        ]
    );
}

fn of_directories(number: u32, hour: i64, parents: &[u32], directories: &[&str]) -> Commit {
    let directories = directories.iter().map(|directory| (*directory).to_owned()).collect();
    Commit { directories: Some(directories), ..commit(number, hour, parents) }
}

#[test]
fn of_a_shared_repository_a_service_has_the_commits_that_change_its_directories() {
    let mut case = Case::new()
        .add(commit(1, 1, &[]))
        .add(of_directories(2, 2, &[1], &["services/web/src"]))
        .add(of_directories(3, 3, &[2], &["services/mail"]))
        .add(of_directories(4, 4, &[3], &["services/website", ""]))
        // it was not looked into, so it may be of any
        .add(commit(5, 5, &[4]))
        .add(deploy("a", 1, 6))
        .add(deploy("b", 5, 10));
    case.service.paths = vec!["services/web".to_owned()];
    let computed = case.compute();
    assert_eq!(computed.deployment("b").commits, 2);
    let carried: Vec<String> = computed.changes.iter().map(|row| row.title.clone()).collect();
    assert_eq!(carried, ["Commit 2", "Commit 5"]);
    // without directories of its own it has them all
    case.service.paths.clear();
    assert_eq!(case.compute().deployment("b").commits, 4);
}

#[test]
fn of_a_shared_repository_a_service_has_the_changes_with_a_commit_in_its_directories() {
    let mut case = Case::new()
        .add(commit(1, 1, &[]))
        // a change with one commit here and one elsewhere
        .add(of_directories(2, 2, &[1], &["web"]))
        .add(of_directories(3, 3, &[2], &["mail"]))
        .add(commit(4, 4, &[1, 3]))
        .add(change(1, 4, 4))
        // one with a commit elsewhere
        .add(of_directories(5, 5, &[4], &["mail"]))
        .add(commit(6, 6, &[4, 5]))
        .add(change(2, 6, 6))
        // one that was squashed, elsewhere
        .add(of_directories(7, 7, &[6], &["docs"]))
        .add(change(3, 7, 7))
        .add(deploy("a", 1, 8))
        .add(deploy("b", 7, 10));
    case.service.paths = vec!["web".to_owned()];
    let computed = case.compute();
    let carried: Vec<&str> = computed.changes.iter().map(|row| row.title.as_str()).collect();
    assert_eq!(carried, ["Change 1"]);
    assert_eq!((computed.deployment("b").changes, computed.deployment("b").commits), (1, 1));
}

#[test]
fn of_a_shared_repository_a_service_has_the_deployments_whose_names_say_so() {
    let mut case = Case::new()
        .line(4)
        .add(tag("web-v1.0.0", 1, 5))
        .add(tag("mail-v1.0.0", 2, 6))
        .add(tag("web-v1.1.0", 3, 7))
        .add(Deployment { service: Some("web".to_owned()), ..tag("special", 4, 8) });
    case.service.deployments = Some("^web-".to_owned());
    let computed = case.compute();
    let names: Vec<&str> = computed.deployments.iter().map(|row| row.deployment.as_str()).collect();
    assert_eq!(names, ["web-v1.0.0", "web-v1.1.0", "special"]);
    assert_eq!(computed.deployment("web-v1.1.0").commits, 2);
}

#[test]
fn a_file_above_a_path_is_of_no_service_unless_its_directories_were_truncated() {
    let mut case = Case::new()
        .add(commit(1, 1, &[]))
        .add(of_directories(2, 2, &[1], &["lib"]))
        .add(of_directories(3, 3, &[2], &[""]))
        .add(of_directories(4, 4, &[3], &["lib/api"]))
        .add(of_directories(5, 5, &[4], &["lib/web"]))
        .add(deploy("a", 1, 6))
        .add(deploy("b", 5, 10));
    case.service.paths = vec!["lib/web".to_owned()];
    let carried =
        |case: &Case| -> Vec<String> { case.clone().compute().changes.iter().map(|row| row.title.clone()).collect() };
    assert_eq!(carried(&case), ["Commit 5"]);
    assert_eq!(case.clone().compute().deployment("b").commits, 1);
    // of one that changes very many directories, those above stand for them
    let truncated = Commit { directories_truncated: true, ..of_directories(6, 6, &[5], &["lib", "docs"]) };
    let elsewhere = Commit { directories_truncated: true, ..of_directories(7, 7, &[6], &["src"]) };
    let case = case.add(truncated).add(elsewhere).add(deploy("c", 7, 12));
    assert_eq!(carried(&case), ["Commit 5", "Commit 6"]);
}
