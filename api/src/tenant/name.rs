//! Which tenant a request names.

use std::sync::Arc;

use axum::http::{Extensions, HeaderMap};

use crate::identity::Identity;
use crate::problem::Problem;

/// The tenant that a request is about, by its head: the one that it names, else the only one that is granted to who asks,
/// else `main`.
pub(crate) fn wanted(headers: &HeaderMap, query: &str, extensions: &Extensions) -> Result<String, Problem> {
    let only = || extensions.get::<Arc<Identity>>().and_then(|identity| identity.grants.only_tenant().cloned());
    Ok(asked(headers, query)?.unwrap_or_else(|| only().unwrap_or_default().to_string()))
}

/// The tenant that the request names, by the header or the parameter. It may do that several times only if it names the same.
pub(super) fn asked(headers: &HeaderMap, query: &str) -> Result<Option<String>, Problem> {
    let of_headers = headers.get_all("sei-tenant").iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let parameters = url::form_urlencoded::parse(query.as_bytes());
    let of_query = parameters.filter(|(name, _)| name == "tenant").map(|(_, value)| value);
    let mut named = of_headers.chain(of_query);
    let Some(first) = named.next() else { return Ok(None) };
    match named.find(|other| *other != first) {
        Some(other) => Err(Problem::parameter("tenant", &other, format!("`{first}`, which the request names as well"))),
        None => Ok(Some(first.into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn header_and_parameter_may_not_contradict_each_other() {
        let mut headers = HeaderMap::new();
        assert_eq!(asked(&headers, "limit=3"), Ok(None));
        assert_eq!(asked(&headers, "limit=3&tenant=demo"), Ok(Some("demo".to_owned())));
        headers.insert("sei-tenant", HeaderValue::from_static("main"));
        assert_eq!(asked(&headers, ""), Ok(Some("main".to_owned())));
        assert_eq!(asked(&headers, "tenant=main"), Ok(Some("main".to_owned())));
        assert_eq!(asked(&headers, "tenant=demo").unwrap_err().parameter.as_deref(), Some("tenant"));
        assert!(asked(&HeaderMap::new(), "tenant=demo&tenant=main").is_err(), "nor one parameter another");
        headers.append("sei-tenant", HeaderValue::from_static("demo"));
        assert!(asked(&headers, "").is_err(), "nor one header another");
    }
}
