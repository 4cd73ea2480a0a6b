//! What a change is, by what is written on it: its type, and whether an assistant wrote a part of it.

use regex::Regex;

/// Types of change by their word in a conventional commit, in a label, or before the slash of a branch.
const TYPES: [(&str, &[&str]); 11] = [
    ("feature", &["feat", "feature", "enhancement"]),
    ("fix", &["fix", "bug", "bugfix", "hotfix"]),
    ("revert", &["revert"]),
    ("docs", &["docs", "doc", "documentation"]),
    ("refactor", &["refactor", "refactoring", "cleanup"]),
    ("performance", &["perf", "performance"]),
    ("test", &["test", "tests"]),
    ("build", &["build", "dependencies", "deps"]),
    ("ci", &["ci"]),
    ("chore", &["chore"]),
    ("style", &["style"]),
];

fn type_of(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    TYPES.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(name, _)| *name)
}

/// The type of a change: by its title (`fix(cart)!: …`, `Revert "…"`), else by the first label that says one,
/// else by its branch (`feature/…`), else `other`.
pub(super) fn change_type<'l>(
    title: &str,
    labels: impl IntoIterator<Item = &'l String>,
    branch: Option<&str>,
) -> &'static str {
    let conventional = title.split_once(':').and_then(|(head, _)| {
        let head = head.strip_suffix('!').unwrap_or(head);
        let word = head.split_once('(').map_or(head, |(word, scope)| if scope.ends_with(')') { word } else { "" });
        type_of(word)
    });
    let revert = || title.starts_with("Revert \"").then_some("revert");
    let label =
        || labels.into_iter().find_map(|label| type_of(label.rsplit([':', '/']).next().unwrap_or(label).trim()));
    let branch = || type_of(branch?.split_once('/')?.0);
    conventional.or_else(revert).or_else(label).or_else(branch).unwrap_or("other")
}

/// Whether an assistant wrote a part of a change, by who opened it and its branch.
pub(super) fn assisted(pattern: &Regex, author: Option<&str>, branch: Option<&str>) -> bool {
    author.is_some_and(|author| pattern.is_match(author)) || branch.is_some_and(|branch| pattern.is_match(branch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_its_type_by_title_label_or_branch() {
        for (title, labels, branch, expected) in [
            ("feat: add cache", vec![], None, "feature"),
            ("fix(cart)!: correct total", vec!["enhancement"], None, "fix"),
            ("Revert \"feat: add cache\"", vec![], None, "revert"),
            ("Add cache", vec!["good first issue", "type: bug"], Some("feature/cache"), "fix"),
            ("Add cache", vec![], Some("feature/cache"), "feature"),
            ("Note: feat is no type here", vec![], Some("main"), "other"),
            ("perf : spaces", vec![], None, "other"),
            ("", vec![], None, "other"),
        ] {
            let labels: Vec<String> = labels.into_iter().map(ToOwned::to_owned).collect();
            assert_eq!(change_type(title, &labels, branch), expected, "{title}");
        }
    }

    #[test]
    fn assistants_are_known_by_account_or_branch_and_people_are_not() {
        let pattern = Regex::new(&crate::settings::Dora::default().assistants).unwrap();
        for (account, expected) in [
            ("email/198982749+copilot@users.noreply.github.com", true),
            ("github.com/copilot-swe-agent[bot]", true),
            ("github.com/copilot", true),
            ("email/noreply@anthropic.com", true),
            ("github.com/devin-ai-integration[bot]", true),
            ("email/claude.monet@example.com", false),
            ("github.com/claude", false),
            ("email/ann@cursor.example.com", false),
            ("github.com/dependabot[bot]", false),
        ] {
            assert_eq!(assisted(&pattern, Some(account), None), expected, "{account}");
        }
        assert!(assisted(&pattern, None, Some("copilot/fix-17")));
        assert!(!assisted(&pattern, None, Some("feature/copilots")));
    }
}
