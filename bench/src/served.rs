//! The same company asked over HTTP, by a thousand connections at once, while events arrive: `sei up` beside a bare axum
//! handler that serves the same bytes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::Fact;
use sei::demo::Demo;

use crate::figures::Figures;
use crate::load::{self, Connection};
use crate::machine::Machine;
use crate::process;
use crate::up;
use crate::webhooks::{BARE, Serving};

const CONNECTIONS: usize = 1_000;
const LASTING: Duration = Duration::from_secs(20);
/// Events a second.
const EVENTS: u32 = 100;
/// One in this number of events is a deployment, which recomputes a service; the others are about open changes.
const DEPLOYMENTS: usize = 10;
const TOKEN: &str = "a token of the bench";

/// Measures it, on the data of a company that is there already.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, data: &Path, demo: &Demo) -> Result<()> {
    Figures::heading(&format!("The same, asked of `sei up` over HTTP by {CONNECTIONS} connections at once:"));
    let address = up::free_address()?;
    let settings = machine.path("served.toml");
    let token = machine.path("token");
    std::fs::write(&token, TOKEN)?;
    std::fs::write(
        &settings,
        format!(
            "server.connections = {}\nserver.trusted_proxies = ['127.0.0.1']\nevents.tokens = [{{ file = '{}' }}]\n",
            2 * CONNECTIONS,
            token.display()
        ),
    )?;
    let mut up = machine.sei(data);
    up.arg("--config").arg(&settings).args(["up", "--listen", &address.to_string()]);
    let mut sei = Serving::start(&mut up, address)?;

    let targets = targets(demo.end)?;
    let requests: Vec<Bytes> = targets.iter().map(|target| get(target)).collect();
    let answers = answers(address, &targets, &requests).await?;
    let bytes: usize = answers.values().map(String::len).sum();
    let file = machine.path("answers.json");
    std::fs::write(&file, serde_json::to_vec(&answers)?)?;
    let bare_address = up::free_address()?;
    let mut bare = Command::new(std::env::current_exe()?);
    bare.args([BARE, &bare_address.to_string()]).arg(&file);
    let bare = Serving::start(&mut bare, bare_address)?;

    let plain = load::closed(bare_address, &requests, CONNECTIONS, LASTING / 4).await.context("the bare handler")?;
    drop(bare);
    let calm = load::closed(address, &requests, CONNECTIONS, LASTING).await.context("sei up")?;
    Figures::note(&format!(
        "{} questions, {:.1} KB an answer: bare handler {:.0} requests/s, sei up {:.0} requests/s",
        targets.len(),
        bytes as f64 / targets.len() as f64 / 1e3,
        plain.rate,
        calm.rate,
    ));
    figures.at_least("of the bare handler's rate", calm.rate / plain.rate, 0.4, "×");
    figure(figures, "while nothing arrives", &calm);

    let events = events(demo);
    ensure!(!events.is_empty(), "the company has no changes");
    let (posted, busy) = tokio::join!(
        load::open(address, &events, f64::from(EVENTS), LASTING),
        load::closed(address, &requests, CONNECTIONS, LASTING)
    );
    let (posted, busy) = (posted.context("posting events")?, busy.context("sei up, while events arrive")?);
    Figures::note(&format!("while {EVENTS} events a second arrive: {:.0} requests/s", busy.rate));
    figure(figures, "while events arrive", &busy);
    Figures::note(&format!("99 of 100 events were taken within {:.0} ms", posted.as_secs_f64() * 1e3));
    figures.at_most("sei up, resident at most", process::peak_mb(&sei.child)?, 1_000.0, "MB");
    sei.end()
}

fn figure(figures: &mut Figures, when: &str, done: &load::Done) {
    figures.at_most(&format!("99 of 100 answers {when}"), done.p99.as_secs_f64() * 1e3, 100.0, "ms");
    figures.at_most(&format!("refused {when}"), 100.0 * done.refused, 0.0, "%");
}

/// Fifty questions: reports, metrics, and metrics by team.
fn targets(end: DateTime<Utc>) -> Result<Vec<String>> {
    let window = |days: i64| {
        let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
        format!("from={}&to={}", day(end - TimeDelta::days(days)), day(end))
    };
    let reports = [30, 60, 90, 120, 180, 270, 365, 45, 75, 100].map(|days| format!("/api/v1/dora?{}", window(days)));
    let all = dora::definitions(&[])?;
    let by_team: Vec<&str> =
        all.iter().filter(|metric| metric.slices.contains(&dora::Slice::Team)).map(|metric| &*metric.name).collect();
    let asked = (0..40).zip(by_team.iter().cycle()).map(|(nth, name)| {
        let by = if nth % 2 == 0 { "" } else { "&by=team" };
        format!("/api/v1/metrics/{name}?{}{by}", window(30 * (1 + i64::from(nth) % 12)))
    });
    Ok(reports.into_iter().chain(asked).collect())
}

fn get(target: &str) -> Bytes {
    format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n").into()
}

/// What is answered to each question, one after the other.
async fn answers(address: SocketAddr, targets: &[String], requests: &[Bytes]) -> Result<BTreeMap<String, String>> {
    let mut connection = Connection::open(address).await?;
    let mut answers = BTreeMap::new();
    for (target, request) in targets.iter().zip(requests) {
        let status = connection.ask(request).await?;
        let body = String::from_utf8(connection.body()?.to_vec())?;
        ensure!(status == 200, "{target} was answered with {status}: {body}");
        answers.insert(target.clone(), body);
    }
    Ok(answers)
}

/// Events about changes that are there, and deployments that are not.
fn events(demo: &Demo) -> Vec<Bytes> {
    let wanted = usize::try_from(u64::from(EVENTS) * LASTING.as_secs()).unwrap_or(usize::MAX);
    let every = (demo.scale.changes as usize / wanted).max(1);
    let changes = demo.facts().filter(|fact| matches!(fact, Fact::Change(_))).step_by(every);
    let deployments = demo.facts().filter(|fact| matches!(fact, Fact::Deployment(_))).step_by(every.div_ceil(4));
    let both = changes.zip(deployments).take(wanted).enumerate();
    both.map(|(nth, (mut change, mut deployment))| {
        if let Fact::Change(change) = &mut change {
            change.title = format!("Change {nth} of the bench");
        }
        if let Fact::Deployment(deployment) = &mut deployment {
            deployment.id = format!("{} again, {nth}", deployment.id).into();
        }
        post(if nth % DEPLOYMENTS == 0 { &deployment } else { &change })
    })
    .collect()
}

fn post(fact: &Fact) -> Bytes {
    let body = serde_json::to_string(fact).unwrap_or_default();
    format!(
        "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer \
         {TOKEN}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}
