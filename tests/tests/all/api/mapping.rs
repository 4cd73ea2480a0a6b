//! Who is who and what belongs where, as administrators change it over the API: it counts at once, is recorded without
//! naming people, can be undone, and leaves to the settings what they declare.

use futures::future::join_all;
use kernel::{Fact, Role};
use serde_json::{Value, json};
use store::audit::{self, Action, AuditFilter, Order, Recorded};
use store::configured::{self, Configured};

use super::known::{reach, token};
use super::served::{self, Reply, Served};

const FACTS: &[&str] = &[
    r#"{"fact":"account","id":"github.com/ann","name":"ann","email":"ann@x.org"}"#,
    r#"{"fact":"account","id":"jira/asmith","name":"A. Smith"}"#,
    r#"{"fact":"account","id":"github.com/bo","name":"bo"}"#,
    r#"{"fact":"repository","id":"github.com/octo/shop","name":"shop","partial":false,"version":{"at":"2026-02-03T09:00:00Z"}}"#,
    r#"{"fact":"repository","id":"github.com/octo/pay","name":"pay","partial":false,"version":{"at":"2026-02-03T09:00:00Z"}}"#,
    r#"{"fact":"team","name":"web","version":{"at":"2026-02-03T09:00:00Z"}}"#,
];

/// A server that asks for a login, with some accounts and repositories, and the token of an administrator.
async fn served() -> (Served, String) {
    let served = served::with(|settings| settings.login.enabled = true).await;
    let facts = FACTS.iter().map(|text| fact(text));
    served::fill(&served.database.store, facts).await;
    let admin = token(&served, &reach(Some("main"), Role::Admin, &[])).await;
    (served, admin)
}

fn fact(text: &str) -> Fact {
    let mut value: Value = serde_json::from_str(text).unwrap();
    value["version"] = json!({ "at": "2026-02-03T09:00:00Z" });
    serde_json::from_value(value).unwrap()
}

async fn ask(served: &Served, (method, path): (&str, &str), token: &str, body: Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    served.ask(method, path, &headers, &body).await
}

