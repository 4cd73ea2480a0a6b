//! Promotions, merges and copies of commits: what is a change, and whose.

use kernel::{Change, Commit, FindingKind, RepositoryId};

use super::leads;
use crate::build::{Case, OTHER, REPOSITORY, at, change, commit, deploy, hours, sha};

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
