//! CloudEvents 1.0 over HTTP, for the sources that speak it: binary mode (attributes are headers, the
//! body is the payload), structured mode (one JSON document holds both) and batches of these. The log
//! keeps the bytes as they came; which mode they are in, the content type says.

use std::borrow::Cow;

use bytes::Bytes;
use kernel::{Envelope, IgnoreReason, Reject, RejectReason};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::json;
use crate::webhook::{Destination, Received, Refusal, Verified, kept_id};

/// What a request may say that its body is.
pub const MEDIA_TYPES: [&str; 3] = ["application/json", STRUCTURED, BATCH];

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// What a source that speaks CloudEvents makes of an event before the log has it.
pub struct Reading {
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

impl Reading {
    /// The events of a request.
    pub fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
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
                let id = match (header("ce-source"), header("ce-id")) {
                    (Some(source), Some(id)) => kept_id(&format!("{source}#{id}")),
                    // The payload has all that is needed, and the same payload is the same event.
                    _ => hex::encode(Sha256::digest(body)),
                };
                let kind = header("ce-type").unwrap_or_default();
                let envelope = self.envelope(id, (self.subject)(body), "application/json", body.clone(), to);
                Ok(self.received(kind, envelope))
            }
        }
    }

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
        Ok((kind, self.envelope(id, subject, STRUCTURED, body, to)))
    }

    fn envelope(
        &self,
        id: String,
        subject: Option<String>,
        content_type: &str,
        data: Bytes,
        to: &Destination<'_>,
    ) -> Envelope {
        Envelope {
            id,
            source: to.source.to_owned(),
            kind: format!("{}.event", self.connector),
            key: subject.clone().unwrap_or_else(|| to.source.to_owned()),
            subject,
            time: to.received,
            tenant: to.tenant.clone(),
            content_type: content_type.to_owned(),
            data,
        }
    }
}

/// The payload of an event, whichever mode it came in.
pub fn payload(envelope: &Envelope) -> Result<&[u8], Reject> {
    if envelope.content_type != STRUCTURED {
        return Ok(&envelope.data);
    }
    let event: Structured<'_> = json::read(&envelope.data)?;
    let data = event.data.ok_or_else(|| Reject::new(RejectReason::Schema, "data: missing; expected JSON"))?;
    Ok(data.get().as_bytes())
}
