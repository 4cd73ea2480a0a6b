//! When work on a change began, of what is read of it.

use store::flow::ChangeRow;

use crate::settings::LeadTimeStart;

/// When work on a change began: with the first commit that its source lists, else where its lead time starts, if that is
/// with a commit too. Of one that is known only from git, and only by the commit that it was squashed to, the beginning
/// was not seen.
pub(super) fn began(row: &ChangeRow<'_>, lead_time_start: LeadTimeStart) -> Option<i64> {
    let seen_in_git = row.is_merge || row.deployed_commits.is_some_and(|commits| commits > 1);
    let is_squashed = row.opened.is_none() && !row.lists_commits && !seen_in_git;
    let started = row.started.filter(|_| lead_time_start == LeadTimeStart::FirstCommit && !is_squashed);
    row.first_commit.or(started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_change_that_git_shows_as_one_squashed_commit_the_beginning_was_not_seen() {
        let squashed = ChangeRow { started: Some(5), deployed_commits: Some(1), ..ChangeRow::default() };
        let began = |row: ChangeRow<'_>| began(&row, LeadTimeStart::FirstCommit);
        assert_eq!(began(squashed.clone()), None);
        assert_eq!(began(ChangeRow { deployed_commits: Some(2), ..squashed.clone() }), Some(5));
        assert_eq!(began(ChangeRow { is_merge: true, ..squashed.clone() }), Some(5));
        assert_eq!(began(ChangeRow { opened: Some(7), ..squashed.clone() }), Some(5));
        assert_eq!(began(ChangeRow { lists_commits: true, ..squashed.clone() }), Some(5));
        assert_eq!(began(ChangeRow { first_commit: Some(3), ..squashed }), Some(3));
    }

    #[test]
    fn a_lead_time_that_starts_otherwise_is_no_beginning() {
        let row = ChangeRow { started: Some(5), opened: Some(5), ..ChangeRow::default() };
        assert_eq!(began(&row, LeadTimeStart::Opened), None);
        assert_eq!(began(&ChangeRow { first_commit: Some(3), ..row }, LeadTimeStart::Opened), Some(3));
    }
}
