//! Tokens in `Authorization: Bearer`.

use http::{HeaderMap, header};
use kernel::Secret;

use super::{RawRequest, Refusal, Verified};

impl RawRequest {
    /// Verifies that the request has the one header `Authorization: Bearer` with one of the secrets. What
    /// that proves is who sent it, not that the body is as it was sent: that is for TLS.
    pub fn verify_bearer(self, secrets: &[Secret]) -> Result<Verified, Refusal> {
        if fits(&self.headers, secrets) { Ok(Verified(self)) } else { Err(Refusal::Unauthenticated) }
    }

    /// The same for a source that can send no header: its token may stand behind the source's name in the
    /// address instead. Where there are both, none counts.
    pub fn verify_bearer_or_path(self, secrets: &[Secret]) -> Result<Verified, Refusal> {
        if self.path.is_empty() {
            return self.verify_bearer(secrets);
        }
        let fits = Secret::is_one_of(secrets, self.path.as_bytes());
        if fits && !self.headers.contains_key(header::AUTHORIZATION) {
            Ok(Verified(self))
        } else {
            Err(Refusal::Unauthenticated)
        }
    }
}

/// Whether there is one `Authorization` with one of the tokens.
#[must_use]
pub fn fits(headers: &HeaderMap, tokens: &[Secret]) -> bool {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let token = match (values.next(), values.next()) {
        (Some(value), None) => value.as_bytes(),
        _ => b"",
    };
    let token = match token.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token,
        _ => b"",
    };
    Secret::is_one_of(tokens, token)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;

    use super::*;

    #[test]
    fn nothing_but_one_of_the_tokens_is_taken() {
        let tokens: Vec<Secret> = ["old", "new"].iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
        let taken = |values: &[&'static str], tokens: &[Secret]| {
            let mut request = RawRequest::new(Bytes::new());
            for value in values {
                request.headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            request.verify_bearer(tokens).is_ok()
        };
        for value in ["Bearer old", "bearer new", "BEARER new"] {
            assert!(taken(&[value], &tokens), "{value}");
            assert!(!taken(&[value], &[]), "{value}");
        }
        let cases: [&[&'static str]; 7] =
            [&[], &[""], &["Bearer "], &["old"], &["Basic old"], &["Bearer  old"], &["Bearer old", "Bearer old"]];
        for values in cases {
            assert!(!taken(values, &tokens), "{values:?}");
        }
    }

    #[test]
    fn a_token_may_stand_in_the_address_where_there_is_none_in_the_header() {
        let tokens: Vec<Secret> = ["old", "new"].iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
        let taken = |path: &str, header_value: Option<&'static str>, tokens: &[Secret]| {
            let mut request = RawRequest { path: path.to_owned(), ..RawRequest::new(Bytes::new()) };
            if let Some(value) = header_value {
                request.headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            request.verify_bearer_or_path(tokens).is_ok()
        };
        assert!(taken("old", None, &tokens) && taken("new", None, &tokens) && taken("", Some("Bearer old"), &tokens));
        let cases = [("", None), ("x", None), ("old/", None), ("old", Some("Bearer old")), ("x", Some("Bearer old"))];
        for (path, value) in cases {
            assert!(!taken(path, value, &tokens), "{path} {value:?}");
        }
        assert!(!taken("old", None, &[]) && !taken("", None, &[]));
    }
}
