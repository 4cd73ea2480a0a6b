//! Each rule of the definitions, on a case counted by hand.

use dora::settings::{FirstDeployment, LeadTimeStart};
use kernel::{
    Account, Change, ChangeState, Commit, Deployment, DeploymentKind, DeploymentSource, FindingKind, Incident, Outcome,
    PipelineRun, Repository, RepositoryId, ReviewState, Rule,
};

use crate::build::{
    Case, Computed, REPOSITORY, at, change, commit, deploy, hours, incident, review, sha, tag, version,
};

fn kinds(computed: &Computed) -> Vec<DeploymentKind> {
    computed.deployments.iter().map(|row| row.kind).collect()
}

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
    // a commit outside of any change starts when it was written
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
    let counts: Vec<bool> = computed.deployments.iter().map(|row| row.counts).collect();
    assert_eq!(counts, [true, true, false, true]);
}

#[test]
fn going_forward_again_blames_nobody() {
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
    let counts: Vec<bool> = computed.deployments.iter().map(|row| row.counts).collect();
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
fn what_was_cancelled_or_still_runs_or_has_no_time_does_not_count() {
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
        tag: None,
        pull_request: false,
        id: format!("{REPOSITORY}/run/7/1"),
        repository: Some(REPOSITORY.into()),
        name: "Deploy to the world".to_owned(),
        sha: Some(sha(2)),
        branch: None,
        attempt: 1,
        queued_at: at(18),
        started_at: None,
        finished_at: Some(at(19)),
        outcome: Some(Outcome::Success),
        url: None,
        version: version(),
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

/// main: 1 - 2 ------ 6 (merge of 3, 4, 5), opened, reviewed, approved, merged, deployed.
fn a_change() -> Case {
    Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(2, 2, &[1]))
        .add(commit(3, 3, &[1]))
        .add(commit(4, 5, &[3]))
        .add(commit(5, 4, &[4]))
        .add(commit(6, 20, &[2, 5]))
        .add(Change { opened_at: Some(at(6)), ..change(1, 6, 20) })
        .add(review(1, 1, "example.com/ann", ReviewState::Commented, 7))
        .add(review(1, 2, "example.com/helper[bot]", ReviewState::Approved, 8))
        .add(review(1, 3, "example.com/bob", ReviewState::Commented, 10))
        .add(review(1, 4, "example.com/eve", ReviewState::Approved, 15))
        .add(review(1, 5, "example.com/joe", ReviewState::Approved, 21))
        .add(deploy("a", 1, 2))
        .add(deploy("b", 6, 30))
}

#[test]
fn the_stages_of_a_change_add_up_to_its_lead_time() {
    let computed = a_change().compute();
    let row = computed.change(1);
    assert_eq!(row.deployment.as_str(), "b");
    assert_eq!(row.commits, 3);
    assert_eq!(row.started_at, Some(at(3)));
    assert_eq!((row.first_review_at, row.approved_at), (Some(at(10)), Some(at(15))));
    assert_eq!(row.coding_us, Some(hours(3)));
    assert_eq!(row.pickup_us, Some(hours(4)));
    assert_eq!(row.review_us, Some(hours(10)));
    assert_eq!(row.approval_us, Some(hours(5)));
    assert_eq!(row.deploy_us, Some(hours(10)));
    assert_eq!(row.lead_time_us, Some(hours(27)));
    let sum = row.coding_us.unwrap() + row.pickup_us.unwrap() + row.review_us.unwrap() + row.deploy_us.unwrap();
    assert_eq!(Some(sum), row.lead_time_us);
    // commit 2 went to main by itself
    assert_eq!(computed.deployment("b").commits, 5);
    assert_eq!(computed.deployment("b").changes, 1);
    assert_eq!(computed.changes.iter().filter(|row| row.is_commit).count(), 1);
}

#[test]
fn a_draft_is_opened_when_it_is_ready() {
    let mut case = a_change();
    for fact in &mut case.facts {
        if let kernel::Fact::Change(change) = fact {
            change.ready_at = Some(at(9));
        }
    }
    let computed = case.compute();
    assert_eq!(computed.change(1).coding_us, Some(hours(6)));
    assert_eq!(computed.change(1).pickup_us, Some(hours(1)));
}

#[test]
fn lead_time_can_start_when_a_change_was_opened_or_merged() {
    let opened = a_change().set(|settings| settings.lead_time_start = LeadTimeStart::Opened).compute();
    assert_eq!(opened.change(1).lead_time_us, Some(hours(24)));
    let merged = a_change().set(|settings| settings.lead_time_start = LeadTimeStart::Merged).compute();
    assert_eq!(merged.change(1).lead_time_us, Some(hours(10)));
    // a commit outside of any change has only its author time
    assert_eq!(merged.changes.iter().find(|row| row.is_commit).unwrap().lead_time_us, Some(hours(28)));
}

#[test]
fn changes_of_bots_and_with_labels_can_be_left_out_of_lead_time() {
    let labelled = Change { labels: vec!["dependencies".to_owned()], ..change(1, 2, 3) };
    let by_bot = Change { author: Some("example.com/updater".into()), ..change(2, 3, 4) };
    let case = Case::new().line(3).add(labelled).add(by_bot).add(deploy("a", 1, 2)).add(deploy("b", 3, 9));
    let shown = |case: &Case| {
        let computed = case.compute();
        [1, 2].map(|number| (computed.change(number).bot, computed.change(number).excluded))
    };
    assert_eq!(shown(&case), [(false, false), (false, false)]);
    let by_label = case.clone().set(|settings| settings.exclude_labels = vec!["dependencies".to_owned()]);
    assert_eq!(shown(&by_label), [(false, true), (false, false)]);
    let by_name = case.clone().set(|settings| {
        settings.bots = vec!["Updater".to_owned()];
        settings.exclude_bots_from_lead_time = true;
    });
    assert_eq!(shown(&by_name), [(false, false), (true, true)]);
    let account = Account {
        id: "example.com/updater".into(),
        name: "Updater".to_owned(),
        bot: true,
        email: None,
        version: version(),
    };
    assert_eq!(shown(&case.add(account)), [(false, false), (true, false)]);
}

#[test]
fn of_a_merge_inside_a_branch_the_inner_change_owns_what_it_brought_and_the_outer_began_with_it() {
    // 1 --------- 6 (#1); 1 - 2 - 5 (#2) - merged into 6's branch; 3, 4 came with 5
    let computed = Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(2, 10, &[1]))
        .add(commit(3, 3, &[1]))
        .add(commit(4, 4, &[3]))
        .add(commit(5, 11, &[2, 4]))
        .add(commit(6, 12, &[1, 5]))
        .add(change(1, 6, 12))
        .add(change(2, 5, 11))
        .add(deploy("a", 1, 2))
        .add(deploy("b", 6, 20))
        .compute();
    // `git rev-list 6^1..6` has 2, 3, 4 and the merge of the other change
    assert_eq!(computed.change(1).started_at, Some(at(3)));
    assert_eq!(computed.change(1).commits, 3);
    assert_eq!(computed.change(2).started_at, Some(at(3)));
    assert_eq!(computed.change(2).commits, 2);
    assert_eq!(computed.deployment("b").commits, 5);
}

