//! What a collection found, and what its reader should know.

use std::time::Duration;

use kernel::RepositoryId;
use kernel::near::{self, UnknownName};
use serde::Serialize;

use super::plan::Plan;
use super::produce::Found;
use super::refs::Refs;
use super::{brought, effort, open};

/// What a collection found. Counts are of this collection, but for `branches` and `tags`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CollectionSummary {
    /// The repository.
    pub repository: RepositoryId,
    /// Branches that the repository has.
    pub branches: u64,
    /// Tags that the repository has.
    pub tags: u64,
    /// Reported commits: those that are new, or all after history was rewritten.
    pub commits: u64,
    /// Changes found among them.
    pub changes: u64,
    /// Deployments found: version tags, and commits of the deployment branch.
    pub deployments: u64,
    /// The history is cut off (a shallow clone, missing objects): numbers are partial.
    pub partial: bool,
    /// Whether there was anything new.
    pub changed: bool,
    /// What the reader should know, a sentence each.
    pub warnings: Vec<String>,
    /// That the branch whose merges are deployments is not there, and which branches are: one of the warnings.
    #[serde(skip)]
    pub missing_branch: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// What the reader should know of the repository, a sentence each.
fn warnings(refs: &Refs, plan: &Plan, found: &Found) -> Vec<String> {
    let mut warnings = plan.warnings.clone();
    if refs.default.is_none() && refs.tips().next().is_none() {
        warnings.push("the repository is empty: it has no commits yet".to_owned());
    } else if refs.default.is_none() {
        warnings.push("which branch is the default one is not known: squashed changes are not recognized".to_owned());
    }
    if plan.frame.repository.partial {
        warnings.push(
            "the clone is shallow, its history is cut off: numbers are partial; `git fetch --unshallow` completes it"
                .to_owned(),
        );
    }
    if let Some(first) = plan.next.unreadable.first() {
        warnings.push(format!(
            "{} can't be read (such as {first}), and the history behind is not seen: numbers are partial; `git fsck` says more",
            counted(plan.next.unreadable.len() as u64, "commit")
        ));
    }
    if let Some((commits, object)) = found.uncounted {
        warnings.push(format!(
            "the changed lines of {} are not counted: objects such as {object} are missing or damaged",
            counted(commits, "commit")
        ));
    }
    if let Some((commits, first)) = found.too_large {
        warnings.push(format!(
            "the changed lines of {} are not counted (such as {first}): comparing one takes more than {} entries of directories, {} MiB or {} s",
            counted(commits, "commit"),
            effort::ENTRIES_LIMIT,
            effort::BYTES_LIMIT >> 20,
            effort::TIME_LIMIT.as_secs()
        ));
    }
    if let Some((commits, first)) = found.too_long {
        warnings.push(format!(
            "the messages of {} are longer than {} MiB (such as {first}): only their beginning and end are kept",
            counted(commits, "commit"),
            open::OBJECT_LIMIT >> 20
        ));
    }
    if let Some((merges, first)) = found.unlisted {
        warnings.push(format!(
            "what {} brought is not listed (such as {first}): it is more than {} commits, or finding it takes too long; such changes have no cycle time until a deployment carries them",
            counted(merges, "merge"),
            brought::LISTED
        ));
    }
    if refs.broken > 0 {
        warnings.push(format!("refs that can't be read: {}; `git for-each-ref` names them", refs.broken));
    }
    warnings
}

/// `1 commit`, `2 commits`.
fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

/// The summary of a collection.
pub(super) fn summary(refs: &Refs, plan: Plan, found: &Found) -> CollectionSummary {
    let partial = plan.frame.repository.partial || !plan.next.unreadable.is_empty();
    let mut warnings = warnings(refs, &plan, found);
    let missing = plan.frame.deployment_branch.as_deref().filter(|name| refs.branch(name).is_none());
    let missing_branch = missing.map(|branch| {
        let names = refs.branch_names();
        let unknown = UnknownName::new(branch, names.iter().copied());
        let known = if names.is_empty() { "none".to_owned() } else { near::listed(&names, 10) };
        let meant = unknown.suggestion().map_or_else(String::new, |suggestion| format!(" ({suggestion})"));
        format!("there is no branch `{branch}`, which `deployment_branch` names{meant}; there are: {known}")
    });
    warnings.extend(missing_branch.clone());
    CollectionSummary {
        repository: plan.frame.repository.id,
        branches: refs.branch_names().len() as u64,
        tags: refs.tags.len() as u64,
        commits: found.commits,
        changes: found.changes.len() as u64,
        deployments: found.deployments,
        partial,
        changed: plan.changed,
        warnings,
        missing_branch,
        elapsed: Duration::ZERO,
    }
}
