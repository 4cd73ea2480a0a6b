//! What a source that pushes is to the gateway. A request changes its type when it is verified:
//! [`RawRequest`] → [`Verified`]. Only the checks in this module can make a `Verified`, and only a
//! `Verified` can become events, so an unsigned body cannot be processed.

pub mod bearer;
pub mod standard;
mod token;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use kernel::Secret;
use kernel::{Envelope, IgnoreReason, Tenant};
use sha2::{Digest, Sha256};

use crate::problem::FactProblem;

/// How much the time in a signature may differ from ours.
const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// The side of a connector that receives.
pub trait Webhook: Send + Sync {
    /// Whether the source sends bodies of this media type (in lower case, without parameters). Others are
    /// answered 415 before anything is read.
    fn takes(&self, media_type: &str) -> bool {
        media_type == "application/json"
    }

    /// Whether it has this address below its name; most have none but the name itself.
    fn has(&self, path: &str) -> bool {
        path.is_empty()
    }

    /// Whether it reads the names of `canceled` in the settings ([`Destination::canceled`]).
    fn reads_canceled(&self) -> bool {
        false
    }

    /// Verifies a request over the bytes of its body, before anything of them is read. Any one of the
    /// secrets may fit, so that they can be rotated.
    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal>;

    /// Turns a verified request into events for the log. Reads no more of the body than it needs to know
    /// what it is about; whether its content is right is for the normalizer to say.
    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal>;
}

/// A request as it came. Nothing of it can be believed.
#[derive(Debug)]
pub struct RawRequest {
    /// What its address has after the source's name, without the slash between; mostly empty.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, after a content encoding was taken off.
    pub body: Bytes,
    /// When it came.
    pub received: DateTime<Utc>,
}

/// A request whose body was signed with a secret that we know.
#[derive(Debug)]
pub struct Verified(RawRequest);

impl Verified {
    /// What its address has after the source's name; mostly empty. No signature covers it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Its headers. The signature covers the body only.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The id of its event: the one that the source states, or a digest of the body. The same body is the same event. An
    /// empty id is none.
    #[must_use]
    pub fn event_id(&self, stated: Option<&str>) -> String {
        stated.filter(|id| !id.is_empty()).map_or_else(|| hex::encode(Sha256::digest(self.body())), kept_id)
    }
}

/// Where the events of a request go.
pub struct Destination<'a> {
    /// The connector and the configured name: `github/main`.
    pub source: &'a str,
    /// Whose events they are.
    pub tenant: &'a Tenant,
    /// When the request was received.
    pub received: DateTime<Utc>,
    /// Names of resolutions and statuses that mean canceled at this source, beside the usual ones.
    pub canceled: &'a [String],
}

impl Destination<'_> {
    /// An event of a kind, in JSON. Events with the same subject stay in order; those without one, all of the source.
    #[must_use]
    pub fn event(&self, id: String, kind: String, subject: Option<String>, data: Bytes) -> Envelope {
        Envelope {
            id,
            source: self.source.to_owned(),
            kind,
            key: subject.clone().unwrap_or_else(|| self.source.to_owned()),
            subject,
            time: self.received,
            tenant: self.tenant.clone(),
            content_type: "application/json".to_owned(),
            data,
            traceparent: None,
        }
    }
}

/// What a verified request is.
#[derive(Debug)]
pub enum Received {
    /// Events, to be appended to the log before the request is answered.
    Events(Vec<Envelope>),
    /// Nothing of use; answered 200 and counted.
    Ignored(IgnoreReason),
}

/// Why a request is not taken. Sending it again does not help.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The signature is missing, empty, doubled, malformed or wrong, or there is no secret. Answered 401,
    /// without a word on which of these it was.
    #[error("the request is not authenticated")]
    Unauthenticated,
    /// It does not say what the source always says. Answered 400.
    #[error("{0}")]
    Incomplete(&'static str),
    /// Facts that are none, where the body is of our own form. Answered 422 with the list.
    #[error("some facts can't be read")]
    Unprocessable(Vec<FactProblem>),
}

/// For [`crate::check`] only, which shows a person what a request would become and gives nothing to the
/// log: whether the request verifies, and the request as if it did.
pub(crate) fn unverified(request: RawRequest, verifies: impl FnOnce(RawRequest) -> bool) -> (bool, Verified) {
    let RawRequest { path, headers, body, received } = &request;
    let copy = RawRequest { path: path.clone(), headers: headers.clone(), body: body.clone(), received: *received };
    (verifies(copy), Verified(request))
}

/// An id that a sender chose, or its digest where it is too long to be kept.
#[must_use]
pub fn kept_id(id: &str) -> String {
    if id.len() <= 200 { id.to_owned() } else { hex::encode(Sha256::digest(id)) }
}

/// The longest list of signatures that is looked at.
const MAX_SIGNATURES: usize = 10;

/// The bytes of a signature that is written as `prefix` and hexadecimal digits.
fn signature(text: &str, prefix: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    hex::decode_to_slice(text.strip_prefix(prefix)?, &mut bytes).ok()?;
    Some(bytes)
}

