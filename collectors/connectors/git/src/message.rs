//! What the message of a commit says: its subject, the change that it merges, what it reverts. Pure.
//!
//! The wordings are those of GitHub, GitLab, Bitbucket (both), Azure DevOps, Gitea and the merge bots
//! homu and bors. Text that people edited may say anything, so every reader here is total.

use connector::reverts;

/// How long a subject or title is kept, in bytes.
const TITLE_LIMIT: usize = 500;

/// A change that a commit says to have brought in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claim<'a> {
    /// Its number.
    pub number: i64,
    /// Its title; the subject of the commit where the message has none.
    pub title: &'a str,
    /// The branch that it comes from, where the message names it.
    pub source_branch: Option<&'a str>,
    /// The branch that it goes to, where the message names it.
    pub target_branch: Option<&'a str>,
    /// The number of the change that it reverts.
    pub reverts: Option<i64>,
    /// The address of a change below that of its repository, where the wording shows the forge.
    pub path: Option<&'static str>,
    /// It is a squashed commit, whose subject is only a title with a number.
    pub squashed: bool,
}

/// The first line with anything on it.
pub(super) fn subject(message: &str) -> &str {
    bounded(message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default())
}

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(TITLE_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The change that a commit brought in, by its message.
pub(super) fn claim(message: &str) -> Option<Claim<'_>> {
    let subject = subject(message);
    let mut claim = worded(subject).or_else(|| gitlab(subject, message)).or_else(|| squashed(subject))?;
    if claim.title.is_empty() {
        claim.title = body_title(subject, message).unwrap_or(subject);
    }
    claim.reverts = reverted_title(claim.title)
        .or_else(|| reverted_title(subject))
        .or_else(|| reverts::change(message).map(|(_, number)| number))
        .filter(|number| *number != claim.number);
    Some(claim)
}

/// Subjects that name a change by themselves. The title is left empty where the body has it.
fn worded(subject: &str) -> Option<Claim<'_>> {
    if let Some(rest) = subject.strip_prefix("Merge pull request ") {
        return pull_request(rest);
    }
    if let Some(rest) = subject.strip_prefix("Merged in ") {
        let (branch, rest) = rest.rsplit_once(" (pull request #")?;
        let (number, _) = number(rest)?;
        let path = Some("pull-requests");
        return Some(Claim { number, source_branch: some(branch), path, ..Claim::default() });
    }
    if let Some(rest) = subject.strip_prefix("Merged PR ") {
        let (number, rest) = number(rest)?;
        return Some(Claim {
            number,
            title: rest.strip_prefix(':')?.trim(),
            path: Some("pullrequest"),
            ..Claim::default()
        });
    }
    let (rest, bot) = match subject.strip_prefix("Auto merge of #") {
        Some(rest) => (rest, true),
        None => (subject.strip_prefix("Merge #")?, false),
    };
    let (number, rest) = number(rest)?;
    // homu names the branch (`owner:branch, r=reviewer`); bors names nothing more
    let source_branch =
        rest.strip_prefix(" - ").and_then(|rest| rest.split(',').next()?.split_once(':')).map(|(_, to)| to);
    (bot || rest.is_empty()).then(|| Claim { number, source_branch, path: Some("pull"), ..Claim::default() })
}

/// After `Merge pull request `: GitHub's `#12 from owner/branch`, Bitbucket Server's
/// `#12 in PROJECT/repository from branch to target`, Gitea's `'Title' (#12) from branch into target`.
fn pull_request(rest: &str) -> Option<Claim<'_>> {
    if let Some(rest) = rest.strip_prefix('#') {
        let (number, rest) = number(rest)?;
        if let Some(rest) = rest.strip_prefix(" from ") {
            let source_branch = rest.split_once('/').map(|(_, branch)| branch.trim()).and_then(some);
            return Some(Claim { number, source_branch, path: Some("pull"), ..Claim::default() });
        }
        let (_, branches) = rest.strip_prefix(" in ")?.split_once(" from ")?;
        let (from, to) = branches.rsplit_once(" to ").map_or((branches, None), |(from, to)| (from, some(to)));
        let path = Some("pull-requests");
        return Some(Claim { number, source_branch: some(from), target_branch: to, path, ..Claim::default() });
    }
    let (title, rest) = rest.strip_prefix('\'')?.rsplit_once("' (#")?;
    let (number, rest) = number(rest)?;
    let branches = rest.strip_prefix(") from ").unwrap_or_default();
    let (from, to) = branches.rsplit_once(" into ").map_or((branches, None), |(from, to)| (from, some(to)));
    Some(Claim {
        number,
        title: title.trim(),
        source_branch: some(from),
        target_branch: to,
        path: Some("pulls"),
        ..Claim::default()
    })
}

