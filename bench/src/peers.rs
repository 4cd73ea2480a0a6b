//! Beside programs of others, which `scripts/peers` builds and `scripts/peers.d` sets up, with the same client, Kafka and
//! PostgreSQL: the gateway beside Bento, a general collector, and storing beside `cdviz-collector`, a collector of CDEvents.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use eventlog::settings::{Kafka, Log, LogKind};
use serde_json::json;

use crate::figures::{Figures, median};
use crate::load::{self, CONNECTIONS, Connection};
use crate::machine::{Machine, Running};
use crate::process;
use crate::up;
use crate::webhooks::{self, SECRET, Serving};

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(5);
const WARMING: Duration = Duration::from_secs(30);
/// CDEvents of a turn.
const EVENTS: usize = 60_000;
/// How often what is stored is counted.
const COUNTED: Duration = Duration::from_millis(100);
/// What is not stored when nothing was for so long will not be.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How many events cdviz-collector holds for its database by default.
const QUEUE: usize = 1_024;

/// Where the gateway takes CDEvents.
const CDEVENTS: &str = "/webhooks/cdevents/main";
/// What counts the events that are stored.
const OURS: &str = "select (select count(*) from deployment) + (select count(*) from pipeline_run)";
const THEIRS: &str = "select count(*) from cdviz.event";

/// Measures both.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures) -> Result<()> {
    gateway(machine, figures).await?;
    storing(machine, figures).await
}

/// A program of others.
#[expect(clippy::disallowed_methods, reason = "where the inputs of a measurement are is no setting of the program")]
fn peer(name: &str) -> Result<Command> {
    let directory = std::env::var_os("SEI_PEERS")
        .context("SEI_PEERS is not set: run this by scripts/bench, which builds the peers")?;
    Ok(Command::new(Path::new(&directory).join(name)))
}

fn peer_file(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/peers.d")).join(name)
}

/// One of two servers that take turns.
struct Side {
    name: &'static str,
    serving: Serving,
    address: SocketAddr,
    rates: Vec<f64>,
    acknowledged: usize,
    lost: i64,
    cpu_seconds: f64,
}

impl Side {
    fn new(name: &'static str, serving: Serving, address: SocketAddr) -> Self {
        Self { name, serving, address, rates: Vec::new(), acknowledged: 0, lost: 0, cpu_seconds: 0.0 }
    }
}

async fn gateway(machine: &Machine, figures: &mut Figures) -> Result<()> {
    let data = machine.data("peers-gateway")?;
    let running = Running::start(&data).await?;
    let address = up::free_address()?;
    let settings = webhooks::settings(&running, machine, "github")?;
    let serving = webhooks::role(machine, &data, &settings, "webhooks", address)?;
    let requests = logged(address, webhooks::requests(&webhooks::examples()?)).await?;
    let bento_address = up::free_address()?;
    let mut bento = peer("bento")?;
    bento.arg("-c").arg(peer_file("bento.yaml")).env("SEI_TEST_KAFKA", webhooks::kafka()?);
    bento.env("SEI_PEER_ADDRESS", bento_address.to_string()).env("SEI_PEER_TOPIC", webhooks::topic("github"));
    let bento = Serving::ready_at(&mut bento, bento_address, "/ready").context("Bento")?;
    Figures::heading(&format!(
        "gateway, {} signed examples of GitHub's events that go to the log, beside Bento, which appends the same bodies to the \
         same topic and checks no signature; both answer after Kafka's acknowledgement, medians of {ROUNDS} turns:",
        requests.len()
    ));
    let kafka = Kafka { brokers: webhooks::kafka()?, ..Kafka::default() };
    let log = Log { kind: LogKind::Kafka, topic: webhooks::topic("github"), kafka, ..Log::default() };
    let log = eventlog::open(&log, &running.store).await?;
    let mut sides = [Side::new("Bento", bento, bento_address), Side::new("sei", serving, address)];
    for side in &sides {
        load::closed(side.address, &requests, CONNECTIONS, WARMING).await.context(side.name)?;
    }
    for _ in 0..ROUNDS {
        for side in &mut sides {
            let (before, cpu) = (log.ends().await?, process::cpu_seconds(&side.serving.child)?);
            let done = load::closed(side.address, &requests, CONNECTIONS, ROUND).await.context(side.name)?;
            side.cpu_seconds += process::cpu_seconds(&side.serving.child)? - cpu;
            let end = |ends: &[eventlog::Position]| ends.iter().map(|end| end.next).sum::<i64>();
            side.lost += i64::try_from(done.acknowledged)? - (end(&log.ends().await?) - end(&before));
            side.acknowledged += done.acknowledged;
            side.rates.push(done.rate);
        }
    }
    for side in &sides {
        Figures::note(&format!(
            "{}: {:.0} requests/s, {:.0} µs of a processor each, {} acknowledged, {} of them not in the log",
            side.name,
            median(side.rates.clone()),
            1e6 * side.cpu_seconds / side.acknowledged as f64,
            side.acknowledged,
            side.lost
        ));
    }
    let [theirs, mut ours] = sides;
    figures.at_least("of Bento's rate", median(ours.rates) / median(theirs.rates), 3.0, "×");
    figures.at_most("acknowledged and not in the log", ours.lost as f64, 0.0, "");
    ours.serving.end()?;
    drop(theirs.serving);
    running.stop().await
}

