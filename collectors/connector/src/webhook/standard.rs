//! Signatures of [Standard Webhooks](https://www.standardwebhooks.com): HMAC-SHA256, in base64, over the
//! message's id, its time and its body, so that neither can be changed and an old message is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use kernel::Secret;
use sha2::Sha256;

use super::{MAX_AGE, RawRequest, Refusal, Verified};

/// What a secret begins with; its base64 follows.
pub const SECRET_PREFIX: &str = "whsec_";

impl RawRequest {
    /// Verifies the headers `webhook-id`, `webhook-timestamp` (within five minutes) and
    /// `webhook-signature`: a list, separated by spaces, of which any `v1,` may fit any of the secrets.
    /// A secret is `whsec_` and the base64 of the key, or that base64 alone.
    pub fn verify_standard_webhooks(self, secrets: &[Secret]) -> Result<Verified, Refusal> {
        if self.standard_signature_fits(secrets).unwrap_or(false) {
            Ok(Verified(self))
        } else {
            Err(Refusal::Unauthenticated)
        }
    }

    /// `None` where something is missing, doubled or malformed.
    fn standard_signature_fits(&self, secrets: &[Secret]) -> Option<bool> {
        let id = self.only("webhook-id").filter(|id| !id.is_empty())?;
        let timestamp = self.only("webhook-timestamp")?;
        let sent = DateTime::from_timestamp(timestamp.parse().ok()?, 0)?;
        if (self.received - sent).abs() > MAX_AGE {
            return None;
        }
        let signatures: Vec<Vec<u8>> = self
            .only("webhook-signature")?
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .collect();
        let mut fits = false;
        for key in secrets.iter().filter_map(key) {
            let mut hmac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
            for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", &self.body] {
                hmac.update(part);
            }
            for signature in &signatures {
                fits |= hmac.clone().verify_slice(signature).is_ok();
            }
        }
        Some(fits)
    }
}

fn key(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.expose_str()?;
    let key = STANDARD.decode(text.strip_prefix(SECRET_PREFIX).unwrap_or(text)).ok()?;
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    // From the tests of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SENT: &str = "1614265330";
    const BODY: &str = r#"{"test": 2432232314}"#;
    const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn verify(headers: &[(&'static str, &str)], late: i64, secrets: &[&str]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let received = DateTime::from_timestamp(SENT.parse::<i64>().unwrap() + late, 0).unwrap();
        let request = RawRequest { headers: map, received, ..RawRequest::new(Bytes::from_static(BODY.as_bytes())) };
        let secrets: Vec<Secret> = secrets.iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
        request.verify_standard_webhooks(&secrets).is_ok()
    }

    fn headers<'a>(id: &'a str, sent: &'a str, signature: &'a str) -> [(&'static str, &'a str); 3] {
        [("webhook-id", id), ("webhook-timestamp", sent), ("webhook-signature", signature)]
    }

    #[test]
    fn a_right_signature_is_taken_in_a_list_and_with_any_of_the_secrets() {
        let bare = SECRET.trim_start_matches(SECRET_PREFIX);
        let other = "whsec_b3RoZXI=";
        let list = format!("v1a,xyz v1,AAAA {GOOD} v2,{}", &GOOD[3..]);
        for secrets in [&[SECRET][..], &[bare], &[other, SECRET], &["no base64!", SECRET]] {
            assert!(verify(&headers(ID, SENT, GOOD), 0, secrets), "{secrets:?}");
            assert!(verify(&headers(ID, SENT, &list), 0, secrets), "{secrets:?}");
        }
    }

    #[test]
    fn five_minutes_of_difference_are_taken_and_no_more() {
        for (late, taken) in [(300, true), (-300, true), (301, false), (-301, false), (i64::from(u32::MAX), false)] {
            assert_eq!(verify(&headers(ID, SENT, GOOD), late, &[SECRET]), taken, "{late}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let second = GOOD.replace("v1,", "v2,");
        let cases: [&[(&'static str, &str)]; 10] = [
            &[],
            &headers(ID, SENT, GOOD)[1..],
            &headers(ID, SENT, GOOD)[..2],
            &headers("", SENT, GOOD),
            &headers("msg_other", SENT, GOOD),
            &headers(ID, "1614265331", GOOD),
            &headers(ID, "99999999999999999999", GOOD),
            &headers(ID, SENT, &GOOD[3..]),
            &headers(ID, SENT, &second),
            &headers(ID, SENT, "v1,"),
        ];
        for headers in cases {
            assert!(!verify(headers, 0, &[SECRET]), "{headers:?}");
        }
        let mut doubled = headers(ID, SENT, GOOD).to_vec();
        doubled.push(("webhook-signature", GOOD));
        assert!(!verify(&doubled, 0, &[SECRET]));
        for secrets in [&[][..], &["whsec_"], &["whsec_b3RoZXI="]] {
            assert!(!verify(&headers(ID, SENT, GOOD), 0, secrets), "{secrets:?}");
        }
    }
}