#[test]
fn commits_that_a_source_lists_are_the_commits_of_a_change() {
    let listed = Change { commits: vec![sha(8), sha(9)], ..change(1, 2, 5) };
    let computed = Case::new()
        .line(2)
        .add(commit(8, -10, &[1]))
        .add(commit(9, 3, &[8]))
        .add(listed)
        .add(deploy("a", 1, 2))
        .add(deploy("b", 2, 9))
        .compute();
    assert_eq!(computed.change(1).started_at, Some(at(-10)));
    assert_eq!(computed.change(1).commits, 2);
}

fn pushed(number: u32, hour: i64, branch: &str) -> Commit {
    Commit { parents: None, branch: Some(branch.to_owned()), ..commit(number, hour, &[]) }
}

#[test]
fn a_squashed_change_began_with_what_was_pushed_to_its_branch() {
    let computed = Case::new()
        .add(commit(1, 1, &[]))
        .add(pushed(10, 3, "topic-1"))
        .add(pushed(11, 4, "topic-1"))
        .add(pushed(12, 2, "other"))
        .add(commit(2, 8, &[1]))
        .add(Change { opened_at: Some(at(6)), ..change(1, 2, 8) })
        .add(deploy("a", 1, 2))
        .add(deploy("b", 2, 9))
        .compute();
    assert_eq!(computed.change(1).started_at, Some(at(3)));
    assert_eq!(computed.change(1).commits, 2);
    assert!(computed.findings.is_empty());
}

