//! Connector `pagerduty`: incidents of PagerDuty, pushed by webhooks of version 3 (verified by
//! `X-PagerDuty-Signature`) and pulled from the REST API. The outcome of each event stands in
//! the README of this crate.
//!
//! An event does not repeat what happened before: that of a resolution does not say when the incident was
//! acknowledged. So the store keeps the earliest acknowledgement that any event reported.

#[cfg(feature = "pull")]
mod pull;
mod wire;

use chrono::{DateTime, Utc};
use connector::versions::{moment, stated};
use connector::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook, kept_id};
use connector::{Connector, json, lenient};
use kernel::Secret;
use kernel::{Envelope, Fact, IgnoreReason, Incident, IncidentId, NotStored, Version};
use serde::Deserialize;

use wire::{Event, Log, LogEntry, Message, OfIncident};

/// The connector.
pub struct PagerDuty;

/// The connector, as the registry lists it.
pub static CONNECTOR: PagerDuty = PagerDuty;

impl Connector for PagerDuty {
    fn name(&self) -> &'static str {
        "pagerduty"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        match envelope.kind.as_str() {
            "pagerduty.incident" => {
                let Log { log_entries } = lenient::read(&envelope.data)?;
                let incident = lenient::read_keeping(&envelope.data, &["status"])?;
                return Ok(vec![Fact::Incident(pulled(&incident, &log_entries))]);
            }
            // an incident as an entry of its log holds it: as it is now, with what the entry reports
            "pagerduty.log_entry" => {
                let OfIncident { incident } = lenient::read_keeping(&envelope.data, &["incident.status"])?;
                return Ok(vec![Fact::Incident(pulled(&incident, &[lenient::read(&envelope.data)?]))]);
            }
            _ => {}
        }
        let message: Message = lenient::read_keeping(&envelope.data, &["event"])?;
        match message.event {
            Some(event) => Ok(vec![Fact::Incident(pushed(&event)?)]),
            // Webhooks of versions 1 and 2, which PagerDuty has retired and never signed.
            None => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

impl Webhook for PagerDuty {
    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        request.verify_any_hmac_sha256("x-pagerduty-signature", "v1=", secrets)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        #[derive(Deserialize)]
        struct Head {
            event: About,
        }
        #[derive(Deserialize)]
        struct About {
            id: String,
            event_type: String,
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            id: Option<String>,
        }
        let body = request.body();
        let about = json::read(body).ok().map(|head: Head| head.event);
        let unused = about.as_ref().and_then(|about| unused(&about.event_type));
        if let Some(reason) = unused {
            return Ok(Received::Ignored(reason));
        }
        let id = request.event_id(about.as_ref().map(|about| about.id.as_str()));
        let subject = about.and_then(|about| about.data.id).map(|incident| incident_id(&incident));
        Ok(Received::Events(vec![to.event(id, "pagerduty.event".to_owned(), subject, body.clone())]))
    }
}

/// Why events of this type are of no use, if they are not.
fn unused(event_type: &str) -> Option<IgnoreReason> {
    match event_type.to_ascii_lowercase().as_str() {
        "pagey.ping" => Some(IgnoreReason::Ping),
        "incident.triggered"
        | "incident.acknowledged"
        | "incident.unacknowledged"
        | "incident.resolved"
        | "incident.reopened"
        | "incident.priority_updated"
        | "incident.service_updated"
        | "incident.escalated"
        | "incident.delegated"
        | "incident.reassigned" => None,
        incident if incident.starts_with("incident.") => Some(IgnoreReason::UnusedAction),
        _ => Some(IgnoreReason::UnusedEvent),
    }
}

/// Ids of incidents are unique in all accounts.
fn incident_id(native: &str) -> String {
    format!("pagerduty/{}", kept_id(native))
}

fn pushed(event: &Event) -> Result<Incident, NotStored> {
    let kind = &*event.kind;
    if let Some(reason) = unused(kind) {
        return Err(NotStored::Ignored(reason));
    }
    let data: wire::Incident = lenient::read_keeping(event.data.get().as_bytes(), &["status"])?;
    let resolved = kind == "incident.resolved";
    // Of an incident that was resolved before, such an event does not say when.
    if data.status.as_deref() == Some("resolved") && !resolved {
        return Err(NotStored::Ignored(IgnoreReason::UnusedAction));
    }
    let at = event.occurred_at;
    let version = stated(moment(at, i64::from(resolved)));
    Ok(Incident {
        acknowledged_at: (kind == "incident.acknowledged").then_some(at),
        resolved_at: resolved.then_some(at),
        ..incident(&data, data.created_at.unwrap_or(at), version)
    })
}

/// An incident as the REST API has it, with its log where that was pulled too.
fn pulled(data: &wire::Incident, log_entries: &[LogEntry]) -> Incident {
    let logged = |kind: &'static str| {
        let of_kind = log_entries.iter().filter(move |entry| entry.kind.as_deref() == Some(kind));
        of_kind.filter_map(|entry| entry.created_at)
    };
    let listed = data.acknowledgements.iter().map(|acknowledgement| acknowledgement.at);
    let resolved = data.status.as_deref() == Some("resolved");
    let changed_at = data.last_status_change_at.or(data.created_at).unwrap_or_default();
    let resolved_at = logged("resolve_log_entry").max().or(data.resolved_at).unwrap_or(changed_at);
    let last = data.updated_at.map_or(changed_at, |updated| updated.max(changed_at));
    Incident {
        acknowledged_at: logged("acknowledge_log_entry").chain(listed).min(),
        resolved_at: resolved.then_some(resolved_at),
        ..incident(data, data.created_at.unwrap_or(changed_at), stated(moment(last, i64::from(resolved))))
    }
}

fn incident(data: &wire::Incident, detected_at: DateTime<Utc>, version: Version) -> Incident {
    let name = |thing: &Option<wire::Reference>| thing.as_ref()?.summary.clone().filter(|name| !name.is_empty());
    let native = data.service.as_ref().and_then(|service| service.id.as_ref());
    let selector = native.and_then(|id| kernel::incident_selector(&format!("pagerduty:{id}")));
    Incident {
        service: name(&data.service),
        selectors: selector.into_iter().collect(),
        title: data.title.clone().unwrap_or_default(),
        severity: name(&data.priority).or_else(|| data.urgency.clone()),
        url: data.html_url.clone(),
        deleted: data.is_merged(),
        ..Incident::new(IncidentId(incident_id(&data.id)), detected_at, version)
    }
}
