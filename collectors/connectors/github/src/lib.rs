//! Connector `github`: GitHub (cloud and Enterprise), pushed and pulled. Webhooks are verified by
//! `X-Hub-Signature-256`. The outcome of each event stands in the README of this crate.
//!
//! What REST gives is enveloped as the webhook of the same thing would be, so one reader serves both; what
//! GraphQL gives has another form, which `pulled` turns into the same facts.

mod alerts;
#[doc(hidden)]
pub mod facts;
mod mentions;
#[cfg(feature = "pull")]
mod pull;
mod pulled;
#[cfg(test)]
mod tests;
#[doc(hidden)]
pub mod wire;

use connector::versions::is_version_tag;
use connector::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook};
use connector::{Connector, lenient};
use kernel::Secret;
use kernel::{Envelope, Fact, IgnoreReason, NotStored, RejectReason, Rejection};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use facts::Place;
use mentions::mentions;

/// The connector.
pub struct GitHub;

/// The connector, as the registry lists it.
pub static CONNECTOR: GitHub = GitHub;

/// The events that become facts. All others are ignored.
const USED: [&str; 16] = [
    "push",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "issue_comment",
    "deployment",
    "deployment_status",
    "release",
    "workflow_run",
    "workflow_job",
    "issues",
    "code_scanning_alert",
    "dependabot_alert",
    "secret_scanning_alert",
    "repository",
    "organization",
];

impl Connector for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let data = &envelope.data;
        let kind = envelope.kind.strip_prefix("github.").unwrap_or_default();
        match kind.strip_prefix("pull.").unwrap_or(kind) {
            "change" => pulled::change(&read(data)?),
            // releases and deployments are pulled in another form than they are pushed in
            "release" if kind.starts_with("pull.") => pulled::release(&read(data)?, envelope.time),
            "deployment" if kind.starts_with("pull.") => pulled::deployment(&read(data)?),
            "push" => push(&read(data)?, envelope),
            "pull_request" => pull_request(&read(data)?),
            "pull_request_review" => pull_request_review(&read(data)?),
            "deployment" => deployment(&read(data)?),
            "deployment_status" => deployment_status(&read(data)?),
            "release" => release(&read(data)?, envelope),
            "workflow_run" => workflow_run(&read(data)?),
            "issues" => issues(&read(data)?),
            "pull_request_review_comment" => review_comment(&read(data)?),
            "issue_comment" => issue_comment(&read(data)?),
            "workflow_job" => workflow_job(&read(data)?),
            "code_scanning_alert" => alert(&read(data)?, "code-scanning"),
            "dependabot_alert" => alert(&read(data)?, "dependabot"),
            "secret_scanning_alert" => alert(&read(data)?, "secret-scanning"),
            "repository" => repository(&read(data)?, envelope),
            "organization" => organization(&read(data)?, envelope),
            other => Err(NotStored::Ignored(why_ignored(other))),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

/// What decides the facts of an event: its subject, its outcome, and whether it was a trial.
const DECISIVE: [&str; 15] = [
    "action",
    "deleted",
    "deployment.environment",
    "deployment_status.environment",
    "node.closedAt",
    "node.environment",
    "node.mergedAt",
    "pull_request.merged_at",
    "pull_request.closed_at",
    "release.draft",
    "repository.html_url",
    "workflow_job.conclusion",
    "workflow_run.conclusion",
    "workflow_run.event",
    "workflow_run.head_repository",
];

fn read<T: DeserializeOwned>(data: &[u8]) -> Result<T, Rejection> {
    lenient::read_keeping(data, &DECISIVE)
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
        let id = request.event_id(header("x-github-delivery"));
        let body = request.body();
        Ok(Received::Events(vec![to.event(id, format!("github.{event}"), subject(body), body.clone())]))
    }
}

fn why_ignored(event: &str) -> IgnoreReason {
    match event {
        "ping" => IgnoreReason::Ping,
        // who is in which team is for the settings to say
        "gollum" | "sponsorship" | "marketplace_purchase" | "team" | "team_add" | "membership" => {
            IgnoreReason::OutOfScope
        }
        // `workflow_run`, `workflow_job` and `push` report what `check_run`, `check_suite`, `status`, `create`
        // and `delete` would, and more of it; other systems' checks come from those systems' own connectors
        _ => IgnoreReason::UnusedEvent,
    }
}

