//! Requests that cost more than they look like: they are refused before the work, and others are answered
//! meanwhile.

use std::fmt::Write;
use std::time::Duration;

use serde_json::json;
use sqlx::{ConnectOptions, Connection};
use tests::eventually;

use super::served::{self, Reply, Served};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const DEADLINE: Duration = Duration::from_secs(30);

/// Fragments of which each spreads the next one twice.
fn doubling(depth: usize) -> String {
    let mut query = "{ ...F0 }".to_owned();
    for nth in 0..depth {
        write!(query, " fragment F{nth} on Query {{ ...F{0} ...F{0} }}", nth + 1).unwrap();
    }
    query + &format!(" fragment F{depth} on Query {{ tenant {{ name }} }}")
}

async fn ask(served: &Served, method: &str, path: &str, body: &str) -> Reply {
    let asked = served.ask(method, path, if body.is_empty() { &[] } else { &JSON }, body);
    tokio::time::timeout(DEADLINE, asked).await.unwrap_or_else(|_| panic!("{path} hangs"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fragments_that_double_cost_nothing_and_the_error_says_what_they_would() {
    let served = served::empty().await;
    for depth in [12, 30, 60] {
        let reply = ask(&served, "POST", "/graphql", &json!({ "query": doubling(depth) }).to_string()).await;
        let message = reply.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("costs") && message.contains("at most 10000"), "{message}");
        assert_eq!(ask(&served, "GET", "/api/v1/tenants", "").await.status, 200);
    }
}

#[tokio::test]
async fn the_errors_of_costly_queries_name_the_cost_and_the_limit() {
    let served = served::empty().await;
    let many: String = (0..200).map(|n| format!("a{n}: dora {{ timeZone }} ")).collect();
    let deep = format!("{{ __schema {{ types {{ {} name {} }} }} }}", "ofType { ".repeat(20), "} ".repeat(20));
    let schema = format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(6), "} }".repeat(6));
    for (query, limit) in [(format!("{{ {many} }}"), "20000"), (deep, "16"), (schema, "at most 2")] {
        let message = served.graphql_answer(&query).await["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(limit), "{message}");
    }
    let wrong: String = (0..500).map(|n| format!("wrong{n} ")).collect();
    let errors = served.graphql_answer(&format!("{{ {wrong} }}")).await["errors"].as_array().unwrap().len();
    assert!((1..=20).contains(&errors), "{errors} errors");
}

#[tokio::test]
async fn a_question_is_refused_with_its_cost_by_the_steps_that_it_asks_for() {
    let served = served::filled().await;
    for (path, status) in [
        ("/api/v1/dora?window=3650d&interval=day", 422),
        ("/api/v1/dora?window=365d&interval=day", 200),
        ("/api/v1/dora?window=3650d&interval=month", 200),
        ("/api/v1/metrics/change_cycle_time?window=3650d&interval=day", 200),
        ("/api/v1/metrics/change_cycle_time?window=3650d&interval=month&by=repository", 200),
    ] {
        let reply = ask(&served, "GET", path, "").await;
        assert_eq!(reply.status, status, "{path}: {:.200}", reply.body);
        if status == 422 {
            let detail = reply.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("the question costs ") && detail.contains("at most 20000"), "{detail}");
        }
    }
    let metric = "changeLeadTime { value series { label value } }";
    let ten_years = format!("{{ dora(question: {{ window: \"3650d\", interval: DAY }}) {{ {metric} }} }}");
    let three_years: String = (0..3)
        .map(|n| format!("a{n}: dora(question: {{ window: \"365d\", interval: DAY }}) {{ {metric} }} "))
        .collect();
    for query in [ten_years, format!("{{ {three_years} }}")] {
        let answer = served.graphql_answer(&query).await;
        assert!(answer["data"].is_null(), "nothing of it has run");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("it costs about ") && message.contains("at most 20000"), "{message}");
    }
    // how many slices there are is known only when the question is answered
    let question = "question: { window: \"3650d\", interval: DAY, by: REPOSITORY }";
    let slices: String = (0..2)
        .map(|n| format!("a{n}: metric(name: \"change_cycle_time\", {question}) {{ whole {{ value }} }} "))
        .collect();
    let answer = served.graphql_answer(&format!("{{ {slices} }}")).await;
    let answered = (0..2).filter(|n| !answer["data"][format!("a{n}")].is_null()).count();
    let refused = answer["errors"].as_array().unwrap();
    assert!(answered <= 1 && !refused.is_empty(), "{answered} of 2 were answered: {refused:?}");
    assert!(refused[0]["message"].as_str().unwrap().contains("are left"), "{refused:?}");
    // so is how long all is: it is taken for long
    let all: String =
        (0..4).map(|n| format!("a{n}: dora(question: {{ window: \"all\", interval: DAY }}) {{ {metric} }} ")).collect();
    let answer = served.graphql_answer(&format!("{{ {all} }}")).await;
    assert!(answer["data"].is_null(), "nothing of it has run");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("it costs about "), "{answer}");
    let one =
        served.graphql("{ dora(question: { window: \"all\", interval: DAY }) { changeLeadTime { value } } }").await;
    assert!(one["dora"]["changeLeadTime"]["value"].is_number(), "one of them is answered: {one}");
}

