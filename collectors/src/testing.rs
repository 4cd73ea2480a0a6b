//! What tests of several connectors need.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

/// A server of `scripts/`, on a port of its own, ended with the test.
pub(crate) struct Served {
    process: Child,
    pub(crate) port: u16,
}

impl Served {
    /// Starts a script and waits until it listens. The port follows the first of its arguments, if it has any.
    pub(crate) async fn start(script: &str, arguments: &[&OsStr]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (first, rest) = arguments.split_at(arguments.len().min(1));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts").join(script);
        let mut command = Command::new(path);
        let process = command.args(first).arg(free.port().to_string()).args(rest).spawn().unwrap();
        let mut server = Self { process, port: free.port() };
        let start = Instant::now();
        while tokio::net::TcpStream::connect(free).await.is_err() {
            assert_eq!(server.process.try_wait().unwrap(), None, "scripts/{script} ended");
            assert!(start.elapsed() < Duration::from_mins(3), "scripts/{script} does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    pub(crate) fn url(&self) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}", self.port)).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // one that has ended needs no end
        let _ended = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Whether a specification knows a request: its path, the names of its parameters, and those that are numbers.
pub(crate) fn check_request(specification: &Value, asked: &str) -> Result<(), String> {
    let url = Url::parse("http://any").unwrap().join(asked).unwrap();
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), url.path().split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(known, asked)| known == asked || known.starts_with('{'))
    };
    let paths = specification["paths"].as_object().unwrap();
    let path = paths.iter().find(|(template, _)| fits(template)).ok_or_else(|| format!("{asked}: no such path"))?;
    let parameters = path.1["get"]["parameters"].as_array().ok_or_else(|| format!("{asked}: no such method"))?;
    let shared = |known: &'_ Value| known["$ref"].as_str().map(|place| specification.pointer(&place[1..]).unwrap());
    for (name, value) in url.query_pairs() {
        let mut known = parameters.iter().map(|known| shared(known).unwrap_or(known));
        let known = known.find(|known| known["in"] == "query" && known["name"] == *name);
        let known = known.ok_or_else(|| format!("{asked}: no parameter `{name}`"))?;
        if known["schema"]["type"] == "integer" && value.parse::<i64>().is_err() {
            return Err(format!("{asked}: `{name}` is no number"));
        }
    }
    Ok(())
}

/// A value of any shape.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!("9999-12-31T23:59:59Z")),
        Just(json!("0000-01-01T00:00:00Z")),
    ]
}

/// The JSON pointers of all values in a value.
pub(crate) fn places(value: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        places(value).into_iter().map(move |place| format!("/{name}{place}")).collect::<Vec<_>>()
    };
    let inside: Vec<String> = match value {
        Value::Object(fields) => fields.iter().flat_map(|(name, value)| below(name, value)).collect(),
        Value::Array(items) => items.iter().enumerate().flat_map(|(at, value)| below(&at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    [vec![String::new()], inside].concat()
}

/// The rows of a CSV text, by the names of its first line.
pub(crate) fn csv(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines: Vec<Vec<String>> = vec![vec![String::new()]];
    let (mut quoted, mut characters) = (false, text.trim_start_matches('\u{feff}').chars().peekable());
    while let Some(character) = characters.next() {
        let field = lines.last_mut().unwrap().last_mut().unwrap();
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => field.push(characters.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => lines.last_mut().unwrap().push(String::new()),
            '\n' if !quoted => lines.push(vec![String::new()]),
            '\r' if !quoted => {}
            _ => field.push(character),
        }
    }
    let names = lines.remove(0);
    let whole = lines.into_iter().filter(|fields| fields.len() == names.len());
    whole.map(|fields| names.iter().cloned().zip(fields).collect()).collect()
}

#[test]
fn quotes_commas_and_line_ends_are_text() {
    let rows = csv("a,b\n\"x,\"\"y\"\"\nz\",2\n");
    assert_eq!((rows.len(), rows[0]["a"].as_str(), rows[0]["b"].as_str()), (1, "x,\"y\"\nz", "2"));
}
