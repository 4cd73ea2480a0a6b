//! Who sends a request: a program of this user over the UNIX socket, or an address.
//!
//! An address is never trusted for being loopback: a proxy on this machine has it too, for all of its clients.

use std::net::IpAddr;
use std::str::FromStr;

use http::{Extensions, HeaderMap, HeaderValue, header};

/// Who sends a request. Handlers find it among the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    address: Option<IpAddr>,
    local: bool,
}

/// Headers of requests that were passed on, or that a page in a browser made.
const FOREIGN: [&str; 6] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "origin"];

impl Peer {
    /// Of a request's extensions. Without one nothing is known of it, and nothing is trusted.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or(Self { address: None, local: false })
    }

    /// Whether it is a program of the user that this process runs as (or root), which came over the UNIX socket
    /// by itself: neither through a proxy nor from a page.
    #[must_use]
    pub fn is_local(self) -> bool {
        self.local
    }

    /// The client's address, if it came over the network.
    #[must_use]
    pub fn address(self) -> Option<IpAddr> {
        self.address
    }
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The UNIX socket, opened by this user or root.
    Own,
    /// The UNIX socket, opened by another user.
    Other,
    /// An address.
    Network(IpAddr),
}

impl Origin {
    /// What connections are shared by.
    pub(super) fn share(self) -> Option<IpAddr> {
        match self {
            Self::Network(address) => Some(share_of(address)),
            Self::Own | Self::Other => None,
        }
    }
}

/// The address that stands for all that one host can have: itself, or the /64 of an IPv6 address.
#[must_use]
pub fn share_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Who sends a request with these headers over a connection from there.
pub(super) fn peer(origin: Origin, headers: &HeaderMap, trusted: &[Network]) -> Peer {
    match origin {
        Origin::Own => {
            let page = headers.get("sec-fetch-site").is_some_and(|site| site != HeaderValue::from_static("none"));
            let foreign = FOREIGN.iter().any(|name| headers.contains_key(*name));
            Peer { address: None, local: !page && !foreign }
        }
        Origin::Other => Peer { address: None, local: false },
        Origin::Network(address) => {
            let passed_on = trusted.iter().any(|network| network.contains(address));
            let client = if passed_on { forwarded(headers, trusted).unwrap_or(address) } else { address };
            Peer { address: Some(client), local: false }
        }
    }
}

/// The last address of `X-Forwarded-For` that is not itself a trusted proxy: what stands before it, its sender
/// may have invented.
fn forwarded(headers: &HeaderMap, trusted: &[Network]) -> Option<IpAddr> {
    let lines = headers.get_all(header::HeaderName::from_static("x-forwarded-for"));
    let listed: Vec<&str> =
        lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).collect();
    let mut client = None;
    for text in listed.into_iter().rev() {
        let Ok(address) = text.trim().parse::<IpAddr>() else { break };
        client = Some(address.to_canonical());
        if !trusted.iter().any(|network| network.contains(address)) {
            break;
        }
    }
    client
}

/// An address, or all that begin as it does: `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, ours, theirs) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => (32, u128::from(u32::from(ours)), u128::from(u32::from(theirs))),
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (128, u128::from(ours), u128::from(theirs)),
            _ => return false,
        };
        (ours ^ theirs).checked_shr(bits - self.prefix_bits).unwrap_or(0) == 0
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address = address.parse::<IpAddr>().map_err(|_| ())?.to_canonical();
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.map_or(Ok(bits), str::parse).map_err(|_| ())?;
        if prefix_bits > bits { Err(()) } else { Ok(Self { address, prefix_bits }) }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        map
    }

    #[test]
    fn only_what_comes_over_the_socket_by_itself_is_local() {
        assert!(peer(Origin::Own, &headers(&[("host", "localhost")]), &[]).is_local());
        let loopback = Origin::Network("127.0.0.1".parse().unwrap());
        assert!(!peer(loopback, &headers(&[("host", "localhost")]), &[]).is_local());
        assert!(!peer(Origin::Other, &headers(&[]), &[]).is_local());
        for name in ["x-forwarded-for", "forwarded", "via", "x-real-ip", "origin"] {
            assert!(!peer(Origin::Own, &headers(&[(name, "192.0.2.1")]), &[]).is_local(), "{name}");
        }
        assert!(!peer(Origin::Own, &headers(&[("sec-fetch-site", "cross-site")]), &[]).is_local());
        assert!(!Peer::of(&Extensions::new()).is_local());
    }

    #[test]
    fn the_address_of_a_client_comes_from_trusted_proxies_only() {
        let trusted = ["127.0.0.1", "10.0.0.0/8"].map(|text| text.parse().unwrap());
        let client = |from: &str, lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            peer(Origin::Network(from.parse().unwrap()), &headers(&lines), &trusted).address().unwrap().to_string()
        };
        assert_eq!(client("192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(client("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["203.0.113.5, 198.51.100.1, 10.2.3.4"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["203.0.113.5", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["nonsense"]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("::ffff:127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn networks_are_read_and_hold_what_begins_as_they_do() {
        let network = |text: &str| text.parse::<Network>();
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0/8", "::1/129", "10.0.0.0/-1", "10.0.0.0/"] {
            assert_eq!(network(bad), Err(()), "{bad}");
        }
        for (text, address, expected) in [
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("10.0.0.0/8", "10.200.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
        ] {
            assert_eq!(network(text).unwrap().contains(address.parse().unwrap()), expected, "{text} {address}");
        }
    }

    #[test]
    fn one_host_has_one_share_however_many_addresses_it_takes() {
        let share = |text: &str| share_of(text.parse().unwrap());
        assert_eq!(share("2001:db8::1"), share("2001:db8::ffff:2"));
        assert_ne!(share("2001:db8::1"), share("2001:db8:0:1::1"));
        assert_eq!(share("::ffff:192.0.2.1"), share("192.0.2.1"));
        assert_ne!(share("192.0.2.1"), share("192.0.2.2"));
    }
}
