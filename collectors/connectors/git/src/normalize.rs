//! From a page of history to facts. Pure: the same page gives the same facts.
//!
//! Versions decide which report of a thing wins. A commit never changes, so its version is its own time, unless commits
//! were lost in the meantime (see [`Frame::commit_floor`]). A change or a branch deployment is as old as its commit,
//! unless history was rewritten in the meantime (see [`Frame::floor`]). A merge outside of the first-parent line of the
//! default branch yields to one on it, since joined histories bring the numbers of other repositories. Tags are as old
//! as the observation.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use connector::Connector;
use connector::reverts;
use connector::versions::moment;
use kernel::{
    Account, AccountId, Change, ChangeState, Commit, Completeness, Deployment, DeploymentId, DeploymentSource,
    Envelope, Fact, IgnoreReason, NotStored, Outcome, RejectReason, Rejection, Repository, Version, clamp_instant,
    people,
};
use serde::Deserialize;

use super::mailmap;
use super::message::{self, Claim};
use super::page::{Frame, Page, PageCommit, PageTag, mark};

/// The kind of event that a page is.
pub(super) const KIND: &str = "git.page";

/// The connector.
pub struct Git;

impl Connector for Git {
    fn name(&self) -> &'static str {
        "git"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        match envelope.kind.as_str() {
            KIND => Ok(facts(&read(envelope)?)),
            mailmap::KIND => Ok(mailmap::facts(&read(envelope)?)),
            _ => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
        }
    }
}

fn read<'a, T: Deserialize<'a>>(envelope: &'a Envelope) -> Result<T, Rejection> {
    serde_json::from_slice(&envelope.data).map_err(|error| {
        let reason = if error.is_data() { RejectReason::Schema } else { RejectReason::Malformed };
        Rejection::new(reason, format!("no page of a git history: {error}"))
    })
}

/// The change that a commit brought in, if its message says so and the graph allows it: any wording on
/// the line of the default branch; elsewhere only true merges in the words of a forge, since a squashed
/// commit's subject travels with cherry-picks, and a number may be that of an issue.
pub(super) fn claim(message: &str, parents: usize, marks: u8) -> Option<Claim<'_>> {
    let claim = message::claim(message)?;
    (marks & mark::DEFAULT != 0 || (parents > 1 && !claim.squashed)).then_some(claim)
}

fn facts(page: &Page) -> Vec<Fact> {
    let mut facts = Vec::with_capacity(page.commits.len() + page.tags.len() + page.people.len() + 1);
    let frame = &page.frame;
    facts.push(repository(frame));
    let mut accounts = BTreeMap::new();
    for commit in &page.commits {
        let parsed = message::subject(&commit.message);
        let author = page.people.get(commit.author);
        let account = author.and_then(|(_, address)| account_id(address));
        // one that only left a line is still there
        if commit.marks & mark::GONE == 0 || commit.marks & mark::LOST != 0 {
            if let (Some(id), Some((name, _))) = (&account, author) {
                note_account(&mut accounts, id, name, commit);
            }
            facts.push(Fact::Commit(commit_fact(frame, commit, account.clone(), parsed)));
        }
        if let Some(claim) = claim(&commit.message, commit.parents.len(), commit.marks) {
            facts.push(Fact::Change(change(frame, commit, account, &claim)));
        }
        if commit.marks & mark::DEPLOYMENT != 0
            && let Some(branch) = &frame.deployment_branch
        {
            facts.push(Fact::Deployment(branch_deployment(frame, branch, commit)));
        }
    }
    facts.extend(page.tags.iter().map(|tag| Fact::Deployment(tag_deployment(frame, tag))));
    facts.extend(accounts.into_iter().map(|(id, (at, name))| {
        let bot = people::is_bot(&id, &name);
        let email = id.0.strip_prefix("email/").map(str::to_owned);
        Fact::Account(Account {
            name,
            bot,
            email,
            ..Account::new(id, Version { completeness: Completeness::Reported, at })
        })
    }));
    facts
}

