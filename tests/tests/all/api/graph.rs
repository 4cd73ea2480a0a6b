//! GraphQL as a graph: every edge leads where it should, ids lead back, lists are read from both ends, and a page costs a
//! fixed number of statements.

#[path = "graph/parts.rs"]
mod parts;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::served::{self, Served};
use parts::{Statements, in_tenant, organization, walk};

/// All lists that have ids, with a question that sorts them where one can.
const LISTS: [&str; 14] = [
    "teams",
    "services",
    "repositories",
    "people",
    "changes",
    "deployedChanges",
    "deployments",
    "environments",
    "pipelineRuns",
    "incidents",
    "workItems",
    "sprints",
    "vulnerabilities",
    "findings",
];

#[tokio::test]
async fn edges_lead_from_a_deployment_to_everything_that_it_is_made_of() {
    let served = organization().await;
    let answer = served
        .graphql(
            "{ deployments(last: 1, question: { failed: true }) { totalCount nodes {
                 key failed failedBy { rule id } environment { name deployments(first: 1) { totalCount } }
                 commit { subject author { name person { name emails } } }
                 previous { key } reported { key production verdicts(first: 2) { nodes { key } } }
                 service { name team { name parent { name children(first: 2) { nodes { name } } } members(first: 5) { key } } }
                 changes(first: 2) { nodes {
                   key author { name } deployment { key } repository { key }
                   change { number reviews(first: 2) { nodes { state reviewer { name } change { key } } } }
                   commits(first: 2) { sha change { key } deployed(first: 2) { key }
                     pipelineRuns(first: 2) { nodes { name jobs(first: 2) { nodes { name run { key } } } } } }
                 } }
                 commits(first: 5) { sha }
                 incidents(first: 2) { nodes { key services { service { name } deployment { key } restoreSeconds }
                                     causedByDeployments { key } fixedByDeployments { key } } }
             } } }",
        )
        .await;
    assert_eq!(answer["deployments"]["totalCount"], 1, "{answer}");
    let deployment = &answer["deployments"]["nodes"][0];
    assert_eq!((&deployment["key"], &deployment["previous"]["key"]), (&json!("d/4"), &json!("d/3")));
    assert_eq!(deployment["environment"], json!({ "name": "production", "deployments": { "totalCount": 5 } }));
    let person = json!({ "name": "Ann", "emails": ["ann@example.org"] });
    assert_eq!(deployment["commit"]["author"], json!({ "name": "Ann", "person": person }));
    assert_eq!(deployment["reported"]["verdicts"]["nodes"][0]["key"], "d/4");
    let team = json!({ "name": "web", "parent": { "name": "shop", "children": { "nodes": [{ "name": "web" }] } },
                       "members": [{ "key": "git.example.org/ann" }, { "key": "git.example.org/bo" }] });
    assert_eq!(deployment["service"]["team"], team);
    let carried = &deployment["changes"]["nodes"][0];
    let change = "git.example.org/shop/checkout#4";
    assert_eq!((&carried["key"], &carried["author"]["name"]), (&json!(change), &json!("Ann")));
    let review = &carried["change"]["reviews"]["nodes"][0];
    assert_eq!((&review["reviewer"]["name"], &review["change"]["key"]), (&json!("Bo"), &json!(change)));
    let commit = &carried["commits"][0];
    assert_eq!((&commit["change"]["key"], &commit["deployed"][0]["key"]), (&json!(change), &json!(change)));
    assert_eq!(commit["pipelineRuns"]["nodes"][0]["jobs"]["nodes"][0]["name"], "unit");
    assert_eq!(deployment["commits"][0]["sha"], commit["sha"]);
    let incident = &deployment["incidents"]["nodes"][0];
    assert_eq!(incident["services"][0]["deployment"]["key"], "d/4");
    assert_eq!(incident["services"][0]["restoreSeconds"], 7200.0);
    assert_eq!(incident["fixedByDeployments"][0]["key"], "d/5");
}

