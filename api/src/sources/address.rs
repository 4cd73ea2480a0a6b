//! Which addresses may be asked for a source.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

use crate::problem::Problem;

/// How long a name is looked up.
const LOOKUP: Duration = Duration::from_secs(3);
const ELSEWHERE: &str = "a source that is not on this machine (`api.check_sources_on_loopback`)";

/// The address of a source, if it may be asked: by `https`, and not on this machine or the link that it is on. With
/// `allows_loopback` also on this machine, and there without TLS.
pub(crate) fn source_url(text: &str, allows_loopback: bool) -> Result<Url, Problem> {
    let wrong = |expected: &str| Problem::parameter("url", &runtime::redact(text), expected);
    let url = Url::parse(text).map_err(|_| wrong("an address such as `https://git.example.com`"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("an address without a user or password; send the token as `token`"));
    }
    let Some(host) = url.host() else { return Err(wrong("an address with a host")) };
    let (is_loopback, is_local) = match host {
        Host::Domain(name) => (is_localhost(name), false),
        Host::Ipv4(address) => (is_loopback(address.into()), is_special(address.into())),
        Host::Ipv6(address) => (is_loopback(address.into()), is_special(address.into())),
    };
    match url.scheme() {
        "https" if !is_local && (!is_loopback || allows_loopback) => Ok(url),
        "http" if is_loopback && allows_loopback => Ok(url),
        "https" => Err(wrong(ELSEWHERE)),
        _ => Err(wrong("an address that begins with `https://`")),
    }
}

/// The addresses that a name leads to, which are the only ones to be asked: looked up once more, it may lead elsewhere. Fails
/// where one is what [`source_url`] does not take. None for a name that is not known here, which only a proxy can ask.
pub(crate) async fn addresses_of(url: &Url, allows_loopback: bool) -> Result<Vec<SocketAddr>, Problem> {
    let Some(Host::Domain(name)) = url.host() else { return Ok(Vec::new()) };
    let place = (name, url.port_or_known_default().unwrap_or(443));
    let Ok(Ok(found)) = timeout(LOOKUP, lookup_host(place)).await else { return Ok(Vec::new()) };
    let found: Vec<SocketAddr> = found.collect();
    let is_refused = |found: &SocketAddr| is_special(found.ip()) || (is_loopback(found.ip()) && !allows_loopback);
    if found.iter().any(is_refused) {
        return Err(Problem::parameter("url", name, ELSEWHERE));
    }
    Ok(found)
}

/// Whether a name stands for this machine. One may end with a dot.
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Whether an address is of no host elsewhere, beside loopback.
fn is_special(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, ..] = address.octets();
            first == 0 || address.is_link_local() || address.is_broadcast() || address.is_multicast()
        }
        IpAddr::V6(address) => address.is_unspecified() || address.is_multicast() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_elsewhere_are_asked_by_https_and_this_machine_only_where_the_settings_allow_it() {
        for (url, elsewhere, here) in [
            ("https://git.example.com", true, true),
            ("https://10.1.2.3:8443/gitlab", true, true),
            ("http://git.example.com", false, false),
            ("http://127.0.0.1:9000", false, true),
            ("https://localhost", false, true),
            ("https://localhost.", false, true),
            ("https://git.localhost.", false, true),
            ("https://[::1]", false, true),
            ("https://[::ffff:127.0.0.1]", false, true),
            ("https://169.254.169.254/latest", false, false),
            ("https://[fe80::1]", false, false),
            ("https://0.0.0.0", false, false),
            ("https://0.1.2.3", false, false),
            ("https://[::ffff:169.254.169.254]", false, false),
            ("https://ann:secret@git.example.com", false, false),
            ("ftp://git.example.com", false, false),
            ("git.example.com", false, false),
        ] {
            assert_eq!(source_url(url, false).is_ok(), elsewhere, "{url}");
            assert_eq!(source_url(url, true).is_ok(), here, "{url}");
        }
        let problem = source_url("https://ann:hunter2@git.example.com", false).unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_as_its_address_is() {
        let url = Url::parse("https://localhost:8443").unwrap();
        assert!(addresses_of(&url, false).await.is_err());
        let found = addresses_of(&url, true).await.unwrap();
        assert!(!found.is_empty() && found.iter().all(|found| found.ip().is_loopback() && found.port() == 8443));
    }
}
