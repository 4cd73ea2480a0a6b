//! A message: what happened, with what decides who receives it, and its bytes, which
//! all of them share.

use std::sync::OnceLock;

use axum::body::Bytes;
use dora::Owners;
use serde::Serialize;
use store::feed::{Entry, News};

use super::event::{DeploymentEvent, IncidentEvent, LagEvent, MetricsEvent, SourceEvent};
use super::kind::EventKind;

/// What happened.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Event {
    Deployment(DeploymentEvent),
    Incident(IncidentEvent),
    Source(SourceEvent),
    Metrics(MetricsEvent),
    Lag(LagEvent),
}

/// A service that an event is about, with its team and those that it is part of.
#[derive(Clone, Debug)]
pub(super) struct OfService {
    pub(super) service: String,
    pub(super) teams: Vec<String>,
}

/// An event on its way to subscribers.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) event: Event,
    /// The services that it is about; `None` where it may be about any, or is about none.
    pub(super) services: Option<Vec<OfService>>,
    /// Where the feed stands after it; empty if it is not of the feed, and states nothing about it.
    pub(super) cursor: String,
    frame: OnceLock<Bytes>,
}

impl Event {
    pub(super) const fn kind(&self) -> EventKind {
        match self {
            Self::Deployment(_) => EventKind::Deployment,
            Self::Incident(_) => EventKind::Incident,
            Self::Source(_) => EventKind::Source,
            Self::Metrics(_) => EventKind::Metrics,
            Self::Lag(_) => EventKind::Lag,
        }
    }
}

impl Message {
    pub(super) fn new(event: Event, services: Option<Vec<OfService>>, cursor: String) -> Self {
        Self { event, services, cursor, frame: OnceLock::new() }
    }

    /// That of a row of the feed, after which the feed stands at `cursor`; `None` of what this version does not know.
    pub(super) fn of_entry(entry: Entry, cursor: String, owners: &Owners) -> Option<Self> {
        let at = (cursor.clone(), entry.at);
        let (service, event) = match entry.news? {
            News::Deployment { service, id, touch, shown } => {
                (Some(service.clone()), Event::Deployment(DeploymentEvent::one(at, service, (id, touch), shown)))
            }
            News::Incident { service, id, touch, shown } => {
                (Some(service.clone()), Event::Incident(IncidentEvent::one(at, service, (id, touch), shown)))
            }
            News::Deployments { service, count } => {
                (Some(service.clone()), Event::Deployment(DeploymentEvent::many(at, service, count)))
            }
            News::Incidents { service, count } => {
                (Some(service.clone()), Event::Incident(IncidentEvent::many(at, service, count)))
            }
            News::Source { source, shown } => (None, Event::Source(SourceEvent::new(at, source, shown))),
        };
        let services = service.map(|service| vec![OfService::new(service, owners)]);
        Some(Self::new(event, services, cursor))
    }

    /// The message as a server-sent event. It is put together once.
    pub(crate) fn frame(&self) -> Bytes {
        let frame = || frame(self.event.kind().as_str(), &self.cursor, &self.event);
        self.frame.get_or_init(frame).clone()
    }
}

impl OfService {
    pub(super) fn new(service: String, owners: &Owners) -> Self {
        Self { teams: owners.teams_of(&service).to_vec(), service }
    }
}

/// A server-sent event.
pub(super) fn frame(event: &str, id: &str, data: &impl Serialize) -> Bytes {
    // JSON has no line breaks, and these types no keys that are no texts
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = if id.is_empty() { String::new() } else { format!("id: {id}\n") };
    Bytes::from(format!("event: {event}\n{id}data: {data}\n\n"))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use store::feed::{ShownSource, Touch};

    use super::*;

    fn message(news: News) -> Option<Message> {
        let entry = Entry { position: (1, 1), at: DateTime::default(), news: Some(news), trace: None };
        Message::of_entry(entry, "1_2_".to_owned(), &Owners::default())
    }

    fn text(message: &Message) -> String {
        String::from_utf8(message.frame().to_vec()).unwrap()
    }

    #[test]
    fn a_message_is_one_event_whose_bytes_are_shared() {
        let gone = News::Deployment { service: "cart".into(), id: "a\n1".into(), touch: Touch::Removed, shown: None };
        let gone = message(gone).unwrap();
        let frame = text(&gone);
        assert!(frame.starts_with("event: deployment\nid: 1_2_\ndata: {\"at\":\"1970"), "{frame}");
        assert!(frame.contains(r#""service":"cart","id":"a\n1","change":"removed","count":1"#), "{frame}");
        assert!(frame.ends_with("}\n\n") && frame.lines().count() == 4, "{frame}");
        assert_eq!(gone.frame().as_ptr(), gone.frame().as_ptr());
        let shown = ShownSource { state: "failing".into(), error: Some("401".into()) };
        let failing = message(News::Source { source: "github/main".into(), shown }).unwrap();
        assert!(text(&failing).contains(r#""source":"github/main","state":"failing","error":"401""#));
        let lag = Message::new(Event::Lag(LagEvent { consumers: Vec::new() }), None, String::new());
        assert_eq!(text(&lag), "event: lag\ndata: {\"consumers\":[]}\n\n");
    }

    #[test]
    fn what_this_version_does_not_know_is_no_message() {
        let entry = Entry { position: (1, 1), at: DateTime::default(), news: None, trace: None };
        assert!(Message::of_entry(entry, String::new(), &Owners::default()).is_none());
    }
}
