//! Search: what people call a thing finds it, whatever it is.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::served::{self, Served};

fn ago(days: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(days)
}

fn facts() -> Vec<kernel::Fact> {
    let shop = "git.example/octo/shop";
    let deployed = |id: &str, source: &str, environment: Option<&str>| {
        json!({ "fact": "deployment", "id": id, "source": source, "repository": shop, "environment": environment,
                "sha": "9fceb02d".repeat(5), "name": "v2.4.0", "finished_at": ago(2), "outcome": "success" })
    };
    let facts = [
        json!({ "fact": "team", "name": "Payments", "members": [] }),
        json!({ "fact": "service", "name": "shop", "team": "Payments", "repositories": [shop] }),
        json!({ "fact": "repository", "id": shop, "name": "octo/shop", "default_branch": "main" }),
        json!({ "fact": "commit", "repository": shop, "sha": "9fceb02d".repeat(5), "parents": [],
                "authored_at": ago(5), "committed_at": ago(5), "subject": "Round totals half up" }),
        json!({ "fact": "change", "id": format!("{shop}#41"), "repository": shop, "number": 41,
                "title": "PAY-12: Round totals half up", "state": "open", "opened_at": ago(4),
                "url": "https://git.example/octo/shop/pull/41" }),
        json!({ "fact": "change", "id": format!("{shop}#412"), "repository": shop, "number": 412,
                "title": "Total cleanup", "state": "open", "opened_at": ago(3) }),
        json!({ "fact": "work_item", "id": "tracker/PAY-12", "key": "PAY-12", "project": "PAY",
                "title": "Totals are a cent off", "status": "Doing", "status_category": "in_progress",
                "created_at": ago(9) }),
        json!({ "fact": "work_item", "id": "tracker/PAY-120", "key": "PAY-120", "project": "PAY",
                "title": "Invoices", "status": "Open", "status_category": "to_do", "created_at": ago(8) }),
        json!({ "fact": "sprint", "id": "tracker/sprint/7", "name": "Payday 7", "started_at": ago(9) }),
        json!({ "fact": "incident", "id": "pager/1204", "repository": shop, "title": "Checkout answers 500",
                "detected_at": ago(1) }),
        deployed("shop/deployment/1", "deployment", Some("staging")),
        deployed("shop/deployment/2", "deployment", Some("production")),
        deployed("shop/release/v2.4.0", "release", None),
    ];
    let with_version = |mut fact: Value| {
        fact["version"] = json!({ "at": ago(1) });
        serde_json::from_value(fact).unwrap()
    };
    facts.into_iter().map(with_version).collect()
}

async fn shop() -> Served {
    let served = served::empty().await;
    served::fill(&served.database.store, facts().into_iter()).await;
    served
}

