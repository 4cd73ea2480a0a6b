//! GitHub's webhooks: the gateway as a process of its own with a real Kafka behind it, beside a bare axum
//! handler that reads the same bodies, taking turns; and how fast their payloads are normalized.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use bytes::Bytes;
use chrono::DateTime;
use connector::Connector;
use connector_github::GitHub;
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Envelope, Tenant};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use sha2::Sha256;

use crate::figures::{Figures, median};
use crate::load;
use crate::machine::{Machine, Running};
use crate::process;
use crate::up;

/// What signs webhooks, and the token where they are not signed.
pub(crate) const SECRET: &str = "a-secret-of-the-bench";
const PATH: &str = "/webhooks/github/main";
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(5);
const WARMING: Duration = Duration::from_secs(30);

/// What `bench` is called with to be the bare handler.
pub(crate) const BARE: &str = "bare-handler";

/// An example of an event.
pub(crate) struct Example {
    event: String,
    body: Vec<u8>,
}

/// Measures the gateway.
pub(crate) async fn gateway(machine: &Machine, figures: &mut Figures) -> Result<()> {
    let examples = examples()?;
    let requests = requests(&examples);
    let bytes: usize = examples.iter().map(|example| example.body.len()).sum();
    Figures::heading(&format!(
        "webhook gateway, {} signed examples of GitHub's events ({:.1} KB each), answered after Kafka's \
         acknowledgement, beside a bare axum handler, medians of {ROUNDS} turns:",
        examples.len(),
        bytes as f64 / examples.len() as f64 / 1e3,
    ));
    let data = machine.data("webhooks-data")?;
    let running = Running::start(&data).await?;
    let address = up::free_address()?;
    let settings = settings(&running, machine, "github")?;
    let mut gateway = role(machine, &data, &settings, "webhooks", address)?;
    let bare_address = up::free_address()?;
    let bare =
        Serving::start(Command::new(std::env::current_exe()?).args([BARE, &bare_address.to_string()]), bare_address)?;
    let mut rates = (Vec::new(), Vec::new());
    let mut logged = 0_f64;
    // Kafka's machine code is made while it works.
    closed(address, &requests, WARMING).await.context("the gateway")?;
    closed(bare_address, &requests, ROUND).await.context("the bare handler")?;
    for _ in 0..ROUNDS {
        let plain = closed(bare_address, &requests, ROUND).await.context("the bare handler")?;
        let ours = closed(address, &requests, ROUND).await.context("the gateway")?;
        rates.0.push(plain.rate);
        rates.1.push(ours.rate);
        logged = ours.accepted;
    }
    let (plain, ours) = (median(rates.0), median(rates.1));
    Figures::note(&format!(
        "bare handler {plain:.0} requests/s, gateway {ours:.0} requests/s; {:.0} % of the events go to the log, the \
         others are answered as ignored",
        100.0 * logged
    ));
    figures.at_least("of the bare handler's rate", ours / plain, 0.5, "×");
    let steady = load::open(address, &requests, (load::CONNECTIONS, ours / 2.0), ROUND * 2).await?;
    ensure!(steady.refused == 0.0, "{:.2} % were refused", 100.0 * steady.refused);
    figures.at_most("99 of 100 answers at half of that rate", steady.p99.as_secs_f64() * 1e3, 50.0, "ms");
    figures.at_most("gateway under load, resident", process::peak_mb(&gateway.child)?, 200.0, "MB");
    gateway.end()?;
    drop(bare);
    running.stop().await
}

/// A role as a process of its own.
pub(crate) fn role(
    machine: &Machine,
    data: &Path,
    settings: &Path,
    name: &str,
    address: SocketAddr,
) -> Result<Serving> {
    let mut role = machine.sei(data);
    role.arg("--config").arg(settings).args(["--set", &format!("server.listen={address}"), "role", name]);
    Serving::start(&mut role, address)
}

async fn closed(address: SocketAddr, requests: &[Bytes], lasting: Duration) -> Result<load::Done> {
    let done = load::closed(address, requests, load::CONNECTIONS, lasting).await?;
    ensure!(done.refused == 0.0, "{:.2} % of the requests were refused", 100.0 * done.refused);
    Ok(done)
}

/// Measures the normalizer.
pub(crate) fn normalize(figures: &mut Figures) -> Result<()> {
    let mut events = Vec::new();
    for Example { event, body } in examples()? {
        let event = Envelope {
            id: "1".into(),
            source: "github/main".into(),
            kind: format!("github.{event}"),
            subject: None,
            time: DateTime::UNIX_EPOCH,
            tenant: Tenant::default(),
            key: "github.com/lakeside/checkout".into(),
            content_type: "application/json".into(),
            data: body.into(),
            traceparent: None,
        };
        // what is ignored is not read, and would flatter
        if GitHub.normalize(&event).is_ok() {
            events.push(event);
        }
    }
    ensure!(!events.is_empty(), "none of the examples became facts");
    let bytes: usize = events.iter().map(|event| event.data.len()).sum();
    Figures::heading(&format!(
        "normalizing {} examples of GitHub's events, {:.1} MB, repeatedly on one core:",
        events.len(),
        bytes as f64 / 1e6
    ));
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let mut read = 0;
        let mut facts = 0;
        while started.elapsed() < ROUND / 2 {
            for event in &events {
                facts += GitHub.normalize(event).map_or(0, |facts| facts.len());
                read += event.data.len();
            }
        }
        ensure!(facts > 0, "they became no facts");
        rates.push(read as f64 / 1e6 / started.elapsed().as_secs_f64());
    }
    figures.at_least("of webhook JSON a second", median(rates), 200.0, "MB");
    Ok(())
}

