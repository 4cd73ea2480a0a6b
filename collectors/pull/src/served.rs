//! Servers that tests start, and specifications that requests are checked against.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::missing_panics_doc, reason = "helpers of tests")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;
use url::Url;

/// A server of `scripts/`, on a port of its own, ended with the test.
pub struct Served {
    process: Child,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Served {
    /// Starts a script and waits until it listens. The port follows the first of its arguments, if it has any.
    pub async fn start(script: &str, arguments: &[&OsStr]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (first, rest) = arguments.split_at(arguments.len().min(1));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts").join(script);
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

    /// Its address.
    #[must_use]
    pub fn url(&self) -> Url {
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
pub fn check_request(specification: &Value, asked: &str) -> Result<(), String> {
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