#[tokio::test]
async fn what_is_planned_has_its_history_and_an_open_change_its_age() {
    let served = organization().await;
    let answer = served
        .graphql(
            "{ sprints(first: 2) { nodes { name items(first: 2) { nodes { reference assignee { name } parent { reference }
                 history(first: 2) { nodes { fromStatus toStatus author { name } item { reference } } } sprints { name } } } } }
               changes(first: 5, question: { states: [OPEN] }) { nodes {
                 number state ageSeconds services(first: 5) { nodes { name } } } }
               services(first: 5) { nodes { name openChanges(first: 5) { nodes { number } } incidents(first: 1) { totalCount } } }
               sources { name fetched budgetLeft error }
               me { role seesPeople peopleHiddenBecause } }",
        )
        .await;
    let item = &answer["sprints"]["nodes"][0]["items"]["nodes"][0];
    assert_eq!((&item["reference"], &item["parent"]["reference"]), (&json!("SHOP-12"), &json!("SHOP-1")));
    let moved = json!({ "fromStatus": "Open", "toStatus": "In review", "author": { "name": "Ann" },
                        "item": { "reference": "SHOP-12" } });
    assert_eq!(item["history"]["nodes"], json!([moved]));
    let open = &answer["changes"]["nodes"];
    assert_eq!((open.as_array().unwrap().len(), &open[0]["number"]), (1, &json!(6)));
    assert!(open[0]["ageSeconds"].as_i64().unwrap() > 86_400, "{open}");
    assert_eq!(open[0]["services"]["nodes"], json!([{ "name": "checkout" }]));
    let service =
        json!({ "name": "checkout", "openChanges": { "nodes": [{ "number": 6 }] }, "incidents": { "totalCount": 1 } });
    assert_eq!(answer["services"]["nodes"][0], service);
    let source = json!({ "name": "github/main", "fetched": 3, "budgetLeft": 10, "error": null });
    assert_eq!(answer["sources"], json!([source]));
    assert_eq!(answer["me"], json!({ "role": "manager", "seesPeople": true, "peopleHiddenBecause": null }));
}

#[tokio::test]
async fn persons_are_shown_only_where_the_settings_say_so_and_accounts_everywhere() {
    let served = served::filled().await;
    let answer = served.graphql_answer("{ people { nodes { name } } }").await;
    assert_eq!(answer["errors"][0]["extensions"]["type"], "urn:sei:problem:forbidden", "{answer}");
    let asked = "{ me { seesPeople peopleHiddenBecause }
                   deployedChanges(first: 1) { nodes { author { key person { name } } } } }";
    let answer = served.graphql(asked).await;
    assert_eq!(answer["me"]["seesPeople"], false);
    assert!(answer["me"]["peopleHiddenBecause"].as_str().unwrap().contains("dora.people"));
    let author = &answer["deployedChanges"]["nodes"][0]["author"];
    assert!(author["key"].is_string() && author["person"].is_null(), "{author}");
}

/// The ids of the things of all kinds, with their types.
async fn ids(served: &Served) -> Vec<(String, String)> {
    let one = "nodes { __typename id }";
    let lists = LISTS.map(|list| format!("{list}(first: 3) {{ {one} }} ")).concat();
    let more = "organization { __typename id } sources { __typename id }
        repositories(first: 5) { nodes { commits(first: 2) { nodes { __typename id author { __typename id } } } } }
        changes(first: 5) { nodes { reviews(first: 5) { nodes { __typename id } } } }
        pipelineRuns(first: 5) { nodes { jobs(first: 5) { nodes { __typename id } } } }
        environments(first: 5) { nodes { deployments(first: 5) { nodes { __typename id } } } }
        workItems(first: 5) { nodes { history(first: 5) { nodes { __typename id } } } }";
    let answer = served.graphql(&format!("{{ {lists} }}")).await;
    let more = served.graphql(&format!("{{ {more} }}")).await;
    let mut found = Vec::new();
    let mut open = vec![&answer, &more];
    while let Some(value) = open.pop() {
        if let Some(id) = value["id"].as_str() {
            found.push((value["__typename"].as_str().unwrap().to_owned(), id.to_owned()));
        }
        open.extend(value.as_object().into_iter().flat_map(|object| object.values()));
        open.extend(value.as_array().into_iter().flatten());
    }
    found.sort();
    found.dedup();
    found
}

