//! Finds logins in the names of branches: many teams call a branch `ann/fix-totals`.

use std::ops::Range;

use super::known::Known;

/// What branches begin with that are called after no one, though a login can be the same.
const CONVENTIONAL: [&str; 24] = [
    "bug",
    "bugfix",
    "build",
    "chore",
    "ci",
    "dependabot",
    "dev",
    "develop",
    "docs",
    "experiment",
    "feat",
    "feature",
    "fix",
    "hotfix",
    "main",
    "master",
    "origin",
    "perf",
    "refactor",
    "release",
    "renovate",
    "revert",
    "staging",
    "test",
];

/// What stands before the name of a branch in the messages of merges, in lower case.
const MARKERS: [&str; 6] = ["refs/heads/", "branch '", "branch 'origin/", "branch \"", " from ", "merged in "];

/// The name of a branch, or a reference to one, with the login in it replaced; `None` if it is called after no one.
pub(super) fn replaced(known: &Known, text: &str) -> Option<String> {
    let start = if text.starts_with("refs/heads/") { "refs/heads/".len() } else { 0 };
    let (range, pseudonym) = login(known, text, start)?;
    Some(format!("{}{pseudonym}{}", text.get(..range.start)?, text.get(range.end..)?))
}

/// The logins of branches that a text names as the messages of merges do, with what takes their place.
pub(super) fn merged(known: &Known, text: &str) -> Vec<(Range<usize>, String)> {
    let lower = text.to_ascii_lowercase();
    let behind = |marker: &'static str| lower.match_indices(marker).map(move |(at, _)| at + marker.len());
    MARKERS.into_iter().flat_map(behind).filter_map(|start| login(known, text, start)).collect()
}

/// Whether a field holds the name of a branch, by its name in lower case, of letters and digits only.
pub(super) fn is_held_by(field: &str) -> bool {
    field.contains("branch") || matches!(field, "ref" | "headref" | "baseref" | "refname" | "label")
}

/// The login that a text has from there to a slash, or to a colon as between the owner and the branch of a fork.
fn login(known: &Known, text: &str, start: usize) -> Option<(Range<usize>, String)> {
    let rest = text.get(start..)?;
    let end = rest.find(|letter: char| letter.is_whitespace() || "/:'\"".contains(letter))?;
    if !rest.get(end..)?.starts_with(['/', ':']) {
        return None;
    }
    let login = rest.get(..end)?;
    if login.is_empty() || CONVENTIONAL.contains(&login.to_lowercase().as_str()) {
        return None;
    }
    let pseudonym = known.hosts.iter().find_map(|host| known.login(host, login))?;
    Some((start..start + end, pseudonym))
}
