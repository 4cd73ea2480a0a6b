//! The reference client of `graphql-transport-ws`, as npm has it.

use serde_json::json;

use super::lines::Client;
use crate::api::live::{connect, fail};
use crate::api::served::{self, Served};

/// Subscribes, and ends after a number of results.
fn start(served: &Served, count: usize, query: &str) -> Option<Client> {
    Client::start("graphql-ws", &[&format!("ws://{}/graphql", served.address), &count.to_string(), query])
}

#[tokio::test]
async fn the_reference_client_is_sent_and_ends_in_order() {
    let served = served::empty().await;
    let Some(mut client) = start(&served, 3, "subscription { sources { source state } }") else { return };
    assert_eq!(client.next().await, Some(json!({ "connected": true })));
    let mut connection = connect(&served).await;
    let mut received = 0;
    loop {
        // it has subscribed when it receives
        fail(&mut connection, "main", "github/main").await;
        let next = tokio::time::timeout(std::time::Duration::from_millis(200), client.next()).await;
        match next.ok().flatten() {
            Some(line) if line.get("data").is_some() => {
                assert_eq!(line["data"]["sources"], json!({ "source": "github/main", "state": "failing" }));
                received += 1;
            }
            Some(line) if line.get("closed").is_some() => {
                assert_eq!((received, &line["closed"]), (3, &json!(1000)), "{line}");
                break;
            }
            _ => {}
        }
    }
    assert_eq!(client.next().await, None);
}

#[tokio::test]
async fn the_reference_client_is_answered_a_query_and_sent_why_one_is_refused() {
    let served = served::empty().await;
    for (query, field, part) in
        [("{ nothing }", "error", "nothing"), ("{ tenant { name } }", "data", r#"{"tenant":{"name":"main"}}"#)]
    {
        let Some(mut client) = start(&served, 1, query) else { return };
        let mut lines = Vec::new();
        while let Some(line) = client.next().await {
            lines.push(line);
        }
        assert!(lines.iter().any(|line| line[field].to_string().contains(part)), "{lines:?}");
    }
}

#[tokio::test]
async fn the_reference_client_is_closed_when_the_server_ends() {
    let served = served::empty().await;
    let Some(mut client) = start(&served, 1, "subscription { sources { source } }") else { return };
    assert_eq!(client.next().await, Some(json!({ "connected": true })));
    let _database = served.shut_down();
    loop {
        let line = client.next().await.unwrap();
        if line.get("closed").is_some() {
            assert_eq!(line["closed"], 1001, "{line}");
            break;
        }
    }
}
