//! What a run ran for. Sources write a branch, a tag and a pull request into one field and in many forms; only a
//! branch may be the default branch, and a run for a pull request is a trial. And names as people write them, out of
//! the addresses that sources put them into.

use std::sync::LazyLock;

use kernel::Sha;
use regex::Regex;

use crate::versions::{is_version_tag, pattern};

/// What the refs of pull and merge requests look like, in full and as CI systems shorten them; and the branches of
/// GitHub's merge queue, and Gerrit's changes.
static PULL_REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x) ^ (?: (?:refs/)? (?:remotes/)? (?:origin/)? (?:pull|pr|merge-requests|pull-requests) /\d+ (?:/(?:head|merge|from|train))? $
                   | (?:refs/heads/)? gh-readonly-queue/
                   | refs/changes/ )",
    )
});
/// A version of three parts. One of two is as often the name of a branch that patches of it are made on (`6.4`).
static WHOLE_VERSION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+[._]\d+[._]\d+$"));
/// Branches that versions are kept on.
static VERSION_BRANCH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:releases?|hotfix(?:es)?|support|stable|maintenance|maint|dependabot|renovate)/")
});

/// What a run ran for: one of these, or nothing that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RanFor {
    /// A branch of the repository itself.
    pub branch: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// A pull request, or anything of a fork.
    pub pull_request: bool,
}

impl RanFor {
    /// A pull request, or anything of a fork.
    #[must_use]
    pub fn pull_request() -> Self {
        Self { pull_request: true, ..Self::default() }
    }

    /// A tag of this name.
    #[must_use]
    pub fn tag(name: &str) -> Self {
        let name = name.strip_prefix("refs/tags/").unwrap_or(name);
        Self { tag: (!name.is_empty()).then(|| name.to_owned()), ..Self::default() }
    }

    /// Reads the name of a ref, which is a branch unless its form says something else.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let name = name.trim();
        if PULL_REQUEST.is_match(name) {
            return Self::pull_request();
        }
        if name.starts_with("refs/tags/") {
            return Self::tag(name);
        }
        let branch = ["refs/remotes/origin/", "remotes/origin/", "refs/heads/", "origin/"]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(name);
        let known = !branch.is_empty() && !matches!(branch, "HEAD" | "detached") && Sha::parse(branch).is_err();
        Self { branch: known.then(|| branch.to_owned()), ..Self::default() }
    }

    /// The same, of a source that writes the short names of branches and tags alike: a version of three parts is a tag.
    #[must_use]
    pub fn of_either(name: &str, default_branch: Option<&str>) -> Self {
        match Self::of(name) {
            Self { branch: Some(branch), .. } if default_branch != Some(branch.as_str()) && is_tag(&branch) => {
                Self::tag(&branch)
            }
            other => other,
        }
    }
}

/// A name out of an address, without its percent-encoding; what is no encoding stays as it is.
#[must_use]
pub fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn is_tag(name: &str) -> bool {
    is_version_tag(name) && WHOLE_VERSION.is_match(name) && !VERSION_BRANCH.is_match(name)
}

/// What was deployed, where its `ref` is a name of its own: neither a commit nor the default branch.
#[must_use]
pub fn own_name(name: &str, default_branch: Option<&str>) -> Option<String> {
    let name = name.strip_prefix("refs/tags/").unwrap_or(name);
    let own =
        !name.is_empty() && !name.starts_with("refs/") && Sha::parse(name).is_err() && default_branch != Some(name);
    own.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_is_a_branch_a_tag_or_a_pull_request_in_whichever_form_it_is_written() {
        for name in ["main", "refs/heads/main", "refs/remotes/origin/main", "origin/main", " main "] {
            assert_eq!(RanFor::of(name), RanFor { branch: Some("main".to_owned()), ..RanFor::default() }, "{name}");
        }
        for name in [
            "pull/12",
            "pull/12/head",
            "refs/pull/12/merge",
            "refs/merge-requests/7/head",
            "refs/merge-requests/7/train",
            "refs/pull-requests/3/from",
            "origin/pr/12/merge",
            "refs/remotes/origin/pr/12/head",
            "refs/changes/34/1234/5",
            "gh-readonly-queue/main/pr-12-9fceb02d0ae598e95dc970b74767f19372d61af8",
        ] {
            assert_eq!(RanFor::of(name), RanFor::pull_request(), "{name}");
        }
        for name in ["", "HEAD", "detached", "9fceb02d0ae598e95dc970b74767f19372d61af8"] {
            assert_eq!(RanFor::of(name), RanFor::default(), "{name}");
        }
        assert_eq!(RanFor::of("refs/tags/v1/x"), RanFor::tag("v1/x"));
        assert_eq!(RanFor::of("pull/request-template").branch.as_deref(), Some("pull/request-template"));
    }

    #[test]
    fn a_short_name_that_is_a_version_is_a_tag_unless_it_is_a_branch_that_versions_are_kept_on() {
        for tag in ["v1.2.0", "1.2.0", "release-1.2.3", "api/v1.2.3", "shop@1.2.3"] {
            assert_eq!(RanFor::of_either(tag, Some("main")), RanFor::tag(tag), "{tag}");
        }
        let maintained = ["6.4", "v1.14", "release/1.2", "release/1.2.3", "release-1.2", "v2"];
        for branch in maintained.into_iter().chain(["main", "dependabot/npm/left-pad-1.2.3"]) {
            assert_eq!(RanFor::of_either(branch, Some("main")).branch.as_deref(), Some(branch), "{branch}");
        }
        assert_eq!(RanFor::of_either("1.0.0", Some("1.0.0")).branch.as_deref(), Some("1.0.0"));
    }
}
