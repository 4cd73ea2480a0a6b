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

/// The tenant that the request names, which it may do twice only if it says the same.
pub(super) fn asked(headers: &HeaderMap, query: &str) -> Result<Option<String>, Problem> {
    let header = headers.get("sei-tenant").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let parameter = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "tenant")
        .map(|(_, value)| value.into_owned());
    match (header, parameter) {
        (Some(header), Some(parameter)) if header != parameter => {
            Err(Problem::parameter("tenant", &parameter, format!("`{header}`, as the header sei-tenant has it")))
        }
        (header, parameter) => Ok(parameter.or(header)),
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
    }
}
