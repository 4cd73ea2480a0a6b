//! What happens, received as it happens: how soon the effect of an event reaches a subscriber, and what ten thousand
//! subscribers cost. Both ask `sei up`, as a process, over loopback.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use chrono::TimeDelta;
use kernel::{Deployment, Fact};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use crate::company::Company;
use crate::figures::Figures;
use crate::load::{Connection, within};
use crate::machine::Machine;
use crate::process;
use crate::served::post;
use crate::up;
use crate::webhooks::Serving;

const SUBSCRIBERS: usize = 10_000;
const SECONDS: u32 = 20;
/// Deployments whose effect is waited for, and how long there is between two.
const DEPLOYMENTS: usize = 300;
const BETWEEN: Duration = Duration::from_millis(100);
/// How long anything may take.
const DEADLINE: Duration = Duration::from_mins(1);

/// Measures how soon the effect of an event reaches a subscriber.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures) -> Result<()> {
    let company = Company::new(machine, 10).await?;
    Figures::heading("The effect of an event on a subscriber, at a tenth of 300 services, ten deployments a second:");
    let mut sei = Sei::start(machine, &company, 1_000)?;
    let deployments = new_deployments(&company, DEPLOYMENTS)?;
    let mut stream = Stream::open(sei.address, "kinds=deployment").await?;
    let mut connection = Connection::open(sei.address).await?;
    let begun = Instant::now();
    let posting = async {
        let mut posted = HashMap::new();
        for (nth, deployment) in deployments.into_iter().enumerate() {
            sleep_until((begun + BETWEEN * u32::try_from(nth)?).into()).await;
            let id = deployment.id.to_string();
            // as a sender counts it: from when it sends
            posted.insert(id, Instant::now());
            let status = connection.ask(&post(&Fact::Deployment(deployment))).await?;
            ensure!(status == 202, "an event was answered {status}");
        }
        Ok::<_, anyhow::Error>(posted)
    };
    let received = async {
        let mut received = HashMap::new();
        while received.len() < DEPLOYMENTS {
            let event = stream.next().await?;
            let at = Instant::now();
            if let Some(id) = event.get("id").and_then(Value::as_str).filter(|id| id.starts_with(NEW)) {
                received.entry(id.to_owned()).or_insert(at);
            }
        }
        Ok::<_, anyhow::Error>(received)
    };
    let (posted, received) = tokio::try_join!(posting, received)?;
    let latencies = posted.iter().map(|(id, sent)| Some(*received.get(id)? - *sent));
    let latencies: Vec<Duration> = latencies.collect::<Option<_>>().context("a deployment was not received")?;
    Figures::note(&format!("half of them within {:.0} ms", millis(within(50, latencies.clone())?)));
    figures.at_most("99 of 100 effects reach a subscriber within", millis(within(99, latencies)?), 1_000.0, "ms");
    sei.serving.end()?;
    company.running.stop().await
}

