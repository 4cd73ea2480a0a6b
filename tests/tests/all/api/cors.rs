//! Which pages of other origins may read answers.

use super::served;

const LISTED: &str = "https://dashboards.example.org";

#[tokio::test]
async fn a_listed_origin_may_ask_with_credentials_and_no_other() {
    let served = served::with(|all| all.api.cors_origins = vec![LISTED.to_owned()]).await;
    let preflight = |origin: &'static str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,sei-tenant"),
        ];
        let served = &served;
        async move { served.ask("OPTIONS", "/graphql", &headers, "").await }
    };
    let allowed = preflight(LISTED).await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, Some(LISTED)));
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("sei-tenant"));
    for other in
        ["https://evil.example", "https://dashboards.example.org.evil.example", "null", "http://dashboards.example.org"]
    {
        assert_eq!(preflight(other).await.header("access-control-allow-origin"), None, "{other}");
    }
    let read = served.ask("GET", "/api/v1/services", &[("origin", LISTED)], "").await;
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, Some(LISTED)));
    assert!(read.header("access-control-expose-headers").unwrap().contains("ratelimit"));
    assert!(format!("{read:?}").contains(r#"("vary", "origin"#), "a cache holds an answer for each origin: {read:?}");
    let unread = served.ask("GET", "/api/v1/services", &[("origin", "https://evil.example")], "").await;
    assert_eq!((unread.status, unread.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn a_page_reads_why_it_was_refused_and_another_host_stays_refused() {
    let served = served::with(|all| all.api.cors_origins = vec![LISTED.to_owned()]).await;
    let headers = [("origin", LISTED), ("host", "evil.example")];
    let refused = served.ask("GET", "/api/v1/services", &headers, "").await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (421, Some(LISTED)));
}

#[tokio::test]
async fn no_origin_is_allowed_by_default() {
    let served = served::empty().await;
    for method in ["GET", "OPTIONS"] {
        let headers = [("origin", LISTED), ("access-control-request-method", "GET")];
        let reply = served.ask(method, "/api/v1/services", &headers, "").await;
        assert_eq!(reply.header("access-control-allow-origin"), None, "{method}");
    }
}

#[test]
fn only_exact_origins_can_be_listed() {
    let cors_origins = [LISTED, "*", "null", "https://a.example/", "example.org"].map(str::to_owned).to_vec();
    let settings = api::settings::Api { cors_origins, ..Default::default() };
    let mut findings = runtime::settings::Findings::default();
    settings.check(&mut findings);
    let expected = ["api.cors_origins.1", "api.cors_origins.2", "api.cors_origins.3", "api.cors_origins.4"];
    assert_eq!(findings.keys().collect::<Vec<_>>(), expected);
}
