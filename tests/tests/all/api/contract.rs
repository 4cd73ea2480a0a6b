//! What the `OpenAPI` document says is what is answered, and what is answered is what the engine computed.

use jsonschema::Validator;
use kernel::{RejectReason, Role};
use serde_json::{Value, json};

use super::served::{self, Served};
use super::{boards, dead_letters, known};

/// What reads that need a parameter are asked.
const NEEDED: [(&str, &str); 4] = [
    ("/api/v1/events", "fact=shop/1"),
    ("/api/v1/answers", "names=change_cycle_time"),
    ("/api/v1/search", "q=shop"),
    ("/api/v1/journey", "kind=change&id={id}"),
];

#[tokio::test]
async fn every_documented_read_answers_an_administrator_as_documented() {
    let served = known::served().await;
    served::fill(&served.database.store, served::organization().facts()).await;
    let admin = known::token(&served, &known::reach(None, Role::Admin, &[])).await;
    let document = serde_json::to_value(api::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        if operation.is_null() {
            continue;
        }
        let address = address(&served, &admin, path).await;
        // a stream has no end: `live` reads it, and holds its events against the document
        if path != "/api/v1/stream" {
            let good = known::get(&served, &admin, &address, &[]).await;
            assert_eq!(good.status, 200, "{path}: {good:?}");
            let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            validate(&document, schema, &good.json(), path);
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            if parameter["in"] == "query" && name != "tenant" {
                let bad = known::get(&served, &admin, &with(&address, &format!("{name}=1&{name}=2")), &[]).await;
                assert_eq!(bad.status, 400, "{path} {name}: {bad:?}");
                assert_eq!(bad.json()["parameter"], *name, "{path}");
                assert_eq!(bad.header("content-type"), Some("application/problem+json"));
                let schema = &operation["responses"]["400"]["content"]["application/problem+json"]["schema"];
                validate(&document, schema, &bad.json(), path);
            }
        }
    }
}

/// The address of a path of the document, with an id or a name that is there and what it needs.
async fn address(served: &Served, admin: &str, path: &str) -> String {
    let mut address = path.to_owned();
    if let Some((begin, rest)) = path.split_once('{') {
        let (_, end) = rest.split_once('}').unwrap();
        let value = value(served, admin, path).await;
        address = format!("{begin}{}{end}", value.replace('#', "%23"));
    }
    match NEEDED.iter().find(|(of, _)| *of == path) {
        Some((_, needed)) if needed.contains("{id}") => {
            let id = value(served, admin, path).await.replace('#', "%23");
            with(&address, &needed.replace("{id}", &id))
        }
        Some((_, needed)) => with(&address, needed),
        None => address,
    }
}

/// What the placeholder of a path stands for.
async fn value(served: &Served, admin: &str, path: &str) -> String {
    let list = match path {
        "/api/v1/metrics/{name}" | "/api/v1/metrics/{name}/distribution" | "/api/v1/metrics/{name}/contributions" => {
            return "change_cycle_time".to_owned();
        }
        "/api/v1/boards/{id}" => {
            let bearer = format!("Bearer {admin}");
            return boards::create(served, &[("authorization", &bearer)], r#"{ "title": "read" }"#).await;
        }
        "/api/v1/dead-letters/{id}" => {
            return dead_letters::reject(served, "github/main", "1", RejectReason::Schema).await;
        }
        "/api/v1/deployments/{id}" => "/api/v1/deployments?window=all&failed=true&limit=1",
        "/api/v1/changes/{id}" => "/api/v1/changes?window=all&limit=1",
        "/api/v1/journey" => "/api/v1/changes?window=all&is_commit=false&limit=1",
        other => panic!("state here what stands in {other}"),
    };
    let list = known::get(served, admin, list, &[]).await;
    list.json()["data"][0]["id"].as_str().unwrap().to_owned()
}

/// An address with more parameters.
fn with(address: &str, more: &str) -> String {
    format!("{address}{}{more}", if address.contains('?') { '&' } else { '?' })
}

/// Reads values as a schema of the document has them. A field that the schema does not have is a fault too.
pub(crate) fn validator(document: &Value, schema: &Value) -> Validator {
    let mut components = document["components"].clone();
    for part in components["schemas"].as_object_mut().unwrap().values_mut() {
        if part["type"] == "object" {
            part["additionalProperties"] = json!(false);
        }
    }
    let mut whole = schema.clone();
    whole["components"] = components;
    jsonschema::draft202012::options().should_validate_formats(true).build(&whole).unwrap()
}

/// Holds an answer against a schema of the document.
fn validate(document: &Value, schema: &Value, answer: &Value, path: &str) {
    let validator = validator(document, schema);
    let errors: Vec<String> =
        validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).take(5).collect();
    assert!(errors.is_empty(), "{path}: {errors:#?}");
}

