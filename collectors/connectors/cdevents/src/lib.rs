//! Connector `cdevents`: events in the vocabulary of CDEvents (versions 0.3 to 0.5), over the HTTP binding
//! of CloudEvents. Verified by a bearer token. The outcome of each event stands in
//! the README of this crate.
//!
//! An event states one moment of a thing: the event of a finished run has no start, and that of a resolved incident
//! has no cause. So the store keeps the earliest of these times, and for each field of incidents and changes the
//! newest statement ([`kernel::Partial`]).

mod artifact;
mod wire;

use chrono::DateTime;
use connector::canceled::is_canceled;
use connector::cloudevents::{self, CloudEventsWebhook};
use connector::outcomes;
use connector::versions::{inferred, label_selectors, moment, stated};
use connector::webhook::{Webhook, kept_id};
use connector::{Connector, json, lenient};
use kernel::{
    AccountId, Change, ChangeId, ChangeState, CloseEvent, Deployment, DeploymentSource, Envelope, Fact, IgnoreReason,
    Incident, IncidentId, NotStored, Outcome, Partial, PipelineRun, Rejection, Repository, RepositoryId, Review,
    ReviewState, StatusCategory, TaskRun, Version, WorkItem, WorkItemId,
};

use artifact::artifact;
use wire::{Event, Reference};

/// The connector.
pub struct CdEvents;

/// The connector, as the registry lists it.
pub static CONNECTOR: CdEvents = CdEvents;

static WEBHOOK: CloudEventsWebhook = CloudEventsWebhook { connector: "cdevents", unused, subject };

impl Connector for CdEvents {
    fn name(&self) -> &'static str {
        WEBHOOK.connector
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let event = read(cloudevents::payload(envelope)?)?;
        let kind = event.context.kind.to_ascii_lowercase();
        match subject_and_predicate(&kind) {
            Some(("repository", predicate @ ("created" | "modified"))) => repository(&event, predicate),
            Some(("change", predicate)) => change(&event, predicate),
            Some(("pipelinerun", predicate @ ("queued" | "started" | "finished"))) => {
                Ok(vec![Fact::PipelineRun(pipeline_run(&event, predicate)?)])
            }
            Some(("taskrun", predicate @ ("started" | "finished"))) => {
                Ok(vec![Fact::TaskRun(task_run(&event, predicate)?)])
            }
            Some(("service", predicate)) => deployment(&event, predicate),
            Some(("incident", predicate @ ("detected" | "reported" | "resolved"))) => {
                let incident = Fact::Incident(incident(&event, predicate));
                Ok(vec![Fact::Partial(Partial::new(incident, event.context.timestamp))])
            }
            Some(("ticket", predicate @ ("created" | "updated" | "closed"))) => Ok(ticket(&event, predicate)),
            _ => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(&WEBHOOK)
    }
}

/// `dev.cdevents.<subject>.<predicate>.<version>`.
fn subject_and_predicate(kind: &str) -> Option<(&str, &str)> {
    let mut parts = kind.strip_prefix("dev.cdevents.")?.split('.');
    Some((parts.next()?, parts.next()?))
}

/// Builds, tests, artifacts, environments, branches and approvals are no facts; nor is what is no CDEvent.
fn unused(kind: &str) -> Option<IgnoreReason> {
    let kind = kind.to_ascii_lowercase();
    match subject_and_predicate(&kind) {
        Some(("repository" | "change" | "pipelinerun" | "taskrun" | "service" | "incident" | "ticket", _)) => None,
        _ => Some(IgnoreReason::UnusedEvent),
    }
}

/// What decides what an event says: where, and as a part of what.
const DECISIVE: [&str; 4] =
    ["subject.content", "subject.content.environment", "subject.content.pipelineRun", "subject.content.repository"];

fn read(payload: &[u8]) -> Result<Event, Rejection> {
    lenient::read_keeping(payload, &DECISIVE)
}

/// The subject that a payload is about: what keeps its events in order.
fn subject(payload: &[u8]) -> Option<String> {
    let event: Event = json::read(payload).ok()?;
    Some(id(&event, "subject", &event.subject.id))
}

/// Where the subject of an event lives: `cdevents/<its source>`.
fn place(source: &str) -> String {
    let (_, path) = source.split_once("://").unwrap_or(("", source));
    match path.trim_matches('/') {
        "" => "cdevents".to_owned(),
        path => format!("cdevents/{path}"),
    }
}

fn source(event: &Event) -> &str {
    event.subject.source.as_deref().filter(|source| !source.is_empty()).unwrap_or(&event.context.source)
}

/// The id of something of the subject's source, bounded whatever its sender wrote.
fn id(event: &Event, kind: &str, native: &str) -> String {
    kept_id(&format!("{}/{kind}/{native}", place(source(event))))
}

fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).cloned()
}

fn address(event: &Event) -> Option<String> {
    let content = &event.subject.content;
    filled(content.uri.as_ref()).or_else(|| filled(content.url.as_ref()))
}

