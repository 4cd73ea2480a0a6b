//! Tokens in a header of the source's own, such as `X-Gitlab-Token`.

use kernel::Secret;

use super::{RawRequest, Refusal, Verified};

impl RawRequest {
    /// Verifies that a header stands there once and is one of the secrets, in a time that does not depend
    /// on where a wrong one differs. What that proves is who sent it, not that the body is as it was sent:
    /// that is for TLS.
    pub fn verify_token(self, header: &str, secrets: &[Secret]) -> Result<Verified, Refusal> {
        let token = self.only(header).unwrap_or_default().as_bytes();
        if Secret::is_one_of(secrets, token) { Ok(Verified(self)) } else { Err(Refusal::Unauthenticated) }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn nothing_but_one_of_the_tokens_is_taken() {
        let tokens: Vec<Secret> = ["old", "new"].iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
        let taken = |values: &[&'static str], tokens: &[Secret]| {
            let mut request = RawRequest::new(Bytes::new());
            for value in values {
                request.headers.append(HeaderName::from_static("x-token"), HeaderValue::from_static(value));
            }
            request.verify_token("x-token", tokens).is_ok()
        };
        for value in ["old", "new"] {
            assert!(taken(&[value], &tokens), "{value}");
            assert!(!taken(&[value], &[]), "{value}");
        }
        for values in [&[][..], &[""], &["ol"], &["oldnew"], &["Old"], &["old", "old"]] {
            assert!(!taken(values, &tokens), "{values:?}");
        }
    }
}
