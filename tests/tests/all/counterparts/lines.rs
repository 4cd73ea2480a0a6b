//! A program that uses a client of others, and prints what it receives.

use std::process::Stdio;
use std::time::Duration;

use parts::Part;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::architecture::root;

/// The longest that one is waited for: it is installed from a registry first.
const DEADLINE: Duration = Duration::from_mins(2);

/// A client, and the lines of JSON that it prints. It is killed when this is dropped.
pub(super) struct Client {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Client {
    /// Starts a script; `None` where clients are not installed.
    pub(super) fn start(script: &str, arguments: &[&str]) -> Option<Self> {
        parts::directory("SEI_TEST_CLIENTS", Part::Node)?;
        let mut command = Command::new(root().join("scripts").join(script));
        let mut child = command.args(arguments).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Some(Self { _child: child, lines })
    }

    /// The next line; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(DEADLINE, self.lines.next_line()).await;
        line.unwrap_or_else(|_| panic!("the client says nothing"))
            .unwrap()
            .map(|line| serde_json::from_str(&line).unwrap())
    }
}