/// Measures what ten thousand subscribers cost.
pub(crate) async fn subscribers(machine: &Machine, figures: &mut Figures) -> Result<()> {
    let room = files(SUBSCRIBERS + 1_000)?;
    ensure!(room, "the limit of open files is too low for {SUBSCRIBERS} connections; raise it (ulimit -Hn)");
    let company = Company::new(machine, 1).await?;
    Figures::heading(&format!("{SUBSCRIBERS} subscribers of server-sent events, a message a second each:"));
    let mut sei = Sei::start(machine, &company, 2 * SUBSCRIBERS)?;
    let (address, received) = (sei.address, Arc::new(AtomicUsize::new(0)));
    let mut streams = JoinSet::new();
    for _ in 0..SUBSCRIBERS {
        let mut stream = Stream::open(address, "kinds=deployment").await?;
        let received = Arc::clone(&received);
        streams.spawn(async move {
            while stream.next().await.is_ok() {
                received.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let mut connection = Connection::open(address).await?;
    let deployments = new_deployments(&company, usize::try_from(SECONDS)?)?;
    let (begun, cpu) = (Instant::now(), process::cpu_seconds(&sei.serving.child)?);
    let before = received.load(Ordering::Relaxed);
    for (nth, deployment) in deployments.into_iter().enumerate() {
        sleep_until((begun + Duration::from_secs(1) * u32::try_from(nth)?).into()).await;
        let status = connection.ask(&post(&Fact::Deployment(deployment))).await?;
        ensure!(status == 202, "an event was answered {status}");
    }
    sleep_until((begun + Duration::from_secs(1) * SECONDS).into()).await;
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = process::cpu_seconds(&sei.serving.child)? - cpu;
    let each = (received.load(Ordering::Relaxed) - before) as f64 / SUBSCRIBERS as f64;
    Figures::note(&format!("{each:.1} messages each in {seconds:.0} s"));
    figures.at_least("messages a second each", each / seconds, 0.95, "");
    figures.at_most("sei up, cores (with the engine, without PostgreSQL)", cpu / seconds, 1.0, "");
    figures.at_most("sei up, resident at most", process::peak_mb(&sei.serving.child)?, 1_000.0, "MB");
    streams.shutdown().await;
    sei.serving.end()?;
    company.running.stop().await
}

/// A `sei up` on the data of a company.
struct Sei {
    serving: Serving,
    address: SocketAddr,
}

impl Sei {
    fn start(machine: &Machine, company: &Company, connections: usize) -> Result<Self> {
        let address = up::free_address()?;
        let (settings, token) = (machine.path("live.toml"), machine.path("token"));
        std::fs::write(&token, crate::served::TOKEN)?;
        // as many as are needed, all from one address
        let text = format!(
            "server.connections = {connections}\nserver.trusted_proxies = ['127.0.0.1']\n\
             api.streams = {connections}\napi.streams_per_client = {connections}\n\
             events.tokens = [{{ file = '{}' }}]\n",
            token.display()
        );
        std::fs::write(&settings, text)?;
        let mut up = machine.sei(&company.data);
        up.arg("--config").arg(&settings).args(["up", "--listen", &address.to_string()]);
        Ok(Self { serving: Serving::start(&mut up, address)?, address })
    }
}

/// What the ids of deployments begin with that are not there yet.
const NEW: &str = "of the bench ";

/// Deployments that are not there yet, of services that are.
fn new_deployments(company: &Company, count: usize) -> Result<Vec<Deployment>> {
    let known = company.demo.facts().filter_map(|fact| match fact {
        Fact::Deployment(deployment) if deployment.environment.as_deref() == Some("production") => Some(deployment),
        _ => None,
    });
    let known: Vec<Deployment> = known.collect();
    ensure!(!known.is_empty(), "the company has no deployments");
    let step = (known.len() / count).max(1);
    let new = (0..count).zip(known.iter().cycle().step_by(step)).map(|(nth, known)| {
        let finished_at =
            known.finished_at.map(|at| at + TimeDelta::seconds(1 + i64::try_from(nth).unwrap_or_default()));
        Deployment { id: format!("{NEW}{nth}").into(), finished_at, ..known.clone() }
    });
    Ok(new.collect())
}

/// A stream of events.
struct Stream {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Stream {
    async fn open(address: SocketAddr, query: &str) -> Result<Self> {
        let mut socket = TcpStream::connect(address).await?;
        let request = format!("GET /api/v1/stream?{query} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        socket.write_all(Bytes::from(request).as_ref()).await?;
        let mut stream = Self { socket, read: Vec::with_capacity(1_024) };
        let ready = stream.frame().await?;
        ensure!(ready.starts_with("HTTP/1.1 200"), "it answered {ready}");
        Ok(stream)
    }

    /// The data of the next event.
    async fn next(&mut self) -> Result<Value> {
        loop {
            let frame = self.frame().await?;
            if let Some(data) = frame.lines().find_map(|line| line.strip_prefix("data: ")) {
                return Ok(serde_json::from_str(data)?);
            }
        }
    }

    /// What comes up to the next empty line of an event. Lengths of chunks are lines of their own.
    async fn frame(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let frame: Vec<u8> = self.read.drain(..end + 2).collect();
                return Ok(String::from_utf8(frame)?);
            }
            let read = timeout(DEADLINE, self.socket.read_buf(&mut self.read)).await.context("nothing comes")??;
            ensure!(read > 0, "the server closed a stream: {}", String::from_utf8_lossy(&self.read));
        }
    }
}

/// Raises the limit of open files of this process as far as the system allows. Returns whether there is room.
fn files(wanted: usize) -> Result<bool> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard >= u64::try_from(wanted)?)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