/// GitLab's `Merge branch 'x' into 'y'`, whose number stands at the end of the body.
fn gitlab<'a>(subject: &'a str, message: &'a str) -> Option<Claim<'a>> {
    let (_, rest) = message.rsplit_once("See merge request ")?;
    let (_, rest) = rest.lines().next()?.split_once('!')?;
    let (number, _) = number(rest)?;
    let mut claim = Claim { number, path: Some("-/merge_requests"), ..Claim::default() };
    if let Some(branches) = subject.strip_prefix("Merge branch ") {
        let (from, to) = branches.split_once(" into ").map_or((branches, None), |(from, to)| (from, some(to)));
        claim.source_branch = some(from);
        claim.target_branch = to;
    } else {
        claim.title = subject;
    }
    Some(claim)
}

/// `Title (#12)`, or GitLab's `Title (!12)`.
fn squashed(subject: &str) -> Option<Claim<'_>> {
    let (number, title, sign) = numbered(subject)?;
    let path = if sign == '!' { Some("-/merge_requests") } else { None };
    Some(Claim { number, title, path, squashed: true, ..Claim::default() })
}

/// A text that ends with `(#12)` or `(!12)`: the number, what stands before, and the sign.
fn numbered(text: &str) -> Option<(i64, &str, char)> {
    let (title, inside) = text.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    let sign = inside.chars().next().filter(|sign| matches!(sign, '#' | '!'))?;
    let (number, rest) = number(inside.get(1..)?)?;
    (rest.is_empty() && !title.trim().is_empty()).then(|| (number, title.trim(), sign))
}

/// The number of the change whose title is quoted in `Revert "…"`.
fn reverted_title(title: &str) -> Option<i64> {
    let (_, rest) = title.split_once("Revert ").filter(|(before, _)| before.len() <= 20)?;
    let quoted = rest.trim_start().strip_prefix(['"', '\'', '“'])?;
    let (quoted, _) = quoted.rsplit_once(['"', '\'', '”'])?;
    numbered(quoted).map(|(number, ..)| number).or_else(|| worded(quoted).map(|claim| claim.number))
}

/// The title that a forge writes below the subject of a merge.
fn body_title<'a>(subject: &str, message: &'a str) -> Option<&'a str> {
    message
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty() || *line == subject)
        .find(|line| !line.is_empty())
        .filter(|line| {
            !["See merge request ", "Approved-by:", "Closes ", "Signed-off-by:"].iter().any(|no| line.starts_with(no))
        })
        .map(bounded)
}

/// The number that a text begins with, and what follows. Zero is none.
fn number(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).filter(|(digits, _)| (1..=9).contains(&digits.len()))?;
    digits.parse().ok().filter(|number| *number > 0).map(|number| (number, rest))
}

/// A branch's name without its quotes, if anything is left.
fn some(branch: &str) -> Option<&str> {
    let branch = branch.trim().trim_matches(['\'', '`']);
    (!branch.is_empty()).then_some(branch)
}

#[cfg(test)]
mod tests {
    use kernel::Sha;

    use super::*;

