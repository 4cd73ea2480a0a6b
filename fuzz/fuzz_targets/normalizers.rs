//! Whatever bytes an event has, its normalizer returns facts that can be stored, or a reason. The head of an input is
//! the kind of event: `github.pull_request`, or `jira.pull.issue` of what was pulled.
#![no_main]

use bytes::Bytes;
use chrono::DateTime;
use connector::Connector;
use kernel::{Envelope, Tenant};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let (head, body) = sei_fuzz::split(data);
    let Some((name, kind)) = head.split_once('.') else { return Corpus::Reject };
    let Some(connector) = registry::connector(name) else { return Corpus::Reject };
    let _ = sei_fuzz::normalized(connector, &event(connector, kind, body));
    Corpus::Keep
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    sei_fuzz::mutate(data, size, max_size, seed)
});

fn event(connector: &dyn Connector, kind: &str, body: &[u8]) -> Envelope {
    Envelope {
        id: "1".to_owned(),
        source: format!("{}/main", connector.name()),
        kind: format!("{}.{kind}", connector.name()),
        subject: None,
        time: DateTime::UNIX_EPOCH,
        tenant: Tenant::default(),
        key: "1".to_owned(),
        content_type: "application/json".to_owned(),
        data: Bytes::copy_from_slice(body),
        traceparent: None,
    }
}