/// `Measured`, since only a clone shows whether the history is whole.
fn repository(frame: &Frame) -> Fact {
    let repository = &frame.repository;
    Fact::Repository(Repository {
        url: repository.url.clone(),
        default_branch: repository.default_branch.clone(),
        default_branch_tip: repository.default_branch_tip,
        partial: repository.partial,
        ..Repository::new(
            repository.id.clone(),
            repository.name.clone(),
            Version { completeness: Completeness::Measured, at: instant(frame.observed) },
        )
    })
}

fn commit_fact(frame: &Frame, commit: &PageCommit, author: Option<AccountId>, subject: &str) -> Commit {
    let lines = commit.lines.map(|(additions, deletions, files)| [additions, deletions, files].map(count));
    let deleted = commit.marks & mark::LOST != 0;
    let measured = frame.counted && (lines.is_some() || commit.parents.len() > 1);
    let committed_at = clamp_instant(commit.committed);
    let at = match frame.commit_floor.map(instant) {
        _ if deleted => instant(frame.observed),
        Some(floor) => committed_at.max(floor),
        None => committed_at,
    };
    Commit {
        cherry_picked_from: connector::trailers::cherry_picked_from(&commit.message),
        parents: Some(commit.parents.clone()),
        author,
        subject: subject.to_owned(),
        reverts: reverts::commits(&commit.message),
        co_authors: connector::trailers::co_authors(&commit.message),
        directories: commit.directories.clone(),
        directories_truncated: commit.directories_truncated,
        deleted,
        additions: lines.map(|[additions, ..]| additions),
        deletions: lines.map(|[_, deletions, _]| deletions),
        changed_files: lines.map(|[.., files]| files),
        ..Commit::new(
            frame.repository.id.clone(),
            commit.sha,
            clamp_instant(commit.authored),
            committed_at,
            Version { completeness: if measured { Completeness::Measured } else { Completeness::Reported }, at },
        )
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn change(frame: &Frame, commit: &PageCommit, author: Option<AccountId>, claim: &Claim<'_>) -> Change {
    let on_line = commit.marks & mark::DEFAULT != 0;
    let repository = &frame.repository;
    let target = claim.target_branch.map(str::to_owned);
    let path = claim.path.or_else(|| guessed_path(repository.url.as_deref()?));
    Change {
        number: Some(claim.number),
        title: claim.title.to_owned(),
        url: path.and_then(|path| Some(format!("{}/{path}/{}", repository.url.as_ref()?, claim.number))),
        // the author of a merge commit is who merged
        author: author.filter(|_| commit.parents.len() < 2),
        source_branch: claim.source_branch.map(str::to_owned),
        target_branch: target.or_else(|| repository.default_branch.clone().filter(|_| on_line)),
        head_sha: commit.parents.get(1).copied().filter(|_| commit.parents.len() == 2),
        merge_sha: Some(commit.sha),
        commits: commit.brought.clone(),
        merged_at: Some(clamp_instant(commit.committed)),
        reverts: claim.reverts.map(|number| repository.id.change(number)),
        deleted: commit.marks & mark::GONE != 0,
        ..Change::new(
            repository.id.change(claim.number),
            repository.id.clone(),
            ChangeState::Merged,
            Version { completeness: Completeness::Inferred, at: change_version(frame, commit, on_line) },
        )
    }
}

fn branch_deployment(frame: &Frame, branch: &str, commit: &PageCommit) -> Deployment {
    let repository = &frame.repository;
    Deployment {
        source: DeploymentSource::Branch,
        repository: Some(repository.id.clone()),
        sha: Some(commit.sha),
        finished_at: Some(clamp_instant(commit.committed)),
        outcome: Some(Outcome::Success),
        url: repository.url.as_ref().map(|url| format!("{url}/{}/{}", commit_path(url), commit.sha)),
        deleted: commit.marks & mark::GONE != 0,
        ..Deployment::new(
            DeploymentId(format!("{}/branch/{branch}/{}", repository.id, commit.sha)),
            Version { completeness: Completeness::Reported, at: graph_version(frame, commit, true) },
        )
    }
}

fn tag_deployment(frame: &Frame, tag: &PageTag) -> Deployment {
    let repository = &frame.repository;
    Deployment {
        source: DeploymentSource::Tag,
        repository: Some(repository.id.clone()),
        sha: tag.sha,
        name: Some(tag.name.clone()),
        finished_at: tag.at.map(clamp_instant),
        outcome: Some(Outcome::Success),
        url: repository.url.as_ref().and_then(|url| Some(format!("{url}/{}/{}", tag_path(url)?, tag.name))),
        deleted: tag.gone,
        ..Deployment::new(
            repository.id.tag(&tag.name),
            Version { completeness: Completeness::Reported, at: instant(frame.observed) },
        )
    }
}

/// What is known of its commits is later than that nothing is known, as when a shallow clone was completed.
fn change_version(frame: &Frame, commit: &PageCommit, on_line: bool) -> DateTime<Utc> {
    // off the line there is no room between the version of what is gone and that of the line
    let later = !commit.brought.is_empty() && (on_line || frame.floor.is_none());
    moment(graph_version(frame, commit, on_line), i64::from(later))
}

/// The version of what follows from a commit's place in the graph.
fn graph_version(frame: &Frame, commit: &PageCommit, on_line: bool) -> DateTime<Utc> {
    let observed = instant(frame.observed);
    if commit.marks & mark::GONE != 0 {
        return observed;
    }
    match (frame.floor.map(instant), on_line) {
        (None, true) => clamp_instant(commit.committed).min(observed),
        (Some(floor), true) => clamp_instant(commit.committed).min(observed).max(floor),
        (None, false) => DateTime::UNIX_EPOCH,
        (Some(floor), false) => moment(floor, -1),
    }
}

fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

fn account_id(address: &str) -> Option<AccountId> {
    let address = address.trim().to_lowercase();
    (!address.is_empty()).then(|| AccountId(format!("email/{address}")))
}

/// Of several names, the one of the latest commit.
fn note_account(
    accounts: &mut BTreeMap<AccountId, (DateTime<Utc>, String)>,
    id: &AccountId,
    name: &str,
    commit: &PageCommit,
) {
    let at = clamp_instant(commit.committed);
    match accounts.get_mut(id) {
        Some(known) if (known.0, known.1.as_str()) >= (at, name) => {}
        Some(known) => *known = (at, name.to_owned()),
        None => {
            accounts.insert(id.clone(), (at, name.to_owned()));
        }
    }
}

/// Where a forge shows a change, by its address.
fn guessed_path(url: &str) -> Option<&'static str> {
    match forge(url) {
        Forge::GitHub => Some("pull"),
        Forge::GitLab => Some("-/merge_requests"),
        Forge::Bitbucket => Some("pull-requests"),
        Forge::Other => None,
    }
}

fn tag_path(url: &str) -> Option<&'static str> {
    match forge(url) {
        Forge::GitHub => Some("releases/tag"),
        Forge::GitLab => Some("-/tags"),
        Forge::Bitbucket => Some("src"),
        Forge::Other => None,
    }
}

fn commit_path(url: &str) -> &'static str {
    match forge(url) {
        Forge::GitLab => "-/commit",
        Forge::Bitbucket => "commits",
        Forge::GitHub | Forge::Other => "commit",
    }
}

enum Forge {
    GitHub,
    GitLab,
    Bitbucket,
    Other,
}

fn forge(url: &str) -> Forge {
    let host = url.split('/').nth(2).unwrap_or_default();
    match host {
        host if host.contains("github") => Forge::GitHub,
        host if host.contains("gitlab") => Forge::GitLab,
        host if host.contains("bitbucket") => Forge::Bitbucket,
        _ => Forge::Other,
    }
}
