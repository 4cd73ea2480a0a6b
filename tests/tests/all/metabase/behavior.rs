//! The server itself: what it refuses, keeps and answers is what Metabase does, by which the other tests stand.

use ::metabase::{Client, Credentials, MetabaseError};
use axum::http::Method;
use kernel::Secret;
use serde_json::{Value, json};

use super::fixture::{Fixture, PASSWORD};
use super::server::{self, Server};

async fn client(server: &Server) -> Client {
    let key = Secret::new(server.key.as_bytes()).unwrap();
    Client::connect(server.url.parse().unwrap(), &Credentials::ApiKey(key), None, Vec::new()).await.unwrap()
}

/// The status and the reason of a request that is refused.
async fn refusal(client: &Client, method: Method, path: &str, body: &Value) -> (u16, String) {
    match client.write(method, path, body).await {
        Err(MetabaseError::Refused { status, message, .. } | MetabaseError::Denied { status, message, .. }) => {
            (status.as_u16(), message)
        }
        other => panic!("{path}: {other:?}"),
    }
}

/// Connects the database of a fixture, and returns its id.
async fn connected(fixture: &Fixture) -> Value {
    let options = fixture.served.database.options();
    let details = json!({
        "host": options.get_host(), "port": options.get_port(), "dbname": options.get_database(),
        "user": fixture.role, "password": PASSWORD, "ssl": false,
    });
    fixture.post("/api/database", json!({ "name": "db", "engine": "postgres", "details": details })).await["id"].clone()
}

#[tokio::test]
async fn what_does_not_fit_the_description_is_refused_by_field() {
    let server = Server::start().await;
    let client = client(&server).await;
    for (path, body, field) in [
        ("/api/card", json!({ "name": "x", "display": "table", "dataset_query": {} }), "visualization_settings"),
        ("/api/card", json!({ "name": "", "display": "t", "dataset_query": {}, "visualization_settings": {} }), "name"),
        ("/api/collection", json!({ "name": "x", "description": "" }), "description"),
        ("/api/dashboard", json!({ "name": "x", "parameters": [{ "id": "a" }] }), "parameters"),
        ("/api/database", json!({ "name": "x", "engine": "mysql", "details": {} }), "engine"),
    ] {
        let (status, message) = refusal(&client, Method::POST, path, &body).await;
        assert_eq!(status, 400, "{path}: {message}");
        assert!(message.contains(&format!("\"{field}\":")), "{path}: {message}");
    }
    let gone = [("/api/card/7", json!({ "name": "x" })), ("/api/collection/7", json!({})), ("/api/nothing", json!({}))];
    for (path, body) in gone {
        assert_eq!(refusal(&client, Method::PUT, path, &body).await.0, 404, "{path}");
    }
    let graph = json!({ "revision": 5, "groups": {} });
    for path in ["/api/permissions/graph", "/api/collection/graph"] {
        assert_eq!(refusal(&client, Method::PUT, path, &graph).await.0, 409, "{path}");
    }
    let body = json!({ "name": "x", "width": "full" });
    let made = client.write(Method::POST, "/api/dashboard", &body).await.unwrap();
    assert_eq!(made["width"], "fixed", "what is unknown is left out");
    assert_eq!(server.dropped(), ["POST /api/dashboard: .width"]);
}

#[tokio::test]
async fn only_administrators_change_data_and_permissions() {
    let server = Server::start().await;
    let key = Secret::new(server.add_key().into_bytes()).unwrap();
    let viewer =
        Client::connect(server.url.parse().unwrap(), &Credentials::ApiKey(key), None, Vec::new()).await.unwrap();
    let group = json!({ "name": "x" });
    assert_eq!(refusal(&viewer, Method::POST, "/api/permissions/group", &group).await.0, 403);
    let wrong = Secret::new(b"mb_wrong".as_slice()).unwrap();
    let unknown =
        Client::connect(server.url.parse().unwrap(), &Credentials::ApiKey(wrong), None, Vec::new()).await.unwrap();
    assert_eq!(refusal(&unknown, Method::POST, "/api/permissions/group", &group).await.0, 401);
}

