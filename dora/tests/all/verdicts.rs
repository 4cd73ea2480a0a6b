//! Which deployments failed, recovered and are rework where several environments, repositories, copies of commits
//! or reverts of reverts are in play. Cases counted by hand.

use kernel::{
    Change, Commit, Deployment, DeploymentKind, DeploymentSource, FindingKind, Incident, Outcome, RepositoryId, Rule,
};

use crate::build::{Case, Computed, OTHER, REPOSITORY, at, change, commit, deploy, hours, incident, sha, tag};

fn to(environment: &str, id: &str, commit: u32, hour: i64) -> Deployment {
    Deployment { environment: Some(environment.to_owned()), ..deploy(id, commit, hour) }
}

fn counted(computed: &Computed) -> Vec<&str> {
    computed.deployments.iter().filter(|row| row.counts).map(|row| row.deployment.as_str()).collect()
}

fn leads(computed: &Computed) -> Vec<(String, i64)> {
    let row = |row: &kernel::ChangeMetric| (row.title.clone(), row.lead_time_us.unwrap_or(-1) / hours(1));
    computed.changes.iter().map(row).collect()
}

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
fn a_promotion_without_a_merge_commit_is_no_change_either() {
    let request = |number, commits: &[u32], merge, merged| Change {
        commits: commits.iter().map(|commit| sha(*commit)).collect(),
        ..change(number, merge, merged)
    };
    let copy = |number, of: u32, hour, parent| Commit {
        subject: format!("Commit {of}"),
        committed_at: at(30),
        ..commit(number, hour, &[parent])
    };
    let case = || Case::new().line(3).add(request(1, &[2], 2, 4)).add(request(2, &[3], 3, 5)).add(deploy("1", 1, 3));
    // moved forward, and rebased
    let forward = case().add(request(3, &[2, 3], 3, 30)).add(deploy("2", 3, 40));
    let rebased = case().add(commit(9, 10, &[1])).add(copy(10, 2, 1, 9)).add(copy(11, 3, 2, 10));
    let rebased = rebased.add(request(3, &[2, 3], 11, 30)).add(deploy("2", 11, 40));
    for case in [forward, rebased] {
        let computed = case.compute();
        let changes: Vec<_> = computed.changes.iter().filter(|row| row.title.starts_with("Change ")).collect();
        assert_eq!(changes.len(), 2, "{:?}", leads(&computed));
        assert!(leads(&computed).iter().all(|(title, _)| title != "Change 3"));
    }
}

