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
    /// The text of the page.
    pub(crate) text: String,
    /// What scripts found.
    pub(crate) values: Vec<Value>,
    /// Errors of scripts and of the console, and addresses of other hosts.
    pub(crate) complaints: Vec<String>,
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

/// Presses a key.
pub(crate) fn press(key: &str) -> Value {
    json!({ "press": key })
}

/// Waits for an address that begins with this.
pub(crate) fn until(url: &str) -> Value {
    json!({ "until": url })
}

/// Runs an expression in the page.
pub(crate) fn run(script: &str) -> Value {
    json!({ "run": script })
}

/// Chooses an option of a field.
pub(crate) fn choose(selector: &str, value: &str) -> Value {
    json!({ "choose": [selector, value] })
}

/// Waits until there is such an element.
pub(crate) fn wait(selector: &str) -> Value {
    json!({ "wait": selector })
}

/// Shows pages in a theme, in a window of a size.
pub(crate) fn look(theme: &str, width: u32, height: u32) -> Value {
    json!({ "look": { "theme": theme, "width": width, "height": height } })
}

/// Notes what axe, whose program is in the file, finds in the page.
pub(crate) fn axe(file: &str) -> Value {
    json!({ "axe": file })
}

/// Prints, and notes on how many pages.
pub(crate) fn paper() -> Value {
    json!({ "paper": true })
}

/// Goes back.
pub(crate) fn back() -> Value {
    json!({ "back": true })
}

/// Asks for an address from outside of the page.
pub(crate) fn request(url: &str) -> Value {
    json!({ "request": url })
}

/// Disconnects the browser, or connects it again.
pub(crate) fn offline(is_offline: bool) -> Value {
    json!({ "offline": is_offline })
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
        text: shown["shown"].as_str().unwrap_or_default().to_owned(),
        values: shown["values"].as_array().unwrap().clone(),
        complaints: shown["complaints"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect(),
        cookies: shown["cookies"].as_array().unwrap().clone(),
    }
}