#[tokio::test]
async fn a_report_is_the_engines_report_to_the_last_digit() {
    let served = served::filled().await;
    let to = served::end();
    for (text, query) in [
        ("", dora::ReportQuery::default()),
        ("&interval=month", dora::ReportQuery { interval: Some(dora::Interval::Month), ..Default::default() }),
        ("&benchmark=2021", dora::ReportQuery { benchmark: "2021".parse().unwrap(), ..Default::default() }),
        (
            "&time_zone=Pacific/Auckland",
            dora::ReportQuery { time_zone: "Pacific/Auckland".parse().unwrap(), ..Default::default() },
        ),
    ] {
        let from = to - chrono::TimeDelta::days(90);
        let query = dora::ReportQuery { from: Some(from), to: Some(to), ..query };
        let expected =
            serde_json::to_value(dora::report(&served.database.store, &served::settings(), &query).await.unwrap())
                .unwrap();
        let range = format!("from={}&to={}", from.format("%FT%TZ"), to.format("%FT%TZ"));
        let answer = served.get(&format!("/api/v1/dora?{range}{text}")).await;
        assert_eq!(answer["data"], expected, "{text}");
        assert!(answer["data"]["deployment_frequency"]["n"].as_u64().unwrap() > 20);
    }
}

#[tokio::test]
async fn a_window_of_all_begins_with_the_first_deployment() {
    let served = served::filled().await;
    let all = served.get("/api/v1/dora?window=all&interval=month").await;
    let services = all["data"]["services"].as_array().unwrap();
    let first = services.iter().filter_map(|service| service["first_deployment_at"].as_str()).min().unwrap();
    assert_eq!(all["data"]["window"]["from"], *first);
    let service = &services[0];
    let name = service["service"].as_str().unwrap();
    let one = served.get(&format!("/api/v1/dora?window=all&service={name}")).await;
    assert_eq!(one["data"]["window"]["from"], service["first_deployment_at"]);
}

#[tokio::test]
async fn a_window_of_all_that_ends_before_the_first_deployment_is_refused_by_its_end() {
    let served = served::filled().await;
    for path in ["/api/v1/dora", "/api/v1/metrics/deployment_frequency"] {
        let reply = served.ask("GET", &format!("{path}?window=all&to=1990-01-01"), &[], "").await;
        let problem = reply.json();
        assert_eq!((reply.status, &problem["parameter"]), (422, &"to".into()), "{problem}");
        assert!(problem["expected"].as_str().unwrap().starts_with("a time after the first deployment, "), "{problem}");
        assert!(!problem["detail"].as_str().unwrap().contains("from"), "{problem}");
    }
}

