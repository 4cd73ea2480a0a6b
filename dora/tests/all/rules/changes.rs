//! What belongs to a change, when it began, and the stages of its lead time.

use dora::settings::LeadTimeStart;
use kernel::{Account, Change, ChangeState, Commit, Completeness, Deployment, FindingKind, ReviewState, Version};

use super::pushed;
use crate::build::{Case, at, change, commit, deploy, hours, review, sha, tag, version};

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
    // a direct commit has only its author time
    assert_eq!(merged.changes.iter().find(|row| row.is_commit).unwrap().lead_time_us, Some(hours(28)));
}

#[test]
fn changes_of_bots_and_with_labels_can_be_left_out_of_lead_time() {
    let labeled = Change { labels: vec!["Dependencies".to_owned()], ..change(1, 2, 3) };
    let by_bot = Change { author: Some("example.com/updater".into()), ..change(2, 3, 4) };
    let case = Case::new().line(3).add(labeled).add(by_bot).add(deploy("a", 1, 2)).add(deploy("b", 3, 9));
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
    let account =
        Account { name: "Updater".to_owned(), bot: true, ..Account::new("example.com/updater".into(), version()) };
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

#[test]
fn what_git_listed_of_a_merge_is_found_in_the_graph_and_an_inner_change_keeps_its_commits() {
    let inferred = Version { completeness: Completeness::Inferred, ..version() };
    // 2 and 3 are of the inner change, which is merged by 4; 5 is of the outer one
    let inner = Change { commits: vec![sha(2), sha(3)], version: inferred, ..change(1, 4, 8) };
    let outer = Change { commits: vec![sha(2), sha(3), sha(4), sha(5)], version: inferred, ..change(0, 6, 8) };
    let computed = Case::new()
        .add(commit(1, 0, &[]))
        .add(commit(2, 1, &[1]))
        .add(commit(3, 2, &[2]))
        .add(commit(4, 8, &[1, 3]))
        .add(commit(5, 3, &[4]))
        .add(commit(6, 8, &[1, 5]))
        .add(inner)
        .add(outer)
        .add(deploy("a", 1, 1))
        .add(deploy("b", 6, 9))
        .compute();
    for number in [0, 1] {
        assert_eq!(computed.change(number).started_at, Some(at(1)), "#{number}");
    }
    assert_eq!([0, 1].map(|number| computed.change(number).commits), [3, 2]);
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
