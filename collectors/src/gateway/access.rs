//! Who may post events: who has a token; and where no token is configured, programs on this machine.
//!
//! A page in a browser on this machine is no such program: any site can make it send requests to
//! loopback. So without a token a request must be addressed to this machine by a loopback name, must not
//! come from a page, and must not have been passed on by a proxy.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};
use runtime::secret::Secret;

use super::answer::Answer;
use crate::webhook;

/// Lets a request through or says why not.
pub(super) fn check(tokens: &[Secret], request: &Request) -> Result<(), Answer> {
    if tokens.is_empty() { local(request) } else { bearer(tokens, request.headers()) }
}

fn bearer(tokens: &[Secret], headers: &HeaderMap) -> Result<(), Answer> {
    let hint = "send `Authorization: Bearer` with one of events.tokens";
    if webhook::bearer::fits(headers, tokens) { Ok(()) } else { Err(Answer::NoAccess(hint)) }
}

fn local(request: &Request) -> Result<(), Answer> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let headers = request.headers();
    let passed_on = ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| headers.contains_key(*name));
    if passed_on || !peer.is_some_and(|peer| peer.is_loopback()) {
        return Err(Answer::NoAccess("only this machine may post without a token; configure events.tokens"));
    }
    let authority = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let host = authority.or_else(|| headers.get(header::HOST)?.to_str().ok()).unwrap_or_default();
    if !is_loopback_name(host) {
        return Err(Answer::Foreign("without a token, address this server as localhost, 127.0.0.1 or [::1]"));
    }
    let site = headers.get("sec-fetch-site").map(axum::http::HeaderValue::as_bytes);
    if headers.contains_key(header::ORIGIN) || site.is_some_and(|site| site != b"none") {
        return Err(Answer::Foreign("pages in a browser can't post without a token; configure events.tokens"));
    }
    Ok(())
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(peer: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::post("/v1/events");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        if let Ok(peer) = peer.parse::<SocketAddr>() {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        request
    }

    #[test]
    fn without_a_token_only_programs_on_this_machine_may_post() {
        for (peer, host) in [
            ("127.0.0.1:5", "localhost:8080"),
            ("127.0.0.1:5", "127.0.0.1"),
            ("[::1]:5", "[::1]:8080"),
            ("[::ffff:127.0.0.1]:5", "LOCALHOST"),
        ] {
            assert!(check(&[], &request(peer, &[("host", host)])).is_ok(), "{peer} {host}");
        }
        let here = ("host", "localhost:8080");
        let cases: [(&str, &[(&str, &str)]); 8] = [
            ("192.0.2.1:5", &[here]),
            ("", &[here]),
            ("127.0.0.1:5", &[]),
            ("127.0.0.1:5", &[("host", "rebound.example:8080")]),
            ("127.0.0.1:5", &[("host", "localhost.example")]),
            ("127.0.0.1:5", &[here, ("origin", "https://evil.example")]),
            ("127.0.0.1:5", &[here, ("sec-fetch-site", "cross-site")]),
            ("127.0.0.1:5", &[here, ("x-forwarded-for", "192.0.2.1")]),
        ];
        for (peer, headers) in cases {
            assert!(check(&[], &request(peer, headers)).is_err(), "{peer} {headers:?}");
        }
    }

    #[test]
    fn with_tokens_nothing_but_one_of_them_lets_in() {
        let tokens: Vec<Secret> = ["old", "new"].iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
        for value in ["Bearer old", "bearer new"] {
            assert!(check(&tokens, &request("192.0.2.1:5", &[("authorization", value)])).is_ok(), "{value}");
        }
        let here = ("host", "localhost");
        let cases: [&[(&str, &str)]; 5] = [
            &[here],
            &[here, ("authorization", "Bearer ")],
            &[here, ("authorization", "old")],
            &[here, ("authorization", "Basic old")],
            &[here, ("authorization", "Bearer old"), ("authorization", "Bearer old")],
        ];
        for headers in cases {
            assert!(check(&tokens, &request("127.0.0.1:5", headers)).is_err(), "{headers:?}");
        }
    }
}
