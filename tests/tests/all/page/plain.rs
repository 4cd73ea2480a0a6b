//! The pages that need no build, and the files of the application as they are served.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::{chromium, is_ready};
use crate::api::served;

/// What the browser made of a page: its elements after all scripts ran, and what it complained about.
struct Seen {
    dom: String,
    complaints: Vec<String>,
}

async fn visit(browser: &Path, address: &str, flags: &[&str]) -> Seen {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(flags)
        .arg(address)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_mins(1), output).await.expect("the browser ends").unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Seen {
        dom: String::from_utf8(output.stdout).unwrap(),
        complaints: errors.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
    }
}

#[tokio::test]
async fn the_page_of_rest_shows_each_operation_without_other_hosts() {
    let Some(browser) = chromium() else { return };
    let served = served::empty().await;
    let address = format!("http://{}/api/docs", served.address);
    let seen = visit(&browser, &address, &["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]).await;
    for path in served.get("/api/openapi.json").await["paths"].as_object().unwrap().keys() {
        assert!(seen.dom.contains(&format!("data-path=\"{path}\"")), "{path}: {}", seen.dom);
    }
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
    let page = served.ask("GET", "/api/docs", &[], "").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self'; img-src 'self' data:;"), "{policy}");
    assert!(!policy.contains("script-src"), "scripts are those of the server: {policy}");
    let other = served.ask("GET", "/", &[], "").await;
    assert!(!other.header("content-security-policy").unwrap().contains("unsafe-inline"));
}

#[tokio::test]
async fn every_page_is_the_application_and_what_is_no_page_is_a_problem() {
    let served = served::empty().await;
    let first = served.ask("GET", "/", &[], "").await;
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    for path in ["/teams", "/teams/Checkout", "/changes/github.com/octocat/hello-world%237", "/explore?window=30d"] {
        let page = served.ask("GET", path, &[], "").await;
        assert_eq!((page.status, &page.body), (200, &first.body), "{path}");
    }
    for path in ["/api/v1/nothing", "/web/nothing.js", "/nothing"] {
        let answer = served.ask("GET", path, &[], "").await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(served.ask("GET", "/web/nothing.js", &[], "").await.json()["status"], 404);
}

#[tokio::test]
async fn files_with_a_hash_may_be_kept_and_come_compressed() {
    let served = served::empty().await;
    if !is_ready(&served).await {
        return;
    }
    let page = served.ask("GET", "/", &[], "").await;
    let (_, rest) = page.body.split_once("src=\"").unwrap();
    let script = rest.split('"').next().unwrap();
    for coding in ["br", "gzip"] {
        // the text of a compressed file is no UTF-8, so only its head is asked for
        let answer = served.ask("HEAD", script, &[("accept-encoding", coding)], "").await;
        assert_eq!(answer.status, 200, "{script}");
        assert_eq!(answer.header("content-encoding"), Some(coding));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    }
    let plain = served.ask("GET", script, &[], "").await;
    assert_eq!(plain.header("content-encoding"), None);
    assert!(plain.body.contains("createElement"));
}
