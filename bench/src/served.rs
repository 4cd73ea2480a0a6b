//! The same company asked over HTTP, by a thousand connections at once, while events arrive: `sei up` beside a bare axum
//! handler that serves the same bytes. How many questions it answers is measured while each connection asks again as soon
//! as it has an answer, how long they take while it is asked as often as is wanted: where clients take all that a machine
//! has, an answer takes as long as those of all others together.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Change, ChangeState, Fact};
use sei::demo::Demo;
use serde_json::Value;

use crate::company::Company;
use crate::figures::{Figures, median};
use crate::load::{self, Connection};
use crate::machine::Machine;
use crate::process;
use crate::up;
use crate::webhooks::{BARE, Serving};

const CONNECTIONS: usize = 1_000;
const LASTING: Duration = Duration::from_secs(20);
/// Events a second.
const EVENTS: u32 = 100;
/// Of the rate of the bare handler, the part that is wanted.
const WANTED: f64 = 0.4;
/// One in this number of events is a deployment, which recomputes a service; the others are about open changes.
const DEPLOYMENTS: usize = 10;
pub(crate) const TOKEN: &str = "a token of the bench";
/// A question that counts merged changes.
const COUNTED: &str = "/api/v1/metrics/change_throughput?";
/// Between two changes of which the answers are watched.
const BETWEEN: Duration = Duration::from_millis(150);

/// Measures it, on the data of a company that is there already.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, company: Company) -> Result<()> {
    Figures::heading(&format!("Questions asked of `sei up` over HTTP by {CONNECTIONS} connections at once:"));
    let address = up::free_address()?;
    let settings = settings(machine)?;
    let mut up = machine.sei(&company.data);
    up.arg("--config").arg(&settings).args(["up", "--listen", &address.to_string()]);
    let mut sei = Serving::start(&mut up, address)?;

    let targets = targets(company.demo.end)?;
    let requests: Vec<Bytes> = targets.iter().map(|target| get(target)).collect();
    let answers = answers(address, &targets, &requests).await?;
    let bytes: usize = answers.values().map(String::len).sum();
    Figures::note(&format!(
        "{} questions, {:.1} KB an answer",
        targets.len(),
        bytes as f64 / targets.len() as f64 / 1e3
    ));
    let file = machine.path("answers.json");
    std::fs::write(&file, serde_json::to_vec(&answers)?)?;
    let bare_address = up::free_address()?;
    let mut bare = Command::new(std::env::current_exe()?);
    bare.args([BARE, &bare_address.to_string()]).arg(&file);
    let bare = Serving::start(&mut bare, bare_address)?;

    // the bare handler before, between and after, in case that the machine does something else meanwhile
    let plain = async || load::closed(bare_address, &requests, CONNECTIONS, LASTING / 4).await;
    let before = plain().await.context("the bare handler")?;
    let calm = load::closed(address, &requests, CONNECTIONS, LASTING).await.context("sei up")?;
    let between = plain().await.context("the bare handler")?;
    let events = events(&company.demo);
    let (first, second) = events.split_at(events.len() / 2);
    ensure!(!first.is_empty(), "the company has no changes");
    let (posted, busy, behind) = tokio::join!(
        post_all(address, first),
        load::closed(address, &requests, CONNECTIONS, LASTING),
        behind(address, &company, &targets),
    );
    let (busy, behind) = (busy.context("sei up, while events arrive")?, behind.context("how far answers are behind")?);
    let plain_rate = f64::midpoint(before.rate, between.rate);
    // somewhat more, as the bare handler is measured again
    let steadily = (CONNECTIONS, 1.02 * WANTED * plain_rate);
    let (posted_again, steady) =
        tokio::join!(post_all(address, second), load::open(address, &requests, steadily, LASTING));
    let steady = steady.context("sei up, asked steadily while events arrive")?;
    let posted = posted?.max(posted_again?);
    let after = plain().await.context("the bare handler")?;
    drop(bare);

    let plain = [before.rate, between.rate, after.rate];
    Figures::note(&format!("bare handler {:.0}, {:.0} and {:.0} requests/s", plain[0], plain[1], plain[2]));
    let plain = median(plain.into());
    rate(figures, "while nothing arrives", &calm, plain);
    figures.at_most("99 of 100 of these answers", millis(calm.p99), 100.0, "ms");
    with_events(figures, (&busy, &steady), plain);
    Figures::note(&format!("99 of 100 events were taken within {:.0} ms", millis(posted)));
    figures.at_most("an answer behind the store, at most", millis(behind), 1_000.0, "ms");
    figures.at_most("sei up, resident at most", process::peak_mb(&sei.child)?, 1_000.0, "MB");
    sei.end()?;
    company.running.stop().await
}

