//! Which addresses may be asked for a source.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::problem::Problem;

/// The address of a source, if it may be asked: by `https`, and not on this machine or the link that it is on. With
/// `allows_loopback` also on this machine, and there without TLS.
pub(crate) fn source_url(text: &str, allows_loopback: bool) -> Result<Url, Problem> {
    let wrong = |expected: &str| Problem::parameter("url", &runtime::redact(text), expected);
    let url = Url::parse(text).map_err(|_| wrong("an address such as `https://git.example.com`"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("an address without a user or password; send the token as `token`"));
    }
    let Some(host) = url.host() else { return Err(wrong("an address with a host")) };
    let is_loopback = match &host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback() || mapped(*address).is_some_and(|address| address.is_loopback()),
    };
    let is_local = match &host {
        Host::Domain(_) => false,
        Host::Ipv4(address) => is_special(*address),
        Host::Ipv6(address) => {
            address.is_unspecified()
                || address.is_multicast()
                || address.is_unicast_link_local()
                || mapped(*address).is_some_and(is_special)
        }
    };
    match url.scheme() {
        "https" if !is_local && (!is_loopback || allows_loopback) => Ok(url),
        "http" if is_loopback && allows_loopback => Ok(url),
        "https" => Err(wrong("a source that is not on this machine (`api.check_sources_on_loopback`)")),
        _ => Err(wrong("an address that begins with `https://`")),
    }
}

fn mapped(address: Ipv6Addr) -> Option<Ipv4Addr> {
    address.to_ipv4_mapped()
}

/// Whether an address is of no host elsewhere, beside loopback.
fn is_special(address: Ipv4Addr) -> bool {
    address.is_link_local() || address.is_unspecified() || address.is_broadcast() || address.is_multicast()
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
            ("https://[::1]", false, true),
            ("https://[::ffff:127.0.0.1]", false, true),
            ("https://169.254.169.254/latest", false, false),
            ("https://[fe80::1]", false, false),
            ("https://0.0.0.0", false, false),
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
}
