//! What every answer of every server says to browsers: it is not framed, not guessed at, not loaded by other sites, and
//! names no page to others. What answers with pages says more precisely what these may do.

use http::{HeaderName, HeaderValue, Response, header};

const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// A browser that has come by TLS comes by nothing else for a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Puts the headers on an answer that it does not have already.
pub(super) fn add_headers<B>(answer: &mut Response<B>, by_tls: bool) {
    let headers = answer.headers_mut();
    headers.reserve(HEADERS.len() + 1);
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if by_tls {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_itself_stays_and_strict_transport_is_for_tls_only() {
        let mut answer = Response::new(());
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'"));
        add_headers(&mut answer, false);
        assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], "default-src 'self'");
        assert_eq!(answer.headers()[header::X_FRAME_OPTIONS], "DENY");
        assert!(!answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
        add_headers(&mut answer, true);
        assert_eq!(answer.headers()[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000");
    }
}