#[tokio::test]
async fn a_session_ends_and_a_new_instance_is_set_up_once() {
    let server = Server::start_new().await;
    let anonymous = client(&server).await;
    let properties = anonymous.get("/api/session/properties").await.unwrap();
    assert_eq!(properties["has-user-setup"], false);
    let setup = json!({
        "token": properties["setup-token"], "user": { "email": server::EMAIL, "password": server::PASSWORD },
        "prefs": { "site_name": "tests" },
    });
    anonymous.write(Method::POST, "/api/setup", &setup).await.unwrap();
    assert_eq!(refusal(&anonymous, Method::POST, "/api/setup", &setup).await.0, 403);
    let password = Secret::new(server::PASSWORD.as_bytes()).unwrap();
    let login = Credentials::Login { user: server::EMAIL.to_owned(), password };
    let user = Client::connect(server.url.parse().unwrap(), &login, None, Vec::new()).await.unwrap();
    assert_eq!(user.get("/api/user/current").await.unwrap()["is_superuser"], true);
    user.close().await;
    assert!(matches!(user.get("/api/user/current").await, Err(MetabaseError::Denied { .. })));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn native_queries_take_values_leave_out_what_has_none_and_ask_for_what_is_required() {
    let fixture = Fixture::new().await;
    let database = connected(&fixture).await;
    let tag = |name: &str, kind: &str| json!({ "id": name, "name": name, "display-name": name, "type": kind });
    let run = async |text: &str, parameters: Value| {
        let tags = json!({ "day": tag("day", "date"), "word": tag("word", "text") });
        let native = json!({ "query": text, "template-tags": tags });
        let query = json!({ "database": database, "type": "native", "native": native, "parameters": parameters });
        fixture.post("/api/dataset", query).await
    };
    let of = |name: &str, value: Value| json!({ "type": "text", "target": ["variable", ["template-tag", name]], "value": value });
    let optional = "select 1 as one where true [[and 'it''s' = {{word}}]] [[and {{day}}::timestamptz > now()]]";
    for (parameters, rows) in [
        (json!([]), json!([[1]])),
        (json!([of("word", json!(["it's"]))]), json!([[1]])),
        (json!([of("word", json!("other"))]), json!([])),
        (json!([of("day", json!("2001-01-01"))]), json!([])),
        (json!([of("day", json!("")), of("word", json!(null))]), json!([[1]])),
    ] {
        let answer = run(optional, parameters.clone()).await;
        assert_eq!((&answer["status"], &answer["data"]["rows"]), (&json!("completed"), &rows), "{parameters}");
    }
    let missing = run("select {{word}}", json!([])).await;
    assert_eq!(missing["status"], "failed");
    assert!(missing["error"].as_str().unwrap().contains("pick a value for 'word'"), "{missing}");
    let wrong = run("select nothing", json!([])).await;
    assert!(wrong["error"].as_str().unwrap().contains("\"nothing\" does not exist"), "{wrong}");
    let text = run("select {{word}} > now()", json!([of("word", json!("2001-01-01"))])).await;
    assert_eq!(text["status"], "failed", "a text is no time");
    let types = "select 1::bigint, 1.5::numeric, true, null, timestamptz '2026-01-02 03:04:05Z', date '2026-01-02'";
    let row = run(types, json!([])).await["data"]["rows"][0].clone();
    assert_eq!(row, json!([1, 1.5, true, null, "2026-01-02T03:04:05Z", "2026-01-02T00:00:00Z"]));
    assert_eq!(fixture.server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_query_is_kept_in_one_form_and_answered_in_both() {
    let fixture = Fixture::new().await;
    let database = connected(&fixture).await;
    let path = format!("/api/database/{database}/metadata");
    tests::eventually(std::time::Duration::from_mins(1), async || {
        fixture.get(&path).await["initial_sync_status"] == "complete"
    })
    .await;
    let tables = fixture.get(&path).await["tables"].as_array().unwrap().clone();
    let table = tables.iter().find(|table| table["name"] == "deployment").unwrap();
    let field = |name: &str| {
        let found = table["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap();
        json!(["field", found["id"], { "base-type": found["base_type"] }])
    };
    let query = json!({
        "database": database, "type": "query",
        "query": {
            "source-table": table["id"], "aggregation": [["count"], ["distinct", field("repository")]],
            "breakout": [["field", field("finished_at")[1], { "temporal-unit": "month" }]],
            "filter": ["and", ["=", field("success"), true], ["not-null", field("service")]], "limit": 3,
        },
    });
    let body = json!({ "name": "x", "display": "line", "visualization_settings": {}, "dataset_query": query });
    let card = fixture.post("/api/card", body).await;
    assert_eq!(card["dataset_query"]["lib/type"], "mbql/query");
    let columns: Vec<&Value> =
        card["result_metadata"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(columns, ["finished_at", "count", "count"]);
    let path = format!("/api/card/{}", card["id"]);
    assert_eq!(fixture.get(&format!("{path}?legacy-mbql=true")).await["dataset_query"], query);
    let again = json!({
        "name": "y", "display": "line", "visualization_settings": {}, "dataset_query": card["dataset_query"],
    });
    let again = fixture.post("/api/card", again).await;
    for id in [&card["id"], &again["id"]] {
        let answer = fixture.post(&format!("/api/card/{id}/query"), json!({})).await;
        assert_eq!((&answer["status"], &answer["row_count"]), (&json!("completed"), &json!(0)), "{answer}");
    }
    assert_eq!(fixture.server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn lists_have_pages_and_a_collection_goes_into_the_trash_with_what_is_in_it() {
    let server = Server::start().await;
    let client = client(&server).await;
    let post = async |path: &str, body: Value| client.write(Method::POST, path, &body).await.unwrap();
    let outer = post("/api/collection", json!({ "name": "Outer" })).await["id"].clone();
    let inner = post("/api/collection", json!({ "name": "Inner", "parent_id": outer })).await["id"].clone();
    let mut dashboards = Vec::new();
    for name in ["One", "Three", "Two"] {
        dashboards.push(post("/api/dashboard", json!({ "name": name, "collection_id": inner })).await);
    }
    let names = async |query: &str| -> Vec<String> {
        let page = client.get(&format!("/api/collection/{inner}/items?{query}")).await.unwrap();
        page["data"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("models=dashboard&limit=2&offset=0").await, ["One", "Three"]);
    assert_eq!(names("models=dashboard&limit=2&offset=2").await, ["Two"]);
    assert_eq!(names("models=card&models=dataset").await, Vec::<String>::new());
    let of_entity = client.get(&format!("/api/dashboard/{}", dashboards[1]["entity_id"].as_str().unwrap())).await;
    assert_eq!(of_entity.unwrap()["id"], dashboards[1]["id"]);
    let found = client.get("/api/search?q=thr").await.unwrap();
    assert_eq!((&found["total"], &found["data"][0]["collection"]["name"]), (&json!(1), &json!("Inner")));
    let put = async |path: String, body: Value| client.write(Method::PUT, &path, &body).await.unwrap();
    put(format!("/api/dashboard/{}", dashboards[0]["id"]), json!({ "archived": true })).await;
    assert_eq!(names("archived=false").await, ["Three", "Two"]);
    put(format!("/api/collection/{outer}"), json!({ "archived": true })).await;
    assert_eq!(names("archived=false").await, Vec::<String>::new());
    assert_eq!(names("archived=true").await, ["One", "Three", "Two"]);
    // what was archived by itself stays in the trash
    put(format!("/api/collection/{outer}"), json!({})).await;
    assert_eq!(names("archived=false").await, ["Three", "Two"]);
    assert_eq!(server.violations(), Vec::<String>::new());
}