impl RawRequest {
    /// A request of nothing but a body, at the beginning of time: for tests to add to.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn new(body: Bytes) -> Self {
        Self { path: String::new(), headers: HeaderMap::new(), body, received: DateTime::UNIX_EPOCH }
    }

    /// Verifies a header that holds `prefix` and then the hexadecimal HMAC-SHA256 of the body, in a time
    /// that does not depend on where a wrong signature differs.
    pub fn verify_hmac_sha256(self, header: &str, prefix: &str, secrets: &[Secret]) -> Result<Verified, Refusal> {
        let signature = self.only(header).and_then(|value| signature(value, prefix)).ok_or(Refusal::Unauthenticated)?;
        self.verify_signatures(&[signature], secrets)
    }

    /// The same for a header that lists several signatures, separated by commas, of which any may fit:
    /// sources do so while a secret is replaced. Those of another form are passed over.
    pub fn verify_any_hmac_sha256(self, header: &str, prefix: &str, secrets: &[Secret]) -> Result<Verified, Refusal> {
        let listed = self.only(header).unwrap_or_default().split(',').take(MAX_SIGNATURES);
        let signatures: Vec<_> = listed.filter_map(|one| signature(one.trim(), prefix)).collect();
        self.verify_signatures(&signatures, secrets)
    }

    fn verify_signatures(self, signatures: &[[u8; 32]], secrets: &[Secret]) -> Result<Verified, Refusal> {
        let mut fits = false;
        for secret in secrets {
            let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose()).map_err(|_| Refusal::Unauthenticated)?;
            hmac.update(&self.body);
            for signature in signatures {
                fits |= hmac.clone().verify_slice(signature).is_ok();
            }
        }
        if fits { Ok(Verified(self)) } else { Err(Refusal::Unauthenticated) }
    }

    /// The value of a header that stands there exactly once.
    fn only(&self, header: &str) -> Option<&str> {
        let mut values = self.headers.get_all(header).iter();
        let first = values.next()?;
        if values.next().is_some() { None } else { first.to_str().ok() }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    // From GitHub's documentation.
    const SECRET: &str = "It's a Secret to Everybody";
    const GOOD: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn verify(headers: &[(&'static str, &str)], secrets: &[&str]) -> Result<Verified, Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let secrets: Vec<Secret> = secrets.iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
        let request = RawRequest { headers: map, ..RawRequest::new(Bytes::from_static(b"Hello, World!")) };
        request.verify_hmac_sha256("x-hub-signature-256", "sha256=", &secrets)
    }

    #[test]
    fn a_right_signature_is_taken_with_any_of_the_secrets() {
        for secrets in [vec![SECRET], vec!["new", SECRET], vec![SECRET, "old"]] {
            assert!(verify(&[("x-hub-signature-256", GOOD)], &secrets).is_ok(), "{secrets:?}");
        }
        assert!(verify(&[("x-hub-signature-256", &GOOD.replace("abcdef", "ABCDEF"))], &[SECRET]).is_ok());
    }

    #[test]
    fn anything_but_one_right_signature_is_refused() {
        let name = "x-hub-signature-256";
        let wrong = GOOD.replace("757", "758");
        let cases: [&[(&'static str, &str)]; 9] = [
            &[],
            &[(name, "")],
            &[(name, "sha256=")],
            &[(name, &wrong)],
            &[(name, GOOD.trim_start_matches("sha256="))],
            &[(name, GOOD), (name, GOOD)],
            &[(name, &GOOD[..GOOD.len() - 2])],
            &[(name, "sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")],
            &[("x-hub-signature", "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59")],
        ];
        for headers in cases {
            assert_eq!(verify(headers, &[SECRET]).unwrap_err(), Refusal::Unauthenticated, "{headers:?}");
        }
        assert_eq!(verify(&[(name, GOOD)], &[]).unwrap_err(), Refusal::Unauthenticated);
        assert_eq!(verify(&[(name, GOOD)], &["other"]).unwrap_err(), Refusal::Unauthenticated);
    }

    #[test]
    fn of_a_list_of_signatures_any_may_fit() {
        let any = |value: &str, secrets: &[&str]| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static("x-sig"), value.parse().unwrap())]);
            let secrets: Vec<Secret> = secrets.iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
            let request = RawRequest { headers, ..RawRequest::new(Bytes::from_static(b"Hello, World!")) };
            request.verify_any_hmac_sha256("x-sig", "sha256=", &secrets).is_ok()
        };
        let (wrong, old) = (GOOD.replace("757", "758"), "v0=00");
        for value in [GOOD.to_owned(), format!("{wrong},{GOOD}"), format!("{old}, {GOOD} , {wrong}")] {
            assert!(any(&value, &[SECRET]) && any(&value, &["new", SECRET]), "{value}");
            assert!(!any(&value, &["other"]) && !any(&value, &[]), "{value}");
        }
        let late = format!("{}{GOOD}", "x,".repeat(MAX_SIGNATURES));
        for value in ["", ",", old, &wrong, &late] {
            assert!(!any(value, &[SECRET]), "{value}");
        }
    }

    #[test]
    fn an_event_without_an_id_has_that_of_its_body() {
        let of = |body: &'static [u8]| Verified(RawRequest::new(Bytes::from_static(body)));
        let digest = of(b"a").event_id(None);
        assert_eq!((digest.len(), of(b"a").event_id(Some(""))), (64, digest.clone()));
        assert_ne!(of(b"b").event_id(Some("")), digest);
        assert_eq!(of(b"a").event_id(Some("7")), "7");
    }

    #[test]
    fn an_empty_secret_verifies_nothing() {
        // HMAC-SHA256 of the body with an empty key.
        let mut hmac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        hmac.update(b"Hello, World!");
        let value = format!("sha256={}", hex::encode(hmac.finalize().into_bytes()));
        assert_eq!(verify(&[("x-hub-signature-256", &value)], &[""]).unwrap_err(), Refusal::Unauthenticated);
    }
}
