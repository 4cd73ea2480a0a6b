//! Which deployments failed, by which rule, what repaired them, and what is rework.

use kernel::{Change, Commit, Deployment, DeploymentKind, EvidenceKind, Incident, Outcome, RepositoryId, Rule};

use crate::build::{Case, REPOSITORY, at, change, commit, deploy, hours, incident, sha, tag};

#[test]
fn rule_1_an_incident_names_its_cause() {
    let case = || {
        Case::new()
            .line(4)
            .add(change(1, 2, 3))
            .add(Deployment { name: Some("v7".to_owned()), ..deploy("a", 1, 5) })
            .add(Deployment { name: Some("v8".to_owned()), ..deploy("b", 2, 10) })
            .add(deploy("c", 4, 20))
    };
    let caused = |by: &str| Incident {
        caused_by_deployment: Some(by.to_owned()),
        // long after: who is named is not asked about the window
        ..incident("i", 500, Some(503))
    };
    let hex = sha(2).to_string();
    for by in ["b", "v8", hex.as_str()] {
        let computed = case().add(caused(by)).compute();
        assert_eq!(computed.failed(), ["b"], "{by}");
        assert_eq!(computed.deployment("b").failed_by[0].rule, Rule::IncidentNamesIt);
        assert_eq!(computed.deployment("b").failed_by[0].url.as_deref(), Some("https://example.com/incidents/i"));
        assert_eq!(computed.deployment("b").recovered_at, Some(at(503)));
        assert_eq!(computed.incidents[0].deployment.as_ref().unwrap().as_str(), "b");
    }
    // a commit that c carried
    assert_eq!(case().add(caused(&sha(3).to_string())).compute().failed(), ["c"]);
    let by_change =
        Incident { caused_by_change: Some(RepositoryId::from(REPOSITORY).change(1)), ..incident("i", 500, None) };
    let computed = case().add(by_change).compute();
    assert_eq!(computed.failed(), ["b"]);
    assert_eq!(computed.deployment("b").recovered_at, None);
}

#[test]
fn rule_1_reaches_over_services_by_id_but_not_by_version() {
    let other = |by: &str| Incident {
        service: Some("other".to_owned()),
        caused_by_deployment: Some(by.to_owned()),
        ..incident("i", 12, None)
    };
    let case = || Case::new().line(2).add(tag("1.0", 1, 5)).add(Deployment { id: "id-2".into(), ..tag("2.0", 2, 10) });
    let computed = case().add(other("id-2")).compute();
    assert_eq!(computed.failed(), ["id-2"]);
    // whose incident it is says who has it in its time to restore
    assert!(computed.incidents.is_empty());
    assert!(case().add(other("2.0")).compute().failed().is_empty());
}

#[test]
fn rule_2_an_incident_is_laid_to_the_newest_deployment_within_the_window() {
    let failed = |detected: i64| {
        let case = Case::new().line(3).add(deploy("a", 1, 10)).add(deploy("b", 2, 20)).add(deploy("c", 3, 100));
        case.add(incident("i", detected, None)).compute().failed().join(" ")
    };
    assert_eq!(failed(9), "");
    assert_eq!(failed(10), "a");
    assert_eq!(failed(19), "a");
    assert_eq!(failed(20), "b");
    assert_eq!(failed(44), "b");
    assert_eq!(failed(45), "");
    assert_eq!(failed(99), "");
    assert_eq!(failed(100), "c");
}

#[test]
fn rule_2_leaves_alone_what_has_another_cause() {
    let failed = |incident: Incident| {
        let case = Case::new().line(2).add(deploy("a", 1, 10)).add(deploy("b", 2, 20));
        case.add(incident).compute().failed().len()
    };
    assert_eq!(failed(incident("i", 21, None)), 1);
    assert_eq!(failed(Incident { external_cause: true, ..incident("i", 21, None) }), 0);
    assert_eq!(failed(Incident { caused_by_deployment: Some("theirs".to_owned()), ..incident("i", 21, None) }), 0);
    assert_eq!(failed(Incident { caused_by_change: Some("x#1".into()), ..incident("i", 21, None) }), 0);
    assert_eq!(failed(Incident { service: Some("other".to_owned()), ..incident("i", 21, None) }), 0);
    assert_eq!(failed(Incident { deleted: true, ..incident("i", 21, None) }), 0);
    let of_repository = Incident { service: None, repository: Some(REPOSITORY.into()), ..incident("i", 21, None) };
    assert_eq!(failed(of_repository), 1);
}