/// The repository that a reference names by an address, or by its path at the address of its source.
fn repository_id(reference: &Reference) -> Option<RepositoryId> {
    let address = if reference.id.contains("://") || reference.id.starts_with("git@") {
        reference.id.clone()
    } else {
        let source = reference.source.as_deref().filter(|source| source.contains("://"))?;
        format!("{}/{}", source.trim_end_matches('/'), reference.id.trim_start_matches('/'))
    };
    RepositoryId::from_url(&address)
}

fn repository(event: &Event, predicate: &str) -> Result<Vec<Fact>, NotStored> {
    let content = &event.subject.content;
    let url = address(event);
    let Some(id) = url.as_deref().and_then(RepositoryId::from_url) else {
        return Err(NotStored::Ignored(IgnoreReason::OutOfScope));
    };
    let name = match (filled(content.owner.as_ref()), filled(content.name.as_ref())) {
        (Some(owner), Some(name)) => format!("{owner}/{name}"),
        (None, Some(name)) => name,
        _ => id.as_str().split_once('/').map_or(id.as_str(), |(_, path)| path).to_owned(),
    };
    let version = inferred(moment(event.context.timestamp, i64::from(predicate == "modified")));
    Ok(vec![Fact::Repository(Repository { url, ..Repository::new(id, name, version) })])
}

/// A change. The events name neither commits nor sizes nor people, so this is the weakest version of it
/// that there can be: whatever a forge or a clone says of it counts more, however old.
fn change(event: &Event, predicate: &str) -> Result<Vec<Fact>, NotStored> {
    let (state, rank) = match predicate {
        "created" | "updated" | "reviewed" => (ChangeState::Open, 0),
        "abandoned" => (ChangeState::Abandoned, 1),
        "merged" => (ChangeState::Merged, 2),
        _ => return Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
    };
    let content = &event.subject.content;
    let Some(repository) = content.repository.as_ref().and_then(repository_id) else {
        return Err(NotStored::Ignored(IgnoreReason::OutOfScope));
    };
    let native = &event.subject.id;
    let number = native.rsplit(['/', '#']).next().and_then(|last| last.parse().ok()).filter(|number| *number > 0);
    let id = match number {
        Some(number) => repository.change(number),
        None => ChangeId(kept_id(&format!("{repository}#{native}"))),
    };
    let at = event.context.timestamp;
    let change = Fact::Change(Change {
        number,
        title: content.description.clone().unwrap_or_default(),
        opened_at: (predicate == "created").then_some(at),
        merged_at: (state == ChangeState::Merged).then_some(at),
        closed_at: (state == ChangeState::Abandoned).then_some(at),
        ..Change::new(id.clone(), repository, state, inferred(moment(DateTime::UNIX_EPOCH, rank)))
    });
    let mut facts = vec![Fact::Partial(Partial::new(change, at))];
    if predicate == "reviewed" {
        // The event has neither the reviewer nor the verdict.
        facts.push(Fact::Review(Review::new(
            format!("{id}/review/{}", kept_id(&event.context.id)),
            id,
            ReviewState::Commented,
            at,
            inferred(moment(at, 0)),
        )));
    }
    Ok(facts)
}

/// How something that finished ended; one that does not say it is neither.
fn outcome(event: &Event, predicate: &str) -> Result<Option<Outcome>, Rejection> {
    if predicate != "finished" {
        return Ok(None);
    }
    let stated = event.subject.content.outcome.as_deref().filter(|outcome| !outcome.trim().is_empty());
    stated.map_or(Ok(Outcome::Neither), |outcome| outcomes::required(outcome, "subject.content.outcome")).map(Some)
}

fn rank(predicate: &str) -> i64 {
    match predicate {
        "finished" => 2,
        "started" => 1,
        _ => 0,
    }
}

fn run_id(event: &Event, native: &str) -> String {
    format!("{}/1", id(event, "run", native))
}

fn pipeline_run(event: &Event, predicate: &str) -> Result<PipelineRun, Rejection> {
    let at = event.context.timestamp;
    let subject = &event.subject;
    Ok(PipelineRun {
        started_at: (predicate == "started").then_some(at),
        finished_at: (predicate == "finished").then_some(at),
        outcome: outcome(event, predicate)?,
        url: address(event),
        ..PipelineRun::new(
            run_id(event, &subject.id),
            filled(subject.content.pipeline_name.as_ref()).unwrap_or_else(|| subject.id.clone()),
            at,
            stated(moment(at, rank(predicate))),
        )
    })
}

fn task_run(event: &Event, predicate: &str) -> Result<TaskRun, Rejection> {
    let at = event.context.timestamp;
    let subject = &event.subject;
    let run = match &subject.content.pipeline_run {
        Some(Reference { id, source: Some(source) }) => {
            format!("{}/1", kept_id(&format!("{}/run/{id}", place(source))))
        }
        Some(Reference { id, source: None }) => run_id(event, id),
        // A task that runs by itself is a run of its own.
        None => run_id(event, &subject.id),
    };
    Ok(TaskRun {
        started_at: (predicate == "started").then_some(at),
        finished_at: (predicate == "finished").then_some(at),
        outcome: outcome(event, predicate)?,
        url: address(event),
        ..TaskRun::new(
            TaskRun::id_in(&run, kept_id(&subject.id)),
            run,
            filled(subject.content.task_name.as_ref()).unwrap_or_else(|| subject.id.clone()),
            stated(moment(at, rank(predicate))),
        )
    })
}

