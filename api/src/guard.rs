//! What every answer and every request must respect, whatever its route: a page of another site must not
//! reach a server on loopback under a name of its own (DNS rebinding), nothing may be framed, sniffed or
//! loaded from elsewhere.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// By which names this server may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Only those of loopback: `localhost`, 127.0.0.0/8, `[::1]`.
    Loopback,
    /// Any: whoever opened the port to others decides who reaches it.
    Any,
}

impl Hosts {
    /// The rule for a server that listens here.
    #[must_use]
    pub fn of(listen: SocketAddr) -> Self {
        if listen.ip().is_loopback() { Self::Loopback } else { Self::Any }
    }

    fn allows(self, host: &str) -> bool {
        self == Self::Any || is_loopback(host)
    }
}

/// Whether `host` (a `Host` header, with or without a port) is a name of loopback.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Refuses requests to hosts that this server does not go by.
pub async fn host(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let asked = request.uri().authority().map_or(header.unwrap_or_default(), |authority| authority.as_str());
    if hosts.allows(asked) && header.is_none_or(|header| hosts.allows(header)) {
        return next.run(request).await;
    }
    Problem::wrong_host(asked).into_response()
}

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Puts the headers on every answer.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_loopback_reach_a_server_on_loopback() {
        for good in ["localhost", "localhost:8080", "LOCALHOST.", "127.0.0.1:8080", "127.8.0.1", "[::1]:8080", "[::1]"]
        {
            assert!(Hosts::Loopback.allows(good), "{good}");
        }
        for bad in
            ["", "evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "[::2]", "10.0.0.1", "::1"]
        {
            assert!(!Hosts::Loopback.allows(bad), "{bad}");
        }
        assert!(Hosts::Any.allows("sei.example.org"));
        assert_eq!(Hosts::of("127.0.0.1:8080".parse().unwrap()), Hosts::Loopback);
        assert_eq!(Hosts::of("0.0.0.0:8080".parse().unwrap()), Hosts::Any);
    }
}
