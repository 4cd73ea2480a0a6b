//! From what is posted to facts. What belongs to no repository belongs to one that is named as the
//! connection, `devlake/<connection>`, which a service can list among its own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use connector::canceled::is_canceled_end;
use connector::lenient;
use connector::outcomes;
use connector::versions;
use kernel::{
    Account, AccountId, Change, ChangeState, CloseEvent, Completeness, Deployment, Fact, Incident, RejectReason,
    Rejection, RepositoryId, Sha, StatusCategory, Version, WorkItem, WorkItemId,
};

use super::wire;

/// Between a repository's address and the number of a change, as forges write it.
const CHANGES: [&str; 6] =
    ["/-/merge_requests/", "/merge_requests/", "/pull-requests/", "/pullrequest/", "/pulls/", "/pull/"];

/// What is wrong with a deployed commit without a repository.
const NO_ADDRESS: &str = "missing, null or empty; expected the address of the repository that was deployed";

/// Where something was posted to, and when.
pub(super) struct Place<'a> {
    /// `devlake/<connection>`.
    pub(super) connection: &'a str,
    pub(super) received: DateTime<Utc>,
}

impl Place<'_> {
    fn version(&self) -> Version {
        Version { completeness: Completeness::Reported, at: self.received }
    }

    fn own(&self) -> RepositoryId {
        RepositoryId(self.connection.to_lowercase())
    }

    /// A deployment for each repository: of several commits of one the last counts, which holds the others.
    pub(super) fn deployments(&self, wire: &wire::Deployment) -> Result<Vec<Fact>, Rejection> {
        let alone = wire::DeploymentCommit {
            repo_url: wire.repo_url.clone(),
            commit_sha: wire.commit_sha.clone(),
            ref_name: wire.ref_name.clone(),
            result: None,
            started_date: None,
            finished_date: None,
        };
        let listed = match wire.commits.as_slice() {
            [] if wire.commit_sha.is_none() && wire.repo_url.is_none() => {
                let problem = "deploymentCommits: none; expected at least one, with repoUrl and commitSha";
                return Err(Rejection::new(RejectReason::Schema, problem));
            }
            [] => std::slice::from_ref(&alone),
            listed => listed,
        };
        let mut by_repository = BTreeMap::new();
        for (nth, commit) in listed.iter().enumerate() {
            // it may be of any of the repositories, of which each has a deployment of its own
            if commit.repo_url.is_none() && !wire.commits.is_empty() {
                lenient::skip_part(format!("deploymentCommits[{nth}].repoUrl"), NO_ADDRESS.to_owned());
                continue;
            }
            by_repository.insert(self.repository(commit.repo_url.as_deref()), commit);
        }
        if by_repository.is_empty() {
            return Err(Rejection::new(RejectReason::Schema, format!("deploymentCommits[0].repoUrl: {NO_ADDRESS}")));
        }
        let facts = by_repository.into_iter().map(|(repository, commit)| self.deployment(wire, repository, commit));
        facts.map(|deployment| deployment.map(Fact::Deployment)).collect()
    }

    fn deployment(
        &self,
        wire: &wire::Deployment,
        repository: RepositoryId,
        commit: &wire::DeploymentCommit,
    ) -> Result<Deployment, Rejection> {
        let started_at = commit.started_date.or(wire.started_date);
        let finished_at = commit.finished_date.or(wire.finished_date).unwrap_or(self.received);
        let id = wire.id.clone().unwrap_or_else(|| {
            // before ids were asked for, a commit and its time were one
            let sha = commit.commit_sha.as_deref().unwrap_or("unknown");
            format!("{sha}/{}", started_at.unwrap_or(finished_at).timestamp())
        });
        let result = commit.result.as_deref().or(wire.result.as_deref()).unwrap_or("SUCCESS");
        let id = format!("{}/deployment/{id}/{repository}", self.connection);
        Ok(Deployment {
            rollout: wire.id.as_ref().map(|id| format!("{}/{id}", self.connection)),
            repository: Some(repository),
            environment: Some(wire.environment.clone().unwrap_or_else(|| "PRODUCTION".to_owned())),
            sha: commit.commit_sha.as_deref().and_then(|sha| Sha::parse(sha).ok()),
            name: commit.ref_name.clone().or_else(|| wire.name.clone()),
            started_at,
            finished_at: Some(finished_at),
            outcome: Some(outcomes::required(result, "result")?),
            ..Deployment::new(id.into(), self.version())
        })
    }

    /// By its address; what is no address is a name within the connection.
    fn repository(&self, url: Option<&str>) -> RepositoryId {
        match url {
            Some(url) => RepositoryId::from_url(url)
                .unwrap_or_else(|| RepositoryId(format!("{}/{}", self.own(), url.trim_matches('/').to_lowercase()))),
            None => self.own(),
        }
    }

    /// A work item, the incident that it is if its type says so, and whose they are. One that does not say where it
    /// stands would open again what is done.
    pub(super) fn issue(&self, wire: wire::Issue) -> Result<Vec<Fact>, Rejection> {
        if wire.status.is_none() && wire.resolution_date.is_none() {
            let problem = "status: missing, null or empty; expected TODO, IN_PROGRESS or DONE";
            return Err(Rejection::new(RejectReason::Schema, problem));
        }
        let id = self.issue_id(&wire.key);
        let given_up = [&wire.status, &wire.original_status].into_iter().flatten().any(|name| is_canceled_end(name));
        let category = category(&wire);
        let done = category == StatusCategory::Done;
        let created_at = wire.created_date.unwrap_or(self.received);
        let done_at = done.then(|| wire.resolution_date.or(wire.updated_date).unwrap_or(self.received));
        let (assignee, reporter) = (
            self.account(wire.assignee_id.as_deref(), wire.assignee_name.as_deref()),
            self.account(wire.creator_id.as_deref(), wire.creator_name.as_deref()),
        );
        let mut facts: Vec<Fact> = Vec::new();
        if wire.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("incident")) {
            facts.push(Fact::Incident(Incident {
                repository: Some(self.own()),
                selectors: wire.component.as_deref().map(versions::component_selectors).unwrap_or_default(),
                title: wire.title.clone(),
                severity: wire.severity.or(wire.priority),
                resolved_at: done_at,
                url: wire.url.clone(),
                deleted: done && given_up,
                ..Incident::new(id.as_str().into(), created_at, self.version())
            }));
        } else if let (None, Some(at)) = (&wire.kind, done_at) {
            // if it was posted with its type before, there is an incident to close
            facts.push(Fact::CloseEvent(CloseEvent::new(id.clone(), at, self.version())));
        }
        let parent = wire.parent_issue_key.or(wire.epic_key);
        let item = WorkItem {
            title: wire.title,
            kind: wire.kind.map(|kind| kind.to_lowercase()),
            status: wire.original_status.or(wire.status).unwrap_or_default(),
            assignee: assignee.as_ref().map(|account| account.id.clone()),
            reporter: reporter.as_ref().map(|account| account.id.clone()),
            parent: parent.map(|key| WorkItemId(self.issue_id(&key))),
            done_at,
            // nothing estimated is sent as 0
            points: wire.story_point.filter(|points| *points > 0.0),
            labels: wire.component.into_iter().collect(),
            url: wire.url,
            canceled: done && given_up,
            ..WorkItem::new(WorkItemId(id), wire.key, self.connection.to_owned(), category, created_at, self.version())
        };
        facts.push(Fact::WorkItem(item));
        facts.extend(assignee.into_iter().chain(reporter).map(Fact::Account));
        Ok(facts)
    }

    /// An issue that was closed, when only its id is known.
    pub(super) fn close_event(&self, wire: &wire::Close) -> Fact {
        Fact::CloseEvent(CloseEvent::new(self.issue_id(&wire.key), self.received, self.version()))
    }

    fn issue_id(&self, key: &str) -> String {
        format!("{}/issue/{key}", self.connection)
    }

    fn account(&self, id: Option<&str>, name: Option<&str>) -> Option<Account> {
        Some(Account {
            name: name.or(id)?.to_owned(),
            ..Account::new(AccountId(format!("{}/{}", self.connection, id.or(name)?).to_lowercase()), self.version())
        })
    }

    /// A pull request, in the repository that its address names.
    pub(super) fn change(&self, wire: wire::PullRequest) -> Fact {
        let repository = wire.url.as_deref().and_then(repository_of).unwrap_or_else(|| self.own());
        let state = match upper(wire.status.as_deref()).as_str() {
            "MERGED" => ChangeState::Merged,
            "CLOSED" => ChangeState::Abandoned,
            "OPEN" => ChangeState::Open,
            _ if wire.merged_date.is_some() => ChangeState::Merged,
            _ if wire.closed_date.is_some() => ChangeState::Abandoned,
            _ => ChangeState::Open,
        };
        let merged = state == ChangeState::Merged;
        let sha = |text: Option<String>| text.and_then(|text| Sha::parse(&text).ok());
        Fact::Change(Change {
            number: Some(wire.key),
            title: wire.display_title.unwrap_or_default(),
            url: wire.url,
            author: self.account(wire.author_id.as_deref(), wire.author_name.as_deref()).map(|account| account.id),
            source_branch: wire.head_ref,
            target_branch: wire.base_ref,
            head_sha: sha(wire.head_commit_sha),
            merge_sha: sha(wire.merge_commit_sha).filter(|_| merged),
            opened_at: wire.created_date,
            merged_at: wire.merged_date.filter(|_| merged),
            closed_at: wire.closed_date.filter(|_| state == ChangeState::Abandoned),
            additions: wire.additions,
            deletions: wire.deletions,
            ..Change::new(repository.change(wire.key), repository, state, self.version())
        })
    }
}

fn upper(text: Option<&str>) -> String {
    text.unwrap_or_default().to_ascii_uppercase()
}

fn repository_of(change: &str) -> Option<RepositoryId> {
    CHANGES.iter().find_map(|between| RepositoryId::from_url(change.rsplit_once(between)?.0))
}

/// Where an issue stands; one whose status says nothing is done when it has a date of resolution.
fn category(issue: &wire::Issue) -> StatusCategory {
    match upper(issue.status.as_deref()).as_str() {
        status if is_canceled_end(status) => StatusCategory::Done,
        "DONE" => StatusCategory::Done,
        "IN_PROGRESS" => StatusCategory::InProgress,
        "TODO" => StatusCategory::ToDo,
        _ if issue.resolution_date.is_some() => StatusCategory::Done,
        _ => StatusCategory::ToDo,
    }
}
