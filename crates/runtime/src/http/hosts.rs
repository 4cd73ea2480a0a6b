//! By which names a server may be asked. A page of another site can make a browser reach any address under a
//! name of its own (DNS rebinding); it can't do so under a name or an address that is not its own.

use std::net::IpAddr;
use std::sync::Arc;

use http::uri::Authority;
use http::{Request, Response, StatusCode, Uri, Version, header};

use super::body::{Body, problem};
use crate::settings::Server;

/// By which names a server may be asked. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Any name: it listens beyond loopback, and the settings name none.
    any: bool,
    /// Any address in digits: such as probes ask for.
    addresses: bool,
    names: Arc<[String]>,
}

impl Hosts {
    /// The rule of these settings: names of loopback always; those of `server.allowed_hosts` and
    /// `server.public_url`; and where the server listens beyond loopback, addresses in digits, or without any
    /// name in the settings everything.
    #[must_use]
    pub fn of(server: &Server) -> Self {
        let public = server.public_url.as_deref().and_then(host_of);
        let names: Arc<[String]> = server.allowed_hosts.iter().map(|name| normalized(name)).chain(public).collect();
        let beyond = !server.listen.ip().is_loopback();
        Self { any: beyond && names.is_empty(), addresses: beyond, names }
    }

    /// These names as well.
    #[must_use]
    pub fn with<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Arc<[String]> = self.names.iter().cloned().chain(names.into_iter().map(normalized)).collect();
        // once one is set, no other name is answered
        Self { any: self.any && names.is_empty(), addresses: self.addresses, names }
    }

    /// Whether a host (with or without a port) is one of these.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        if self.any {
            return true;
        }
        let name = normalized(name_of(host));
        match name.parse::<IpAddr>() {
            Ok(address) => self.addresses || address.is_loopback() || self.names.contains(&name),
            Err(_) => name == "localhost" || self.names.contains(&name),
        }
    }

    /// Whether a request may be answered, or else the host that it names.
    pub fn check<B>(&self, request: &Request<B>) -> Result<(), String> {
        let header = host_header(request);
        let asked = request.uri().authority().map_or(header.unwrap_or_default(), |authority| authority.as_str());
        let allowed = self.allows(asked) && header.is_none_or(|header| self.allows(header));
        if allowed { Ok(()) } else { Err(asked.to_owned()) }
    }
}

/// The name of the host that a request asks, in lower case and without a port.
#[must_use]
pub fn asked_host<B>(request: &Request<B>) -> Option<String> {
    let authority = request.uri().authority().map(Authority::as_str);
    authority.or_else(|| host_header(request)).map(|host| normalized(name_of(host)))
}

fn host_header<B>(request: &Request<B>) -> Option<&str> {
    request.headers().get(header::HOST).and_then(|value| value.to_str().ok())
}

/// The answer to a request that does not name one host.
pub(super) fn refused(detail: &str) -> Response<Body> {
    problem(StatusCode::BAD_REQUEST, "invalid-host", "The request does not name one host", detail)
}

/// Whether a request names one host, as its version of HTTP does it (RFC 9112, section 3.2; RFC 9113, section 8.3.1); or
/// else what is wrong: a proxy in front may have taken another of its names for the host.
pub(super) fn named_once<B>(request: &Request<B>) -> Result<(), &'static str> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let (first, second) = (headers.next(), headers.next());
    if second.is_some() {
        return Err("There are several `Host` headers; send one.");
    }
    let named = request.uri().authority();
    let Some(host) = first else {
        // HTTP/1.0 had no such header
        let unnamed = named.is_none() && request.version() == Version::HTTP_2;
        return match request.version() {
            Version::HTTP_11 => Err("There is no `Host` header; send one."),
            _ if unnamed => Err("There is neither `:authority` nor `Host`; send one of them."),
            _ => Ok(()),
        };
    };
    let host =
        host.to_str().ok().and_then(authority).ok_or("`Host` is invalid; send a host, and a port if need be.")?;
    match named {
        Some(named) if request.version() == Version::HTTP_2 && *named != host => {
            Err("`:authority` and `Host` name different hosts; send one of them.")
        }
        _ => Ok(()),
    }
}

/// A host with or without a port; nothing else.
fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let port = authority.as_str().strip_prefix(authority.host())?;
    let has_port = port.strip_prefix(':').is_none_or(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let is_host = !authority.host().is_empty() && (port.is_empty() || port.starts_with(':'));
    (is_host && has_port).then_some(authority)
}

/// The host of an `http` or `https` URL.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    matches!(uri.scheme_str(), Some("http" | "https")).then_some(())?;
    uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    uri.host().map(|host| normalized(name_of(host)))
}

