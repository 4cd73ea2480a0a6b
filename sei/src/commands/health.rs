//! `sei health`: asks the process that serves with the same settings whether it is ready, for the health check of a
//! container, which has no other program that could ask.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::cli::Global;
use crate::output;

const EXAMPLES: &str = "\
It asks /readyz at server.socket if that is set, else at server.listen, on this machine. With server.tls it needs
server.socket.

Examples:
  sei health                                    exit code 0: ready; 1: not ready, or no answer
  sei health --set server.listen=127.0.0.1:9000";

/// Ask the running process whether it is ready
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Health {}

/// How long each step of the question may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// More than any answer has.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

impl Health {
    pub(crate) fn run(&self, global: &Global) -> Result<()> {
        let Self {} = self;
        let (settings, _) = global.settings()?;
        let server = &settings.server;
        let address = on_this_machine(server.listen);
        let answer = if let Some(path) = &server.socket {
            let connected = UnixStream::connect(path).and_then(|stream| {
                stream.set_read_timeout(Some(TIMEOUT))?;
                ask(stream, address)
            });
            connected.with_context(|| format!("nothing answers at the socket `{}`", path.display()))?
        } else if server.tls.both().is_some() {
            bail!("the server speaks TLS, for a name that is not known here; set server.socket, to ask over that")
        } else {
            let connected = TcpStream::connect_timeout(&address, TIMEOUT).and_then(|stream| {
                stream.set_read_timeout(Some(TIMEOUT))?;
                ask(stream, address)
            });
            connected.with_context(|| format!("nothing answers at {address} (server.listen)"))?
        };
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split_whitespace().nth(1).unwrap_or_default();
        if status != "200" {
            bail!("not ready: {address} answered {status} {}", body.trim());
        }
        if global.json {
            let report: Value =
                serde_json::from_str(body).context("the answer is not JSON; is this another server?")?;
            return output::print_json(&report);
        }
        output::print("ready")
    }
}

/// Where a server that listens on all addresses can be reached from here.
fn on_this_machine(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, listen.port())
}

/// The whole answer. HTTP/1.0: it ends with the connection.
fn ask(mut stream: impl Read + Write, address: SocketAddr) -> std::io::Result<String> {
    stream.write_all(format!("GET /readyz HTTP/1.0\r\nhost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Asks a server that answers the first request so, if it answers.
    fn asked(answer: Option<&'static str>) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let server = std::thread::spawn(move || {
            let Some(answer) = answer else { return String::new() };
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let set = vec![format!("server.listen={address}")];
        let result = Health {}.run(&Global { config: None, set, data: None, json: false });
        let request = server.join().unwrap();
        assert!(answer.is_none() || request.starts_with("GET /readyz HTTP/1.0\r\n"), "{request}");
        result
    }

    #[test]
    fn ready_is_success_and_all_else_a_failure_that_says_why() {
        asked(Some("HTTP/1.0 200 OK\r\n\r\n{\"ready\":true}")).unwrap();
        let waiting = asked(Some("HTTP/1.1 503 Service Unavailable\r\n\r\n{\"ready\":false}")).unwrap_err();
        assert!(waiting.to_string().contains("503 {\"ready\":false}"), "{waiting}");
        let gone = asked(None).unwrap_err();
        assert!(gone.to_string().starts_with("nothing answers at 127.0.0.1:"), "{gone}");
        assert!(asked(Some("")).is_err(), "a server that closes the connection is not ready");
    }

    #[test]
    fn a_server_on_all_addresses_is_asked_over_loopback() {
        for (listen, expected) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"), ("192.0.2.7:80", "192.0.2.7:80")]
        {
            assert_eq!(on_this_machine(listen.parse().unwrap()).to_string(), expected);
        }
    }
}