/// As many connections as are needed, all from one address, and a token for posting events.
fn settings(machine: &Machine) -> Result<PathBuf> {
    let (settings, token) = (machine.path("served.toml"), machine.path("token"));
    std::fs::write(&token, TOKEN)?;
    std::fs::write(
        &settings,
        format!(
            "server.connections = {}\nserver.trusted_proxies = ['127.0.0.1']\nevents.tokens = [{{ file = '{}' }}]\n",
            2 * CONNECTIONS,
            token.display()
        ),
    )?;
    Ok(settings)
}

/// Prints what was answered while events arrived: as often as it could be, and as often as is wanted.
fn with_events(figures: &mut Figures, (busy, steady): (&load::Done, &load::Done), plain: f64) {
    let arriving = format!("while {EVENTS} events a second arrive");
    rate(figures, &arriving, busy, plain);
    Figures::note(&format!("99 of 100 of these answers within {:.0} ms", millis(busy.p99)));
    rate(figures, &format!("asked steadily {arriving}"), steady, plain);
    figures.at_most("99 of 100 of these answers, from when they were due", millis(steady.p99), 100.0, "ms");
}

/// Posts events at their rate. Returns within which time 99 of 100 were taken.
async fn post_all(address: SocketAddr, events: &[Bytes]) -> Result<Duration> {
    let posted = load::open(address, events, (load::CONNECTIONS, f64::from(EVENTS)), LASTING).await;
    let posted = posted.context("posting events")?;
    ensure!(posted.refused == 0.0, "{:.2} % of the events were refused", 100.0 * posted.refused);
    Ok(posted.p99)
}

fn rate(figures: &mut Figures, when: &str, done: &load::Done, plain: f64) {
    Figures::note(&format!("{when}: {:.0} requests/s, half of them within {:.0} ms", done.rate, millis(done.p50)));
    figures.at_least(&format!("of the bare handler's rate {when}"), done.rate / plain, WANTED, "×");
    figures.at_most(&format!("refused {when}"), 100.0 * done.refused, 0.0, "%");
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Writes changes to the store, one after the other, and asks one of the questions until its answer counts them. Returns
/// how long after the end of a transaction an answer came at most that did not count its change.
async fn behind(address: SocketAddr, company: &Company, targets: &[String]) -> Result<Duration> {
    let target = targets.iter().find(|target| target.starts_with(COUNTED)).context("no question counts changes")?;
    let (mut connection, request) = (Connection::open(address).await?, get(target));
    let known = company.demo.facts().find_map(|fact| match fact {
        Fact::Change(change) if change.state == ChangeState::Merged => Some(change),
        _ => None,
    });
    let known = known.context("the company merged no change")?;
    let at = company.demo.end - TimeDelta::days(2);
    let store = company.store();
    let begun = Instant::now();
    let (mut counted, _) = changes_counted(&mut connection, &request, 0).await?;
    let mut worst = Duration::ZERO;
    for number in 10_000_000.. {
        let change = Change {
            id: known.repository.change(number),
            number: Some(number),
            author: None,
            commits: Vec::new(),
            merge_sha: None,
            head_sha: None,
            opened_at: Some(at - TimeDelta::days(1)),
            merged_at: Some(at),
            ..known.clone()
        };
        let mut tx = store.begin().await?;
        store::facts::write(&mut tx, &[Fact::Change(change)]).await?;
        tx.commit().await?;
        let (found, lag) = changes_counted(&mut connection, &request, counted + 1).await?;
        (counted, worst) = (found, worst.max(lag));
        if begun.elapsed() > LASTING {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(worst)
}

/// Asks until at least as many changes are counted as are wanted. Returns how many are, and when the last answer came
/// that counted fewer, from now on.
async fn changes_counted(connection: &mut Connection, request: &[u8], wanted: u64) -> Result<(u64, Duration)> {
    let (begun, mut last) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < LASTING {
        // an answer that is refused is counted elsewhere
        if connection.ask(request).await? == 200 {
            let answer: Value = serde_json::from_slice(connection.body()?)?;
            let counted = answer.pointer("/data/whole/n").and_then(Value::as_u64).context("no number of changes")?;
            if counted >= wanted {
                return Ok((counted, last));
            }
            last = begun.elapsed();
        }
    }
    bail!("a change is not counted within {LASTING:?}")
}

/// Fifty questions: reports, metrics, and metrics by team.
pub(crate) fn targets(end: DateTime<Utc>) -> Result<Vec<String>> {
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
    let targets: Vec<String> = reports.into_iter().chain(asked).collect();
    ensure!(targets.iter().collect::<BTreeSet<_>>().len() == 50, "a question is there twice");
    Ok(targets)
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

/// Events about changes that are there, and deployments that are not, for two rounds.
fn events(demo: &Demo) -> Vec<Bytes> {
    let wanted = usize::try_from(2 * u64::from(EVENTS) * LASTING.as_secs()).unwrap_or(usize::MAX);
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

/// A fact as a request to `POST /v1/events`.
pub(crate) fn post(fact: &Fact) -> Bytes {
    let body = serde_json::to_string(fact).unwrap_or_default();
    format!(
        "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer \
         {TOKEN}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}