    type Expected<'a> = (i64, &'a str, Option<&'a str>, Option<&'a str>, Option<i64>);

    fn parsed(message: &str) -> Option<Expected<'_>> {
        claim(message).map(|c| (c.number, c.title, c.source_branch, c.target_branch, c.reverts))
    }

    #[test]
    fn each_forge_names_its_change_in_its_own_words() {
        for (message, expected) in [
            (
                "Merge pull request #12 from ann/fix/it\n\nFix it\n\nLong text",
                (12, "Fix it", Some("fix/it"), None, None),
            ),
            (
                "Merge pull request #12 from ann/fix",
                (12, "Merge pull request #12 from ann/fix", Some("fix"), None, None),
            ),
            (
                "Merge pull request #7 in PRJ/repo from feature/a to main\n\n* commit",
                (7, "* commit", Some("feature/a"), Some("main"), None),
            ),
            ("Merge pull request 'Fix it' (#5) from fix into main", (5, "Fix it", Some("fix"), Some("main"), None)),
            (
                "Merge branch 'fix' into 'main'\n\nFix it\n\nSee merge request group/proj!34",
                (34, "Fix it", Some("fix"), Some("main"), None),
            ),
            ("Merge branch 'fix'\n\nSee merge request !34", (34, "Merge branch 'fix'", Some("fix"), None, None)),
            (
                "Merged in fix/it (pull request #9)\n\nFix it\n\nApproved-by: Ann",
                (9, "Fix it", Some("fix/it"), None, None),
            ),
            ("Merged PR 431: Fix it", (431, "Fix it", None, None, None)),
            ("Auto merge of #55 - ann:fix, r=bob\n\nFix it", (55, "Fix it", Some("fix"), None, None)),
            ("Merge #56\n\n56: Fix it r=bob a=ann", (56, "56: Fix it r=bob a=ann", None, None, None)),
            ("Fix it (#12)\n\n* one\n* two", (12, "Fix it", None, None, None)),
            ("Fix it (see #3) (!12)", (12, "Fix it (see #3)", None, None, None)),
        ] {
            assert_eq!(parsed(message), Some(expected), "{message}");
        }
    }

    #[test]
    fn other_subjects_name_no_change() {
        for message in [
            "",
            "Fix #12",
            "Fix (#12) now",
            "(#12)",
            "Fix (#0)",
            "Fix (#12345678901)",
            "Fix (#1a)",
            "Merge branch 'main' into fix",
            "Merge pull request",
            "Merge pull request #x from a/b",
            "Revert \"Fix it (#12)\"",
            "Merge #5 into main",
            "é(",
            "(!",
        ] {
            assert_eq!(parsed(message), None, "{message}");
        }
    }

    #[test]
    fn a_revert_names_what_it_reverts() {
        for (message, number, reverts) in [
            ("Revert \"Fix it (#12)\" (#13)", 13, Some(12)),
            ("Revert \"Revert \"Fix it (#12)\" (#13)\" (#14)", 14, Some(13)),
            ("Merge pull request #13 from a/revert-12-fix\n\nRevert \"Fix it\"\n\nReverts ann/repo#12", 13, Some(12)),
            (
                "Merge branch 'r' into 'main'\n\nRevert \"Merge branch 'x'\"\n\nThis reverts merge request !5\n\nSee merge request g/p!6",
                6,
                Some(5),
            ),
            ("Merged PR 9: Revert \"Merged PR 8: Fix it\"", 9, Some(8)),
            ("fix: Revert \"Fix it (#12)\" (#13)", 13, Some(12)),
            ("Revert the thing (#13)", 13, None),
        ] {
            assert_eq!(claim(message).map(|c| (c.number, c.reverts)), Some((number, reverts)), "{message}");
        }
        let sha = "9fceb02d0ae598e95dc970b74767f19372d61af8";
        let text = format!(
            "Revert \"x\"\n\nThis reverts commit {sha}, reversing\nchanges. This reverts commit\n{sha}. This reverts commit 9fceb02."
        );
        assert_eq!(reverts::commits(&text), vec![Sha::parse(sha).unwrap_or_else(|_| unreachable!())]);
    }

    #[test]
    fn a_subject_is_the_first_line_and_bounded() {
        assert_eq!(subject("\n\n  Fix it  \nmore"), "Fix it");
        assert_eq!(subject(&"é".repeat(1000)).len(), TITLE_LIMIT);
        assert_eq!(subject(""), "");
    }
}
