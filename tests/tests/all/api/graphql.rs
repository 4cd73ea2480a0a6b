//! GraphQL: the same numbers as REST, Relay's connections, and limits on what one request may cost.

use serde_json::{Value, json};

use super::served;

#[tokio::test]
async fn graphql_and_rest_give_the_same_numbers() {
    let served = served::filled().await;
    let (from, to) = (served::end() - chrono::TimeDelta::days(90), served::end());
    let (from, to) = (from.format("%FT%TZ"), to.format("%FT%TZ"));
    let rest = served.get(&format!("/api/v1/dora?from={from}&to={to}&interval=month")).await;
    let names = [
        ("changeLeadTime", "change_lead_time"),
        ("deploymentFrequency", "deployment_frequency"),
        ("changeFailRate", "change_fail_rate"),
        ("failedDeploymentRecoveryTime", "failed_deployment_recovery_time"),
        ("deploymentReworkRate", "deployment_rework_rate"),
        ("timeToRestore", "time_to_restore"),
    ];
    let fields = "{ value text n score series { label value n } values { value n } }";
    let metrics: String = names.iter().map(|(name, _)| format!("{name} {fields} ")).collect();
    let query =
        format!(r#"{{ dora(question: {{ from: "{from}", to: "{to}", interval: MONTH }}) {{ timeZone {metrics} }} }}"#);
    let answer = served.graphql(&query).await;
    for (graphql, rest_name) in names {
        let (one, other) = (&answer["dora"][graphql], &rest["data"][rest_name]);
        for field in ["value", "text", "n", "score"] {
            assert_eq!(one[field], other[field], "{graphql}.{field}");
        }
        let values = |metric: &Value, list: &str| -> Vec<Value> {
            metric[list].as_array().unwrap().iter().map(|item| json!([item["value"], item["n"]])).collect()
        };
        assert_eq!(values(one, "series"), values(other, "series"), "{graphql}");
        assert_eq!(values(one, "values"), values(other, "values"), "{graphql}");
    }
}

#[tokio::test]
async fn connections_are_walked_forward_to_their_end() {
    let served = served::filled().await;
    let rest = served.get("/api/v1/deployments?window=all&limit=20").await;
    let expected: Vec<&Value> = rest["data"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
    let mut ids = Vec::new();
    let mut after = String::new();
    for page in 0..4 {
        let query = format!(
            r#"{{ deployments(first: 5, question: {{ window: "all" }}{after}) {{
                   edges {{ cursor node {{ key failed failedBy {{ rule id }} }} }}
                   pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"#
        );
        let answer = served.graphql(&query).await;
        let connection = &answer["deployments"];
        assert_eq!(connection["pageInfo"]["hasNextPage"], true);
        assert_eq!(connection["pageInfo"]["hasPreviousPage"], page > 0);
        ids.extend(connection["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["key"].clone()));
        after = format!(", after: {}", connection["pageInfo"]["endCursor"]);
    }
    assert_eq!(ids.iter().collect::<Vec<_>>(), expected);
    let rest = "{ services { nodes { name team { name } deploymentCount } pageInfo { hasNextPage } }
                  repositories { nodes { key partial } }
                  deployedChanges(first: 3) { nodes { key leadTimeSeconds stages { codingSeconds } } }
                  findings(first: 3) { nodes { kind detail } }
                  tenant { name demo } }";
    let answer = served.graphql(rest).await;
    assert_eq!(answer["services"]["pageInfo"]["hasNextPage"], false);
    assert_eq!(answer["tenant"], json!({ "name": "main", "demo": false }));
    let explained = served.graphql(&format!("{{ explain(id: {}) {{ deployments {{ why }} }} }}", ids[0])).await;
    assert!(!explained["explain"]["deployments"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_that_would_cost_too_much_is_refused_before_it_runs() {
    let served = served::empty().await;
    let many: String = (0..200).map(|n| format!("a{n}: dora {{ timeZone }} ")).collect();
    let deep = format!("{{ __schema {{ types {{ {} name {} }} }} }}", "ofType { ".repeat(40), "} ".repeat(40));
    let rows = "{ a: changes(first: 200) { nodes { id title author { key } } } ".to_owned()
        + &(0..30)
            .map(|n| format!("b{n}: deployedChanges(last: 200) {{ nodes {{ id title stages {{ codingSeconds }} }} }} "))
            .collect::<String>()
        + "}";
    for query in [format!("{{ {many} }}"), deep, rows] {
        let answer = served.graphql_answer(&query).await;
        assert!(answer["data"].is_null(), "{answer}");
        let message = answer["errors"][0]["message"].as_str().unwrap().to_lowercase();
        assert!(["deep", "complex", "depth"].iter().any(|word| message.contains(word)), "{message}");
    }
    let long = served.ask("POST", "/graphql", &[("content-type", "application/json")], &" ".repeat(100_000)).await;
    assert_eq!(long.status, 413);
}

#[tokio::test]
async fn what_is_read_first_is_not_answered_first() {
    let served = served::filled().await;
    let query = "{ slow: dora { timeZone } deployments(first: 1) { nodes { id changes { nodes { key } } title: name } } \
                 quick: tenant { name } }";
    let body = serde_json::json!({ "query": query }).to_string();
    let reply = served.ask("POST", "/graphql", &[("content-type", "application/json")], &body).await;
    let names = ["slow", "timeZone", "deployments", "nodes", "changes", "key", "title", "quick", "name"];
    let places: Vec<_> = names.iter().map(|name| reply.body.find(&format!("\"{name}\":"))).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}: {}", reply.body);
}

#[tokio::test]
async fn an_error_names_the_argument_and_nothing_of_our_insides() {
    let served = served::empty().await;
    let answer = served.graphql_answer("{ deployments(first: 5000) { nodes { id } } }").await;
    assert_eq!(answer["errors"][0]["extensions"]["parameter"], "first");
    assert_eq!(answer["errors"][0]["extensions"]["found"], "5000");
    let answer = served.graphql_answer(r#"{ dora(question: { service: "unknown" }) { timeZone } }"#).await;
    assert_eq!(answer["errors"][0]["extensions"]["type"], "urn:sei:problem:not-found");
    sqlx::query("drop table main.deployment_metric cascade")
        .execute(&mut sqlx::ConnectOptions::connect(&served.database.options()).await.unwrap())
        .await
        .unwrap();
    let answer = served.graphql_answer("{ deployments { nodes { id } } }").await.to_string();
    assert!(answer.contains("urn:sei:problem:internal"), "{answer}");
    let rest = served.ask("GET", "/api/v1/deployments", &[], "").await;
    assert_eq!(rest.status, 500);
    for text in [answer, rest.body] {
        assert!(!text.contains("deployment_metric") && !text.contains("relation"), "{text}");
    }
}

#[tokio::test]
async fn tools_can_read_the_schema_and_people_explore_it() {
    let served = served::empty().await;
    let schema = served.graphql("{ __schema { queryType { fields { name } } } }").await;
    let names = schema["__schema"]["queryType"]["fields"].to_string();
    for name in ["dora", "services", "repositories", "deployments", "changes", "findings", "explain", "tenant"] {
        assert!(names.contains(&format!("\"{name}\"")), "{names}");
    }
    // what GraphiQL and code generators send
    let nested = "kind name ".to_owned() + &"ofType { kind name ".repeat(7) + &"} ".repeat(7);
    let tools =
        format!("{{ __schema {{ types {{ fields {{ args {{ type {{ {nested} }} }} type {{ {nested} }} }} }} }} }}");
    served.graphql(&tools).await;
    let page = served.ask("GET", "/graphql", &[], "").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"), "nothing is loaded from elsewhere");
}

#[tokio::test]
async fn the_changes_of_a_deployment_are_those_that_rest_lists() {
    let served = served::filled().await;
    let fields = "key service { name } changes(first: 200) { nodes { key leadTimeSeconds } totalCount } \
                  few: changes(first: 2) { nodes { key } pageInfo { hasNextPage } }";
    let query = format!("{{ deployments(first: 10, question: {{ window: \"all\" }}) {{ nodes {{ {fields} }} }} }}");
    let page = served.graphql(&query).await;
    let keys = |list: &Value| -> Vec<Value> {
        list["nodes"].as_array().unwrap().iter().map(|change| change["key"].clone()).collect()
    };
    let mut carried = 0;
    for deployment in page["deployments"]["nodes"].as_array().unwrap() {
        let (id, service) = (deployment["key"].as_str().unwrap(), deployment["service"]["name"].as_str().unwrap());
        let path = format!("/api/v1/changes?deployment={}&service={service}&limit=200", id.replace('#', "%23"));
        let rest = served.get(&path).await;
        let expected: Vec<Value> = rest["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
        assert_eq!(keys(&deployment["changes"]), expected, "{id}");
        assert_eq!(deployment["changes"]["totalCount"], expected.len(), "{id}");
        assert_eq!(keys(&deployment["few"]), expected[..expected.len().min(2)], "{id}");
        assert_eq!(deployment["few"]["pageInfo"]["hasNextPage"], expected.len() > 2, "{id}");
        carried += expected.len();
        let alone = format!(
            "{{ explain(id: \"{id}\") {{ deployments {{ deployment {{ changes {{ nodes {{ key }} }} }} }} }} }}"
        );
        let alone = served.graphql(&alone).await;
        let explained = &alone["explain"]["deployments"][0]["deployment"]["changes"]["nodes"];
        assert_eq!(explained.as_array().unwrap().len(), expected.len().min(50), "{id}");
    }
    assert!(carried > 10, "{carried}");
    let wrong =
        served.graphql_answer("{ deployments(first: 1) { nodes { changes(first: 201) { nodes { key } } } } }").await;
    assert_eq!(wrong["errors"][0]["extensions"]["parameter"], "first");
}

#[tokio::test]
async fn a_query_in_an_address_is_refused_with_what_to_do() {
    let served = served::empty().await;
    for query in ["query=%7Btenant%7Bname%7D%7D", "extensions=%7B%7D"] {
        let accept = ("accept", "application/graphql-response+json, application/json");
        let reply = served.ask("GET", &format!("/graphql?{query}"), &[accept], "").await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.json()["expected"].as_str().unwrap().contains("by POST"), "{reply:?}");
    }
}
