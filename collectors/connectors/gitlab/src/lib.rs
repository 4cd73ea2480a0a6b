//! Connector `gitlab`: GitLab and GitLab CI, pushed and pulled. Webhooks are verified by GitLab's signing
//! token (Standard Webhooks) or by `X-Gitlab-Token`. The outcome of each event stands in
//! the README of this crate.

mod facts;
#[cfg(feature = "pull")]
mod pull;
#[cfg(test)]
mod tests;
mod wire;

use connector::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook};
use connector::{Connector, json, lenient};
use kernel::Secret;
use kernel::{Envelope, Fact, IgnoreReason, NotStored, Rejection};
use serde::de::DeserializeOwned;

use facts::Place;

/// The connector.
pub struct GitLab;

/// The connector, as the registry lists it.
pub static CONNECTOR: GitLab = GitLab;

/// The kinds of events that become facts. All others are ignored.
const USED: [&str; 14] = [
    "push",
    "tag_push",
    "merge_request",
    "note",
    "pipeline",
    "build",
    "deployment",
    "release",
    "issue",
    "work_item",
    "project_create",
    "project_rename",
    "project_transfer",
    "group_rename",
];

impl Connector for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let data = &envelope.data;
        match envelope.kind.strip_prefix("gitlab.").unwrap_or_default() {
            "push" => push(&read(data)?),
            "tag_push" => tag_push(&read(data)?, envelope),
            "merge_request" => merge_request(&read(data)?),
            "note" => note(&read(data)?),
            "pipeline" => pipeline(&read(data)?, envelope),
            "build" => job(&read(data)?, envelope),
            "deployment" => deployment(&read(data)?, envelope),
            "release" => release(&read(data)?, &read(data)?, envelope),
            "issue" | "incident" | "work_item" => issue(&read(data)?),
            "project_create" | "project_rename" | "project_transfer" | "group_rename" => {
                renamed(&read(data)?, envelope)
            }
            "pull.merge_request" => pulled_merge_request(&read(data)?),
            "pull.pipeline" => pulled_pipeline(&read(data)?),
            "pull.job" => pulled_job(&read(data)?, envelope),
            "pull.deployment" => pulled_deployment(&read(data)?),
            "pull.release" => pulled_release(&read(data)?, envelope),
            "pull.issue" => pulled_issue(&read(data)?),
            _ => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

/// What decides what an event says: whose it is, how it ended, and whether it was a trial.
const DECISIVE: [&str; 14] = [
    "action",
    "after",
    "environment",
    "merge_request",
    "object_attributes.closed_at",
    "object_attributes.merged_at",
    "object_attributes.source",
    "object_attributes.tag",
    "project",
    "row.closed_at",
    "row.environment",
    "row.merged_at",
    "row.pipeline",
    "row.source",
];

fn read<T: DeserializeOwned>(data: &[u8]) -> Result<T, Rejection> {
    lenient::read_keeping(data, &DECISIVE)
}

impl Webhook for GitLab {
    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        // Who has a signing token does not want to fall back to a token that can be read on the way.
        if request.headers.contains_key("webhook-signature") {
            request.verify_standard_webhooks(secrets)
        } else {
            request.verify_token("x-gitlab-token", secrets)
        }
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let named = |name| header(name).filter(|text: &&str| !text.is_empty());
        if named("x-gitlab-event").is_none() {
            return Err(Refusal::Incomplete("the header X-Gitlab-Event is missing"));
        }
        // The header has words for people, the body has the kind, also of a system hook.
        let about: wire::About = json::read(request.body()).unwrap_or_default();
        let Some(kind) = about.kind().filter(|kind| USED.contains(kind)) else {
            return Ok(Received::Ignored(IgnoreReason::UnusedEvent));
        };
        // The same for all attempts of one delivery. X-Gitlab-Event-UUID is not: hooks that were set off by
        // another hook share it.
        let id = request.event_id(named("idempotency-key").or_else(|| named("webhook-id")));
        // what happens to projects and groups themselves names no host
        let at = |path: &String| {
            Place::at(&format!("{}/{path}", named("x-gitlab-instance")?.trim_end_matches('/')), None).ok()
        };
        let place = about.place().or_else(|| about.path_with_namespace.as_ref().and_then(at));
        let subject = place.map(|place| place.id.to_string());
        Ok(Received::Events(vec![to.event(id, format!("gitlab.{kind}"), subject, request.body().clone())]))
    }
}

impl wire::About {
    fn kind(&self) -> Option<&str> {
        self.object_kind.as_deref().or(self.event_name.as_deref())
    }