#[test]
fn what_was_pushed_for_the_change_before_from_the_same_branch_is_not_of_the_next() {
    let from_develop =
        |number, merge, merged| Change { source_branch: Some("develop".to_owned()), ..change(number, merge, merged) };
    let computed = Case::new()
        .add(commit(1, 1, &[]))
        .add(pushed(10, 3, "develop"))
        .add(pushed(11, 12, "develop"))
        .add(commit(2, 8, &[1]))
        .add(commit(3, 15, &[2]))
        .add(from_develop(1, 2, 8))
        .add(from_develop(2, 3, 15))
        .add(deploy("a", 1, 2))
        .add(deploy("b", 3, 20))
        .compute();
    assert_eq!(computed.change(1).started_at, Some(at(3)));
    assert_eq!(computed.change(2).started_at, Some(at(12)));
}

#[test]
fn a_squashed_commit_alone_does_not_say_when_its_change_began() {
    let case = Case::new().line(2).add(deploy("a", 1, 2)).add(deploy("b", 2, 9));
    let opened = |hour| Change { opened_at: Some(at(hour)), ..change(1, 2, 3) };
    // written by the forge at the merge: the change began before, when it was opened at the latest
    let squashed = case.clone().add(opened(1)).compute();
    assert_eq!(squashed.change(1).started_at, Some(at(1)));
    assert_eq!(squashed.change(1).lead_time_us, Some(hours(8)));
    assert_eq!(squashed.change(1).coding_us, None);
    assert_eq!(squashed.findings[0].kind, FindingKind::UnknownFirstCommit);
    // rebased: the author time is older than the change
    let rebased = case.clone().add(Change { opened_at: Some(at(3)), ..change(1, 2, 4) }).compute();
    assert_eq!(rebased.change(1).started_at, Some(at(2)));
    assert!(rebased.findings.is_empty());
    // git alone: its author time is all there is
    let git = case.add(change(1, 2, 3)).compute();
    assert_eq!(git.change(1).started_at, Some(at(2)));
    assert!(git.findings.is_empty());
}

#[test]
fn without_parents_a_change_belongs_to_the_first_deployment_after_it_was_merged() {
    let computed = Case::new()
        .add(pushed(1, 1, "main"))
        .add(pushed(2, 11, "main"))
        .add(pushed(3, 12, "main"))
        .add(Change { opened_at: Some(at(3)), ..change(1, 2, 11) })
        .add(Change { merge_sha: None, opened_at: Some(at(4)), ..change(2, 0, 12) })
        .add(Change { opened_at: Some(at(0)), ..change(3, 1, 1) })
        .add(Change { opened_at: Some(at(13)), ..change(4, 9, 40) })
        .add(deploy("a", 1, 2))
        .add(deploy("b", 3, 20))
        .add(Deployment { sha: None, ..deploy("c", 0, 30) })
        .compute();
    let carried: Vec<(&str, &str)> = computed
        .changes
        .iter()
        .filter(|row| !row.is_commit)
        .map(|row| (row.title.as_str(), row.deployment.as_str()))
        .collect();
    assert_eq!(carried, [("Change 1", "b"), ("Change 2", "b")]);
    assert!(computed.findings.iter().any(|finding| finding.kind == FindingKind::NoCommit && finding.subject == "c"));
}

