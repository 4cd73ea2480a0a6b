//! Whatever bytes an event has, its normalizer returns facts that can be stored, or a reason. The head of an input is the kind
//! of event: `github.pull_request`, or `jira.pull.issue` of what was pulled.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let (head, body) = sei_fuzz::split(data);
    let Some((name, kind)) = head.split_once('.') else { return Corpus::Reject };
    let Some(connector) = registry::connector(name) else { return Corpus::Reject };
    let event = connector::testing::event(connector, kind, Bytes::copy_from_slice(body));
    let _ = sei_fuzz::normalized(connector, &event);
    Corpus::Keep
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    sei_fuzz::mutate(data, size, max_size, seed)
});
