//! CloudEvents 1.0 over HTTP, for the sources that speak it: binary mode (attributes are headers, the
//! body is the payload), structured mode (one JSON document holds both) and batches of these. The log
//! keeps the bytes as they came; which mode they are in, the content type says.

use std::borrow::Cow;

use bytes::Bytes;
use kernel::{Envelope, IgnoreReason, RejectReason, Rejection, Secret};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json;
use crate::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook, kept_id};

/// What a request may say that its body is.
const MEDIA_TYPES: [&str; 3] = ["application/json", STRUCTURED, BATCH];

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// The webhook of a source that speaks CloudEvents, verified by a bearer token.
pub struct CloudEventsWebhook {
    /// The connector's name.
    pub connector: &'static str,
    /// Why an event of this type is of no use, if it is not.
    pub unused: fn(&str) -> Option<IgnoreReason>,
    /// What a payload is about, as far as it can be read.
    pub subject: fn(&[u8]) -> Option<String>,
}

/// An event in structured mode.
#[derive(Deserialize)]
struct Structured<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl Webhook for CloudEventsWebhook {
    fn takes(&self, media_type: &str) -> bool {
        MEDIA_TYPES.contains(&media_type)
    }

    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        request.verify_bearer(secrets)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body = request.body();
        match media_type.as_str() {
            BATCH => {
                let whole: Vec<&RawValue> =
                    json::read(body).map_err(|_| Refusal::Incomplete("a batch is an array of CloudEvents in JSON"))?;
                let all = whole.into_iter().map(|event| self.structured(body.slice_ref(event.get().as_bytes()), to));
                let events: Result<Vec<_>, _> = all.map(|read| read.map(|(_, envelope)| envelope)).collect();
                Ok(Received::Events(events?))
            }
            STRUCTURED => {
                let (kind, envelope) = self.structured(body.clone(), to)?;
                Ok(self.received(&kind, envelope))
            }
            _ => {
                let stated = header("ce-source").zip(header("ce-id")).map(|(source, id)| format!("{source}#{id}"));
                let id = request.event_id(stated.as_deref());
                let envelope = to.event(id, self.kind(), (self.subject)(body), body.clone());
                Ok(self.received(header("ce-type").unwrap_or_default(), envelope))
            }
        }
    }
}

impl CloudEventsWebhook {
    fn received(&self, kind: &str, envelope: Envelope) -> Received {
        match (self.unused)(kind).filter(|_| !kind.is_empty()) {
            Some(reason) => Received::Ignored(reason),
            None => Received::Events(vec![envelope]),
        }
    }

    fn structured(&self, body: Bytes, to: &Destination<'_>) -> Result<(String, Envelope), Refusal> {
        let read: Structured<'_> = json::read(&body)
            .map_err(|_| Refusal::Incomplete("a CloudEvent in JSON has at least `id`, `source` and `type`"))?;
        let id = kept_id(&format!("{}#{}", read.source, read.id));
        let kind = read.kind.into_owned();
        let subject = read.data.and_then(|data| (self.subject)(data.get().as_bytes()));
        Ok((kind, Envelope { content_type: STRUCTURED.to_owned(), ..to.event(id, self.kind(), subject, body) }))
    }

    fn kind(&self) -> String {
        format!("{}.event", self.connector)
    }
}

/// The payload of an event, whichever mode it came in.
pub fn payload(envelope: &Envelope) -> Result<&[u8], Rejection> {
    if envelope.content_type != STRUCTURED {
        return Ok(&envelope.data);
    }
    let event: Structured<'_> = json::read(&envelope.data)?;
    let data = event.data.ok_or_else(|| Rejection::new(RejectReason::Schema, "data: missing; expected JSON"))?;
    Ok(data.get().as_bytes())
}