#[test]
fn a_change_with_a_known_position_in_the_graph_is_not_attributed_by_time() {
    // merged before b finished, but to a branch that b does not reach
    let computed = Case::new()
        .line(2)
        .add(commit(5, 4, &[1]))
        .add(change(1, 5, 4))
        .add(deploy("a", 1, 2))
        .add(deploy("b", 2, 9))
        .compute();
    assert!(computed.changes.iter().all(|row| row.is_commit));
}

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
    assert_eq!((evidence.rule, evidence.what.as_str()), (Rule::Reverted, "change"));
    assert_eq!(evidence.id, format!("{REPOSITORY}#2"));
    assert_eq!(computed.deployment("b").recovered_at, Some(at(20)));
    assert_eq!(computed.rework(), ["c"]);

    // after the window it still repaired something, but b is not laid to it
    let late = case(35).add(link).compute();
    assert!(late.failed().is_empty());
    assert_eq!(late.rework(), ["c"]);

    // by title, and by git's own words in a commit outside of any change
    let title = Change { title: "Revert \"Change 1\"".to_owned(), ..change(2, 4, 12) };
    assert_eq!(case(20).add(title).compute().failed(), ["b"]);
    let words = |fourth: Commit| {
        let mut case = case(20);
        case.facts.retain(|fact| !matches!(fact, kernel::Fact::Commit(commit) if commit.sha == sha(4)));
        case.add(fourth).compute()
    };
    let by_sha = words(Commit { reverts: vec![sha(3)], ..commit(4, 12, &[3]) });
    assert_eq!(by_sha.failed(), ["b"]);
    assert_eq!(by_sha.deployment("b").failed_by[0].what, "commit");
    let by_subject = words(Commit { subject: "Revert \"Commit 3\"".to_owned(), ..commit(4, 12, &[3]) });
    assert_eq!(by_subject.failed(), ["b"]);
}