#[tokio::test]
async fn a_deployment_is_shown_with_its_evidence_and_what_it_carried() {
    let served = served::filled().await;
    let failed = served.get("/api/v1/deployments?window=all&failed=true&limit=1").await;
    let row = &failed["data"][0];
    let id = row["id"].as_str().unwrap();
    let shown = served.get(&format!("/api/v1/deployments/{}", id.replace('#', "%23"))).await;
    let explained = &shown["data"]["deployments"][0];
    assert_eq!(&explained["deployment"], row);
    assert!(!explained["why"].as_array().unwrap().is_empty());
    assert!(!row["failed_by"].as_array().unwrap().is_empty());
    let carried = served.get(&format!("/api/v1/changes?deployment={id}&limit=200")).await;
    assert_eq!(carried["data"].as_array().unwrap().len(), explained["changes"].as_array().unwrap().len());
    // slashes may be escaped
    let escaped = served.get(&format!("/api/v1/deployments/{}", id.replace('/', "%2F").replace('#', "%23"))).await;
    assert_eq!(escaped, shown);
    let change = carried["data"][0]["id"].as_str().unwrap().replace('#', "%23");
    let change = served.get(&format!("/api/v1/changes/{change}")).await;
    assert_eq!(&change["data"]["changes"][0]["deployment"], row);
}

#[tokio::test]
async fn an_unknown_name_that_is_near_none_is_answered_with_what_there_is_and_where_all_is_listed() {
    let served = served::filled().await;
    for (path, list) in [
        ("dora?service=qqq", "/api/v1/services"),
        ("changes?service=qqq", "/api/v1/services"),
        ("metrics/qqq", "/api/v1/metrics"),
        ("metrics/change_throughput?repository=qqq", "/api/v1/repositories"),
        ("services?tenant=qqq", "/api/v1/tenants"),
    ] {
        let reply = served.ask("GET", &format!("/api/v1/{path}"), &[], "").await;
        let problem = reply.json();
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(reply.status, 404, "{path}: {problem}");
        let named = detail.matches('`').count() / 2 - 1;
        assert!((1..=5).contains(&named) && detail.contains(". There ") && detail.contains(list), "{path}: {problem}");
        assert!(problem["expected"].as_str().unwrap().ends_with(&format!("listed at {list}")), "{path}: {problem}");
    }
    let team = served.ask("GET", "/api/v1/dora?team=qqq", &[], "").await.json();
    assert!(team["detail"].as_str().unwrap().contains("There are `"), "{team}");
}