/// Those of the requests whose events the gateway appends.
async fn logged(address: SocketAddr, requests: Vec<Bytes>) -> Result<Vec<Bytes>> {
    let mut connection = Connection::open(address).await?;
    let mut logged = Vec::new();
    for request in requests {
        if connection.ask(&request).await? == 202 {
            logged.push(request);
        }
    }
    Ok(logged)
}

/// The outcome of CDEvents that were posted.
struct Posted {
    acknowledged: usize,
    /// Acknowledged a second.
    taken: f64,
    stored: Stored,
    /// Stored a second, from the first request on.
    rate: f64,
}

impl Posted {
    fn note(&self, who: &str) {
        Figures::note(&format!(
            "{who}: {} of {EVENTS} acknowledged, {:.0} a second, {} of them not stored; {:.0} stored a second",
            self.acknowledged,
            self.taken,
            self.acknowledged.saturating_sub(self.stored.last.0),
            self.rate
        ));
    }
}

/// How many events were stored, and when: at first, and once all are or no more will be.
struct Stored {
    first: (usize, Instant),
    last: (usize, Instant),
}

impl Stored {
    /// Stored a second while nothing arrived.
    fn rate(&self) -> f64 {
        (self.last.0 - self.first.0) as f64 / (self.last.1 - self.first.1).as_secs_f64()
    }
}

async fn storing(machine: &Machine, figures: &mut Figures) -> Result<()> {
    Figures::heading(&format!(
        "storing {EVENTS} CDEvents, one a request, from HTTP into PostgreSQL, beside cdviz-collector with one table and one index:"
    ));
    let data = machine.data("peers-storing")?;
    let running = Running::start(&data).await?;
    running.sql(&std::fs::read_to_string(peer_file("store_cdevent.sql"))?)?;
    let (ours, waiting) = stored_by_sei(machine, &data, &running).await?;
    let theirs = events("/webhook/cdevents", 0);
    let shipped = stored_by_cdviz(&running, &theirs, QUEUE).await?;
    shipped.note(&format!("cdviz-collector with its queue of {QUEUE} events"));
    let roomy = stored_by_cdviz(&running, &theirs, EVENTS).await?;
    roomy.note("cdviz-collector with a queue for all of them");
    Figures::note(&format!(
        "of what waits already, nothing arriving: sei {:.0} events/s, cdviz-collector {:.0}",
        waiting.rate(),
        roomy.stored.rate()
    ));
    let lost = [(ours.acknowledged, ours.stored.last.0), (EVENTS, waiting.last.0)];
    let lost: usize = lost.iter().map(|(acknowledged, stored)| acknowledged.saturating_sub(*stored)).sum();
    figures.at_most("acknowledged and not stored", lost as f64, 0.0, "");
    figures.at_least("stored a second, end to end, the client beside", ours.rate, 10_000.0, "");
    let theirs = shipped.rate.max(roomy.rate);
    figures.at_least("of cdviz-collector's better rate, end to end", ours.rate / theirs, 10.0, "×");
    figures.at_least("of its rate of what waits already", waiting.rate() / roomy.stored.rate(), 10.0, "×");
    running.stop().await
}

