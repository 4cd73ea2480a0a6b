//! Which pages of other origins may read answers: those that the settings list, each by its exact origin.
//!
//! A listed origin may send credentials. With a session it can read; a request that changes something with a session comes
//! from the own page alone, so that of another origin needs a token. Any other page gets an answer that its browser does
//! not show it. Names of hosts are checked all the same.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what is allowed.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Headers of a request that a page may set.
const ASKED: [HeaderName; 6] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_NONE_MATCH,
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("sei-tenant"),
];

/// Headers of an answer that a page may read.
const ANSWERED: [HeaderName; 8] = [
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::LINK,
    header::RETRY_AFTER,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("sei-demo"),
    HeaderName::from_static("sei-tenant"),
];

/// The layer that says so; `None` where no other origin is listed.
pub(crate) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(ASKED)
        .expose_headers(ANSWERED)
        .max_age(MAX_AGE);
    Some(layer)
}

/// Whether a text is the origin of a page as browsers write it: scheme, host, and the port where it is not the scheme's.
pub(crate) fn is_origin(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    // a host may hold an asterisk, which stands for nothing but itself
    matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text && !text.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_a_browser_writes_it() {
        for good in ["https://app.example.org", "http://localhost:5173", "https://[2001:db8::1]:8443"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "app.example.org",
            "https://app.example.org/",
            "https://app.example.org:443",
            "https://App.example.org",
            "https://*.example.org",
            "https://user@app.example.org",
            "file:///tmp",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