#[tokio::test]
async fn every_id_leads_back_to_its_thing_and_of_another_tenant_to_nothing() {
    let served = organization().await;
    in_tenant(&served).await;
    let ids = ids(&served).await;
    let types: std::collections::BTreeSet<&str> = ids.iter().map(|(name, _)| name.as_str()).collect();
    let schema = served.graphql("{ __type(name: \"Node\") { possibleTypes { name } } }").await;
    let nodes = schema["__type"]["possibleTypes"].as_array().unwrap();
    for name in nodes.iter().map(|node| node["name"].as_str().unwrap()).filter(|name| *name != "Finding") {
        assert!(types.contains(name), "no id of a {name}: {types:?}");
    }
    for (name, id) in &ids {
        let answer = served.graphql(&format!("{{ node(id: \"{id}\") {{ __typename id }} }}")).await;
        assert_eq!(answer["node"], json!({ "__typename": name, "id": id }));
    }
    let all = ids.iter().map(|(_, id)| format!("\"{id}\"")).collect::<Vec<_>>().join(", ");
    let body = json!({ "query": format!("{{ nodes(ids: [{all}]) {{ __typename }} }}") }).to_string();
    let headers = [("content-type", "application/json"), ("sei-tenant", "demo")];
    let other = served.ask("POST", "/graphql", &headers, &body).await.json();
    let nodes = other["data"]["nodes"].as_array().unwrap();
    assert!(nodes.len() == ids.len() && nodes.iter().all(Value::is_null), "{other}");
    let forged = served.graphql_answer("{ node(id: \"x\") { id } }").await;
    assert_eq!(forged["errors"][0]["extensions"]["parameter"], "id");
}

#[tokio::test]
async fn lists_hold_the_same_rows_from_both_ends_whatever_the_pages() {
    let (small, large) = (organization().await, served::filled().await);
    for list in LISTS {
        let question = if list == "people" { "" } else { ", question: {}" };
        let question = if list == "environments" { "" } else { question };
        let all = walk(&small, list, question, ("first", 200)).await;
        for by in [("first", 2), ("last", 2), ("last", 200), ("first", 1)] {
            assert_eq!(walk(&small, list, question, by).await, all, "{list} by {by:?}");
        }
    }
    for (list, question) in [
        ("deployments", ", question: { sort: OLDEST }"),
        ("deployedChanges", ", question: { sort: LONGEST_LEAD_TIME }"),
        ("changes", ", question: { sort: LAST_MERGED }"),
        ("services", ", question: { sort: MOST_DEPLOYMENTS }"),
        ("incidents", ", question: { sort: LAST_RESOLVED }"),
    ] {
        let all = walk(&large, list, question, ("first", 200)).await;
        assert!(all.len() > 3, "{list}");
        let backward = walk(&large, list, question, ("last", 37)).await;
        assert_eq!(backward, all, "{list}{question}");
    }
}