#[test]
fn rule_4_a_revert_within_the_window_fails_what_had_carried_the_change() {
    let case = |second: i64| {
        Case::new()
            .line(4)
            .add(change(1, 2, 3))
            .add(deploy("a", 1, 5))
            .add(deploy("b", 3, 10))
            .add(deploy("c", 4, second))
    };
    let link = Change { reverts: Some(RepositoryId::from(REPOSITORY).change(1)), ..change(2, 4, 12) };
    let computed = case(20).add(link.clone()).compute();
    assert_eq!(computed.failed(), ["b"]);
    let evidence = &computed.deployment("b").failed_by[0];
    assert_eq!((evidence.rule, evidence.what), (Rule::Reverted, EvidenceKind::Change));
    assert_eq!(evidence.id, format!("{REPOSITORY}#2"));
    assert_eq!(computed.deployment("b").recovered_at, Some(at(20)));
    assert_eq!(computed.rework(), ["c"]);

    // after the window it still repaired something, but b is not laid to it
    let late = case(35).add(link).compute();
    assert!(late.failed().is_empty());
    assert_eq!(late.rework(), ["c"]);

    // by title, and by git's own words in a direct commit
    let title = Change { title: "Revert \"Change 1\"".to_owned(), ..change(2, 4, 12) };
    assert_eq!(case(20).add(title).compute().failed(), ["b"]);
    let words = |fourth: Commit| {
        let mut case = case(20);
        case.facts.retain(|fact| !matches!(fact, kernel::Fact::Commit(commit) if commit.sha == sha(4)));
        case.add(fourth).compute()
    };
    let by_sha = words(Commit { reverts: vec![sha(3)], ..commit(4, 12, &[3]) });
    assert_eq!(by_sha.failed(), ["b"]);
    assert_eq!(by_sha.deployment("b").failed_by[0].what, EvidenceKind::Commit);
    let by_subject = words(Commit { subject: "Revert \"Commit 3\"".to_owned(), ..commit(4, 12, &[3]) });
    assert_eq!(by_subject.failed(), ["b"]);
}

#[test]
fn rule_4_what_is_reverted_before_it_is_deployed_fails_no_deployment() {
    let computed = Case::new()
        .line(3)
        .add(Commit { reverts: vec![sha(3)], ..commit(4, 4, &[3]) })
        .add(deploy("a", 1, 5))
        .add(deploy("b", 4, 10))
        .compute();
    assert!(computed.failed().is_empty() && computed.rework().is_empty());
}

#[test]
fn rule_4_a_hotfix_in_the_very_next_deployment_fails_the_one_before_it() {
    let hotfix = Change { source_branch: Some("hotfix/login".to_owned()), ..change(1, 3, 12) };
    let case = |hour: i64| {
        Case::new()
            .line(4)
            .add(deploy("a", 1, 5))
            .add(deploy("b", 2, 10))
            .add(deploy("c", 3, hour))
            .add(deploy("d", 4, 90))
    };
    let computed = case(20).add(hotfix.clone()).compute();
    assert_eq!(computed.failed(), ["b"]);
    assert_eq!(computed.deployment("b").failed_by[0].rule, Rule::Hotfixed);
    assert_eq!(computed.deployment("b").recovered_at, Some(at(20)));
    assert_eq!(computed.rework(), ["c"]);
    let late = case(35).add(hotfix).compute();
    assert!(late.failed().is_empty());
    assert_eq!(late.rework(), ["c"]);
    let labeled = Change { labels: vec!["Hotfix".to_owned()], ..change(1, 3, 12) };
    assert_eq!(case(20).add(labeled).compute().failed(), ["b"]);
}

#[test]
fn rule_5_a_patch_release_within_the_window_is_the_hotfix_of_its_release() {
    let case = |patch: i64| {
        Case::new().line(3).add(tag("v1.3.0", 1, 5)).add(tag("v1.4.0", 2, 10)).add(tag("v1.4.1", 3, patch))
    };
    let case = |patch: i64| case(patch).set(|settings| settings.patch_release_is_hotfix = true);
    let computed = case(30).compute();
    assert_eq!(computed.failed(), ["v1.4.0"]);
    assert_eq!(computed.deployment("v1.4.0").failed_by[0].rule, Rule::PatchRelease);
    assert_eq!(computed.deployment("v1.4.0").recovered_at, Some(at(30)));
    assert_eq!(computed.rework(), ["v1.4.1"]);
    assert!(case(35).compute().failed().is_empty());
    let off = case(30).set(|settings| settings.patch_release_is_hotfix = false).compute();
    assert!(off.failed().is_empty() && off.rework().is_empty());
    // deployments of the forge have better evidence
    let deployed = Case::new()
        .line(2)
        .add(Deployment { name: Some("1.0.0".to_owned()), ..deploy("a", 1, 5) })
        .add(Deployment { name: Some("1.0.1".to_owned()), ..deploy("b", 2, 6) })
        .compute();
    assert!(deployed.failed().is_empty());
}