    fn place(&self) -> Option<Place> {
        let project = self.project.as_ref().and_then(|project| Place::of(project).ok());
        project.or_else(|| Place::at(self.repository.as_ref()?.homepage.as_deref()?, None).ok())
    }
}

/// The project, and each of the accounts once.
fn mentions<'a>(place: &Place, people: impl IntoIterator<Item = Option<&'a wire::User>>) -> Vec<Fact> {
    let mut facts = vec![facts::repository(place)];
    for user in people.into_iter().flatten() {
        let account = facts::account(place, user);
        facts.extend(account.filter(|account| !facts.contains(account)));
    }
    facts
}

/// Where the project of a hook is. What a group has, such as an epic, is in none.
fn place_of(project: Option<&wire::Project>) -> Result<Place, NotStored> {
    let project = project.ok_or(NotStored::Ignored(IgnoreReason::OutOfScope))?;
    Ok(Place::of(project)?)
}

fn unused() -> NotStored {
    NotStored::Ignored(IgnoreReason::UnusedAction)
}

fn push(event: &wire::Push) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.project)?;
    // A branch that was deleted or only moved brings no commits.
    let Some(branch) = event.reference.strip_prefix("refs/heads/").filter(|_| !event.commits.is_empty()) else {
        return Err(unused());
    };
    let mut facts = mentions(&place, [Some(&event.user())]);
    commits(&place, Some(branch), &event.commits, &mut facts);
    Ok(facts)
}

/// The commits of a branch, and each of their authors once.
fn commits(place: &Place, branch: Option<&str>, commits: &[wire::Commit], facts: &mut Vec<Fact>) {
    for commit in commits {
        let author = facts::author(place, commit);
        facts.extend(author.filter(|author| !facts.contains(author)));
        facts.push(Fact::Commit(facts::commit(place, branch, commit)));
    }
}

impl wire::Push {
    fn user(&self) -> wire::User {
        wire::User { id: self.user_id, username: self.user_username.clone(), email: self.user_email.clone(), bot: None }
    }
}

fn tag_push(event: &wire::Push, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.project)?;
    let deployment = facts::tag(&place, event, envelope.time).ok_or_else(unused)?;
    let mut facts = mentions(&place, [Some(&event.user())]);
    facts.push(Fact::Deployment(deployment));
    Ok(facts)
}

fn merge_request(event: &wire::MergeRequestHook) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.project)?;
    let people = event.assignees.iter().chain(&event.reviewers).map(Some);
    let mut facts = mentions(&place, people.chain([event.user.as_ref()]));
    facts.push(Fact::Change(facts::change(&place, &event.object_attributes, facts::ready_by_hook(event))));
    facts.extend(facts::approval(&place, event).map(Fact::Review));
    Ok(facts)
}

fn note(event: &wire::NoteHook) -> Result<Vec<Fact>, NotStored> {
    let note = &event.object_attributes;
    let request = event.merge_request.as_ref().filter(|_| note.noteable_type.as_deref() == Some("MergeRequest"));
    let Some(request) = request else {
        return Err(unused());
    };
    let place = place_of(event.project.as_ref())?;
    let review = facts::review(&place, &place.id.change(request.iid), note).ok_or_else(unused)?;
    let mut facts = mentions(&place, [event.user.as_ref()]);
    facts.push(Fact::Change(facts::mentioned_change(&place, request)));
    facts.push(Fact::Review(review));
    Ok(facts)
}

fn pipeline(event: &wire::PipelineHook, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.project)?;
    let pipeline = &event.object_attributes;
    let mut facts = mentions(&place, [event.user.as_ref()]);
    let for_change = event.merge_request.is_some();
    facts.push(Fact::PipelineRun(facts::pipeline_run(&place, pipeline, for_change)?));
    // a job whose status is missing or new to us is left out
    let jobs = event.builds.iter().filter_map(|job| {
        let task_run = facts::task_run(&place, pipeline.id, job, envelope.time);
        lenient::part(format!("builds (job {})", job.id), task_run)
    });
    facts.extend(jobs.map(Fact::TaskRun));
    Ok(facts)
}

fn job(event: &wire::JobHook, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let homepage = event.repository.as_ref().and_then(|repository| repository.homepage.as_deref());
    let place = match &event.project {
        // the default branch is left out, as older versions do not report it
        Some(project) => Place::at(&project.web_url, None)?,
        None => Place::at(homepage.unwrap_or_default(), None)?,
    };
    let (pipeline, job) = facts::job_of_hook(event).ok_or_else(unused)?;
    let mut facts = mentions(&place, [event.user.as_ref()]);
    facts.push(Fact::TaskRun(facts::task_run(&place, pipeline, &job, envelope.time)?));
    Ok(facts)
}

