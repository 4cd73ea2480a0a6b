//! Deliveries of hooks: which are taken, and what they are known by.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;

use super::*;

fn request(headers: &[(&'static str, &str)], body: Bytes) -> RawRequest {
    let mut request = RawRequest::new(body);
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    request.headers = map;
    request
}

pub(super) fn received(headers: &[(&'static str, &str)], body: Bytes) -> Result<Received, Refusal> {
    let secret = Secret::new(*b"s3cret").unwrap();
    let headers = [&[("x-gitlab-token", "s3cret")], headers].concat();
    let verified = GitLab.verify(request(&headers, body), &[secret])?;
    let to = Destination {
        source: "gitlab/main",
        tenant: &Tenant::default(),
        received: chrono::DateTime::UNIX_EPOCH,
        canceled: &[],
    };
    GitLab.envelopes(&verified, &to)
}

#[test]
fn a_hook_is_taken_with_its_token_or_its_signature_and_nothing_else() {
    let secrets = [Secret::new(*b"s3cret").unwrap(), Secret::new(*b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()];
    let taken = |headers: &[(&'static str, &str)]| GitLab.verify(request(headers, fixture("push")), &secrets).is_ok();
    assert!(taken(&[("x-gitlab-token", "s3cret")]));
    for headers in
        [&[][..], &[("x-gitlab-token", "")], &[("x-gitlab-token", "other")], &[("authorization", "Bearer s3cret")]]
    {
        assert!(!taken(headers), "{headers:?}");
    }
    // A wrong signature is not made good by a right token.
    let signed = [("webhook-id", "1"), ("webhook-timestamp", "0"), ("webhook-signature", "v1,AAAA")];
    assert!(!taken(&[&signed[..], &[("x-gitlab-token", "s3cret")]].concat()));
    let mut hmac =
        Hmac::<Sha256>::new_from_slice(&STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()).unwrap();
    hmac.update(b"1.0.");
    hmac.update(&fixture("push"));
    let signature = format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()));
    assert!(taken(&[("webhook-id", "1"), ("webhook-timestamp", "0"), ("webhook-signature", &signature)]));
}

#[test]
fn a_delivery_is_known_by_its_key_and_its_project() {
    let body = fixture("merge_request.merge");
    let headers = [("x-gitlab-event", "Merge Request Hook"), ("idempotency-key", "abc"), ("x-gitlab-event-uuid", "u")];
    let Ok(Received::Events(events)) = received(&headers, body.clone()) else { panic!() };
    assert_eq!((events[0].id.as_str(), events[0].kind.as_str()), ("abc", "gitlab.merge_request"));
    assert_eq!((events[0].key.as_str(), events[0].data.clone()), (CHECKOUT, body.clone()));
    // Without a key, the same body is the same delivery.
    let id =
        |uuid| match received(&[("x-gitlab-event", "Merge Request Hook"), ("x-gitlab-event-uuid", uuid)], body.clone())
        {
            Ok(Received::Events(events)) => events[0].id.clone(),
            other => panic!("{other:?}"),
        };
    assert_eq!(id("one"), id("two"));
    let job = received(&[("x-gitlab-event", "Job Hook")], fixture("build"));
    assert!(matches!(&job, Ok(Received::Events(events)) if events[0].key == CHECKOUT), "{job:?}");
    assert_eq!(received(&[], body).unwrap_err(), Refusal::Incomplete("the header X-Gitlab-Event is missing"));
    let unknown = received(&[("x-gitlab-event", "Emoji Hook")], Bytes::from_static(b"{\"object_kind\":\"emoji\"}"));
    assert!(matches!(unknown, Ok(Received::Ignored(IgnoreReason::UnusedEvent))), "{unknown:?}");
    let nonsense = received(&[("x-gitlab-event", "Push Hook")], Bytes::from_static(b"no JSON"));
    assert!(matches!(nonsense, Ok(Received::Ignored(IgnoreReason::UnusedEvent))), "{nonsense:?}");
}