/// What came to an environment, or left it. There is no event for a deployment that failed.
fn deployment(event: &Event, predicate: &str) -> Result<Vec<Fact>, NotStored> {
    let outcome = match predicate {
        "deployed" | "upgraded" | "rolledback" | "published" => Outcome::Success,
        // Nothing new runs afterwards.
        "removed" => Outcome::Neither,
        _ => return Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
    };
    let content = &event.subject.content;
    let deployed = content.artifact_id.as_deref().map(artifact).unwrap_or_default();
    let at = event.context.timestamp;
    let native = format!("{}/deployment/{}", place(&event.context.source), event.context.id);
    Ok(vec![Fact::Deployment(Deployment {
        source: DeploymentSource::Cdevents,
        repository: deployed.repository,
        service: filled(Some(&event.subject.id)),
        environment: content.environment.as_ref().and_then(|environment| filled(Some(&environment.id))),
        sha: deployed.sha,
        name: deployed.version,
        finished_at: Some(at),
        outcome: Some(outcome),
        url: address(event),
        ..Deployment::new(kept_id(&native).into(), stated(moment(at, 0)))
    })])
}

fn incident(event: &Event, predicate: &str) -> Incident {
    let content = &event.subject.content;
    let at = event.context.timestamp;
    let resolved = predicate == "resolved";
    let concerned = content.artifact_id.as_deref().and_then(|id| artifact(id).version);
    let (caused_by, fixed_by) = if resolved { (None, concerned) } else { (concerned, None) };
    let custom_text = |name: &str| event.custom.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    Incident {
        service: content.service.as_ref().and_then(|service| filled(Some(&service.id))),
        title: content.description.clone().unwrap_or_default(),
        severity: custom_text("severity").or_else(|| custom_text("priority")),
        resolved_at: resolved.then_some(at),
        caused_by_deployment: caused_by,
        fixed_by_deployment: fixed_by,
        url: filled(content.ticket_uri.as_ref()),
        ..Incident::new(
            IncidentId(id(event, "incident", &event.subject.id)),
            at,
            stated(moment(at, i64::from(resolved))),
        )
    }
}

/// The incident that a ticket is.
fn ticket_incident(event: &Event, id: &str, is_closed: bool, version: Version) -> Incident {
    let content = &event.subject.content;
    let at = event.context.timestamp;
    Incident {
        selectors: label_selectors(&content.labels),
        title: content.summary.clone().unwrap_or_default(),
        severity: filled(content.priority.as_ref()),
        resolved_at: is_closed.then_some(at),
        url: address(event),
        ..Incident::new(IncidentId(id.to_owned()), at, version)
    }
}

/// A ticket, and the incident that it is if its type says so. An update does not say whether the ticket
/// is open, so it never replaces an event that does.
fn ticket(event: &Event, predicate: &str) -> Vec<Fact> {
    let content = &event.subject.content;
    let at = event.context.timestamp;
    let closed = predicate == "closed";
    let version = if predicate == "updated" { inferred(moment(at, 0)) } else { stated(moment(at, i64::from(closed))) };
    let kind = filled(content.ticket_type.as_ref()).map(|kind| kind.to_lowercase());
    let person = |name: &String| {
        let account = format!("{}/{}", place(source(event)), name.to_lowercase());
        (!name.trim().is_empty()).then(|| AccountId(kept_id(&account)))
    };
    let native = id(event, "ticket", &event.subject.id);
    let canceled = closed && is_canceled(filled(content.resolution.as_ref()), &content.labels);
    let mut facts = Vec::new();
    if kind.as_deref() == Some("incident") {
        let incident = Incident { deleted: canceled, ..ticket_incident(event, &native, closed, version) };
        facts.push(Fact::Partial(Partial::new(Fact::Incident(incident), at)));
    } else if closed && kind.is_none() {
        // If an earlier event of the ticket had the type, there is an incident to close.
        facts.push(Fact::CloseEvent(CloseEvent::new(native.clone(), at, version)));
    }
    let status = if closed {
        filled(content.resolution.as_ref()).unwrap_or_else(|| "closed".to_owned())
    } else {
        "open".to_owned()
    };
    facts.push(Fact::WorkItem(WorkItem {
        title: content.summary.clone().unwrap_or_default(),
        kind,
        status,
        assignee: content.assignees.first().and_then(person),
        reporter: content.creator.as_ref().and_then(person),
        done_at: closed.then_some(at),
        labels: content.labels.clone(),
        url: address(event),
        canceled,
        ..WorkItem::new(
            WorkItemId(native),
            event.subject.id.clone(),
            filled(content.group.as_ref()).unwrap_or_else(|| place(source(event))),
            if closed { StatusCategory::Done } else { StatusCategory::ToDo },
            at,
            version,
        )
    }));
    facts
}