fn deployment(event: &wire::DeploymentHook, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.project)?;
    let deployment = facts::deployment_of_hook(&place, event, envelope.time)?;
    let mut facts = mentions(&place, [event.user.as_ref()]);
    facts.push(Fact::Deployment(deployment));
    Ok(facts)
}

fn release(event: &wire::ReleaseHook, release: &wire::Release, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&event.project)?;
    let deleted = event.action.as_deref() == Some("delete");
    let mut facts = mentions(&place, []);
    facts.push(Fact::Deployment(facts::release(&place, release, deleted, envelope.time)));
    Ok(facts)
}

fn issue(event: &wire::IssueHook) -> Result<Vec<Fact>, NotStored> {
    let place = place_of(event.project.as_ref())?;
    let mut facts = mentions(&place, event.assignees.iter().map(Some).chain([event.user.as_ref()]));
    facts.extend(facts::issue(&place, &event.object_attributes, Some(event)));
    Ok(facts)
}

/// A project, or a group with its projects, that has another path now; or a project that was created, and may have the
/// path of one that moved away. The envelope's subject has the host.
fn renamed(event: &wire::Renamed, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let host = envelope.subject.as_deref().and_then(|subject| subject.split('/').next());
    let host = host.ok_or(NotStored::Ignored(IgnoreReason::OutOfScope))?;
    let id = |path: &str| format!("{host}/{path}").to_lowercase();
    let old = event.old_path_with_namespace.as_deref().unwrap_or(&event.path_with_namespace);
    let at = event.updated_at.map_or(envelope.time, |when| when.0);
    let version = kernel::Version { completeness: kernel::Completeness::Reported, at };
    Ok(vec![Fact::Moved(kernel::Moved::new(id(old), id(&event.path_with_namespace), version))])
}

fn pulled_merge_request(pulled: &wire::Pulled<wire::MergeRequest>) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&pulled.project)?;
    let request = &pulled.row;
    let people = pulled.notes.iter().map(|note| note.author.as_ref());
    let mut facts = mentions(&place, people.chain([request.author.as_ref()]));
    let change = facts::change(&place, request, facts::ready_by_notes(&pulled.notes));
    // Of an approval that was given and taken back the last statement is wanted, in the order of the statements.
    let reviews = pulled.notes.iter().filter_map(|note| facts::review(&place, &change.id, note));
    facts.extend(reviews.map(Fact::Review));
    facts.push(Fact::Change(change));
    commits(&place, request.source_branch.as_deref(), &pulled.commits, &mut facts);
    Ok(facts)
}

fn pulled_pipeline(pulled: &wire::Pulled<wire::Pipeline>) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&pulled.project)?;
    let mut facts = mentions(&place, [pulled.row.user.as_ref()]);
    facts.push(Fact::PipelineRun(facts::pipeline_run(&place, &pulled.row, false)?));
    Ok(facts)
}

fn pulled_job(pulled: &wire::Pulled<wire::Job>, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&pulled.project)?;
    let pipeline = pulled.row.pipeline.as_ref().ok_or_else(unused)?;
    let mut facts = mentions(&place, [pulled.row.user.as_ref()]);
    facts.push(Fact::TaskRun(facts::task_run(&place, pipeline.id, &pulled.row, envelope.time)?));
    Ok(facts)
}

fn pulled_deployment(pulled: &wire::Pulled<wire::Deployment>) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&pulled.project)?;
    let mut facts = mentions(&place, [pulled.row.user.as_ref()]);
    facts.push(Fact::Deployment(facts::deployment_of_row(&place, &pulled.row, pulled.tier.as_deref())?));
    Ok(facts)
}

fn pulled_release(pulled: &wire::Pulled<wire::Release>, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&pulled.project)?;
    let mut facts = mentions(&place, [pulled.row.author.as_ref()]);
    facts.push(Fact::Deployment(facts::release(&place, &pulled.row, false, envelope.time)));
    Ok(facts)
}

fn pulled_issue(pulled: &wire::Pulled<wire::Issue>) -> Result<Vec<Fact>, NotStored> {
    let place = Place::of(&pulled.project)?;
    let row = &pulled.row;
    let people = pulled.states.iter().map(|state| state.user.as_ref());
    let mut facts = mentions(&place, people.chain([row.author.as_ref(), row.assignee.as_ref()]));
    facts.extend(facts::issue(&place, row, None));
    let steps = pulled.states.iter().filter_map(|event| facts::state_event(&place, row.iid, event));
    facts.extend(steps.map(Fact::Transition));
    Ok(facts)
}