#[test]
fn an_incident_after_an_attempt_or_a_rollback_in_one_environment_is_judged_there() {
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
fn an_incident_written_down_after_the_rollback_is_that_of_what_was_rolled_back() {
    let case = || Case::new().line(2).add(deploy("1", 1, 10)).add(deploy("2", 2, 34)).add(deploy("3", 1, 35));
    let computed = case().add(incident("i", 36, Some(37))).compute();
    assert_eq!(computed.failed(), ["2"]);
    let evidence = computed.deployment("2").failed_by.iter().find(|found| found.what == "incident").unwrap();
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
fn a_revert_of_a_revert_brings_the_change_back_and_blames_nobody() {
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

#[test]
fn a_promotion_of_what_other_requests_brought_is_no_change() {
    let into_stage = |number, commits: &[u32], merge, opened, merged| Change {
        commits: commits.iter().map(|commit| sha(*commit)).collect(),
        target_branch: Some("stage".to_owned()),
        opened_at: Some(at(opened)),
        ..change(number, merge, merged)
    };
    let requests = || {
        Case::new()
            .add(commit(1, 8, &[]))
            .add(commit(2, 32, &[1]))
            .add(commit(3, 56, &[1, 2]))
            .add(commit(4, 152, &[3]))
            .add(commit(5, 176, &[3, 4]))
            .add(into_stage(1, &[2], 3, 33, 56))
            .add(into_stage(2, &[4], 5, 153, 176))
            .add(deploy("1", 1, 10))
            .add(deploy("2", 6, 202))
    };
    let merged = commit(6, 200, &[1, 5]);
    let squashed = commit(6, 200, &[1]);
    for promotion in [into_stage(3, &[2, 3, 4, 5], 6, 199, 200), into_stage(3, &[], 6, 199, 200)] {
        let computed = requests().add(merged.clone()).add(promotion).compute();
        assert_eq!(leads(&computed), [("Change 1".to_owned(), 170), ("Change 2".to_owned(), 50)]);
        let finding = computed.findings.iter().find(|finding| finding.kind == FindingKind::DuplicateChange).unwrap();
        assert_eq!(finding.subject, format!("{REPOSITORY}#3"));
    }
    // what was squashed into one commit reaches production with it
    let computed = requests().add(squashed).add(into_stage(3, &[2, 3, 4, 5], 6, 199, 200)).compute();
    assert_eq!(leads(&computed), [("Change 1".to_owned(), 170), ("Change 2".to_owned(), 50)]);
}

#[test]
fn merges_that_are_no_requests_are_no_changes() {
    // f1 on a branch; m1, m2 on main; main merged into the branch, which main then follows
    let computed = Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(2, 8, &[1]))
        .add(commit(3, 9, &[1]))
        .add(commit(4, 10, &[3]))
        .add(Commit { subject: "Merge branch 'main' into feat".to_owned(), ..commit(5, 11, &[2, 4]) })
        // known from a push only, without its parents
        .add(Commit { subject: "Merge branch 'x'".to_owned(), parents: None, ..commit(6, 3, &[]) })
        .add(deploy("a", 1, 2))
        .add(deploy("x", 6, 4))
        .add(deploy("b", 5, 12))
        .compute();
    let mut leads = leads(&computed);
    leads.sort();
    assert_eq!(leads, [("Commit 2".to_owned(), 4), ("Commit 3".to_owned(), 3), ("Commit 4".to_owned(), 2)]);
}

#[test]
fn a_cherry_pick_is_the_same_change_and_counts_once_where_it_was_first() {
    // 2 on main; 3 the same on a release branch, which is deployed first
    let picked = |same: Commit| {
        Case::new()
            .line(2)
            .add(same)
            .add(deploy("a", 1, 2))
            .add(deploy("release", 3, 10))
            .add(deploy("main", 2, 20))
            .compute()
    };
    let copy = || Commit { committed_at: at(9), ..commit(3, 2, &[1]) };
    let by_author = picked(Commit { subject: "Commit 2".to_owned(), ..copy() });
    let by_trailer = picked(Commit { cherry_picked_from: Some(sha(2)), ..copy() });
    for computed in [by_author, by_trailer] {
        assert_eq!(computed.changes.len(), 1);
        assert_eq!(computed.changes[0].deployment.as_str(), "release");
        assert_eq!(computed.changes[0].lead_time_us, Some(hours(8)));
    }
    // another commit of the same second is another change
    assert_eq!(picked(copy()).changes.len(), 2);
}

#[test]
fn a_backported_request_is_the_request_and_was_in_production_first_with_its_copy() {
    let backport = Change { commits: vec![sha(3)], ..change(2, 3, 9) };
    let computed = Case::new()
        .line(2)
        .add(Commit { subject: "Commit 2".to_owned(), committed_at: at(9), ..commit(3, 2, &[1]) })
        .add(Change { commits: vec![sha(2)], ..change(1, 2, 3) })
        .add(backport)
        .add(deploy("a", 1, 2))
        .add(deploy("release", 3, 10))
        .add(deploy("main", 2, 20))
        .compute();
    assert_eq!(leads(&computed), [("Change 1".to_owned(), 8)]);
    assert_eq!(computed.change(1).deployment.as_str(), "release");
}

#[test]
fn a_request_that_was_rebased_owns_the_commits_that_the_rebase_made() {
    // listed 10 and 11 became 2 and 3 on main
    let rebased = |number, from: u32, hour, parents: &[u32]| Commit {
        subject: format!("Commit {from}"),
        committed_at: at(9),
        ..commit(number, hour, parents)
    };
    let computed = Case::new()
        .line(1)
        .add(commit(10, 3, &[1]))
        .add(commit(11, 4, &[10]))
        .add(rebased(2, 10, 3, &[1]))
        .add(rebased(3, 11, 4, &[2]))
        .add(Change { commits: vec![sha(10), sha(11)], ..change(1, 3, 9) })
        .add(deploy("a", 1, 2))
        .add(deploy("b", 3, 10))
        .compute();
    assert_eq!(leads(&computed), [("Change 1".to_owned(), 7)]);
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

#[test]
fn a_deployment_recovers_when_all_incidents_in_its_evidence_are_resolved() {
    let case = |second: Option<i64>| {
        let case = Case::new().line(1).add(deploy("a", 1, 10));
        case.add(incident("i1", 11, Some(13))).add(incident("i2", 12, second)).compute()
    };
    assert_eq!(case(Some(20)).deployment("a").recovered_at, Some(at(20)));
    assert_eq!(case(None).deployment("a").recovered_at, None);
}

#[test]
fn a_change_of_one_repository_is_never_carried_by_another() {
    let mut case = Case::new()
        .line(2)
        .add(change(1, 2, 100))
        .add(Change { repository: OTHER.into(), id: RepositoryId::from(OTHER).change(7), ..change(7, 200, 15) })
        .add(deploy("web", 1, 10))
        .add(deploy("web-2", 1, 20));
    case.service.repositories.push(OTHER.into());
    assert!(case.compute().changes.is_empty());
}

#[test]
fn what_a_merge_brought_is_its_changes_also_where_the_line_goes_through_the_branch() {
    // 1 - 2 - 4 is the line; 3 merges 2 into 1, and 4 merges 3 into 2
    let computed = Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(2, 2, &[1]))
        .add(commit(3, 3, &[1, 2]))
        .add(commit(4, 4, &[2, 3]))
        .add(change(1, 3, 3))
        .add(deploy("a", 1, 1))
        .add(deploy("b", 4, 10))
        .compute();
    assert_eq!(leads(&computed), [("Change 1".to_owned(), 8)]);
}
