//! What HTTP itself offers: forms, encodings, names of answers, and words for every refusal.

use std::io::Read;

use serde_json::Value;

use super::served::{self, Reply, Served};

async fn get(served: &Served, path: &str, headers: &[(&str, &str)]) -> Reply {
    served.ask("GET", path, headers, "").await
}

#[tokio::test]
async fn lists_and_metrics_are_csv_where_accept_asks_for_it() {
    let served = served::filled().await;
    for (path, key) in [
        ("/api/v1/deployments?window=all", "id"),
        ("/api/v1/changes?window=all", "id"),
        ("/api/v1/services", "name"),
        ("/api/v1/repositories", "id"),
        ("/api/v1/findings", "subject"),
        ("/api/v1/metrics", "name"),
        ("/api/v1/tenants", "name"),
    ] {
        let json = served.get(path).await;
        let csv = get(&served, path, &[("accept", "text/csv")]).await;
        assert_eq!((csv.status, csv.header("content-type")), (200, Some("text/csv; charset=utf-8")), "{path}");
        assert_eq!(csv.header("link").is_some(), json["next_cursor"].is_string(), "{path}");
        let mut rows = csv::Reader::from_reader(csv.body.as_bytes());
        let column = rows.headers().unwrap().iter().position(|column| column == key).unwrap();
        let keys: Vec<String> = rows.records().map(|row| row.unwrap()[column].to_owned()).collect();
        let expected: Vec<&str> = json["data"].as_array().unwrap().iter().filter_map(|row| row[key].as_str()).collect();
        assert_eq!(keys, expected, "{path}");
    }
    for path in ["/api/v1/dora?window=all&interval=month", "/api/v1/metrics/change_cycle_time?by=team&interval=month"] {
        let csv = get(&served, path, &[("accept", "application/json;q=0.5, text/csv")]).await;
        let mut rows = csv::Reader::from_reader(csv.body.as_bytes());
        let periods: Vec<String> = rows.records().map(|row| row.unwrap()[2].to_owned()).collect();
        assert!(periods.iter().any(|period| period == "window"), "{path}: {csv:?}");
        assert!(periods.iter().any(|period| period.len() == "2026-01".len() && period.starts_with("20")), "{path}");
    }
    let empty = get(&served, "/api/v1/deployments?to=2000-01-01", &[("accept", "text/csv")]).await;
    assert_eq!(empty.body.lines().count(), 1, "the columns stand there without any row: {empty:?}");
}

#[tokio::test]
async fn what_is_not_offered_is_406_with_what_is() {
    let served = served::empty().await;
    for (path, accept, offered) in [
        ("/api/v1/services", "application/xml", "application/json or text/csv or application/x-ndjson"),
        (
            "/api/v1/services",
            "application/json;q=0, text/csv;q=0",
            "application/json or text/csv or application/x-ndjson",
        ),
        ("/api/v1/events?fact=x", "text/csv", "application/json"),
        ("/api/openapi.json", "text/html", "application/json"),
    ] {
        let refused = get(&served, path, &[("accept", accept)]).await;
        assert_eq!((refused.status, refused.header("content-type")), (406, Some("application/problem+json")), "{path}");
        let problem = refused.json();
        assert_eq!(problem["type"], "urn:sei:problem:not-acceptable");
        assert!(problem["detail"].as_str().unwrap().ends_with(&format!("answers with {offered}.")), "{problem}");
    }
    // a problem has its own form, whatever was asked for
    let wrong = get(&served, "/api/v1/services?limit=0", &[("accept", "text/csv")]).await;
    assert_eq!((wrong.status, wrong.header("content-type")), (400, Some("application/problem+json")));
}

