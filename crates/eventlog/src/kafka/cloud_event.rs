//! An envelope as a Kafka record and back: CloudEvents 1.0, Kafka binding, binary mode. The payload is
//! the record's value, byte for byte; the attributes are `ce_*` headers.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use kernel::{Envelope, Tenant};
use rdkafka::Message;
use rdkafka::message::{Header, Headers, OwnedHeaders};

const SPEC_VERSION: &str = "1.0";

/// The key of an event's record: all events of one entity of one tenant have the same.
pub(super) fn key(envelope: &Envelope) -> String {
    format!("{}/{}", envelope.tenant, envelope.key)
}

/// The attributes of an event, as headers.
pub(super) fn headers(envelope: &Envelope) -> OwnedHeaders {
    let time = envelope.time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let traceparent = envelope.traceparent.map(|parent| parent.to_string());
    let attributes = [
        ("ce_specversion", Some(SPEC_VERSION)),
        ("ce_id", Some(&envelope.id)),
        ("ce_source", Some(&envelope.source)),
        ("ce_type", Some(&envelope.kind)),
        ("ce_subject", envelope.subject.as_deref()),
        ("ce_time", Some(&time)),
        ("ce_tenant", Some(envelope.tenant.as_str())),
        ("ce_partitionkey", Some(&envelope.key)),
        ("ce_traceparent", traceparent.as_deref()),
        ("content-type", Some(&envelope.content_type)),
    ];
    let headers = OwnedHeaders::new_with_capacity(attributes.len());
    attributes.into_iter().fold(headers, |headers, (key, value)| match value {
        Some(value) => headers.insert(Header { key, value: Some(value) }),
        None => headers,
    })
}

/// The event in a record. A foreign record becomes an event of the source `kafka/foreign`,
/// which no connector reads: so it ends as a dead letter, with its bytes, like every event that can't be read.
pub(super) fn envelope(message: &impl Message) -> Envelope {
    let data = Bytes::copy_from_slice(message.payload().unwrap_or_default());
    ours(message, &data).unwrap_or_else(|| foreign(message, data))
}

fn ours(message: &impl Message, data: &Bytes) -> Option<Envelope> {
    let text = |name| attribute(message, name);
    if text("ce_specversion")? != SPEC_VERSION {
        return None;
    }
    Some(Envelope {
        id: text("ce_id")?.to_owned(),
        source: text("ce_source")?.to_owned(),
        kind: text("ce_type")?.to_owned(),
        subject: text("ce_subject").map(str::to_owned),
        time: DateTime::parse_from_rfc3339(text("ce_time")?).ok()?.to_utc(),
        tenant: Tenant::new(text("ce_tenant")?).ok()?,
        key: text("ce_partitionkey")?.to_owned(),
        content_type: text("content-type")?.to_owned(),
        data: data.clone(),
        // an unreadable one costs the trace, not the event
        traceparent: text("ce_traceparent").and_then(|parent| parent.parse().ok()),
    })
}

fn foreign(message: &impl Message, data: Bytes) -> Envelope {
    let millis = message.timestamp().to_millis();
    Envelope {
        id: format!("{}/{}/{}", message.topic(), message.partition(), message.offset()),
        source: "kafka/foreign".to_owned(),
        kind: "kafka.foreign".to_owned(),
        subject: None,
        time: millis.and_then(DateTime::<Utc>::from_timestamp_millis).unwrap_or_default(),
        tenant: Tenant::default(),
        key: message.key().map(|key| String::from_utf8_lossy(key).into_owned()).unwrap_or_default(),
        content_type: attribute(message, "content-type").unwrap_or("application/octet-stream").to_owned(),
        data,
        traceparent: None,
    }
}

fn attribute<'a>(message: &'a impl Message, name: &str) -> Option<&'a str> {
    let headers = message.headers()?;
    let value = headers.iter().find(|header| header.key == name)?.value?;
    std::str::from_utf8(value).ok()
}

#[cfg(test)]
mod tests {
    use rdkafka::message::{OwnedMessage, Timestamp};

    use super::*;

    fn event() -> Envelope {
        Envelope {
            id: "72d3162e-cc78-11e3-81ab-4c9367dc0958".into(),
            source: "github/main".into(),
            kind: "github.pull_request".into(),
            subject: Some("octocat/Hellö".into()),
            time: "2026-02-28T12:00:00.123456Z".parse().unwrap(),
            tenant: Tenant::new("team_7").unwrap(),
            key: "github.com/octocat/hello".into(),
            content_type: "application/json; charset=utf-8".into(),
            data: Bytes::from_static(b"\x00\xff not even JSON"),
            traceparent: None,
        }
    }

    fn record(headers: Option<OwnedHeaders>, payload: &[u8]) -> OwnedMessage {
        let time = Timestamp::CreateTime(1_000);
        OwnedMessage::new(Some(payload.to_vec()), Some(b"k".to_vec()), "t".into(), time, 3, 7, headers)
    }

    #[test]
    fn an_event_comes_back_as_it_went() {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().ok();
        for event in [event(), Envelope { subject: None, data: Bytes::new(), traceparent, ..event() }] {
            assert_eq!(envelope(&record(Some(headers(&event)), &event.data)), event);
        }
        assert_eq!(key(&event()), "team_7/github.com/octocat/hello");
    }

    #[test]
    fn a_foreign_record_is_an_event_that_no_connector_reads() {
        let without_id = headers(&event()).detach_without("ce_id");
        let bad_tenant =
            headers(&event()).detach_without("ce_tenant").insert(Header { key: "ce_tenant", value: Some("Nö") });
        let newer = headers(&event())
            .detach_without("ce_specversion")
            .insert(Header { key: "ce_specversion", value: Some("2.0") });
        for headers in [None, Some(without_id), Some(bad_tenant), Some(newer)] {
            let event = envelope(&record(headers, b"bytes"));
            assert_eq!((event.source.as_str(), event.id.as_str()), ("kafka/foreign", "t/3/7"));
            assert_eq!(event.data, Bytes::from_static(b"bytes"));
            assert_eq!(event.time.timestamp(), 1);
        }
    }

    trait Without {
        fn detach_without(self, name: &str) -> OwnedHeaders;
    }

    impl Without for OwnedHeaders {
        fn detach_without(self, name: &str) -> OwnedHeaders {
            self.iter()
                .filter(|header| header.key != name)
                .fold(OwnedHeaders::new(), |kept, header| kept.insert(header))
        }
    }
}