/// The name of a host without its port and brackets.
fn name_of(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn normalized(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(listen: &str, allowed: &[&str], public: Option<&str>) -> Hosts {
        let server = crate::settings::Server {
            listen: listen.parse().unwrap(),
            allowed_hosts: allowed.iter().map(|name| (*name).to_owned()).collect(),
            public_url: public.map(str::to_owned),
            ..crate::settings::Server::default()
        };
        Hosts::of(&server)
    }

    #[test]
    fn only_names_of_loopback_reach_a_server_on_loopback() {
        let loopback = hosts("127.0.0.1:8080", &[], None);
        for good in ["localhost", "localhost:8080", "LOCALHOST.", "127.0.0.1:8080", "127.8.0.1", "[::1]:8080", "[::1]"]
        {
            assert!(loopback.allows(good), "{good}");
        }
        for bad in
            ["", "evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "[::2]", "10.0.0.1", "::1"]
        {
            assert!(!loopback.allows(bad), "{bad}");
        }
    }

    #[test]
    fn names_of_the_settings_are_allowed_beside_those_of_loopback() {
        let behind = hosts("127.0.0.1:8080", &["Sei.Example.org"], Some("https://metrics.example.org/sei"));
        for good in ["sei.example.org", "SEI.example.org:443", "metrics.example.org", "localhost"] {
            assert!(behind.allows(good), "{good}");
        }
        for bad in ["example.org", "a.sei.example.org", "10.0.0.1"] {
            assert!(!behind.allows(bad), "{bad}");
        }
    }

    #[test]
    fn names_that_are_added_are_allowed_and_bind_a_server_beyond_loopback() {
        let names = hosts("0.0.0.0:8080", &[], None).with(["Acme.example.org"]);
        assert!(names.allows("acme.example.org:443") && names.allows("10.0.0.1") && !names.allows("evil.example"));
        assert!(hosts("0.0.0.0:8080", &[], None).with([]).allows("anything.example"));
    }

    #[test]
    fn beyond_loopback_a_probe_asks_by_address_and_names_are_bound_once_any_is_set() {
        assert!(hosts("0.0.0.0:8080", &[], None).allows("anything.example"));
        let named = hosts("0.0.0.0:8080", &["sei.example.org"], None);
        for good in ["10.42.0.7:8080", "[fd00::7]:8080", "sei.example.org", "localhost"] {
            assert!(named.allows(good), "{good}");
        }
        for bad in ["evil.example", "10.42.0.7.evil.example", ""] {
            assert!(!named.allows(bad), "{bad}");
        }
    }

    #[test]
    fn a_request_names_one_host_that_is_valid() {
        let check = |version, uri: &str, hosts: &[&[u8]]| {
            let request = Request::builder().version(version).uri(uri);
            let request = hosts.iter().fold(request, |request, host| request.header("host", *host));
            named_once(&request.body(()).unwrap()).is_ok()
        };
        let (one, two) = (Version::HTTP_11, Version::HTTP_2);
        for good in ["a", "a.example", "A.example.:", "a_b:80", "127.0.0.1:8080", "[::1]", "[::1]:8080"] {
            assert!(check(one, "/", &[good.as_bytes()]) && check(two, "/", &[good.as_bytes()]), "{good}");
        }
        for bad in
            ["", " ", "a b", "a, b", "user@a", "a:b", "a:80:80", "::1", "[::1", "[::1]x", "a/b", "http://a", "a?"]
        {
            assert!(!check(one, "/", &[bad.as_bytes()]) && !check(two, "/", &[bad.as_bytes()]), "{bad}");
        }
        assert!(!check(one, "/", &[b"\xff.example"]));
        assert!(!check(one, "/", &[]) && !check(one, "http://a/", &[]) && !check(two, "/", &[]));
        assert!(check(Version::HTTP_10, "/", &[]) && check(two, "http://a/", &[]));
        assert!(!check(one, "/", &[b"a", b"a"]) && !check(Version::HTTP_10, "/", &[b"a", b"b"]));
        assert!(check(one, "http://a/", &[b"b"]), "the target's own host counts");
        assert!(check(two, "http://A:80/", &[b"a:80"]) && !check(two, "http://a/", &[b"b"]));
    }

    #[test]
    fn the_host_of_a_url_is_taken_only_where_it_is_one() {
        assert_eq!(host_of("https://Sei.Example.org:8443/x").as_deref(), Some("sei.example.org"));
        for bad in ["sei.example.org", "ftp://sei.example.org", "https://", "https://user:secret@sei.example.org", ""] {
            assert_eq!(host_of(bad), None, "{bad}");
        }
    }
}
