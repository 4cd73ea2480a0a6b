//! How much one client may ask, and how it learns of it.

use std::net::SocketAddr;

use runtime::http::Listeners;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

use super::served::{self, Reply, Served};

/// A server that is reached over the network, where an address has this number of units a minute.
async fn limited(units: u32) -> Served {
    served::with(|all| {
        all.server.listen = beyond_loopback();
        all.api.limits.address_per_minute = units;
    })
    .await
}

fn beyond_loopback() -> SocketAddr {
    "0.0.0.0:8080".parse().unwrap()
}

/// What the header `RateLimit` says is left.
fn remaining(reply: &Reply) -> u32 {
    let (_, rest) = reply.header("ratelimit").unwrap().split_once(";r=").unwrap();
    rest.split(';').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_client_that_asks_too_much_learns_when_to_come_back() {
    // one unit comes back every 12 s
    let served = limited(5).await;
    let first = served.ask("GET", "/api/v1/services", &[], "").await;
    assert_eq!((first.status, first.header("ratelimit-policy")), (200, Some("\"address\";q=5;w=60")));
    assert_eq!(remaining(&first), 4);
    let mut refused = first;
    for _ in 0..20 {
        refused = served.ask("GET", "/api/v1/services", &[], "").await;
        if refused.status != 200 {
            break;
        }
    }
    assert_eq!(refused.status, 429);
    let problem = refused.json();
    assert_eq!(problem["type"], "urn:sei:problem:rate-limited");
    assert!(problem["detail"].as_str().unwrap().contains("api.limits.address_per_minute"), "{problem}");
    let retry_secs: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=13).contains(&retry_secs), "{retry_secs}");
    let level = refused.header("ratelimit").unwrap();
    assert_eq!(level, format!("\"address\";r=0;t={retry_secs}"), "both name the same time");
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn a_question_costs_what_is_computed_for_it_and_an_answer_in_memory_one() {
    let served = limited(60).await;
    let list = served.ask("GET", "/api/v1/services", &[], "").await;
    assert!(remaining(&list) >= 59);
    let report = served.ask("GET", "/api/v1/dora", &[], "").await;
    assert_eq!(report.status, 200, "{report:?}");
    assert!(remaining(&list) - remaining(&report) >= 5, "{list:?} {report:?}");
    let again = served.ask("GET", "/api/v1/dora", &[], "").await;
    assert!(remaining(&again) + 1 >= remaining(&report), "{report:?} {again:?}");
}

#[tokio::test]
async fn a_question_that_costs_more_than_is_left_is_not_computed() {
    let served = limited(5).await;
    let report = served.ask("GET", "/api/v1/dora?interval=day", &[], "").await;
    assert_eq!(report.status, 429, "{report:?}");
    assert!(report.header("retry-after").is_some());
    let body = r#"{"query": "{ deployments(first: 200) { nodes { id finishedAt } } }"}"#;
    let graphql = served.ask("POST", "/graphql", &[("content-type", "application/json")], body).await;
    assert_eq!(graphql.status, 429, "{graphql:?}");
    let list = served.ask("GET", "/api/v1/services", &[], "").await;
    assert_eq!(list.status, 200, "what costs little is still answered: {list:?}");
}

#[tokio::test]
async fn graphql_says_what_a_query_costs_and_may_cost() {
    let served = served::empty().await;
    let answer = served.graphql_answer("{ services(first: 10) { nodes { name } } }").await;
    let cost = &answer["extensions"]["cost"];
    assert_eq!(cost["limit"], 20_000, "{answer}");
    let few = cost["requested"].as_u64().unwrap();
    let answer = served.graphql_answer("{ services(first: 100) { nodes { name } } }").await;
    assert!(answer["extensions"]["cost"]["requested"].as_u64().unwrap() > few, "{answer}");
}

