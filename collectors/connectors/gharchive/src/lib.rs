//! Connector `gharchive`: recorded public events of GitHub, in the form of its Events API since 2015, as GH Archive
//! publishes them by the hour. It serves to try `sei` with much data, and for history that was not recorded otherwise.
//! It shares GitHub's wire types and rules with [`connector_github`].
//!
//! The Events API reports less than webhooks: commits have no times (the push's time is taken), tags have no commit.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use connector::lenient::{self, Word};
use connector::versions::{inferred, is_version_tag};
use connector::{Connector, json};
use connector_github::{facts, facts::Place, wire};
use kernel::{Envelope, Fact, IgnoreReason, NotStored, Rejection, Repository, RepositoryId, Tenant};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The connector.
pub struct GhArchive;

/// The connector, as the registry lists it.
pub static CONNECTOR: GhArchive = GhArchive;

/// An event, with its payload still to be read.
#[derive(Deserialize)]
struct Event<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    repo: EventRepository,
    created_at: DateTime<Utc>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

#[derive(Deserialize)]
struct EventRepository {
    /// `owner/Name`.
    name: String,
}

#[derive(Deserialize)]
struct Push {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default, deserialize_with = "json::list")]
    commits: Vec<PushedCommit>,
}

#[derive(Deserialize)]
struct PushedCommit {
    sha: kernel::Sha,
    #[serde(default, deserialize_with = "json::or_default")]
    message: String,
    author: Option<wire::GitPerson>,
    /// False when an earlier push brought it.
    #[serde(default = "yes")]
    distinct: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct PullRequest {
    #[serde(default, deserialize_with = "json::or_default")]
    action: Word,
    pull_request: wire::PullRequest,
}

#[derive(Deserialize)]
struct PullRequestReview {
    review: wire::Review,
    pull_request: wire::PullRequest,
}

#[derive(Deserialize)]
struct Issues {
    #[serde(default, deserialize_with = "json::or_default")]
    action: Word,
    issue: wire::Issue,
    label: Option<wire::Label>,
}

#[derive(Deserialize)]
struct Release {
    #[serde(default, deserialize_with = "json::or_default")]
    action: Word,
    release: wire::Release,
}

#[derive(Deserialize)]
struct DeploymentCreated {
    deployment: wire::Deployment,
}

#[derive(Deserialize)]
struct DeploymentStatus {
    deployment: wire::Deployment,
    deployment_status: wire::DeploymentStatus,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "ref")]
    name: Option<String>,
    ref_type: String,
}

/// The event types that become facts. All others are ignored.
const USED: [&str; 9] = [
    "PushEvent",
    "PullRequestEvent",
    "PullRequestReviewEvent",
    "IssuesEvent",
    "ReleaseEvent",
    "DeploymentEvent",
    "DeploymentStatusEvent",
    "CreateEvent",
    "DeleteEvent",
];

/// A line of an archive as an event for the log. Reads no more of it than the log needs to know.
pub fn envelope(line: &Bytes, tenant: &Tenant, received: DateTime<Utc>) -> Result<Envelope, NotStored> {
    let event: Event<'_> = json::read(line)?;
    if !USED.contains(&event.kind.as_str()) {
        return Err(NotStored::Ignored(why_ignored(&event.kind)));
    }
    let repository = format!("github.com/{}", event.repo.name.to_lowercase());
    Ok(Envelope {
        id: event.id,
        source: "gharchive/import".to_owned(),
        kind: format!("gharchive.{}", event.kind),
        subject: Some(repository.clone()),
        time: received,
        tenant: tenant.clone(),
        key: repository,
        content_type: "application/json".to_owned(),
        data: line.clone(),
        traceparent: None,
    })
}

fn why_ignored(kind: &str) -> IgnoreReason {
    match kind {
        "GollumEvent" | "SponsorshipEvent" => IgnoreReason::OutOfScope,
        _ => IgnoreReason::UnusedEvent,
    }
}

impl Connector for GhArchive {
    fn name(&self) -> &'static str {
        "gharchive"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let event: Event<'_> = json::read(&envelope.data)?;
        match event.kind.as_str() {
            "PushEvent" => event.push(&event.payload()?),
            "PullRequestEvent" => Ok(event.pull_request(&event.payload()?)),
            "PullRequestReviewEvent" => event.review(&event.payload()?),
            "IssuesEvent" => event.issue(&event.payload()?),
            "ReleaseEvent" => event.release(&event.payload()?),
            "DeploymentEvent" => Ok(event.deployment(&event.payload()?)),
            "DeploymentStatusEvent" => event.deployment_status(&event.payload()?),
            "CreateEvent" => event.tag(&event.payload()?, false),
            "DeleteEvent" => event.tag(&event.payload()?, true),
            other => Err(NotStored::Ignored(why_ignored(other))),
        }
    }
}

