//! The reference client of `graphql-transport-ws`, as npm has it.

use std::process::Stdio;

use parts::Part;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::api::live::{connect, fail};
use crate::api::served::{self, Served};
use crate::architecture::root;

/// A client, and what it prints. It is killed when this is dropped.
struct Client {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Client {
    /// Subscribes, and ends after a number of results.
    fn start(served: &Served, count: usize, query: &str) -> Option<Self> {
        // it is installed from a registry
        parts::directory("SEI_TEST_CLIENTS", Part::Node)?;
        let mut command = Command::new(root().join("scripts/graphql-ws"));
        command.args([&format!("ws://{}/graphql", served.address), &count.to_string(), query]);
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Some(Self { _child: child, lines })
    }

    async fn next(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(std::time::Duration::from_mins(2), self.lines.next_line()).await;
        line.unwrap_or_else(|_| panic!("the client says nothing"))
            .unwrap()
            .map(|line| serde_json::from_str(&line).unwrap())
    }
}

#[tokio::test]
async fn the_reference_client_is_sent_and_ends_in_order() {
    let served = served::empty().await;
    let Some(mut client) = Client::start(&served, 3, "subscription { sources { source state } }") else { return };
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
        let Some(mut client) = Client::start(&served, 1, query) else { return };
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
    let Some(mut client) = Client::start(&served, 1, "subscription { sources { source } }") else { return };
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