#[tokio::test]
async fn one_client_has_few_requests_open_at_once() {
    let served = served::with(|all| {
        all.server.listen = beyond_loopback();
        all.api.limits.concurrent = 1;
    })
    .await;
    // its body does not come
    let headers = [("content-type", "application/json"), ("content-length", "40")];
    let open = served.open("POST", "/graphql", &headers, "{").await;
    tests::eventually(std::time::Duration::from_secs(20), async || {
        let reply = served.ask("GET", "/api/v1/services", &[], "").await;
        reply.status == 429 && reply.json()["detail"].as_str().unwrap().contains("api.limits.concurrent")
    })
    .await;
    drop(open);
    tests::eventually(std::time::Duration::from_secs(20), async || {
        served.ask("GET", "/api/v1/services", &[], "").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn what_does_not_come_whole_takes_no_turn_from_others() {
    let served = served::with(|all| all.api.in_flight = 1).await;
    let headers = [("content-type", "application/json"), ("content-length", "40")];
    let mut held = Vec::new();
    // one at work, and four that wait
    for _ in 0..6 {
        held.push(served.open("POST", "/api/v1/login", &headers, "{").await);
    }
    for _ in 0..10 {
        assert_eq!(served.ask("GET", "/api/v1/services", &[], "").await.status, 200);
    }
    drop(held);
}

#[tokio::test]
async fn no_client_is_limited_on_loopback_without_a_login_nor_a_program_of_this_user_over_the_socket() {
    let served = served::with(|all| all.api.limits.address_per_minute = 1).await;
    for _ in 0..5 {
        let reply = served.ask("GET", "/api/v1/services", &[], "").await;
        assert_eq!((reply.status, reply.header("ratelimit")), (200, None));
    }
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("sei.sock");
    let mut settings = api::settings::ApiSettings::default();
    settings.api.limits.address_per_minute = 1;
    settings.server.listen = beyond_loopback();
    settings.server.socket = Some(socket.clone());
    let router = api::router(api::ApiState::new(&served.database.store, &settings));
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    let listeners = Listeners::open(&settings.server).unwrap();
    let until = CancellationToken::new();
    tokio::spawn(runtime::http::serve(listeners, router, settings.server, until.clone()));
    let _until = until.drop_guard();
    for _ in 0..5 {
        let mut stream = UnixStream::connect(&socket).await.unwrap();
        let request = b"GET /api/v1/services HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("ratelimit"), "{answer}");
    }
}

#[tokio::test]
async fn wrong_credentials_cost_more_and_attempts_to_log_in_are_few() {
    let served = served::with(|all| {
        all.login.enabled = true;
        all.api.limits.address_per_minute = 60;
        all.api.limits.logins_per_minute = 2;
    })
    .await;
    let wrong = served.ask("GET", "/api/v1/services", &[("authorization", "Bearer guess")], "").await;
    assert_eq!(wrong.status, 401, "{wrong:?}");
    assert!(remaining(&wrong) <= 40, "{wrong:?}");
    let mut last = wrong;
    for _ in 0..20 {
        last = served.ask("GET", "/api/v1/services", &[("authorization", "Bearer guess")], "").await;
        if last.status != 401 {
            break;
        }
    }
    assert_eq!(last.status, 429, "{last:?}");

    let served = served::with(|all| {
        all.login.enabled = true;
        all.api.limits.logins_per_minute = 2;
    })
    .await;
    let mut attempts = Vec::new();
    for _ in 0..4 {
        let body = r#"{"name": "somename", "password": "a wrong password"}"#;
        let headers = [("content-type", "application/json")];
        attempts.push(served.ask("POST", "/api/v1/login", &headers, body).await.status);
    }
    assert!(attempts[..2].iter().all(|status| (400..500).contains(status) && *status != 429), "{attempts:?}");
    assert_eq!(attempts[2..], [429, 429]);
}

#[test]
fn a_limit_below_what_the_largest_question_costs_is_refused() {
    let found = |units: u32| {
        let mut settings = api::settings::Api::default();
        settings.limits.address_per_minute = units;
        let mut findings = runtime::settings::Findings::default();
        settings.check(&mut findings);
        findings.keys().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(api::settings::LEAST_UNITS), Vec::<String>::new());
    assert_eq!(found(api::settings::LEAST_UNITS - 1), ["api.limits.address_per_minute"]);
}
