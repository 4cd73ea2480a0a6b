//! Who may ask, and what every answer says to browsers.

use std::time::Duration;

use store::{StoreError, facts};

use super::served;

#[tokio::test]
async fn a_name_that_was_bent_to_loopback_reaches_nothing() {
    let served = served::empty().await;
    let port = served.address.port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), "[::1]".to_owned()] {
        let reply = served.ask("GET", "/api/v1/services", &[("host", &host)], "").await;
        assert_eq!(reply.status, 200, "{host}");
    }
    for path in ["/", "/web/icon.svg", "/api/v1/services", "/graphql", "/api/openapi.json", "/api/nothing"] {
        for (host, status) in [("evil.example", 421), ("127.0.0.1.evil.example:80", 421), ("", 400)] {
            let reply = served.ask("GET", path, &[("host", host)], "").await;
            assert_eq!(reply.status, status, "{path} of {host}: {reply:?}");
        }
    }
    let absolute = served.ask("GET", "http://evil.example/api/v1/services", &[], "").await;
    assert_eq!(absolute.status, 421);
}

#[tokio::test]
async fn graphql_takes_nothing_that_a_form_of_another_site_can_send() {
    let served = served::empty().await;
    let body = r#"{"query": "{ tenant { name } }"}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let reply = served.ask("POST", "/graphql", &[("content-type", kind)], body).await;
        assert_eq!(reply.status, 415, "{kind}");
    }
    assert_eq!(served.ask("POST", "/graphql", &[], body).await.status, 415);
    let asked = served.ask("GET", "/graphql?query={tenant{name}}", &[], "").await;
    assert_eq!((asked.status, asked.json()["parameter"].as_str()), (400, Some("query")), "GET runs no query");
    let broken = served.ask("POST", "/graphql", &[("content-type", "application/json")], "{").await;
    assert_eq!((broken.status, broken.json()["type"].as_str()), (400, Some("urn:sei:problem:invalid-body")));
}

#[tokio::test]
async fn every_answer_forbids_framing_sniffing_and_foreign_code() {
    let served = served::empty().await;
    for path in
        ["/", "/web/style.css", "/graphql", "/api/v1/services", "/api/v1/services?tenant=unknown", "/api/nothing"]
    {
        let reply = served.ask("GET", path, &[], "").await;
        let policy = reply.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), None, "{path}");
    }
    let page = served.ask("GET", "/", &[], "").await;
    for forbidden in ["<style", "style=", "onclick", "<script>", "https://"] {
        assert!(!page.body.contains(forbidden), "{forbidden}");
    }
    let tag = page.header("etag").unwrap().to_owned();
    let again = served.ask("GET", "/", &[("if-none-match", &tag)], "").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[tokio::test]
async fn the_connections_of_the_api_cannot_write_and_give_up_in_time() {
    let database = tests::database().await;
    let reading = database.store.read_only(Duration::from_millis(1));
    let mut tx = reading.begin().await.unwrap();
    let refused = facts::write(&mut tx, &served::organization().facts().take(1).collect::<Vec<_>>()).await;
    assert!(refused.is_err(), "{refused:?}");
    drop(tx);
    assert!(database.store.read_only(Duration::from_secs(10)).tenants().await.is_ok());
    let locked = sqlx::ConnectOptions::connect(&database.options()).await.unwrap();
    let mut locked = locked;
    sqlx::raw_sql("begin; lock table sei.tenant").execute(&mut locked).await.unwrap();
    let waited = reading.tenants().await;
    assert!(matches!(waited, Err(StoreError::Transient(_))), "{waited:?}");
}