#[tokio::test]
async fn lists_are_sorted_searched_and_filtered() {
    let served = organization().await;
    let keys = async |list: &str, question: &str, field: &str| -> Vec<Value> {
        let query = format!("{{ {list}(question: {{ from: \"2026-01-01\", {question} }}) {{ nodes {{ {field} }} }} }}");
        let answer = served.graphql(&query).await;
        answer[list]["nodes"].as_array().unwrap().iter().map(|node| node[field].clone()).collect()
    };
    assert_eq!(keys("deployments", "sort: OLDEST", "key").await[..2], [json!("d/1"), json!("d/2")]);
    assert_eq!(keys("deployments", "", "key").await[0], "d/5");
    assert_eq!(keys("deployments", "environment: \"staging\"", "key").await, Vec::<Value>::new());
    assert_eq!(keys("changes", "sort: LAST_MERGED", "number").await, [5, 4, 3, 2, 1]);
    assert_eq!(keys("changes", "search: \"PART 3\"", "number").await, [3]);
    assert_eq!(keys("changes", "author: \"git.example.org/bo\"", "number").await, Vec::<Value>::new());
    assert_eq!(keys("changes", "team: \"shop\", states: [OPEN, MERGED]", "number").await.len(), 6);
    assert_eq!(keys("workItems", "search: \"100%\"", "reference").await, ["SHOP-12"]);
    assert_eq!(keys("workItems", "search: \"1_0%\"", "reference").await, Vec::<Value>::new(), "no wildcards");
    assert_eq!(keys("workItems", "categories: [IN_PROGRESS]", "reference").await, ["SHOP-1"]);
    assert_eq!(keys("incidents", "open: true", "key").await, Vec::<Value>::new());
    assert_eq!(keys("incidents", "service: \"checkout\"", "key").await, ["pager/7"]);
    assert_eq!(
        keys("vulnerabilities", "team: \"web\", open: true, severities: [\"high\"]", "severity").await,
        ["high"]
    );
    for (query, parameter) in [
        ("{ changes(question: { service: \"chekout\" }) { nodes { id } } }", "service"),
        ("{ changes(question: { search: \"x\" }) { nodes { id } } }", "search"),
        ("{ changes(first: 1, last: 1) { nodes { id } } }", "last"),
        ("{ changes(last: 0) { nodes { id } } }", "last"),
        ("{ changes(after: \"WyJ4Il0\") { nodes { id } } }", "after"),
    ] {
        let answer = served.graphql_answer(query).await;
        assert_eq!(answer["errors"][0]["extensions"]["parameter"], parameter, "{query}: {answer}");
    }
    let newest = served.graphql("{ changes(first: 1) { pageInfo { endCursor } } }").await;
    let cursor = &newest["changes"]["pageInfo"]["endCursor"];
    for sort in ["LAST_MERGED", "OLDEST"] {
        let query = format!("{{ changes(after: {cursor}, question: {{ sort: {sort} }}) {{ nodes {{ id }} }} }}");
        let answer = served.graphql_answer(&query).await;
        assert_eq!(answer["errors"][0]["extensions"]["parameter"], "after", "a cursor of another order: {answer}");
    }
}

/// What is asked of each of a page of deployments, with the number of statements that it takes beside whose data it is and
/// the page itself: one for each field that leads elsewhere.
const BESIDE: [(&str, usize); 5] = [
    ("key", 0),
    ("key changes(first: 3) { nodes { key author { name } } }", 2),
    // services, teams, repositories, those before, changes with their number, authors, changes themselves, reviews, incidents
    (
        "key service { name team { name } } repository { key } previous { key } incidents(first: 2) { nodes { key } }
         changes(first: 3) { totalCount nodes { key author { name }
           change { reviews(first: 3) { nodes { state } } } } }",
        10,
    ),
    ("changes(first: 3) { nodes { change { reviews(first: 3) { nodes { reviewer { name } } } } } }", 4),
    // changes with their number, changes themselves, commits, authors; of direct commits there are no changes
    ("commits(first: 3) { sha author { name } }", 4),
];

#[tokio::test]
async fn a_page_with_all_that_belongs_to_it_takes_as_many_statements_whatever_its_rows() {
    let served = served::filled().await;
    let statements = Statements::default();
    let _counting = tracing_subscriber::registry().with(statements.clone()).set_default();
    let count = async |first: usize, asked: &str| {
        let query = format!("{{ deployments(first: {first}, question: {{ window: \"all\" }}) {{ {asked} }} }}");
        served.graphql(&query).await;
        let before = statements.count();
        let answer = served.graphql(&query).await;
        assert_eq!(answer["deployments"]["nodes"].as_array().unwrap().len(), first);
        statements.count() - before
    };
    for (what, beside) in BESIDE {
        let asked = format!("nodes {{ {what} }}");
        for first in [10, 100] {
            assert_eq!(count(first, &asked).await, 2 + beside, "{first} rows: {what}");
        }
    }
    assert_eq!(count(100, "nodes { key } totalCount").await, 3, "the number of deployments");
}