#[test]
fn rule_4_what_is_reverted_before_it_is_deployed_blames_nobody() {
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
    let labelled = Change { labels: vec!["Hotfix".to_owned()], ..change(1, 3, 12) };
    assert_eq!(case(20).add(labelled).compute().failed(), ["b"]);
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
    assert!(!attempt.success && !attempt.failed && !attempt.counts);
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
    assert_eq!(row.recovered_by.as_ref().unwrap().what, "incident");
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

#[test]
fn an_unknown_commit_and_a_shallow_clone_are_findings() {
    let shallow = Repository {
        id: REPOSITORY.into(),
        name: "shop/web".to_owned(),
        url: None,
        default_branch: None,
        partial: true,
        version: version(),
    };
    let computed = Case::new().line(1).add(shallow).add(deploy("a", 1, 5)).add(deploy("b", 77, 10)).compute();
    let found: Vec<(FindingKind, &str)> =
        computed.findings.iter().map(|finding| (finding.kind, finding.subject.as_str())).collect();
    assert_eq!(found, [(FindingKind::UnknownCommit, "b"), (FindingKind::PartialHistory, REPOSITORY)]);
    assert_eq!(computed.deployment("b").kind, DeploymentKind::Normal);
}

#[test]
fn changes_that_are_open_abandoned_or_gone_do_not_count() {
    let state = |number, state| Change { state, ..change(number, 2, 3) };
    let computed = Case::new()
        .line(2)
        .add(state(1, ChangeState::Open))
        .add(state(2, ChangeState::Abandoned))
        .add(Change { deleted: true, ..change(3, 2, 3) })
        .add(deploy("a", 1, 5))
        .add(deploy("b", 2, 10))
        .compute();
    assert!(computed.changes.iter().all(|row| row.is_commit));
}

#[test]
fn a_service_without_deployments_has_a_finding_on_what_to_configure() {
    let statement = Case::new().line(2).compute().statement.unwrap();
    assert!(statement.contains("`git.tag_pattern`") && statement.contains("`git.deployment_branch`"), "{statement}");
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

fn of_directories(number: u32, hour: i64, parents: &[u32], folders: &[&str]) -> Commit {
    let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
    Commit { folders: Some(folders), ..commit(number, hour, parents) }
}

#[test]
fn of_a_shared_repository_a_service_has_the_commits_that_change_its_directories() {
    let mut case = Case::new()
        .add(commit(1, 1, &[]))
        .add(of_directories(2, 2, &[1], &["services/web/src"]))
        .add(of_directories(3, 3, &[2], &["services/mail"]))
        .add(of_directories(4, 4, &[3], &["services/website", ""]))
        // nobody looked into it, so it may be of any
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
    let truncated = Commit { folders_truncated: true, ..of_directories(6, 6, &[5], &["lib", "docs"]) };
    let elsewhere = Commit { folders_truncated: true, ..of_directories(7, 7, &[6], &["src"]) };
    let case = case.add(truncated).add(elsewhere).add(deploy("c", 7, 12));
    assert_eq!(carried(&case), ["Commit 5", "Commit 6"]);
}

#[test]
fn a_merge_by_itself_is_no_change() {
    // main: 1, 3, 4; feat: 2 from 1, then 5 merges main into it, and main is moved on to 5
    let computed = Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(2, 8, &[1]))
        .add(commit(3, 9, &[1]))
        .add(commit(4, 10, &[3]))
        .add(commit(5, 11, &[2, 4]))
        // an octopus
        .add(commit(6, 11, &[5]))
        .add(commit(7, 11, &[5]))
        .add(commit(8, 12, &[5, 6, 7]))
        .add(tag("v1.0.0", 1, 2))
        .add(tag("v1.1.0", 5, 12))
        .add(tag("v1.2.0", 8, 13))
        .compute();
    let spans: Vec<(&str, Option<i64>)> =
        computed.changes.iter().map(|row| (row.title.as_str(), row.lead_time_us.map(|span| span / hours(1)))).collect();
    let expected = [("Commit 2", 4), ("Commit 3", 3), ("Commit 4", 2), ("Commit 6", 2), ("Commit 7", 2)];
    assert_eq!(spans, expected.map(|(title, span)| (title, Some(span))));
}

#[test]
fn an_author_time_before_1990_is_missing_and_a_finding() {
    let epoch =
        |number, parents: &[u32]| Commit { authored_at: chrono::DateTime::UNIX_EPOCH, ..commit(number, 3, parents) };
    let computed = Case::new()
        .add(commit(1, 1, &[]))
        // a commit of its own
        .add(epoch(2, &[1]))
        // one of two of a change, and the only one of another
        .add(epoch(3, &[2]))
        .add(commit(4, 5, &[3]))
        .add(commit(5, 6, &[2, 4]))
        .add(change(1, 5, 6))
        .add(epoch(6, &[5]))
        .add(commit(7, 7, &[5, 6]))
        .add(Change { opened_at: Some(at(4)), ..change(2, 7, 7) })
        .add(deploy("a", 1, 2))
        .add(deploy("b", 7, 9))
        .compute();
    let direct = computed.changes.iter().find(|row| row.is_commit).unwrap();
    assert_eq!((direct.started_at, direct.lead_time_us), (None, None));
    assert_eq!((computed.change(1).started_at, computed.change(1).commits), (Some(at(5)), 2));
    assert_eq!(computed.change(2).started_at, Some(at(4)));
    let implausible: Vec<&str> = computed
        .findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::ImplausibleTime)
        .map(|finding| finding.subject.as_str())
        .collect();
    assert_eq!(implausible.len(), 3, "{implausible:?}");
}

#[test]
fn what_a_merge_brought_is_what_git_lists_whichever_line_was_walked_first() {
    // main: 1 - 20 (#1 merges 11); release: 1 - 10 - 11 - 12 - 30 (#2) - 31 (#3), which has more merges and goes first
    let computed = Case::new()
        .add(commit(1, 1, &[]))
        .add(commit(10, 2, &[1]))
        .add(commit(11, 3, &[10]))
        .add(commit(12, 4, &[11]))
        .add(commit(13, 5, &[12]))
        .add(commit(30, 6, &[12, 13]))
        .add(commit(14, 7, &[30]))
        .add(commit(31, 8, &[30, 14]))
        .add(commit(20, 9, &[1, 11]))
        .add(change(1, 20, 9))
        .add(change(2, 30, 6))
        .add(change(3, 31, 8))
        .add(deploy("a", 1, 2))
        .add(deploy("b", 20, 20))
        .compute();
    assert_eq!((computed.change(1).started_at, computed.change(1).commits), (Some(at(2)), 2));
    let titles: Vec<&str> = computed.changes.iter().map(|row| row.title.as_str()).collect();
    assert_eq!(titles, ["Change 1"], "its commits came with it");
}