#[tokio::test]
async fn the_series_of_a_report_are_counted_as_about_as_many_as_there_are() {
    let served = served::filled().await;
    let report = served.get("/api/v1/dora?window=90d&interval=week").await;
    let metrics = report["data"].as_object().unwrap().values().filter(|metric| metric["series"].is_array());
    let values: usize = metrics.map(|metric| metric["series"][0]["values"].as_array().unwrap().len()).sum();
    assert!(values.abs_diff(dora::REPORT_SERIES) <= 2, "{values} values in each step");
}

#[tokio::test]
async fn neither_a_list_of_requests_nor_a_query_in_the_address_runs() {
    let served = served::empty().await;
    let one = json!({ "query": "{ tenant { name } }" });
    let list = ask(&served, "POST", "/graphql", &json!([one, one]).to_string()).await;
    assert_eq!((list.status, list.json()["type"].as_str()), (422, Some("urn:sei:problem:invalid-body")));
    let address = ask(&served, "GET", "/graphql?query=%7Btenant%7Bname%7D%7D", "").await;
    assert!(!address.body.contains("\"main\""), "{}", address.body);
    let nested = format!("{{\"query\":\"{{a}}\",\"variables\":{}1{}}}", "{\"a\":".repeat(3_000), "}".repeat(3_000));
    assert!((400..500).contains(&ask(&served, "POST", "/graphql", &nested).await.status));
    let wide = json!({ "query": "{ tenant { name } }", "variables": { "a": vec![0; 20_000] } }).to_string();
    assert_eq!(ask(&served, "POST", "/graphql", &wide).await.json()["data"]["tenant"]["name"], "main");
}

