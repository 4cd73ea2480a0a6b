//! Whatever a request has in its headers, address and body, no connector takes it that was not signed with the secret; what
//! was signed is taken, and becomes events that have a named outcome. The head of an input is `connector/path` and then the
//! headers.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use connector::Connector;
use connector::webhook::{Destination, RawRequest, Received, Verified, Webhook};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Secret, Tenant};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use sha2::Sha256;

/// Not in any seed or dictionary, and compared in constant time: no input has it.
const TOKEN: &str = "0f8c1e6a5d7b4c39";
/// What Standard Webhooks are signed with, behind `whsec_` in base64.
const KEY: &[u8] = b"6b3ee1d0a2f94e58";

fuzz_target!(|data: &[u8]| -> Corpus {
    let (head, body) = sei_fuzz::split(data);
    let (mut lines, body) = (head.lines(), Bytes::copy_from_slice(body));
    let address = lines.next().unwrap_or_default();
    let (name, path) = address.split_once('/').unwrap_or((address, ""));
    let Some(connector) = registry::connector(name) else { return Corpus::Reject };
    let Some(webhook) = connector.webhook().filter(|webhook| webhook.has(path)) else { return Corpus::Reject };
    let received = DateTime::UNIX_EPOCH;
    let request = RawRequest { path: path.to_owned(), headers: headers(lines), body, received };

    let whsec = format!("whsec_{}", STANDARD.encode(KEY));
    let secrets: Vec<Secret> = [TOKEN, &whsec].iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
    assert!(!verifies(webhook, copy(&request), &secrets), "{name}: an unsigned request is taken");
    let mut is_taken = false;
    for signed in signed(&request) {
        assert!(!verifies(webhook, copy(&signed), &[]), "{name}: without a secret a request is taken");
        let Ok(verified) = webhook.verify(copy(&signed), &secrets) else { continue };
        is_taken = true;
        let is_signed = !signed.headers.contains_key("x-gitlab-token") && !signed.headers.contains_key("authorization");
        if is_signed && signed.path == request.path {
            let body = [&signed.body[..], b" "].concat().into();
            assert!(!verifies(webhook, RawRequest { body, ..signed }, &secrets), "{name}: another body is taken");
        }
        end(connector, webhook, &verified, received);
    }
    assert!(is_taken, "{name}: none of the signatures is taken");
    Corpus::Keep
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    sei_fuzz::mutate(data, size, max_size, seed)
});

/// Turns a request into events, and these into facts.
fn end(connector: &dyn Connector, webhook: &dyn Webhook, request: &Verified, received: DateTime<Utc>) {
    let (name, tenant, canceled) = (connector.name(), Tenant::default(), ["Dropped; or not".to_owned()]);
    let to = Destination { source: &format!("{name}/main"), tenant: &tenant, received, canceled: &canceled };
    let Ok(Received::Events(events)) = webhook.envelopes(request, &to) else { return };
    for event in events {
        assert!((1..=200).contains(&event.id.len()), "{name}: the id is `{}`", event.id);
        assert!(event.kind.starts_with(name), "{name}: the kind is `{}`", event.kind);
        if name == "generic" {
            sei_fuzz::stated(connector, &event);
        } else {
            let _ = sei_fuzz::normalized(connector, &event);
        }
    }
}

fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    headers
}

fn copy(request: &RawRequest) -> RawRequest {
    let RawRequest { path, headers, body, received } = request;
    RawRequest { path: path.clone(), headers: headers.clone(), body: body.clone(), received: *received }
}

fn verifies(webhook: &dyn Webhook, request: RawRequest, secrets: &[Secret]) -> bool {
    webhook.verify(request, secrets).is_ok()
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    parts.iter().for_each(|part| hmac.update(part));
    hmac.finalize().into_bytes().to_vec()
}

/// The request, signed in each way that a source signs.
fn signed(request: &RawRequest) -> [RawRequest; 5] {
    let with = |added: &[(&'static str, String)]| {
        let mut signed = copy(request);
        for name in ["authorization", "x-gitlab-token", "webhook-signature"] {
            signed.headers.remove(name);
        }
        for (name, value) in added {
            if let Ok(value) = HeaderValue::from_str(value) {
                signed.headers.insert(HeaderName::from_static(name), value);
            }
        }
        signed
    };
    let digits: String = hmac(TOKEN.as_bytes(), &[&request.body]).iter().map(|byte| format!("{byte:02x}")).collect();
    let sent = request.received.timestamp().to_string();
    let standard = STANDARD.encode(hmac(KEY, &[b"msg_1.", sent.as_bytes(), b".", &request.body]));
    [
        with(&[
            ("x-hub-signature-256", format!("sha256={digits}")),
            ("x-hub-signature", format!("sha256={digits}")),
            ("x-pagerduty-signature", format!("v1={digits}")),
            ("circleci-signature", format!("v1={digits}")),
        ]),
        with(&[
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", sent),
            ("webhook-signature", format!("v1,{standard}")),
        ]),
        with(&[("x-gitlab-token", TOKEN.to_owned())]),
        with(&[("authorization", format!("Bearer {TOKEN}"))]),
        RawRequest { path: TOKEN.to_owned(), ..with(&[]) },
    ]
}
