//! Prometheus, as Debian has it: it scrapes sei by the example of a configuration, and evaluates the rules.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use parts::{Part, missing};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::api::served::{self, Served};
use crate::architecture::root;

/// How `scripts/prometheus` ends where there is none.
const THERE_IS_NONE: i32 = 3;
const DEADLINE: Duration = Duration::from_mins(2);

/// Starts Prometheus with the configuration and the rules of the repository over a served API; `None` where there is none.
async fn start(served: &Served, directory: &Path) -> Option<(Child, SocketAddr)> {
    let script = root().join("scripts/prometheus");
    let version = Command::new(&script).arg("--version").output().await.unwrap();
    if version.status.code() == Some(THERE_IS_NONE) {
        missing(Part::Promtool, String::from_utf8_lossy(&version.stderr).trim());
        return None;
    }
    let source = root().join("dashboards/prometheus");
    for name in ["sei.rules.yml", "results.rules.yml"] {
        std::fs::copy(source.join(name), directory.join(name)).unwrap();
    }
    let configuration = std::fs::read_to_string(source.join("prometheus.yml")).unwrap();
    let configuration = configuration
        .replace("127.0.0.1:8080", &served.address.to_string())
        .replace("interval: 30s", "interval: 5s")
        .replace("interval: 1m", "interval: 5s");
    std::fs::write(directory.join("prometheus.yml"), configuration).unwrap();
    // a port that was free a moment ago
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let child = Command::new(script)
        .arg(format!("--config.file={}", directory.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", directory.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    Some((child, address))
}

/// What Prometheus answers; `None` while it does not.
async fn asked(address: SocketAddr, path: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
    Some(answer["data"].clone())
}

/// The values of a query by one of their labels.
async fn values(address: SocketAddr, query: &str, label: &str) -> BTreeMap<String, f64> {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let found = asked(address, &format!("/api/v1/query?query={query}")).await.unwrap_or_default();
    let samples = found["result"].as_array().cloned().unwrap_or_default();
    let value = |sample: &Value| {
        let value = sample["value"][1].as_str()?.parse().ok()?;
        Some((sample["metric"][label].as_str()?.to_owned(), value))
    };
    samples.iter().filter_map(value).collect()
}

#[tokio::test]
async fn prometheus_scrapes_processes_and_results_and_evaluates_the_rules() {
    let served = served::with(|all| all.api.prometheus.results = true).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    let directory = tempfile::tempdir().unwrap();
    let Some((_child, address)) = start(&served, directory.path()).await else { return };
    let up = |found: &BTreeMap<String, f64>| found.len() == 2 && found.values().all(|up| *up > 0.0);
    tests::eventually(DEADLINE, async || up(&values(address, "up", "job").await)).await;
    let answer = served.get("/api/v1/metrics/change_fail_rate?by=team").await;
    let slices = answer["data"]["slices"].as_array().unwrap().iter();
    let expected: BTreeMap<String, f64> =
        slices.filter_map(|part| Some((part["slice"].as_str()?.to_owned(), part["value"].as_f64()?))).collect();
    let query = r#"sei_metric_value{metric="change_fail_rate",team!=""}"#;
    let found = values(address, query, "team").await;
    assert!(!expected.is_empty() && found.keys().eq(expected.keys()), "{found:?} {expected:?}");
    assert!(found.iter().all(|(team, value)| (value - expected[team]).abs() < 1e-6), "{found:?} {expected:?}");
    let streams = values(address, r#"sei_streams{job="sei"}"#, "job").await;
    assert_eq!(streams.len(), 1, "what the process counts is scraped as well");
    tests::eventually(DEADLINE, async || {
        let rules = asked(address, "/api/v1/rules").await.unwrap_or_default();
        let groups = rules["groups"].as_array().cloned().unwrap_or_default();
        let all: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
        all.len() > 20 && all.iter().all(|rule| rule["health"] == "ok")
    })
    .await;
}
