//! Hosts that stand for a tenant. A request to one is about that tenant, and may not name another.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::HeaderValue;
use runtime::http::asked_host;

use super::name;
use crate::problem::Problem;

/// The tenants that hosts stand for. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct TenantHosts(Arc<BTreeMap<String, String>>);

impl TenantHosts {
    /// Those of the settings.
    pub(crate) fn new(hosts: &BTreeMap<String, String>) -> Self {
        Self(Arc::new(hosts.iter().map(|(host, tenant)| (host.to_ascii_lowercase(), tenant.clone())).collect()))
    }

    /// Names the tenant of the host that a request asks, as the header `sei-tenant` does. Fails if the request names
    /// another.
    pub(crate) fn apply(&self, request: &mut Request) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let Some(tenant) = asked_host(request).and_then(|host| self.0.get(&host)) else { return Ok(()) };
        let named = name::asked(request.headers(), request.uri().query().unwrap_or_default())?;
        match named {
            Some(named) if named != *tenant => {
                Err(Problem::parameter("tenant", &named, format!("`{tenant}`, which this host stands for")))
            }
            _ => {
                if let Ok(value) = HeaderValue::from_str(tenant) {
                    request.headers_mut().insert("sei-tenant", value);
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_host_stands_for_its_tenant_and_another_one_named_is_refused() {
        let hosts = TenantHosts::new(&BTreeMap::from([("Acme.example.org".to_owned(), "acme".to_owned())]));
        let tenant = |host: &str, uri: &str, header: Option<&str>| {
            let mut request = Request::builder().uri(uri).header("host", host);
            if let Some(header) = header {
                request = request.header("sei-tenant", header);
            }
            let mut request = request.body(Body::empty()).unwrap();
            hosts
                .apply(&mut request)
                .map(|()| request.headers().get("sei-tenant").cloned())
                .map_err(|found| found.status)
        };
        let acme = Ok(Some(HeaderValue::from_static("acme")));
        assert_eq!(tenant("acme.example.org:8080", "/", None), acme);
        assert_eq!(tenant("ACME.example.org", "/?tenant=acme", None), acme);
        assert_eq!(tenant("acme.example.org", "/", Some("acme")), acme);
        assert_eq!(tenant("acme.example.org", "/?tenant=main", None), Err(400));
        assert_eq!(tenant("acme.example.org", "/", Some("main")), Err(400));
        assert_eq!(tenant("sei.example.org", "/", None), Ok(None));
        assert_eq!(tenant("sei.example.org", "/", Some("main")), Ok(Some(HeaderValue::from_static("main"))));
    }
}