/// What is found, as `kind id`.
async fn found(served: &Served, query: &str) -> Vec<String> {
    let answer = served.get(&format!("/api/v1/search?{query}")).await;
    let hits = answer["data"].as_array().unwrap().iter();
    hits.map(|hit| format!("{} {}", hit["kind"].as_str().unwrap(), hit["id"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_thing_is_found_by_what_people_call_it_and_exact_keys_come_first() {
    let served = shop().await;
    let (change, other) = ("change git.example/octo/shop#41", "change git.example/octo/shop#412");
    let commit = format!("commit git.example/octo/shop@{}", "9fceb02d".repeat(5));
    for (query, expected) in [
        ("q=pay-12", vec!["work_item tracker/PAY-12", "work_item tracker/PAY-120", change]),
        ("q=PAY-12&kinds=work_item&limit=1", vec!["work_item tracker/PAY-12"]),
        ("q=%2341&kinds=change", vec![change]),
        ("q=41&kinds=change", vec![change]),
        ("q=shop%2341", vec![change]),
        ("q=https://git.example/octo/shop/pull/41", vec![change]),
        ("q=9FCEB02", vec![commit.as_str()]),
        ("q=round%20tot&kinds=change", vec![change]),
        ("q=total&kinds=change", vec![other, change]),
        ("q=1204", vec!["incident pager/1204"]),
        ("q=checkout%20answers", vec!["incident pager/1204"]),
        ("q=2.4.0&kinds=release", vec!["release shop/release/v2.4.0"]),
        ("q=v2.4&kinds=deployment&limit=1", vec!["deployment shop/deployment/1"]),
        ("q=shop&kinds=service", vec!["service shop"]),
        ("q=OCTO/shop&kinds=repository", vec!["repository git.example/octo/shop"]),
        ("q=paym&kinds=team", vec!["team Payments"]),
        ("q=payday", vec!["sprint tracker/sprint/7"]),
        ("q=nowhere", vec![]),
    ] {
        let mut found = found(&served, query).await;
        // of two that finished at the same time either may be the one
        for hit in &mut found {
            *hit = hit.replace("deployment/2", "deployment/1");
        }
        assert_eq!(found, expected, "{query}");
    }
    let all = found(&served, "q=shop").await;
    assert_eq!(all.first().map(String::as_str), Some("service shop"), "{all:?}");
    let hit = &served.get("/api/v1/search?q=PAY-12").await["data"][0];
    assert_eq!((&hit["title"], &hit["subtitle"]), (&json!("Totals are a cent off"), &json!("PAY-12 · Doing")));
}

#[tokio::test]
async fn texts_of_any_characters_are_searched_for_and_wrong_parameters_are_named() {
    let served = shop().await;
    for text in ["%25", "_", "%27", "%5C", "%22%3A%2A", "a%20%26%20!b", "%C3%A9", "%E2%80%A6", "%F4%8F%BF%BF", "%20"] {
        assert_eq!(found(&served, &format!("q={text}")).await, Vec::<String>::new(), "{text}");
    }
    let long = format!("q={}", "x".repeat(201));
    for (query, parameter) in
        [("", "q"), ("q=", "q"), (long.as_str(), "q"), ("q=x&kinds=user", "kinds"), ("q=x&limit=201", "limit")]
    {
        let refused = served.ask("GET", &format!("/api/v1/search?{query}"), &[], "").await;
        assert_eq!((refused.status, &refused.json()["parameter"]), (400, &json!(parameter)), "{query}");
    }
    let refused = served.graphql_answer(r#"{ search(text: "") { kind } }"#).await;
    assert_eq!(refused["errors"][0]["extensions"]["parameter"], "text", "{refused}");
}

#[tokio::test]
async fn persons_are_found_where_they_are_shown_and_only_if_asked_for() {
    let shown = served::with(|settings| settings.dora.people = dora::settings::People::Managers).await;
    let account = json!({ "fact": "account", "id": "git.example/ann", "name": "Ann Shopper",
                          "version": { "at": ago(1) } });
    let account: kernel::Fact = serde_json::from_value(account).unwrap();
    served::fill(&shown.database.store, facts().into_iter().chain([account])).await;
    assert_eq!(found(&shown, "q=ann&kinds=person").await, ["person git.example/ann"]);
    assert_eq!(found(&shown, "q=ann").await, Vec::<String>::new());
    let hidden = shop().await.ask("GET", "/api/v1/search?q=ann&kinds=person", &[], "").await;
    assert_eq!(hidden.status, 403, "{hidden:?}");
}

#[tokio::test]
async fn graphql_finds_the_same_and_leads_to_the_things_themselves() {
    let served = shop().await;
    let query = r#"{ search(text: "pay-12", first: 3) { kind key id title node { __typename
                     ... on WorkItem { reference } ... on Change { number } } } }"#;
    let hits = served.graphql(query).await["search"].clone();
    let kinds: Vec<&str> = hits.as_array().unwrap().iter().map(|hit| hit["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["WORK_ITEM", "WORK_ITEM", "CHANGE"]);
    assert_eq!(hits[0]["node"], json!({ "__typename": "WorkItem", "reference": "PAY-12" }));
    assert_eq!(hits[2]["node"], json!({ "__typename": "Change", "number": 41 }));
    let rest = served.get("/api/v1/search?q=pay-12&limit=3").await;
    for (hit, of_rest) in hits.as_array().unwrap().iter().zip(rest["data"].as_array().unwrap()) {
        assert_eq!((&hit["key"], &hit["id"]), (&of_rest["id"], &of_rest["node_id"]));
    }
    let only = served.graphql(r#"{ search(text: "pay-12", kinds: [CHANGE]) { key } }"#).await;
    assert_eq!(only["search"], json!([{ "key": "git.example/octo/shop#41" }]));
    for query in ["9fceb02d", "v2.4.0", "shop", "Payments", "1204", "payday", "octo/shop"] {
        let query = format!(r#"{{ search(text: "{query}") {{ kind id node {{ id }} }} }}"#);
        for hit in served.graphql(&query).await["search"].as_array().unwrap() {
            assert_eq!(hit["id"], hit["node"]["id"], "{hit}");
        }
    }
}