#[tokio::test]
async fn metrics_are_asked_together_narrowed_and_compared() {
    let served = served::filled().await;
    let (from, to) = (served::end() - chrono::TimeDelta::days(60), served::end());
    let (from, to) = (from.format("%FT%TZ").to_string(), to.format("%FT%TZ").to_string());
    let question = format!(r#"question: {{ from: "{from}", to: "{to}" }}"#);
    let names = r#"names: ["change_lead_time", "change_size"]"#;
    let (long_ago, before) = (served::end() - chrono::TimeDelta::days(120), from.clone());
    let fields = "metric { name } window { from to } level score whole { value n compared { value n window { to } } }";
    let query = format!(
        "{{ metrics({names}, question: {{ from: \"{from}\", to: \"{to}\", compare: PREVIOUS }}) {{ {fields} }}
            services(first: 2) {{ nodes {{ name metrics({names}, {question}) {{ whole {{ value n compared {{ n }} }} }} }} }}
            metricDefinitions {{ name }} }}"
    );
    let answer = served.graphql(&query).await;
    let [lead_time, size] = answer["metrics"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert!(lead_time["level"].is_string() && lead_time["score"].is_number(), "{lead_time}");
    assert!(size["level"].is_null() && size["whole"]["n"].as_u64().unwrap() > 0, "{size}");
    let compared = &lead_time["whole"]["compared"];
    assert_eq!(compared["window"]["to"], lead_time["window"]["from"]);
    let question_before = format!(r#"question: {{ from: "{}", to: "{before}" }}"#, long_ago.format("%FT%TZ"));
    let alone = format!(r#"{{ metric(name: "change_lead_time", {question_before}) {{ whole {{ value n }} }} }}"#);
    let alone = served.graphql(&alone).await;
    assert_eq!(alone["metric"]["whole"]["value"], compared["value"]);
    assert_eq!(alone["metric"]["whole"]["n"], compared["n"]);
    for service in answer["services"]["nodes"].as_array().unwrap() {
        let name = service["name"].as_str().unwrap();
        let rest = served.get(&format!("/api/v1/metrics/change_lead_time?service={name}&from={from}&to={to}")).await;
        assert_eq!(service["metrics"][0]["whole"]["value"], rest["data"]["whole"]["value"], "{name}");
        assert!(service["metrics"][0]["whole"]["compared"].is_null());
    }
    let other = served
        .graphql_answer(&format!(
            r#"{{ services(first: 1) {{ nodes {{ metrics({names}, question: {{ service: "other" }}) {{ level }} }} }} }}"#
        ))
        .await;
    assert_eq!(other["errors"][0]["extensions"]["parameter"], "service", "{other}");
}

#[tokio::test]
async fn nested_lists_are_bounded_before_they_run_and_the_error_states_the_cost() {
    let served = served::empty().await;
    let query = "{ deployments(first: 200) { nodes { changes(first: 200) { nodes { reviews { nodes { id } } } } } } }";
    let answer = served.graphql_answer(query).await;
    let message = answer["errors"][0]["message"].as_str().unwrap();
    let numbers: Vec<u64> = message.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(numbers[0] > 4_000_000 && numbers[1] == 20_000, "{message}");
    let deep = "repository { changes(first: 1) { nodes { ".repeat(6);
    let query = format!("{{ changes(first: 1) {{ nodes {{ {deep} id {} }} }} }}", "} } } ".repeat(6));
    let answer = served.graphql_answer(&query).await;
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("too deep") && message.contains("at most 16"), "{message}");
}

#[tokio::test]
async fn a_query_is_asked_by_its_hash_once_it_was_sent() {
    let served = served::empty().await;
    let text = "query Who($skip: Boolean = false) { tenant { name @skip(if: $skip) demo } }";
    let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let ask = async |body: Value| {
        served.ask("POST", "/graphql", &[("content-type", "application/json")], &body.to_string()).await.json()
    };
    let missing = ask(json!({ "extensions": extensions })).await;
    assert_eq!(missing["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(missing["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
    let sent = ask(json!({ "query": text, "extensions": extensions })).await;
    assert_eq!(sent["data"]["tenant"]["name"], "main");
    let by_hash = ask(json!({ "extensions": extensions, "variables": { "skip": true } })).await;
    assert_eq!(by_hash["data"]["tenant"], json!({ "demo": false }));
    let forged = ask(json!({ "query": "{ tenant { demo } }", "extensions": extensions })).await;
    assert_eq!(forged["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_INVALID");
}

#[tokio::test]
async fn the_examples_of_the_document_are_answered() {
    let served = organization().await;
    let document = std::fs::read_to_string(crate::architecture::root().join("docs/graphql.md")).unwrap();
    let examples: Vec<&str> =
        document.split("```graphql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 4);
    for example in examples {
        served.graphql(example).await;
    }
}