/// Is the bare handler: reads each body whole, and answers; or answers with the bytes that a file has for each target
/// of a request.
pub(crate) async fn bare(address: &str, answers: Option<&str>) -> Result<()> {
    let answers: BTreeMap<String, String> = match answers {
        Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
        None => BTreeMap::new(),
    };
    let answers: BTreeMap<String, Bytes> = answers.into_iter().map(|(target, body)| (target, body.into())).collect();
    let answers = std::sync::Arc::new(answers);
    let listener = tokio::net::TcpListener::bind(address).await?;
    let ready = axum::routing::get(async || StatusCode::OK);
    let router = Router::new().route(PATH, post(async |_body: Bytes| StatusCode::ACCEPTED)).route("/readyz", ready);
    let router = router.fallback(move |uri: axum::http::Uri| {
        let answer = answers.get(&uri.to_string()).cloned();
        std::future::ready(answer.ok_or(StatusCode::NOT_FOUND))
    });
    Ok(axum::serve(listener, router).await?)
}

/// The recorded payloads of `@octokit/webhooks-examples`, which `scripts/bench` fetches.
#[expect(clippy::disallowed_methods, reason = "where the inputs of a measurement are is no setting of the program")]
pub(crate) fn examples() -> Result<Vec<Example>> {
    let directory = std::env::var_os("SEI_OCTOKIT_EXAMPLES")
        .context("SEI_OCTOKIT_EXAMPLES is not set: run this by scripts/bench, which fetches the payloads")?;
    let index = std::fs::read(Path::new(&directory).join("api.github.com/index.json"))?;
    let index: Vec<Value> = serde_json::from_slice(&index)?;
    let mut examples = Vec::new();
    for event in &index {
        let name = event.get("name").and_then(Value::as_str).context("an event without a name")?;
        for payload in event.get("examples").and_then(Value::as_array).context("an event without examples")? {
            examples.push(Example { event: name.to_owned(), body: serde_json::to_vec(payload)? });
        }
    }
    Ok(examples)
}

/// The requests as they go over the wire.
pub(crate) fn requests(examples: &[Example]) -> Vec<Bytes> {
    examples.iter().enumerate().map(|(at, example)| request(at, example)).collect()
}

fn request(at: usize, example: &Example) -> Bytes {
    let Example { event, body } = example;
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut hmac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    hmac.update(body);
    let signature = hex::encode(hmac.finalize().into_bytes());
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-github-event: {event}\r\nx-github-delivery: delivery-{at}\r\nx-hub-signature-256: sha256={signature}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request.into()
}

/// The Kafka that `scripts/bench` starts.
#[expect(clippy::disallowed_methods, reason = "where the inputs of a measurement are is no setting of the program")]
pub(crate) fn kafka() -> Result<String> {
    std::env::var("SEI_TEST_KAFKA")
        .context("SEI_TEST_KAFKA is not set: run this by scripts/bench, which starts a Kafka")
}

/// The topic of a connector's events, which no other run of the bench has.
pub(crate) fn topic(connector: &str) -> String {
    format!("sei.bench.{connector}.{}", std::process::id())
}

/// Settings of the gateway and the processor, with one source.
pub(crate) fn settings(running: &Running, machine: &Machine, connector: &str) -> Result<PathBuf> {
    let (kafka, topic) = (kafka()?, topic(connector));
    let (url, secret) = (machine.path("database-url"), machine.path("secret"));
    std::fs::write(&url, running.url()?)?;
    std::fs::write(&secret, SECRET)?;
    let settings = machine.path(&format!("{connector}.toml"));
    std::fs::write(
        &settings,
        format!(
            "database.url = {{ file = '{}' }}\nlog.kind = 'kafka'\n\
             log.topic = '{topic}'\nlog.kafka.brokers = '{kafka}'\n\
             [[source]]\nconnector = '{connector}'\n[source.webhook]\nsecrets = [{{ file = '{}' }}]\n",
            url.display(),
            secret.display()
        ),
    )?;
    Ok(settings)
}

/// A server as a process, killed when dropped.
pub(crate) struct Serving {
    pub(crate) child: Child,
}

impl Serving {
    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Result<Self> {
        Self::ready_at(command, address, "/readyz")
    }

    /// The same of a server that says at another path whether it is ready.
    pub(crate) fn ready_at(command: &mut Command, address: SocketAddr, path: &str) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut serving = Self { child };
        up::wait_until_ready(&mut serving.child, address, path)?;
        Ok(serving)
    }

    pub(crate) fn end(&mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        ensure!(self.child.wait()?.success(), "the server did not end well");
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
