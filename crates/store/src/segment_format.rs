//! How a segment of the embedded log looks: the format's number, then a zstd frame of the events one
//! after the other, each a row of length-prefixed fields. Numbers are little-endian.

use bytes::{Buf, BufMut, Bytes};
use chrono::DateTime;
use kernel::{Envelope, Tenant};

use crate::StoreError;
use crate::error::too_long;

/// The format of events without a trace, which is all while no traces are exported.
const FORMAT: u8 = 1;
/// The same with the position in a trace before each event, empty where it has none.
const TRACED: u8 = 2;
/// zstd's fastest ordinary level: an append should cost no more than what it takes to write it.
const LEVEL: i32 = 1;

/// The bytes of a segment of these events.
pub(crate) fn encode<'a>(events: impl Iterator<Item = &'a Envelope> + Clone) -> Result<Vec<u8>, StoreError> {
    let is_traced = events.clone().any(|event| event.traceparent.is_some());
    let mut raw = Vec::new();
    for event in events {
        if is_traced {
            let traceparent = event.traceparent.map(|parent| parent.to_string()).unwrap_or_default();
            put(&mut raw, traceparent.as_bytes())?;
        }
        put(&mut raw, event.id.as_bytes())?;
        put(&mut raw, event.source.as_bytes())?;
        put(&mut raw, event.kind.as_bytes())?;
        raw.put_u8(u8::from(event.subject.is_some()));
        put(&mut raw, event.subject.as_deref().unwrap_or_default().as_bytes())?;
        raw.put_i64_le(event.time.timestamp());
        raw.put_u32_le(event.time.timestamp_subsec_nanos());
        put(&mut raw, event.tenant.as_str().as_bytes())?;
        put(&mut raw, event.key.as_bytes())?;
        put(&mut raw, event.content_type.as_bytes())?;
        put(&mut raw, &event.data)?;
    }
    let compressed = zstd::bulk::compress(&raw, LEVEL).map_err(|error| StoreError::Fatal(sqlx::Error::Io(error)))?;
    let mut segment = Vec::with_capacity(compressed.len() + 1);
    segment.push(if is_traced { TRACED } else { FORMAT });
    segment.extend(compressed);
    Ok(segment)
}

fn put(raw: &mut Vec<u8>, field: &[u8]) -> Result<(), StoreError> {
    raw.put_u32_le(field_length(field.len())?);
    raw.put_slice(field);
    Ok(())
}

fn field_length(bytes: usize) -> Result<u32, StoreError> {
    u32::try_from(bytes).map_err(|_| too_long("a field of an event", bytes, u32::MAX))
}

/// The events of a segment, or what is wrong with it.
pub(crate) fn decode(segment: &[u8]) -> Result<Vec<Envelope>, String> {
    match segment.split_first() {
        Some((format @ &(FORMAT | TRACED), compressed)) => {
            let raw =
                zstd::stream::decode_all(compressed).map_err(|error| format!("it can't be decompressed: {error}"))?;
            let mut raw = Bytes::from(raw);
            let mut events = Vec::new();
            while raw.has_remaining() {
                events.push(envelope(&mut raw, *format == TRACED).ok_or("an event in it is cut off or garbled")?);
            }
            Ok(events)
        }
        Some((format, _)) => Err(format!("it has format {format}, this version knows {FORMAT} and {TRACED}")),
        None => Err("it is empty".to_owned()),
    }
}

fn envelope(raw: &mut Bytes, is_traced: bool) -> Option<Envelope> {
    // an unreadable one costs the trace, not the event
    let traceparent = if is_traced { text(raw)?.parse().ok() } else { None };
    let id = text(raw)?;
    let source = text(raw)?;
    let kind = text(raw)?;
    let has_subject = raw.try_get_u8().ok()? == 1;
    let subject = text(raw)?;
    let time = DateTime::from_timestamp(raw.try_get_i64_le().ok()?, raw.try_get_u32_le().ok()?)?;
    let tenant = Tenant::new(&text(raw)?).ok()?;
    let key = text(raw)?;
    let content_type = text(raw)?;
    let data = field(raw)?;
    let subject = has_subject.then_some(subject);
    Some(Envelope { id, source, kind, subject, time, tenant, key, content_type, data, traceparent })
}

fn field(raw: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(raw.try_get_u32_le().ok()?).ok()?;
    (length <= raw.len()).then(|| raw.split_to(length))
}

fn text(raw: &mut Bytes) -> Option<String> {
    String::from_utf8(field(raw)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(subject: Option<&str>, data: &'static [u8]) -> Envelope {
        Envelope {
            id: "1".to_owned(),
            source: "github/main".to_owned(),
            kind: "github.push".to_owned(),
            subject: subject.map(str::to_owned),
            time: DateTime::from_timestamp(1_700_000_000, 123_456_789).unwrap(),
            tenant: Tenant::default(),
            key: "github.com/o/ä".to_owned(),
            content_type: "application/json".to_owned(),
            data: Bytes::from_static(data),
            traceparent: None,
        }
    }

    #[test]
    fn a_segment_gives_back_its_events_byte_for_byte() {
        let events = [event(None, b"\0\xff{"), event(Some(""), b""), event(Some("x"), &[7; 10_000])];
        let segment = encode(events.iter()).unwrap();
        assert!(segment.len() < 1000, "{}", segment.len());
        assert_eq!(decode(&segment).unwrap(), events);
    }

    #[test]
    fn a_trace_goes_on_behind_the_log_and_costs_no_byte_where_there_is_none() {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().ok();
        let events = [event(None, b"{}"), Envelope { traceparent, ..event(Some("x"), b"") }];
        assert!(traceparent.is_some());
        let segment = encode(events.iter()).unwrap();
        assert_eq!((segment[0], decode(&segment).unwrap()), (TRACED, events.to_vec()));
        let untraced = encode(events[..1].iter()).unwrap();
        assert_eq!((untraced[0], decode(&untraced).unwrap()), (FORMAT, events[..1].to_vec()));
    }

    #[test]
    fn a_field_longer_than_its_length_can_say_is_an_error_and_not_a_garbled_segment() {
        let most = u32::MAX as usize;
        assert_eq!(field_length(most).unwrap(), u32::MAX);
        assert!(matches!(field_length(most + 1), Err(StoreError::Data(_))));
    }

    #[test]
    fn a_garbled_segment_is_an_error_not_a_panic() {
        let segment = encode([event(None, b"{}")].iter()).unwrap();
        assert_eq!(decode(&[]), Err("it is empty".to_owned()));
        assert_eq!(decode(&[9, 1]), Err("it has format 9, this version knows 1 and 2".to_owned()));
        for cut in 1..segment.len() {
            // a frame that ends right after its format's number has no events
            assert!(decode(&segment[..cut]).is_err() || cut == 1, "{cut}");
        }
        let raw = zstd::stream::decode_all(&segment[1..]).unwrap();
        for cut in 1..raw.len() {
            let mut cut_off = vec![FORMAT];
            cut_off.extend(zstd::bulk::compress(&raw[..cut], LEVEL).unwrap());
            assert!(decode(&cut_off).is_err(), "{cut}");
        }
    }
}
