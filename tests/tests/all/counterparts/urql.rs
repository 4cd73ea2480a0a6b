//! urql, a client of web applications, as npm has it.

use serde_json::{Value, json};

use super::lines::Client;
use crate::api::live::{connect, fail};
use crate::api::served::{self, Served};

const QUERY: &str = "{ services(first: 1) { nodes { name } } }";
const WRONG: &str = "{ services(first: 1) { nodes { nothing } } }";
const SUBSCRIPTION: &str = "subscription { sources { source state } }";

fn start(served: &Served) -> Option<Client> {
    Client::start("urql", &[&format!("http://{}/graphql", served.address), QUERY, WRONG, SUBSCRIPTION])
}

#[tokio::test]
async fn urql_is_answered_by_text_and_by_hash_refused_with_reasons_and_sent_events() {
    let served = served::filled().await;
    let Some(mut client) = start(&served) else { return };
    let first = client.next().await.unwrap();
    let names = first["data"]["services"]["nodes"].as_array().unwrap();
    assert!(names.len() == 1 && names[0]["name"].is_string(), "{first}");
    assert_eq!(first["sent"], json!(["hash", "query"]), "the hash is not known yet");
    let again = client.next().await.unwrap();
    assert_eq!((&again["data"], &again["sent"]), (&first["data"], &json!([])), "urql has it");
    let by_hash = client.next().await.unwrap();
    assert_eq!((&by_hash["data"], &by_hash["sent"]), (&first["data"], &json!(["hash"])));
    let refused = client.next().await.unwrap();
    assert!(refused["refused"].as_str().unwrap().contains("Unknown field \"nothing\""), "{refused}");
    let answer = client.next().await.unwrap();
    assert_eq!((&answer["data"], answer["errors"].as_array().unwrap().len()), (&Value::Null, 1), "{answer}");
    assert_eq!(client.next().await, Some(json!({ "connected": true })));
    let mut connection = connect(&served).await;
    let event = loop {
        // it has subscribed when it receives
        fail(&mut connection, "main", "github/main").await;
        let next = tokio::time::timeout(std::time::Duration::from_millis(200), client.next()).await;
        if let Some(event) = next.ok().flatten() {
            break event;
        }
    };
    // urql asks for names of types in queries only
    let source = json!({ "source": "github/main", "state": "failing" });
    assert_eq!(event, json!({ "event": { "sources": source }, "error": null }));
    assert_eq!(client.next().await, None);
}
