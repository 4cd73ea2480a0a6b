//! Connector `jira`: Jira Cloud and Data Center, pushed and pulled. Webhooks are verified by
//! `X-Hub-Signature`. The outcome of each event stands in the README of this crate.

mod facts;
#[cfg(feature = "pull")]
mod pull;
#[cfg(test)]
mod tests;
mod wire;

use connector::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook};
use connector::{Connector, json, lenient};
use kernel::Secret;
use kernel::{Envelope, Fact, IgnoreReason, NotStored};
use url::form_urlencoded::{self, byte_serialize};

use facts::{History, Tracker};

/// The connector.
pub struct Jira;

/// The connector, as the registry lists it.
pub static CONNECTOR: Jira = Jira;

/// The events that become facts. All others are ignored.
const USED: [&str; 8] = [
    "issue_created",
    "issue_updated",
    "issue_deleted",
    "sprint_created",
    "sprint_updated",
    "sprint_started",
    "sprint_closed",
    "sprint_deleted",
];

/// The field that holds the story points where an address does not name another: that of a new Jira Cloud.
const POINTS: &str = "customfield_10016";

/// Begins the ids of custom fields.
const CUSTOM: &str = "customfield_";

/// The parameters of an event's media type: the field of the story points, and the names that mean canceled.
const POINTS_PARAMETER: &str = "points";
const CANCELED_PARAMETER: &str = "canceled";

impl Connector for Jira {
    fn name(&self) -> &'static str {
        "jira"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let data = &envelope.data;
        match envelope.kind.strip_prefix("jira.").unwrap_or_default() {
            event @ ("issue_created" | "issue_updated" | "issue_deleted") => {
                issue(event, &lenient::read(data)?, envelope)
            }
            "sprint_deleted" => sprint(&lenient::read(data)?, envelope, true),
            "sprint_created" | "sprint_updated" | "sprint_started" | "sprint_closed" => {
                sprint(&lenient::read(data)?, envelope, false)
            }
            "pull.issue" => pulled_issue(lenient::read(data)?),
            "pull.status" => pulled_status(&lenient::read(data)?, envelope),
            "pull.sprint" => pulled_sprint(&lenient::read(data)?, envelope),
            _ => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

impl Webhook for Jira {
    /// Below its name an address may name the custom field that holds the story points.
    fn has(&self, path: &str) -> bool {
        let id = path.strip_prefix(CUSTOM).unwrap_or_default();
        path.is_empty() || (matches!(id.len(), 1..=9) && id.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn reads_canceled(&self) -> bool {
        true
    }

    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        request.verify_hmac_sha256("x-hub-signature", "sha256=", secrets)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        let about: wire::About = json::read(request.body()).unwrap_or_default();
        // A workflow's own webhook brings the issue without the name of an event.
        let event = match (&about.event, &about.issue) {
            (Some(event), _) => event.strip_prefix("jira:").unwrap_or(event),
            (None, Some(_)) => "issue_updated",
            (None, None) => return Err(Refusal::Incomplete("the field webhookEvent is missing")),
        };
        if !USED.contains(&event) {
            return Ok(Received::Ignored(IgnoreReason::UnusedEvent));
        }
        let header = request.headers().get("x-atlassian-webhook-identifier").and_then(|value| value.to_str().ok());
        // The same for all attempts, but also for all webhooks that one change sets off.
        let stated = header.filter(|id| !id.is_empty()).map(|id| format!("{id}/{event}"));
        let id = request.event_id(stated.as_deref());
        let mut content_type = "application/json".to_owned();
        if !request.path().is_empty() {
            content_type = format!("{content_type};{POINTS_PARAMETER}={}", request.path());
        }
        for name in to.canceled {
            let name: String = byte_serialize(name.as_bytes()).collect();
            content_type = format!("{content_type};{CANCELED_PARAMETER}={name}");
        }
        let envelope = to.event(id, format!("jira.{event}"), about.subject(), request.body().clone());
        Ok(Received::Events(vec![Envelope { content_type, ..envelope }]))
    }
}

impl wire::About {
    /// The issue, or the Jira of a sprint.
    fn subject(&self) -> Option<String> {
        let named = self.issue.as_ref().or(self.sprint.as_ref())?;
        let tracker = Tracker::at(named.url.as_deref()?)?;
        Some(named.key.as_deref().map_or(tracker.id.clone(), |key| tracker.item(key).0))
    }
}

fn issue(event: &str, hook: &wire::IssueHook, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let tracker = Tracker::of(hook.issue.url.as_ref())?;
    // A hook's change has no time of its own, but it is what updated the issue.
    let updated = hook.issue.lenient("updated");
    let entry =
        hook.changelog.clone().map(|entry| wire::Entry { author: hook.user.clone(), created: updated, ..entry });
    let history = History {
        entries: entry.into_iter().collect(),
        complete: event == "issue_created",
        deleted: event == "issue_deleted",
    };
    let parameters = || envelope.content_type.split(';');
    let points = parameters().find_map(|pair| value(pair, POINTS_PARAMETER)).unwrap_or(POINTS);
    let decoded = |text: &str| form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).next();
    let canceled = parameters().filter_map(|pair| decoded(value(pair, CANCELED_PARAMETER)?)).collect();
    let ids = wire::FieldIds { points: vec![points.to_owned()], epic: Vec::new(), canceled };
    Ok(facts::issue(&tracker, &hook.issue, &ids, history)?)
}

/// The value of a parameter of a media type.
fn value<'a>(pair: &'a str, name: &str) -> Option<&'a str> {
    pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value)
}

fn sprint(hook: &wire::SprintHook, envelope: &Envelope, deleted: bool) -> Result<Vec<Fact>, NotStored> {
    let tracker = Tracker::of(hook.sprint.url.as_ref())?;
    let at = hook.timestamp.and_then(chrono::DateTime::from_timestamp_millis).unwrap_or(envelope.time);
    Ok(vec![Fact::Sprint(facts::sprint(&tracker, &hook.sprint, Some(at), deleted))])
}

fn pulled_issue(pulled: wire::PulledIssue) -> Result<Vec<Fact>, NotStored> {
    let tracker = Tracker::of(Some(&pulled.site))?;
    let mut row = pulled.row;
    let inside = row.changelog.take();
    let complete = pulled.histories.is_some()
        || inside.as_ref().is_some_and(|log| log.total.is_none_or(|total| total <= log.histories.len()));
    let entries = pulled.histories.or_else(|| inside.map(|log| log.histories)).unwrap_or_default();
    Ok(facts::issue(&tracker, &row, &pulled.fields, History { entries, complete, deleted: false })?)
}

fn pulled_status(pulled: &wire::Pulled<wire::Status>, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let tracker = Tracker::of(Some(&pulled.site))?;
    let status = facts::status(&tracker, &pulled.row, Some(envelope.time));
    Ok(vec![Fact::Status(status.ok_or(NotStored::Ignored(IgnoreReason::OutOfScope))?)])
}

fn pulled_sprint(pulled: &wire::Pulled<wire::Sprint>, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let tracker = Tracker::of(Some(&pulled.site))?;
    Ok(vec![Fact::Sprint(facts::sprint(&tracker, &pulled.row, Some(envelope.time), false))])
}
