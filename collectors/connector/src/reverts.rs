//! What a text says to take back: `This reverts commit <sha>`, `Reverts owner/repository#12`, `This reverts
//! merge request !12`. Forges write these sentences into messages and descriptions. Pure and total: people
//! edit them.

use kernel::Sha;

/// The commits that a text says to revert.
#[must_use]
pub fn commits(text: &str) -> Vec<Sha> {
    let mut found: Vec<Sha> = text
        .split("his reverts commit")
        .skip(1)
        .filter_map(|rest| {
            let rest = rest.trim_start();
            let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
            Sha::parse(rest.get(..end)?).ok()
        })
        .collect();
    found.dedup();
    found
}

/// The change that a text says to revert, and the path of its repository where the text names one.
#[must_use]
pub fn change(text: &str) -> Option<(Option<&str>, i64)> {
    text.lines().map(str::trim).find_map(|line| {
        let rest = after(line, "reverts").or_else(|| after(line, "this reverts merge request"))?;
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let reference = rest.strip_prefix(char::is_whitespace)?.split_whitespace().next()?;
        let (path, number) = reference.split_at_checked(reference.find(['#', '!'])?)?;
        let (_, digits) = number.split_at_checked(1)?;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let digits = digits.get(..end).filter(|digits| (1..=9).contains(&digits.len()))?;
        let number = digits.parse().ok().filter(|number| *number > 0)?;
        Some(((!path.is_empty()).then_some(path), number))
    })
}

/// What follows a beginning, in whatever case it is written.
fn after<'a>(line: &'a str, beginning: &str) -> Option<&'a str> {
    let (start, rest) = line.split_at_checked(beginning.len())?;
    start.eq_ignore_ascii_case(beginning).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_named_with_or_without_its_repository() {
        for (text, expected) in [
            ("Reverts octocat/hello-world#12", Some((Some("octocat/hello-world"), 12))),
            ("It broke.\n\n  reverts: #7.", Some((None, 7))),
            ("This reverts merge request group/sub/project!5", Some((Some("group/sub/project"), 5))),
            ("Reverts the change of yesterday", None),
            ("Reverts#12", None),
            ("It reverts #12", None),
            ("Reverts #0", None),
            ("Réverts #12", None),
        ] {
            assert_eq!(change(text), expected, "{text}");
        }
    }

    #[test]
    fn commits_are_named_in_full() {
        let sha = "9fceb02d0ae598e95dc970b74767f19372d61af8";
        let text =
            format!("this reverts commit {sha}, and that. This reverts commit\n{sha}. This reverts commit 9fceb02.");
        assert_eq!(commits(&text), [Sha::parse(sha).unwrap()]);
    }
}
