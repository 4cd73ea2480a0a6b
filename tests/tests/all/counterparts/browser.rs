//! A browser that takes steps as a person would.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// What the browser shows at the end.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Its address.
    pub(crate) url: String,
    /// What scripts found.
    pub(crate) values: Vec<Value>,
    cookies: Vec<Value>,
}

impl Shown {
    /// The name and value of a cookie, as requests send it.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let found = self.cookies.iter().find(|cookie| cookie["name"] == name)?;
        Some(format!("{name}={}", found["value"].as_str().unwrap()))
    }
}

/// Opens an address.
pub(crate) fn open(url: &str) -> Value {
    json!({ "open": url })
}

/// Writes into a field.
pub(crate) fn fill(selector: &str, text: &str) -> Value {
    json!({ "fill": [selector, text] })
}

/// Clicks.
pub(crate) fn click(selector: &str) -> Value {
    json!({ "click": selector })
}

/// Waits for an address that begins with this.
pub(crate) fn until(url: &str) -> Value {
    json!({ "until": url })
}

/// Runs an expression in the page.
pub(crate) fn run(script: &str) -> Value {
    json!({ "run": script })
}

/// Takes steps in a new browser.
pub(crate) async fn take(steps: &[Value]) -> Shown {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scripts/browser");
    let mut child = Command::new(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(json!(steps).to_string().as_bytes()).await.unwrap();
    drop(input);
    let output = tokio::time::timeout(Duration::from_mins(3), child.wait_with_output()).await;
    let output = output.expect("the browser ends").unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    Shown {
        url: shown["url"].as_str().unwrap().to_owned(),
        values: shown["values"].as_array().unwrap().clone(),
        cookies: shown["cookies"].as_array().unwrap().clone(),
    }
}