impl Event<'_> {
    fn payload<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        lenient::read(self.payload.get().as_bytes())
            .map_err(|rejection| Rejection { detail: format!("in payload: {}", rejection.detail), ..rejection })
    }

    fn place(&self) -> Place {
        Place { id: RepositoryId(format!("github.com/{}", self.repo.name.to_lowercase())), default_branch: None }
    }

    /// The repository as the event names it. The event does not say when the repository last changed.
    fn repository(&self, place: &Place) -> Fact {
        Fact::Repository(Repository {
            url: Some(format!("https://github.com/{}", self.repo.name)),
            ..Repository::new(place.id.clone(), self.repo.name.clone(), inferred(DateTime::UNIX_EPOCH))
        })
    }

    fn push(&self, push: &Push) -> Result<Vec<Fact>, NotStored> {
        let Some(branch) = push.reference.strip_prefix("refs/heads/") else {
            return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
        };
        let place = self.place();
        // A commit that an earlier push brought would get this push's later time.
        let commits: Vec<Fact> = push
            .commits
            .iter()
            .filter(|commit| commit.distinct)
            .map(|commit| Fact::Commit(facts::commit(&place, Some(branch), &commit.at(self.created_at))))
            .collect();
        if commits.is_empty() {
            return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
        }
        Ok([vec![self.repository(&place)], commits].concat())
    }

    fn pull_request(&self, payload: &PullRequest) -> Vec<Fact> {
        let pull_request = &payload.pull_request;
        let mut place = self.place();
        let mut facts = Vec::new();
        match &pull_request.base.repo {
            Some(repository) => {
                place.default_branch.clone_from(&repository.default_branch);
                facts.push(facts::repository(&place, repository));
            }
            None => facts.push(self.repository(&place)),
        }
        facts.extend(pull_request.user.as_ref().map(|user| facts::account(&place, user)));
        facts.push(Fact::Change(facts::change(&place, pull_request, &payload.action)));
        facts
    }

    fn review(&self, payload: &PullRequestReview) -> Result<Vec<Fact>, NotStored> {
        let place = self.place();
        let Some(review) = facts::review(&place, &payload.review, &payload.pull_request)? else {
            return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
        };
        let change = facts::mentioned_change(&place, &payload.pull_request);
        let mut facts = vec![self.repository(&place), Fact::Change(change), Fact::Review(review)];
        facts.extend(payload.review.user.as_ref().map(|user| facts::account(&place, user)));
        Ok(facts)
    }

    fn issue(&self, payload: &Issues) -> Result<Vec<Fact>, NotStored> {
        if payload.issue.pull_request.is_some() {
            return Err(NotStored::Ignored(IgnoreReason::OutOfScope));
        }
        let place = self.place();
        let (item, incident) = facts::issue(&place, &payload.issue, &payload.action, payload.label.as_ref());
        let mut facts = vec![self.repository(&place), Fact::WorkItem(item)];
        facts.extend(incident.map(Fact::Incident));
        facts.extend(payload.issue.assignee.as_ref().map(|user| facts::account(&place, user)));
        Ok(facts)
    }

    fn release(&self, payload: &Release) -> Result<Vec<Fact>, NotStored> {
        let place = self.place();
        match facts::release(&place, &payload.release, &payload.action, self.created_at) {
            Some(release) => Ok(vec![self.repository(&place), Fact::Deployment(release)]),
            None => Err(NotStored::Ignored(IgnoreReason::UnusedAction)),
        }
    }

    fn deployment(&self, payload: &DeploymentCreated) -> Vec<Fact> {
        let place = self.place();
        let deployment = facts::deployment(&place, &payload.deployment);
        vec![self.repository(&place), Fact::Deployment(deployment)]
    }

    fn deployment_status(&self, payload: &DeploymentStatus) -> Result<Vec<Fact>, NotStored> {
        let place = self.place();
        match facts::deployment_after(&place, &payload.deployment, &payload.deployment_status)? {
            Some(deployment) => Ok(vec![self.repository(&place), Fact::Deployment(deployment)]),
            None => Err(NotStored::Ignored(IgnoreReason::UnusedAction)),
        }
    }

    /// A version tag that was made or deleted.
    fn tag(&self, reference: &Reference, deleted: bool) -> Result<Vec<Fact>, NotStored> {
        let Some(name) = reference.name.as_deref().filter(|name| reference.ref_type == "tag" && is_version_tag(name))
        else {
            return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
        };
        let place = self.place();
        let deployment = facts::tag(&place, name, None, deleted, self.created_at);
        Ok(vec![self.repository(&place), Fact::Deployment(deployment)])
    }
}

impl PushedCommit {
    fn at(&self, pushed: DateTime<Utc>) -> wire::Commit {
        wire::Commit { id: self.sha, message: self.message.clone(), timestamp: pushed, author: self.author.clone() }
    }
}
