//! Sends requests to a server over kept connections, as fast as it answers or at a given rate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub(crate) const CONNECTIONS: usize = 192;

/// What a server did.
pub(crate) struct Done {
    /// Requests that were answered with 200, 201 or 202.
    pub(crate) acknowledged: usize,
    /// The same a second.
    pub(crate) rate: f64,
    /// The share that was answered 202.
    pub(crate) accepted: f64,
    /// The share that was answered with another status, or not at all.
    pub(crate) refused: f64,
    /// The time within which half were answered.
    pub(crate) p50: Duration,
    /// The time within which 99 of 100 were answered.
    pub(crate) p99: Duration,
}

/// Each of a number of connections sends its next request when it has the answer to the last.
pub(crate) async fn closed(
    address: SocketAddr,
    requests: &[Bytes],
    connections: usize,
    lasting: Duration,
) -> Result<Done> {
    send(address, requests, connections, (lasting, usize::MAX)).await
}

/// The same, until each request was sent once.
pub(crate) async fn once(address: SocketAddr, requests: &[Bytes], connections: usize) -> Result<Done> {
    send(address, requests, connections, (Duration::MAX, requests.len())).await
}

async fn send(
    address: SocketAddr,
    requests: &[Bytes],
    connections: usize,
    (lasting, most): (Duration, usize),
) -> Result<Done> {
    let requests: Arc<[Bytes]> = requests.into();
    let next = Arc::new(AtomicUsize::new(0));
    let opened = open_all(address, connections).await?;
    let started = Instant::now();
    let mut connections = JoinSet::new();
    for mut connection in opened {
        let (next, requests) = (Arc::clone(&next), Arc::clone(&requests));
        connections.spawn(async move {
            let mut answers = Vec::new();
            while started.elapsed() < lasting {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= most {
                    break;
                }
                let request = requests.get(at % requests.len()).context("no requests")?;
                let asked = Instant::now();
                let status = if let Ok(status) = connection.ask(request).await {
                    status
                } else {
                    connection = Connection::open(address).await?;
                    0
                };
                answers.push((asked.elapsed(), status));
            }
            Ok::<_, anyhow::Error>(answers)
        });
    }
    done(&all(connections).await?, started.elapsed())
}

/// Requests go out at their time, however long the answers to others take. The times of the answers are counted from when
/// the requests were due.
pub(crate) async fn open(
    address: SocketAddr,
    requests: &[Bytes],
    (connections, rate): (usize, f64),
    lasting: Duration,
) -> Result<Done> {
    let requests: Arc<[Bytes]> = requests.into();
    let opened = open_all(address, connections).await?;
    let each = opened.len();
    let started = Instant::now();
    let mut connections = JoinSet::new();
    for (first, mut connection) in opened.into_iter().enumerate() {
        let requests = Arc::clone(&requests);
        connections.spawn(async move {
            let mut answers = Vec::new();
            for at in (first..).step_by(each) {
                let due = Duration::from_secs_f64(at as f64 / rate);
                if due > lasting {
                    break;
                }
                tokio::time::sleep_until(started + due).await;
                let status = connection.ask(requests.get(at % requests.len()).context("no requests")?).await?;
                answers.push((started.elapsed().saturating_sub(due), status));
            }
            Ok::<_, anyhow::Error>(answers)
        });
    }
    done(&all(connections).await?, started.elapsed())
}

/// How long an answer took, and its status.
type Answered = (Duration, u16);

async fn all(mut connections: JoinSet<Result<Vec<Answered>>>) -> Result<Vec<Answered>> {
    let mut answers = Vec::new();
    while let Some(connection) = connections.join_next().await {
        answers.extend(connection??);
    }
    Ok(answers)
}

fn done(answers: &[Answered], took: Duration) -> Result<Done> {
    let count = |counts: &dyn Fn(u16) -> bool| answers.iter().filter(|(_, status)| counts(*status)).count();
    let acknowledged = count(&|status| matches!(status, 200..=202));
    let accepted = count(&|status| status == 202) as f64 / answers.len() as f64;
    let refused = 1.0 - acknowledged as f64 / answers.len() as f64;
    let rate = acknowledged as f64 / took.as_secs_f64();
    let latencies: Vec<Duration> = answers.iter().map(|(latency, _)| *latency).collect();
    Ok(Done { acknowledged, rate, accepted, refused, p50: within(50, latencies.clone())?, p99: within(99, latencies)? })
}

/// The time within which a percentage was answered.
pub(crate) fn within(percent: usize, mut latencies: Vec<Duration>) -> Result<Duration> {
    latencies.sort_unstable();
    latencies.get(latencies.len() * percent / 100).copied().context("nothing was answered")
}

/// The connections, one after the other: how a server takes a burst of them is not what is measured.
async fn open_all(address: SocketAddr, connections: usize) -> Result<Vec<Connection>> {
    let mut opened = Vec::with_capacity(connections);
    for _ in 0..connections {
        opened.push(Connection::open(address).await?);
    }
    Ok(opened)
}

/// A kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(4_096) })
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> Result<&[u8]> {
        let (_, length) = split(&self.read)?.context("no answer")?;
        self.read.get(self.read.len() - length..).context("no body")
    }

    /// Sends a request and reads its answer whole.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.read.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.read).await? > 0, "the server closed the connection");
            let Some((head, body)) = split(&self.read)? else { continue };
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            if body < length.map_or(Ok(0), |length| length.trim().parse::<usize>())? {
                continue;
            }
            let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
            return Ok(status);
        }
    }
}

/// The head of an answer, once it is there, and how many bytes of its body are.
fn split(read: &[u8]) -> Result<Option<(&str, usize)>> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let (head, rest) = read.split_at(end);
    Ok(Some((std::str::from_utf8(head)?, rest.len() - 4)))
}