/// Events that arrive while the processor runs, with what each process took of the processors; and as many that the log
/// holds when it starts.
async fn stored_by_sei(machine: &Machine, data: &Path, running: &Running) -> Result<(Posted, Stored)> {
    let address = up::free_address()?;
    let settings = webhooks::settings(running, machine, "cdevents")?;
    let mut gateway = webhooks::role(machine, data, &settings, "webhooks", address)?;
    let processor = || webhooks::role(machine, data, &settings, "processor", up::free_address()?);
    let (arriving, waiting) = (events(CDEVENTS, 0), events(CDEVENTS, EVENTS));

    let mut first = processor()?;
    let used = || -> Result<[f64; 4]> {
        let client = process::cpu_seconds_of(std::process::id())?;
        let [gateway, processor] = [process::cpu_seconds(&gateway.child)?, process::cpu_seconds(&first.child)?];
        Ok([client, gateway, processor, process::cpu_seconds_of_all()?])
    };
    let before = used()?;
    let posted = post(running, address, &arriving, OURS).await?;
    let mut each = used()?;
    for (each, before) in each.iter_mut().zip(before) {
        *each = 1e6 * (*each - before) / posted.stored.last.0 as f64;
    }
    let [client, receiver, processing, all] = each;
    posted.note("sei");
    Figures::note(&format!(
        "µs of a processor an event: client {client:.0}, gateway {receiver:.0}, processor {processing:.0}, Kafka, PostgreSQL \
         and whatever else ran {:.0}",
        all - client - receiver - processing
    ));
    first.end()?;

    let before = counted(running, OURS)?;
    let done = load::once(address, &waiting, CONNECTIONS).await?;
    ensure!(done.acknowledged == EVENTS, "{} of {EVENTS} were acknowledged", done.acknowledged);
    let mut second = processor()?;
    let waiting = watch(running, OURS, before, EVENTS).await?;
    second.end()?;
    gateway.end()?;
    Ok((posted, waiting))
}

/// The same events, taken by cdviz-collector with a queue of this size.
async fn stored_by_cdviz(running: &Running, events: &[Bytes], queue: usize) -> Result<Posted> {
    running.sql("truncate cdviz.event")?;
    let address = up::free_address()?;
    let mut collector = peer("cdviz-collector")?;
    collector.args(["--disable-otel", "connect", "--config"]).arg(peer_file("cdviz-collector.toml"));
    let (port, queue) = (address.port().to_string(), queue.to_string());
    let given = [("http.port", port), ("pipeline.queue_capacity", queue), ("sinks.database.url", running.url()?)];
    for (name, value) in given {
        collector.args(["--set", &format!("{name}={value}")]);
    }
    let _collector = Serving::start(&mut collector, address).context("cdviz-collector")?;
    post(running, address, events, THEIRS).await
}

/// Posts each event once, and waits until they are stored.
async fn post(running: &Running, address: SocketAddr, events: &[Bytes], count: &str) -> Result<Posted> {
    let (before, begun) = (counted(running, count)?, Instant::now());
    let done = load::once(address, events, CONNECTIONS).await?;
    ensure!(done.acknowledged > 0, "no event was acknowledged");
    let stored = watch(running, count, before, done.acknowledged).await?;
    let rate = stored.last.0 as f64 / (stored.last.1 - begun).as_secs_f64();
    Ok(Posted { acknowledged: done.acknowledged, taken: done.rate, stored, rate })
}

/// Counts what is stored beyond what was, until all is or no more will be.
async fn watch(running: &Running, count: &str, before: usize, wanted: usize) -> Result<Stored> {
    let now = || -> Result<(usize, Instant)> { Ok((counted(running, count)? - before, Instant::now())) };
    let first = now()?;
    let mut stored = Stored { first, last: first };
    while stored.last.0 < wanted && stored.last.1.elapsed() < TIMEOUT {
        tokio::time::sleep(COUNTED).await;
        let seen = now()?;
        if seen.0 > stored.last.0 {
            stored.last = seen;
        }
        if stored.first.0 == 0 {
            stored.first = seen;
        }
    }
    Ok(stored)
}

fn counted(running: &Running, count: &str) -> Result<usize> {
    Ok(running.sql(count)?.trim().parse()?)
}

/// Deployments and runs of pipelines in turn, each an event of its own, as requests.
fn events(path: &str, from: usize) -> Vec<Bytes> {
    let event = |nth: usize| {
        let (kind, of, subject, content) = if nth.is_multiple_of(2) {
            let service = format!("service-{}", nth % 300);
            let artifact = format!(
                "pkg:oci/{service}@1.0.{nth}?vcs_url=git%2Bhttps://git.example.org/shop/{service}.git%40{nth:040x}"
            );
            let content = json!({ "environment": { "id": "production" }, "artifactId": artifact });
            ("service.deployed", "service", service, content)
        } else {
            let content = json!({ "pipelineName": "test", "outcome": "success" });
            ("pipelinerun.finished", "pipelineRun", format!("run-{nth}"), content)
        };
        let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_767_225_600 + 60 * i64::try_from(nth).unwrap_or_default());
        let body = json!({
            "context": {
                "version": "0.4.1",
                "id": format!("bench-{nth}"),
                "source": "https://ci.example.org/shop",
                "type": format!("dev.cdevents.{kind}.0.1.1"),
                "timestamp": at.to_rfc3339(),
            },
            "subject": { "id": subject, "source": "https://ci.example.org/shop", "type": of, "content": content },
        })
        .to_string();
        Bytes::from(format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer \
             {SECRET}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    (from..from + EVENTS).map(event).collect()
}