#[tokio::test]
async fn half_a_request_ends_in_time() {
    let served = served::with(|settings| settings.server.timeout = Duration::from_millis(200)).await;
    let headers = [("content-type", "application/json"), ("content-length", "1000")];
    let mut half = served.open("POST", "/graphql", &headers, "{").await;
    let reply = tokio::time::timeout(DEADLINE, served::read(&mut half)).await.expect("an answer");
    assert_eq!((reply.status, reply.json()["type"].as_str()), (503, Some("urn:sei:problem:timeout")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_answered_while_reports_wait_and_what_is_too_much_is_sent_away() {
    let served = served::with(|settings| settings.api.in_flight = 4).await;
    let mut holder = served.database.options().connect().await.unwrap();
    let mut locked = holder.begin().await.unwrap();
    sqlx::raw_sql("lock table main.deployment_metric").execute(&mut *locked).await.unwrap();
    // One is at work and nineteen wait in each lane; the next request is refused. What is not answered soon waits, so
    // it is kept: in the end the lane is full, however slow the machine is.
    let graphql = json!({ "query": "{ dora { timeZone } }" }).to_string();
    let mut waiting = Vec::new();
    for (method, path, headers, body) in
        [("GET", "/api/v1/dora?window=DAYSd", &[][..], ""), ("POST", "/graphql", &JSON[..], graphql.as_str())]
    {
        let mut refused = None;
        while refused.is_none() {
            assert!(waiting.len() < 100, "{path}: no request is refused");
            // equal questions would wait for one
            let path = path.replace("DAYS", &(10 + waiting.len()).to_string());
            let mut asked = served.open(method, &path, headers, body).await;
            refused = tokio::time::timeout(Duration::from_millis(100), served::read(&mut asked)).await.ok();
            waiting.push(asked);
        }
        let reply = refused.unwrap();
        assert_eq!(reply.status, 503, "{reply:?}");
        assert!(reply.header("retry-after").is_some() && reply.body.contains("api.in_flight"), "{reply:?}");
    }
    for path in ["/api/v1/tenants", "/api/v1/repositories", "/"] {
        assert_eq!(ask(&served, "GET", path, "").await.status, 200, "{path}");
    }
    locked.rollback().await.unwrap();
    drop(waiting);
    eventually(DEADLINE, async || ask(&served, "GET", "/api/v1/dora", "").await.status == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cheap_queries_are_answered_while_costly_ones_wait_and_half_sent_ones_take_no_place() {
    let served = served::with(|settings| settings.api.in_flight = 4).await;
    let mut holder = served.database.options().connect().await.unwrap();
    let mut locked = holder.begin().await.unwrap();
    sqlx::raw_sql("lock table main.deployment_metric").execute(&mut *locked).await.unwrap();
    let costly = "dora(question: { window: \"365d\", interval: DAY }) { timeZone }";
    let graphql = json!({ "query": format!("{{ {costly} }}") }).to_string();
    let rest = "/api/v1/dora?window=365d&interval=day";
    let mut waiting = Vec::new();
    // one is at work and nineteen wait, whether they are asked over REST or GraphQL
    let mut refused = None;
    while refused.is_none() {
        assert!(waiting.len() < 100, "no request is refused");
        let mut asked = if waiting.len().is_multiple_of(2) {
            served.open("GET", rest, &[], "").await
        } else {
            served.open("POST", "/graphql", &JSON, &graphql).await
        };
        refused = tokio::time::timeout(Duration::from_millis(100), served::read(&mut asked)).await.ok();
        waiting.push(asked);
    }
    let reply = refused.unwrap();
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.header("retry-after").is_some() && reply.body.contains("api.in_flight"), "{reply:?}");
    let headers = [("content-type", "application/json"), ("content-length", "1000")];
    let mut half_sent = Vec::new();
    for _ in 0..30 {
        half_sent.push(served.open("POST", "/graphql", &headers, "{").await);
    }
    for _ in 0..5 {
        let reply = ask(&served, "POST", "/graphql", &json!({ "query": "{ tenant { name } }" }).to_string()).await;
        assert_eq!((reply.status, &reply.json()["data"]["tenant"]["name"]), (200, &json!("main")), "{reply:?}");
    }
    locked.rollback().await.unwrap();
}

#[tokio::test]
async fn a_text_with_the_character_that_no_database_takes_is_the_callers_mistake() {
    let served = served::empty().await;
    for path in [
        "/api/v1/dora?service=%00",
        "/api/v1/dora?team=a%00",
        "/api/v1/dora?time_zone=%00",
        "/api/v1/metrics/change_size?repository=%00",
        "/api/v1/metrics/%00",
        "/api/v1/services?cursor=%00",
        "/api/v1/services?tenant=%00",
        "/api/v1/deployments?service=%00",
        "/api/v1/deployments/a%00",
        "/api/v1/changes?deployment=%00",
        "/api/v1/changes/%00",
        "/api/v1/events?fact=%00",
        "/api/v1/findings?service=%00",
        "/api/v1/findings?%00=a",
    ] {
        let reply = ask(&served, "GET", path, "").await;
        assert_eq!(reply.status, 400, "{path}: {reply:?}");
    }
    for query in
        ["{ dora(question: { service: \"a\\u0000\" }) { timeZone } }", "{ explain(id: \"\\u0000\") { candidates } }"]
    {
        let answer = served.graphql_answer(query).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("U+0000"), "{answer}");
    }
    let variable = json!({ "query": "query($s: String) { dora(question: { service: $s }) { timeZone } }", "variables": { "s": "\u{0}" } });
    let reply = ask(&served, "POST", "/graphql", &variable.to_string()).await;
    assert!(reply.json()["errors"][0]["message"].as_str().unwrap().contains("U+0000"), "{reply:?}");
}

#[tokio::test]
async fn a_name_is_answered_once_the_settings_allow_it() {
    let served = served::with(|settings| {
        settings.server.allowed_hosts = vec!["sei.example.org".to_owned()];
        settings.server.public_url = Some("https://metrics.example.org/".to_owned());
    })
    .await;
    for (host, status) in [
        ("sei.example.org", 200),
        ("sei.example.org:8443", 200),
        ("metrics.example.org", 200),
        ("evil.example", 421),
        ("localhost", 200),
    ] {
        let reply = served.ask("GET", "/api/v1/services", &[("host", host)], "").await;
        assert_eq!(reply.status, status, "{host}: {reply:?}");
    }
}
