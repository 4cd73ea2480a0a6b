//! Reverts, hotfixes and patch releases.

use kernel::{Change, Commit, Deployment, DeploymentSource, FindingKind};

use crate::build::{Case, Computed, OTHER, change, commit, deploy, sha, tag};

/// `Add cache` is deployed with 2, reverted with 3, and brought back with 4.
fn reapplied(subject: &str, reverts: &[u32]) -> Computed {
    let reverted = Commit { subject: "Revert \"Add cache\"".to_owned(), reverts: vec![sha(2)], ..commit(3, 35, &[2]) };
    let reverts = reverts.iter().map(|number| sha(*number)).collect();
    Case::new()
        .add(commit(1, 1, &[]))
        .add(Commit { subject: "Add cache".to_owned(), ..commit(2, 32, &[1]) })
        .add(reverted)
        .add(Commit { subject: subject.to_owned(), reverts, ..commit(4, 39, &[3]) })
        .add(deploy("1", 1, 10))
        .add(deploy("2", 2, 34))
        .add(deploy("3", 3, 36))
        .add(deploy("4", 4, 40))
        .compute()
}

#[test]
fn a_revert_of_a_revert_brings_the_change_back_and_fails_no_deployment() {
    for (subject, reverts) in [
        ("Reapply \"Add cache\"", &[3][..]),
        ("Revert \"Revert \"Add cache\"\"", &[3]),
        ("Revert \"Revert \"Add cache\"\"", &[]),
        ("Bring the cache back", &[3]),
    ] {
        let computed = reapplied(subject, reverts);
        assert_eq!(computed.failed(), ["2"], "{subject}");
        assert_eq!(computed.rework(), ["3"], "{subject}");
    }
}

#[test]
fn a_revert_of_what_was_brought_back_is_a_revert() {
    let again =
        Commit { subject: "Revert \"Reapply \"Add cache\"\"".to_owned(), reverts: vec![sha(3)], ..commit(4, 14, &[3]) };
    let computed = Case::new()
        .line(2)
        .add(Commit { subject: "Reapply \"Add cache\"".to_owned(), ..commit(3, 11, &[2]) })
        .add(again)
        .add(deploy("1", 2, 10))
        .add(deploy("2", 3, 12))
        .add(deploy("3", 4, 15))
        .compute();
    assert_eq!(computed.failed(), ["2"]);
    assert_eq!(computed.deployment("3").rework_by[0].target, Some(sha(3).to_string()));
}

fn releases(names: &[&str], gap: i64) -> Case {
    let mut case = Case::new().line(u32::try_from(names.len()).unwrap());
    for (number, name) in (1_u32..).zip(names) {
        let release = Deployment { source: DeploymentSource::Release, ..tag(name, number, i64::from(number) * gap) };
        case = case.add(release);
    }
    case
}

#[test]
fn a_patch_level_that_counts_releases_marks_none_as_failed() {
    let names: Vec<String> = (100..108).map(|patch| format!("v1.0.{patch}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let off = releases(&names, 4).compute();
    assert!(off.failed().is_empty() && off.rework().is_empty() && off.findings.is_empty(), "{:?}", off.findings);
    let on = releases(&names, 4).set(|settings| settings.patch_release_is_hotfix = true).compute();
    assert!(on.failed().is_empty() && on.rework().is_empty());
    assert_eq!(on.findings[0].kind, FindingKind::PatchReleases);
    assert!(on.findings[0].detail.contains("7 of its releases"), "{}", on.findings[0].detail);
}

#[test]
fn days_as_versions_mark_none_as_failed() {
    for names in [
        ["2026.01.02", "2026.01.03", "2026.01.04", "2026.01.05"],
        ["26.1.2", "26.1.3", "26.1.4", "26.1.5"],
        ["20260102.1", "20260102.2", "20260102.3", "20260102.4"],
    ] {
        let computed = releases(&names, 4).set(|settings| settings.patch_release_is_hotfix = true).compute();
        assert!(computed.failed().is_empty() && computed.findings.is_empty(), "{:?}", computed.findings);
    }
}

#[test]
fn where_patch_releases_do_not_count_a_finding_says_what_they_would_have_found() {
    let names = ["v1.3.0", "v1.4.0", "v1.4.1", "v1.5.0"];
    let computed = releases(&names, 4).compute();
    assert!(computed.failed().is_empty());
    assert_eq!(computed.findings[0].kind, FindingKind::PatchReleases);
    assert!(computed.findings[0].detail.contains("`dora.patch_release_is_hotfix` is off"));
    let on = releases(&names, 4).set(|settings| settings.patch_release_is_hotfix = true).compute();
    assert_eq!(on.failed(), ["v1.4.0"]);
    assert_eq!(on.rework(), ["v1.4.1"]);
}

#[test]
fn the_patch_level_of_another_repository_is_no_hotfix() {
    let mut case = Case::new().line(3).set(|settings| settings.patch_release_is_hotfix = true);
    case.service.repositories.push(OTHER.into());
    let other = Deployment { repository: Some(OTHER.into()), ..tag("v1.0.1", 100, 12) };
    let computed = case.add(tag("v0.9.0", 1, 5)).add(tag("v1.0.0", 2, 10)).add(other).compute();
    assert!(computed.failed().is_empty() && computed.findings.iter().all(|x| x.kind != FindingKind::PatchReleases));
}

#[test]
fn a_hotfix_fails_the_deployment_before_it_in_its_own_repository() {
    let mut case = Case::new().line(3);
    case.service.repositories.push(OTHER.into());
    let other = Deployment { repository: Some(OTHER.into()), ..deploy("api", 100, 11) };
    let computed = case
        .add(Change { source_branch: Some("hotfix/x".to_owned()), ..change(1, 3, 12) })
        .add(deploy("a", 1, 5))
        .add(deploy("b", 2, 10))
        .add(other)
        .add(deploy("c", 3, 13))
        .compute();
    assert_eq!(computed.failed(), ["b"]);
}