/// The repository that a payload is about, as far as it can be read. What is wrong with one that can't be is for
/// the normalizer to say, so the position in the document is not tracked here.
fn subject(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct About {
        repository: wire::Repository,
    }
    let about: About = serde_json::from_slice(body).ok()?;
    Some(Place::of(&about.repository).ok()?.id.to_string())
}

fn push(event: &wire::PushEvent, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    if let Some(tag) = event.reference.strip_prefix("refs/tags/").filter(|tag| is_version_tag(tag)) {
        let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
        let sha = event.head_commit.as_ref().map(|commit| commit.id);
        facts.push(Fact::Deployment(facts::tag(&place, tag, sha, event.deleted, envelope.time)));
        return Ok(facts);
    }
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
    facts.extend(event.commits.iter().map(|commit| Fact::Commit(facts::commit(&place, Some(branch), commit))));
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
    let run = facts::pipeline_run(&place, &event.workflow_run, event.workflow.as_ref())?;
    facts.push(Fact::PipelineRun(run));
    Ok(facts)
}

fn workflow_job(event: &wire::WorkflowJobEvent) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
    facts.push(Fact::TaskRun(facts::task_run(&place, &event.workflow_job)?));
    Ok(facts)
}

fn alert(event: &wire::AlertEvent, family: &str) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
    facts.push(Fact::Vulnerability(alerts::vulnerability(&place, family, &event.alert)));
    Ok(facts)
}

fn repository(event: &wire::RepositoryEvent, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    // What happened in a repository that is gone has happened all the same.
    if *event.action == *"deleted" {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    }
    let place = Place::of(&event.repository)?;
    let mut facts = mentions(&place, &event.repository, [event.sender.as_ref()]);
    facts.extend(facts::moved(&place, event, envelope.time).map(Fact::Moved));
    Ok(facts)
}

/// An organization that has another name now takes all of its repositories along.
fn organization(event: &wire::OrganizationEvent, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    // who is in it is for the settings to say
    let before = event.changes.login.as_ref().and_then(|login| login.from.as_deref());
    let Some(before) = before.filter(|_| *event.action == *"renamed") else {
        return Err(NotStored::Ignored(IgnoreReason::OutOfScope));
    };
    Ok(vec![Fact::Moved(facts::moved_organization(&event.organization, before, envelope.time))])
}

fn review_comment(event: &wire::ReviewCommentEvent) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.repository)?;
    // the address in the API ends in the number, whatever the host
    let url = event.comment.pull_request_url.as_deref().unwrap_or_default();
    let number = url.rsplit('/').next().and_then(|number| number.parse().ok());
    let expected = "comment.pull_request_url: expected an address that ends in a number";
    let number = number.ok_or_else(|| Rejection::new(RejectReason::Schema, expected))?;
    let known = mentions(&place, &event.repository, [event.sender.as_ref(), event.comment.user.as_ref()]);
    commented(known, &place, number, &format!("r{}", event.comment.id), &event.comment, &event.action)
}

fn issue_comment(event: &wire::IssueCommentEvent) -> Result<Vec<Fact>, NotStored> {
    // comments on issues are no step of a change
    if event.issue.pull_request.is_none() {
        return Err(NotStored::Ignored(IgnoreReason::OutOfScope));
    }
    let place = Place::of(&event.repository)?;
    let id = event.comment.id.to_string();
    let known = mentions(&place, &event.repository, [event.sender.as_ref(), event.comment.user.as_ref()]);
    commented(known, &place, event.issue.number, &id, &event.comment, &event.action)
}

/// A comment on the change of this number, after what its event mentions. One that was deleted was made all the same.
fn commented(
    mut facts: Vec<Fact>,
    place: &Place,
    number: i64,
    id: &str,
    comment: &wire::Comment,
    action: &str,
) -> Result<Vec<Fact>, NotStored> {
    if action == "deleted" {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    }
    facts.push(Fact::Review(facts::comment(place, number, id, comment)));
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