#[test]
fn failed_attempts_count_only_where_configured() {
    let case = Case::new()
        .line(2)
        .add(deploy("a", 1, 5))
        .add(Deployment { outcome: Some(Outcome::Failure), ..deploy("attempt", 2, 8) })
        .add(deploy("b", 2, 10));
    let computed = case.compute();
    let attempt = computed.deployment("attempt");
    assert!(!attempt.success && !attempt.failed && !attempt.counted);
    assert_eq!((attempt.kind, attempt.commits), (DeploymentKind::None, 0));
    assert_eq!(computed.deployment("b").commits, 1);
    let counted = case.set(|settings| settings.count_failed_attempts = true).compute();
    assert_eq!(counted.failed(), ["attempt"]);
    assert_eq!(counted.deployment("attempt").recovered_at, Some(at(10)));
}

#[test]
fn recovery_is_the_earliest_of_what_repaired() {
    let case = || Case::new().line(3).add(deploy("a", 1, 5)).add(deploy("b", 3, 10));
    // the incident is resolved before the rollback finishes
    let computed = case().add(deploy("back", 1, 14)).add(incident("i", 11, Some(13))).compute();
    let row = computed.deployment("b");
    let rules: Vec<Rule> = row.failed_by.iter().map(|evidence| evidence.rule).collect();
    assert_eq!(rules, [Rule::IncidentWhileNewest, Rule::RolledBack]);
    assert_eq!(row.recovered_at, Some(at(13)));
    assert_eq!(row.recovered_by.as_ref().unwrap().what, EvidenceKind::Incident);
    // or after it
    let computed = case().add(deploy("back", 1, 14)).add(incident("i", 11, Some(30))).compute();
    assert_eq!(computed.deployment("b").recovered_at, Some(at(14)));
    // a revert repairs even after the window
    let computed = case()
        .add(Commit { reverts: vec![sha(2)], ..commit(4, 50, &[3]) })
        .add(deploy("c", 4, 60))
        .add(incident("i", 11, None))
        .compute();
    assert_eq!(computed.failed(), ["b"]);
    assert_eq!(computed.deployment("b").recovered_at, Some(at(60)));
}

#[test]
fn a_deployment_that_an_incident_names_as_its_fix_is_rework() {
    let fixed = Incident { fixed_by_deployment: Some("c".to_owned()), ..incident("i", 11, None) };
    let computed =
        Case::new().line(3).add(deploy("a", 1, 5)).add(deploy("b", 2, 10)).add(deploy("c", 3, 15)).add(fixed).compute();
    assert_eq!(computed.failed(), ["b"]);
    assert_eq!(computed.rework(), ["c"]);
    assert_eq!(computed.deployment("c").rework_by[0].rule, Rule::NamedAsFix);
    assert_eq!(computed.deployment("b").recovered_at, Some(at(15)));
}

#[test]
fn an_incident_marks_one_deployment_at_most() {
    let named = Incident { caused_by_deployment: Some("a".to_owned()), ..incident("i", 21, None) };
    let computed = Case::new().line(2).add(deploy("a", 1, 10)).add(deploy("b", 2, 20)).add(named).compute();
    assert_eq!(computed.failed(), ["a"]);
}

#[test]
fn time_to_restore_is_of_all_incidents_of_the_service() {
    let computed = Case::new()
        .add(incident("i1", 10, Some(12)))
        .add(Incident { external_cause: true, ..incident("i2", 20, Some(25)) })
        .add(incident("i3", 30, None))
        .add(incident("i4", 40, Some(39)))
        .compute();
    let spans: Vec<Option<i64>> = computed.incidents.iter().map(|row| row.restore_us).collect();
    assert_eq!(spans, [Some(hours(2)), Some(hours(5)), None, None]);
    assert_eq!(computed.findings.len(), 1);
    assert_eq!(computed.findings[0].subject, "i4");
}