#[tokio::test]
async fn a_client_that_has_an_answer_is_not_sent_it_again() {
    let served = served::filled().await;
    for path in ["/api/v1/deployments?window=all", "/api/openapi.json", "/", "/web/style.css"] {
        let first = get(&served, path, &[]).await;
        let tag = first.header("etag").unwrap_or_else(|| panic!("{path}: {first:?}")).to_owned();
        let strong = tag.strip_prefix("W/").unwrap();
        for known in [&tag, strong, &format!("\"other\", {tag}"), "*"] {
            for method in ["GET", "HEAD"] {
                let again = served.ask(method, path, &[("if-none-match", known)], "").await;
                let found = (again.status, again.body.as_str(), again.header("etag"));
                assert_eq!(found, (304, "", Some(&*tag)), "{method} {path} {known}");
            }
        }
        let other = get(&served, path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!((other.status, other.body.len()), (200, first.body.len()), "{path}");
    }
    let json = get(&served, "/api/v1/services", &[]).await;
    let csv = get(&served, "/api/v1/services", &[("accept", "text/csv")]).await;
    assert_ne!(json.header("etag"), csv.header("etag"), "another form is another answer");
    assert_eq!(json.header("cache-control"), Some("private, no-cache"));
    assert_eq!(get(&served, "/api/v1/services?limit=0", &[]).await.header("etag"), None);
    assert_eq!(get(&served, "/api/v1/events?fact=x", &[]).await.header("cache-control"), Some("no-store"));
}

/// The answer as it was sent, with a body that may be no text.
async fn encoded(served: &Served, method: &str, path: &str, encoding: &str) -> (Reply, Vec<u8>) {
    served::read_bytes(&mut served.open(method, path, &[("accept-encoding", encoding)], "").await).await
}

#[tokio::test]
async fn what_is_large_is_sent_compressed_and_is_the_same() {
    let served = served::filled().await;
    for path in ["/api/v1/deployments?window=all&limit=200", "/api/openapi.json", "/web/style.css"] {
        let plain = get(&served, path, &[]).await;
        for encoding in ["gzip", "br"] {
            let (head, body) = encoded(&served, "GET", path, encoding).await;
            assert_eq!(head.header("content-encoding"), Some(encoding), "{path}: {head:?}");
            assert_eq!(head.header("content-length"), None, "{path}: it is not that of the plain answer");
            assert!(head.header("vary").is_some(), "{path}: {head:?}");
            assert_eq!(head.header("etag"), plain.header("etag"), "{path}");
            let body = served::unchunked(&body);
            assert!(body.len() < plain.body.len(), "{path}: {} bytes of {}", body.len(), plain.body.len());
            if encoding == "gzip" {
                let mut text = String::new();
                flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).unwrap();
                assert_eq!(text, plain.body, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let served = served::filled().await;
    let report = "/api/v1/dora?from=2026-01-01&to=2026-03-01";
    for path in ["/api/v1/services", report, "/api/openapi.json", "/", "/api/v1/nothing"] {
        for encoding in ["identity", "gzip"] {
            let (get, _) = encoded(&served, "GET", path, encoding).await;
            let (head, body) = encoded(&served, "HEAD", path, encoding).await;
            assert_eq!((head.status, body.len()), (get.status, 0), "{path}");
            for name in ["content-type", "content-length", "content-encoding", "etag", "cache-control"] {
                assert_eq!(head.header(name), get.header(name), "{path} {encoding}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn a_method_that_is_not_answered_is_refused_with_those_that_are() {
    let served = served::empty().await;
    for (method, path, allow) in [
        ("POST", "/api/v1/dora", "GET,HEAD"),
        ("TRACE", "/api/v1/events?tenant=unknown", "GET,HEAD"),
        ("DELETE", "/api/v1/deployments/x", "GET,HEAD"),
        ("PUT", "/api/openapi.json", "GET,HEAD"),
        ("PATCH", "/", "GET,HEAD"),
        ("PUT", "/graphql?tenant=unknown", "POST,GET,HEAD"),
    ] {
        let reply = served.ask(method, path, &[], "").await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allow)), "{method} {path}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{path}");
        assert_eq!(reply.json()["type"], "urn:sei:problem:method-not-allowed");
    }
    for path in ["/nothing", "/web/nothing.js", "/graphql/nothing"] {
        let nothing = get(&served, path, &[]).await;
        assert_eq!(
            (nothing.status, nothing.json()["type"].as_str()),
            (404, Some("urn:sei:problem:not-found")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn tenants_are_read_page_by_page_as_every_list() {
    let served = served::empty().await;
    for name in ["alpha", "zeta", "demo"] {
        served.database.store.create_tenant(&kernel::Tenant::new(name).unwrap(), name == "demo").await.unwrap();
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    for _ in 0..2 {
        let page = served.get(&format!("/api/v1/tenants?limit=2{cursor}")).await;
        assert_eq!((&page["tenant"], &page["demo"]), (&Value::from("main"), &Value::from(false)));
        names.extend(page["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()));
        cursor = page["next_cursor"].as_str().map_or_else(String::new, |next| format!("&cursor={next}"));
    }
    assert_eq!(names, ["alpha", "demo", "main", "zeta"]);
    assert_eq!(cursor, "", "the last page says that it is");
}
