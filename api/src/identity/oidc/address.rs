//! Which addresses of a provider may be asked, and to which of ours a browser may be sent.

use axum::http::{HeaderMap, header};
use runtime::settings::Server;
use url::{Host, Url};

/// The longest address within sei that a login returns to, in bytes.
const LONGEST: usize = 1000;

/// Whether what is sent there stays between the two: https, or this machine.
pub(crate) fn is_confidential(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback))
}

/// The URL under which people reach the server, or under which a request does. The settings require one beyond loopback;
/// there a request is refused before that names a host that is not of loopback.
pub(crate) fn own_address(server: &Server, headers: &HeaderMap) -> Option<String> {
    let public = server.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
    public.or_else(|| Some(format!("http://{}", headers.get(header::HOST)?.to_str().ok()?)))
}

/// Whether an address is one of this server, so that a login sends no one elsewhere: a path that browsers can't take for
/// the name of a host.
pub(crate) fn is_local(address: &str) -> bool {
    let base = Url::parse("http://sei.invalid/").ok();
    let stays = base.is_some_and(|base| base.join(address).is_ok_and(|joined| joined.origin() == base.origin()));
    let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    address.starts_with('/') && !address.starts_with("//") && is_plain && stays && address.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_returns_to_this_server_only() {
        for good in ["/", "/?window=30d#deployment=%41", "/graphql", "/a//b", "/@evil.example"] {
            assert!(is_local(good), "{good}");
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "http:evil.example",
            "javascript:alert(1)",
            "evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /a",
            "/é",
            &long,
        ] {
            assert!(!is_local(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_loopback_is_asked_without_tls() {
        let confidential = |url: &str| is_confidential(&Url::parse(url).unwrap());
        for good in ["https://a.example/b", "http://127.0.0.1:80/", "http://localhost/", "http://[::1]:1/"] {
            assert!(confidential(good), "{good}");
        }
        for bad in ["http://a.example/", "http://localhost.a.example/", "ftp://127.0.0.1/", "http://127.a.example"] {
            assert!(!confidential(bad), "{bad}");
        }
    }
}