#[tokio::test]
async fn a_deployment_that_is_asked_for_by_its_name_is_answered_with_its_id() {
    let served = served::empty().await;
    let facts = [
        r#"{"fact":"repository","id":"github.com/octo/shop","name":"shop","partial":false,"version":{"at":"2026-02-03T09:00:00Z"}}"#,
        r#"{"fact":"deployment","id":"shop/1","name":"v1.4.0","source":"tag","repository":"github.com/octo/shop","finished_at":"2026-02-03T09:00:00Z","outcome":"success","version":{"at":"2026-02-03T09:00:00Z"}}"#,
    ];
    served::fill(&served.database.store, facts.iter().map(|fact| serde_json::from_str(fact).unwrap())).await;
    let known = served.get("/api/v1/changes?deployment=shop/1").await;
    assert_eq!(known["data"], serde_json::json!([]), "it carried nothing");
    let by_name = served.ask("GET", "/api/v1/changes?deployment=v1.4.0", &[], "").await;
    assert_eq!((by_name.status, by_name.json()["expected"].as_str()), (404, Some("shop/1")), "{}", by_name.body);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let served = served::empty().await;
    for (path, status, parameter, found) in [
        ("/api/v1/dora?interval=fortnight", 400, "interval", "fortnight"),
        ("/api/v1/dora?window=90", 400, "window", "90"),
        ("/api/v1/dora?window=90d&from=2026-01-01", 422, "from", "2026-01-01T00:00:00+00:00"),
        ("/api/v1/dora?from=2026-02-01&to=2026-01-01", 422, "to", "2026-01-01T00:00:00+00:00"),
        ("/api/v1/dora?from=yesterday", 400, "from", "yesterday"),
        ("/api/v1/dora?from=9999-12-31", 400, "from", "9999-12-31"),
        ("/api/v1/dora?benchmark=1999", 400, "benchmark", "1999"),
        ("/api/v1/dora?time_zone=Mars", 400, "time_zone", "Mars"),
        ("/api/v1/dora?service=unknown", 404, "service", "unknown"),
        ("/api/v1/dora?team=unknown", 404, "team", "unknown"),
        ("/api/v1/dora?servcie=shop", 400, "servcie", "shop"),
        ("/api/v1/dora?service=", 400, "service", ""),
        ("/api/v1/deployments?cursor=", 400, "cursor", ""),
        ("/api/v1/tenants?tenant=", 404, "tenant", ""),
        ("/api/v1/deployments?limit=0", 400, "limit", "0"),
        ("/api/v1/deployments?limit=201", 400, "limit", "201"),
        ("/api/v1/deployments?cursor=made-up", 422, "cursor", "made-up"),
        ("/api/v1/deployments?failed=perhaps", 400, "failed", "perhaps"),
        ("/api/v1/services?tenant=unknown", 404, "tenant", "unknown"),
        ("/api/v1/services?tenant=Robert';--", 404, "tenant", "Robert';--"),
    ] {
        let reply = served.ask("GET", path, &[], "").await;
        let problem = reply.json();
        assert_eq!(reply.status, status, "{path}: {problem}");
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{path}");
        assert_eq!(problem["status"], status, "{path}");
        assert_eq!(problem["parameter"], parameter, "{path}: {problem}");
        assert_eq!(problem["found"], found, "{path}: {problem}");
    }
    let expected = "an IANA time zone such as `UTC` or `Europe/Berlin`; did you mean `Europe/Berlin`?";
    let misspelled = served.ask("GET", "/api/v1/dora?time_zone=europe/berlin", &[], "").await;
    assert_eq!((misspelled.status, misspelled.json()["expected"].as_str()), (400, Some(expected)));
    let misspelled = served.graphql_answer("{ dora(question: { timeZone: \"europe/berlin\" }) { timeZone } }").await;
    assert!(misspelled["errors"][0]["message"].as_str().unwrap().contains(expected), "{misspelled}");
    for path in ["/api/v1/deployments/none", "/api/v1/changes/none%231", "/api/v1/nothing", "/api/"] {
        let reply = served.ask("GET", path, &[], "").await;
        assert_eq!((reply.status, reply.json()["type"].as_str()), (404, Some("urn:sei:problem:not-found")), "{path}");
    }
    for path in [
        "deployments?service=chekout",
        "changes?team=chekout",
        "changes?deployment=chekout",
        "findings?service=chekout",
    ] {
        let reply = served.ask("GET", &format!("/api/v1/{path}"), &[], "").await;
        assert_eq!(reply.status, 404, "an empty list would hide the misspelled name of {path}: {}", reply.body);
    }
    let unknown = served.graphql_answer("{ changes(question: { service: \"chekout\" }) { nodes { id } } }").await;
    assert_eq!(unknown["errors"][0]["extensions"]["parameter"], "service", "{unknown}");
    let ahead = served.ask("GET", "/api/v1/deployments?from=2056-02-29", &[], "").await;
    assert_eq!((ahead.status, ahead.json()["parameter"].as_str()), (422, Some("from")), "{}", ahead.body);
    let many = served.ask("GET", "/api/v1/dora?from=1970-01-02&interval=day", &[], "").await;
    assert_eq!((many.status, many.json()["type"].as_str()), (422, Some("urn:sei:problem:invalid-question")));
    let elsewhere = served.ask("GET", "/nothing", &[], "").await;
    assert_eq!((elsewhere.status, elsewhere.header("sei-tenant")), (404, None), "no tenant is looked up for it");
    let long = served.ask("GET", &format!("/api/v1/dora?window={}", "9".repeat(5000)), &[], "").await;
    assert!(long.body.len() < 1000, "an answer does not repeat a long text: {long:?}");
}