/// `name: account account`.
fn listed(answer: &Value) -> Vec<String> {
    let line = |person: &Value| {
        let accounts = person["accounts"].as_array().unwrap().iter().map(|id| id.as_str().unwrap());
        format!("{}: {}", person["name"].as_str().unwrap(), accounts.collect::<Vec<_>>().join(" "))
    };
    answer["data"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn people_are_merged_split_and_taken_back_at_once() {
    let (served, admin) = served().await;
    let merge = json!({ "name": "Ann Smith", "accounts": ["github.com/ann", "jira/asmith"] });
    let merged = ask(&served, ("POST", "/api/v1/people/merge"), &admin, merge.clone()).await;
    assert_eq!(
        (merged.status, listed(&merged.json())),
        (200, vec!["Ann Smith: github.com/ann jira/asmith".to_owned()])
    );
    assert_eq!(merged.json()["data"][0]["joined_by"], json!(["sei people: Ann Smith"]));
    let all = ask(&served, ("GET", "/api/v1/people"), &admin, Value::Null).await.json();
    assert_eq!(listed(&all), ["Ann Smith: github.com/ann jira/asmith", "bo: github.com/bo"]);
    let found = ask(&served, ("GET", "/api/v1/people?search=ASMITH"), &admin, Value::Null).await.json();
    assert_eq!(listed(&found).len(), 1);
    let split = json!({ "name": "Ann at work", "accounts": ["jira/asmith"] });
    let split = ask(&served, ("POST", "/api/v1/people/split"), &admin, split).await;
    assert_eq!(listed(&split.json()), ["Ann at work: jira/asmith"]);
    let statements = ask(&served, ("GET", "/api/v1/people/statements"), &admin, Value::Null).await.json();
    let names: Vec<&Value> = statements["data"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["Ann Smith", "Ann at work"]);
    let back = ask(&served, ("DELETE", "/api/v1/people/statements/Ann%20at%20work"), &admin, Value::Null).await;
    assert_eq!((back.status, listed(&back.json())), (200, vec!["A. Smith: jira/asmith".to_owned()]), "{back:?}");

    let unknown = json!({ "name": "X", "accounts": ["github.com/unknown"] });
    for (path, body, status) in [
        ("/api/v1/people/merge", unknown, 400),
        ("/api/v1/people/merge", json!({ "name": "", "accounts": ["github.com/bo"] }), 400),
        ("/api/v1/people/split", json!({ "name": "X", "accounts": [] }), 400),
        ("/api/v1/people/split", json!({ "name": "X", "account": [] }), 422),
    ] {
        let reply = ask(&served, ("POST", path), &admin, body.clone()).await;
        assert_eq!(reply.status, status, "{body}: {reply:?}");
    }
    assert_eq!(ask(&served, ("DELETE", "/api/v1/people/statements/X"), &admin, Value::Null).await.status, 404);
    let filter = AuditFilter { action: Some(Action::PeopleChanged), ..AuditFilter::default() };
    let entries = audit::list(&served.database.store, &filter, Order::Oldest, None, 10).await.unwrap();
    let text = serde_json::to_string(&entries).unwrap();
    assert!(entries.len() == 3 && !text.contains("github.com/ann") && !text.contains("asmith"), "{text}");
    let settings = eventlog::settings::Log::default();
    let ends = eventlog::open(&settings, &served.database.store).await.unwrap().ends().await.unwrap();
    assert!(ends.iter().map(|end| end.next).sum::<i64>() >= 3, "a database can be built from the log: {ends:?}");
}

#[tokio::test]
async fn a_repository_is_mapped_to_a_service_of_a_team_and_that_is_undone() {
    let (served, admin) = served().await;
    let unmapped = async || ask(&served, ("GET", "/api/v1/mapping/unmapped"), &admin, Value::Null).await.json();
    assert_eq!(unmapped().await["data"]["repositories"], json!(["github.com/octo/pay", "github.com/octo/shop"]));
    let address = ("PUT", "/api/v1/mapping/services/checkout");
    let mapping = json!({ "repositories": ["github.com/octo/shop"], "team": "web", "incidents": ["jira:SHOP"] });
    let mapped = ask(&served, address, &admin, mapping).await;
    assert_eq!((mapped.status, &mapped.json()["data"]["before"]), (200, &Value::Null), "{mapped:?}");
    assert_eq!(unmapped().await["data"]["repositories"], json!(["github.com/octo/pay"]));
    let services = ask(&served, ("GET", "/api/v1/mapping/services"), &admin, Value::Null).await.json();
    let row = &services["data"][0];
    assert_eq!(
        (&row["name"], &row["in_settings"], &row["mapping"]["team"]),
        (&json!("checkout"), &json!(false), &json!("web"))
    );
    let more = json!({ "repositories": ["github.com/octo/shop", "github.com/octo/pay"] });
    let changed = ask(&served, address, &admin, more).await.json();
    let before = changed["data"]["before"].clone();
    assert_eq!((&before["team"], &changed["data"]["after"]["team"]), (&json!("web"), &Value::Null), "it is the whole");
    let without_team = unmapped().await["data"]["services"].clone();
    assert!(without_team.as_array().unwrap().contains(&json!("checkout")), "{without_team}");
    let undone = ask(&served, address, &admin, before.clone()).await.json();
    assert_eq!(undone["data"]["after"], before);
    let gone = ask(&served, ("DELETE", "/api/v1/mapping/services/checkout"), &admin, Value::Null).await;
    assert_eq!((gone.status, &gone.json()["data"]["after"]), (200, &Value::Null), "{gone:?}");
    assert_eq!(ask(&served, ("DELETE", "/api/v1/mapping/services/checkout"), &admin, Value::Null).await.status, 404);
    for (body, parameter) in [
        (json!({ "repositories": ["Shop"] }), "repositories"),
        (json!({ "team": "wbe" }), "team"),
        (json!({ "production": "(" }), "production"),
        (json!({ "incidents": ["x"] }), "incidents"),
    ] {
        let reply = ask(&served, address, &admin, body.clone()).await;
        assert_eq!((reply.status, reply.json()["parameter"].as_str()), (400, Some(parameter)), "{body}: {reply:?}");
    }
    let answer = served
        .ask(
            "POST",
            "/graphql",
            &[("authorization", &format!("Bearer {admin}")), ("content-type", "application/json")],
            r#"{"query": "{ unmapped { repositories services incidents { detail } } }"}"#,
        )
        .await
        .json();
    assert_eq!(answer["data"]["unmapped"]["repositories"].as_array().map(Vec::len), Some(2), "{answer}");
}

#[tokio::test]
async fn teams_have_members_whom_the_audit_log_does_not_name_and_no_team_is_part_of_itself() {
    let (served, admin) = served().await;
    let put = async |name: &str, body: Value| {
        ask(&served, ("PUT", &format!("/api/v1/mapping/teams/{name}")), &admin, body).await
    };
    assert_eq!(put("shop", json!({ "parent": "web", "members": ["github.com/Ann"] })).await.status, 200);
    let circle = put("web", json!({ "parent": "shop" })).await;
    assert_eq!((circle.status, circle.json()["parameter"].as_str()), (400, Some("parent")));
    let teams = ask(&served, ("GET", "/api/v1/mapping/teams"), &admin, Value::Null).await.json();
    assert_eq!(teams["data"][0]["mapping"], json!({ "parent": "web", "members": ["github.com/ann"], "projects": [] }));
    let filter = AuditFilter { action: Some(Action::MappingChanged), ..AuditFilter::default() };
    let entries = audit::list(&served.database.store, &filter, Order::Oldest, None, 10).await.unwrap();
    assert_eq!((entries[0].subject.as_str(), &entries[0].detail["after"]["members"]), ("team shop", &json!(1)));
    assert!(!serde_json::to_string(&entries).unwrap().contains("ann"));
}

#[tokio::test]
async fn of_changes_at_once_none_is_lost_and_each_says_what_it_replaced() {
    let (served, admin) = served().await;
    let merges = ["github.com/ann", "jira/asmith", "github.com/bo"].map(|account| {
        let merge = json!({ "name": "Ann Smith", "accounts": [account] });
        ask(&served, ("POST", "/api/v1/people/merge"), &admin, merge)
    });
    for merged in join_all(merges).await {
        assert_eq!(merged.status, 200, "{merged:?}");
    }
    let statements = ask(&served, ("GET", "/api/v1/people/statements"), &admin, Value::Null).await.json();
    assert_eq!(statements["data"][0]["accounts"], json!(["github.com/ann", "github.com/bo", "jira/asmith"]));

    let puts = (1..=4).map(|count| {
        let members: Vec<String> = (0..count).map(|number| format!("github.com/member{number}")).collect();
        ask(&served, ("PUT", "/api/v1/mapping/teams/shop"), &admin, json!({ "members": members }))
    });
    for put in join_all(puts).await {
        assert_eq!(put.status, 200, "{put:?}");
    }
    let filter = AuditFilter { action: Some(Action::MappingChanged), ..AuditFilter::default() };
    let entries = audit::list(&served.database.store, &filter, Order::Oldest, None, 10).await.unwrap();
    let members = |entry: &Recorded, side: &str| entry.detail[side]["members"].clone();
    assert_eq!((entries.len(), members(&entries[0], "before")), (4, Value::Null));
    for pair in entries.windows(2) {
        assert_eq!(members(&pair[0], "after"), members(&pair[1], "before"), "{entries:?}");
    }
}

#[tokio::test]
async fn what_the_settings_declare_is_changed_there_only() {
    let (served, admin) = served().await;
    let names = |name: &str| std::collections::BTreeSet::from([name.to_owned()]);
    let declared = Configured { services: names("cart"), teams: names("web"), ..Configured::default() };
    configured::save(&served.database.store, &declared).await.unwrap();
    for path in ["/api/v1/mapping/services/cart", "/api/v1/mapping/teams/web"] {
        for method in ["PUT", "DELETE"] {
            let reply = ask(&served, (method, path), &admin, json!({})).await;
            assert!(reply.status == 409 && reply.body.contains("settings"), "{method} {path}: {reply:?}");
        }
    }
    let teams = ask(&served, ("GET", "/api/v1/mapping/teams"), &admin, Value::Null).await.json();
    assert_eq!(teams["data"][0]["in_settings"], true);
    let manager = token(&served, &reach(Some("main"), Role::Manager, &[])).await;
    for path in ["/api/v1/people", "/api/v1/mapping/services", "/api/v1/mapping/unmapped"] {
        assert_eq!(ask(&served, ("GET", path), &manager, Value::Null).await.status, 403, "{path}");
    }
}
