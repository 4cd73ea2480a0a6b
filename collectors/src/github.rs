//! Connector `github`: webhooks of GitHub (cloud and Enterprise). Verified by `X-Hub-Signature-256`.
//! What becomes of which event stands in `docs/sources/github.md`.

pub(crate) mod facts;
pub(crate) mod wire;

use kernel::{Envelope, Fact, IgnoreReason, NotStored};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook, kept_id};
use crate::{Connector, json};
use facts::Place;
use runtime::secret::Secret;

/// The connector.
pub struct GitHub;

/// The events that become facts. All others are ignored.
const USED: [&str; 8] = [
    "push",
    "pull_request",
    "pull_request_review",
    "deployment",
    "deployment_status",
    "release",
    "workflow_run",
    "issues",
];

impl Connector for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn normalise(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let data = &envelope.data;
        match envelope.kind.strip_prefix("github.").unwrap_or_default() {
            "push" => push(&json::read(data)?),
            "pull_request" => pull_request(&json::read(data)?),
            "pull_request_review" => pull_request_review(&json::read(data)?),
            "deployment" => deployment(&json::read(data)?),
            "deployment_status" => deployment_status(&json::read(data)?),
            "release" => release(&json::read(data)?, envelope),
            "workflow_run" => workflow_run(&json::read(data)?),
            "issues" => issues(&json::read(data)?),
            other => Err(NotStored::Ignored(why_ignored(other))),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

impl Webhook for GitHub {
    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        request.verify_hmac_sha256("x-hub-signature-256", "sha256=", secrets)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let event = header("x-github-event")
            .filter(|event| !event.is_empty())
            .ok_or(Refusal::Incomplete("the header X-GitHub-Event is missing"))?;
        if !USED.contains(&event) {
            return Ok(Received::Ignored(why_ignored(event)));
        }
        let id = match header("x-github-delivery").filter(|id| !id.is_empty()) {
            Some(id) => kept_id(id),
            None => hex::encode(Sha256::digest(request.body())),
        };
        let subject = subject(request.body());
        Ok(Received::Events(vec![Envelope {
            id,
            source: to.source.to_owned(),
            kind: format!("github.{event}"),
            key: subject.clone().unwrap_or_else(|| to.source.to_owned()),
            subject,
            time: to.received,
            tenant: to.tenant.clone(),
            content_type: "application/json".to_owned(),
            data: request.body().clone(),
        }]))
    }
}

fn why_ignored(event: &str) -> IgnoreReason {
    match event {
        "ping" => IgnoreReason::Ping,
        "gollum" | "sponsorship" | "marketplace_purchase" => IgnoreReason::OutOfScope,
        _ => IgnoreReason::UnusedEvent,
    }
}

/// The repository that a payload is about, as far as it can be read.
fn subject(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct About {
        repository: wire::Repository,
    }
    let about: About = json::read(body).ok()?;
    Some(Place::of(&about.repository).ok()?.id.to_string())
}

fn push(event: &wire::PushEvent) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    // Tags come from the git connector, which knows their commits and which of them are versions.
    let Some(branch) = event.reference.strip_prefix("refs/heads/") else {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    };
    // A branch that was deleted or only moved brings no commits.
    if event.commits.is_empty() {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    }
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
    let authors = event.commits.iter().filter_map(|commit| facts::author(&place, commit.author.as_ref()?));
    for author in authors {
        if !facts.contains(&author) {
            facts.push(author);
        }
    }
    facts.extend(event.commits.iter().map(|commit| Fact::Commit(facts::commit(&place, branch, commit))));
    Ok(facts)
}

fn pull_request(event: &wire::PullRequestEvent) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    let people = [event.sender.as_ref(), event.pull_request.user.as_ref()];
    let mut facts = mentions(&place, &event.repository, people);
    facts.push(Fact::Change(facts::change(&place, &event.pull_request, &event.action)));
    Ok(facts)
}

fn pull_request_review(event: &wire::ReviewEvent) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    let Some(review) = facts::review(&place, &event.review, &event.pull_request)? else {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    };
    let people = [event.sender.as_ref(), event.pull_request.user.as_ref(), event.review.user.as_ref()];
    let mut facts = mentions(&place, &event.repository, people);
    facts.push(Fact::Change(facts::mentioned_change(&place, &event.pull_request)));
    facts.push(Fact::Review(review));
    Ok(facts)
}

fn deployment(event: &wire::DeploymentEvent) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
    facts.push(Fact::Deployment(facts::deployment(&place, &event.deployment)));
    Ok(facts)
}

fn deployment_status(event: &wire::DeploymentStatusEvent) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    let Some(deployment) = facts::deployment_after(&place, &event.deployment, &event.deployment_status)? else {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    };
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
    facts.push(Fact::Deployment(deployment));
    Ok(facts)
}

fn release(event: &wire::ReleaseEvent, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    let Some(release) = facts::release(&place, &event.release, &event.action, envelope.time) else {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    };
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
    facts.push(Fact::Deployment(release));
    Ok(facts)
}

fn workflow_run(event: &wire::WorkflowRunEvent) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
    facts.push(Fact::PipelineRun(facts::pipeline_run(&place, &event.workflow_run, event.workflow.as_ref())));
    Ok(facts)
}

fn issues(event: &wire::IssuesEvent) -> Result<Vec<Fact>, NotStored> {
    if event.issue.pull_request.is_some() {
        return Err(NotStored::Ignored(IgnoreReason::OutOfScope));
    }
    let place = Place::of(&event.repository)?;
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref(), event.issue.assignee.as_ref()]);
    let (item, incident) = facts::issue(&place, &event.issue, &event.action, event.label.as_ref());
    facts.push(Fact::WorkItem(item));
    facts.extend(incident.map(Fact::Incident));
    Ok(facts)
}

/// The repository, and each of the accounts once.
fn mentions<'a>(
    place: &Place,
    repository: &wire::Repository,
    people: impl IntoIterator<Item = Option<&'a wire::User>>,
) -> Vec<Fact> {
    let mut facts = vec![facts::repository(place, repository)];
    for user in people.into_iter().flatten() {
        let account = facts::account(place, user);
        if !facts.contains(&account) {
            facts.push(account);
        }
    }
    facts
}
