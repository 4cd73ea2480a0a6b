//! The cookie of a session, and whether a request comes from a page of this server.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use runtime::settings::Server;

/// How the cookie of a session is set, and read.
#[derive(Clone, Debug)]
pub(crate) struct Cookie {
    name: &'static str,
    is_secure: bool,
    /// The origin of the URL under which people reach the server: `https://sei.example.org`.
    public: Option<String>,
}

impl Cookie {
    /// Of a server. Where people reach it by `https`, browsers send the cookie by nothing else and to no other host.
    pub(crate) fn of(server: &Server) -> Self {
        let public = server.public_url.as_deref().map(|url| origin(url).to_ascii_lowercase());
        let is_https = public.as_deref().is_some_and(|url| url.starts_with("https://"));
        let is_secure = is_https || server.tls.both().is_some();
        Self { name: if is_secure { "__Host-sei" } else { "sei" }, is_secure, public }
    }

    /// The same for a login at an identity provider between the way there and the way back.
    pub(crate) fn of_pending_login(server: &Server) -> Self {
        let cookie = Self::of(server);
        Self { name: if cookie.is_secure { "__Host-sei-login" } else { "sei-login" }, ..cookie }
    }

    /// The secret of the session of a request.
    pub(crate) fn secret<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        cookies.find(|(name, _)| *name == self.name).map(|(_, secret)| secret)
    }

    /// The header that gives a browser the secret of a session.
    pub(crate) fn set(&self, secret: &str, lifetime: std::time::Duration) -> Option<HeaderValue> {
        self.header(secret, lifetime.as_secs())
    }

    /// The header that takes it back.
    pub(crate) fn clear(&self) -> Option<HeaderValue> {
        self.header("", 0)
    }

    fn header(&self, secret: &str, max_age_secs: u64) -> Option<HeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!("{}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_secs}{secure}", self.name);
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether a page of this server, and no other, has made a browser send a request.
    pub(crate) fn is_same_origin(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        match text(header::ORIGIN).filter(|origin| *origin != "null") {
            Some(origin) => {
                let origin = origin.to_ascii_lowercase();
                let host = uri.authority().map(axum::http::uri::Authority::as_str).or_else(|| text(header::HOST));
                let own =
                    |host: &str| origin.split_once("://").is_some_and(|(_, named)| named.eq_ignore_ascii_case(host));
                host.is_some_and(own) || self.public.as_deref() == Some(&*origin)
            }
            // a form of a page that does not say where it is
            None => headers.get("sec-fetch-site").is_some_and(|site| site == HeaderValue::from_static("same-origin")),
        }
    }
}

/// The scheme, host and port of a URL.
fn origin(url: &str) -> &str {
    let host_at = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host_at..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host_at + at);
    url.get(..end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn of(public: Option<&str>) -> Cookie {
        Cookie::of(&Server { public_url: public.map(str::to_owned), ..Server::default() })
    }

    #[test]
    fn the_cookie_is_bound_to_the_host_where_people_reach_it_by_https() {
        let lifetime = std::time::Duration::from_mins(1);
        let secure = of(Some("https://sei.example.org/x")).set("s3", lifetime).unwrap();
        assert_eq!(secure, "__Host-sei=s3; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
        let plain = of(None);
        assert_eq!(plain.clear().unwrap(), "sei=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        assert_eq!(plain.secret(&headers(&[("cookie", "other=1; sei=s3; __Host-sei=no")])), Some("s3"));
        assert_eq!(plain.secret(&headers(&[("cookie", "xsei=1")])), None);
    }

    #[test]
    fn a_page_of_another_origin_is_none_of_ours() {
        let uri: Uri = "/api/v1/logout".parse().unwrap();
        let (plain, public) = (of(None), of(Some("https://Sei.example.org/dashboards")));
        let same = |cookie: &Cookie, pairs: &[(&'static str, &str)]| cookie.is_same_origin(&headers(pairs), &uri);
        let host = ("host", "localhost:8080");
        assert!(same(&plain, &[host, ("origin", "http://localhost:8080")]));
        assert!(same(&public, &[host, ("origin", "https://sei.example.org")]));
        assert!(same(&plain, &[host, ("origin", "null"), ("sec-fetch-site", "same-origin")]));
        for foreign in ["http://localhost:8081", "http://evil.example", "https://sei.example.org", "", "localhost:8080"]
        {
            assert!(!same(&plain, &[host, ("origin", foreign), ("sec-fetch-site", "same-origin")]), "{foreign}");
        }
        assert!(!same(&plain, &[host, ("origin", "null")]) && !same(&plain, &[host]));
        assert!(!same(&plain, &[host, ("sec-fetch-site", "cross-site")]));
    }
}
