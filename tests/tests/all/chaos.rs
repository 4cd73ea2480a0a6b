//! Seeded faults in all roles on both logs, two of each role: what was acknowledged is stored once, rows are those of a
//! calm run, and each part is at work again soon, without a hand. `make chaos` makes more of them, over a longer time.

mod events;
mod hosts;
mod http;
pub(crate) mod link;
mod outcome;
mod plan;
mod process;
mod report;
mod server;
mod traffic;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use eventlog::settings::LogKind;
use nix::sys::signal::Signal;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tests::eventually;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::both_logs::on_both_logs;
use crate::git::parts::Repo;
use events::{probe, probe_id};
use hosts::Hosts;
use link::State;
use outcome::{Input, Rows};
use plan::{Fault, Planned, Route};
use report::{Recovery, Report};
use server::Ballast;
use traffic::Sender;

/// Only ends a run that hangs.
const DEADLINE: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_millis(200);
/// What a slow network takes for each part of what is sent.
const DELAY: Duration = Duration::from_millis(100);

on_both_logs! {
    faults_lose_and_double_nothing
}

/// A number out of the environment, or that of CI.
fn option<T: FromStr>(name: &str, of_ci: T) -> T {
    std::env::var(name).map_or(of_ci, |text| text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, no number")))
}

async fn faults_lose_and_double_nothing(kind: LogKind) {
    let (seed, faults): (u64, usize) = (option("SEI_CHAOS_SEED", 1), option("SEI_CHAOS_FAULTS", 8));
    let over = Duration::from_secs(option("SEI_CHAOS_SECONDS", 8));
    let repository = Repo::new();
    let path = repository.path();
    let mut hosts = Arc::new(Hosts::start(kind, &path).await);
    eventually(DEADLINE, async || hosts.are_ready().await).await;

    let until = CancellationToken::new();
    let sender = Sender::new(hosts.gateways());
    let events = tokio::spawn(Arc::clone(&sender).run(until.clone()));
    let commits = tokio::spawn(traffic::commit(repository, until.clone()));
    let recoveries = inject(&hosts, &sender, plan::plan(seed, faults, over, hosts.parts)).await;
    until.cancel();
    let events = timeout(DEADLINE, events).await.expect("each event is acknowledged").unwrap();
    let (_repository, commits) = commits.await.unwrap();

    eventually(DEADLINE, async || hosts.are_ready().await && is_quiet(&hosts, commits).await == Some(true)).await;
    let (attempts, acknowledged) = sender.sent();
    let logged: i64 = hosts.log.ends().await.unwrap().iter().map(|end| end.next).sum();
    let counted = store::counts::all(&hosts.store).await.unwrap().iter().map(|count| count.events).sum();
    let hosts = Arc::get_mut(&mut hosts).unwrap();
    hosts.ask_to_end().await;
    eventually(DEADLINE, async || hosts.processes.iter().all(|process| process.ended().is_some())).await;
    for process in &hosts.processes {
        assert!(process.ended().is_some_and(|status| status.success()), "{:?}: {}", process.instance, process.log());
        assert!(!process.log().contains("panicked"), "{:?}: {}", process.instance, process.log());
    }

    let rows = Rows::read(&hosts.url.parse().unwrap()).await;
    let input = Input { events, probes: faults, repository: &path, commits };
    let calm = outcome::calm(&input).await;
    let expected = Rows::read(&calm.options()).await;
    let ended_by_themselves = hosts.processes.iter().map(|process| process.ended_by_itself()).sum();
    let report =
        Report { kind, seed, recoveries, attempts, acknowledged, logged, counted, commits, ended_by_themselves };
    report.print(&rows, &expected);
    report.check(&rows, &expected);
}

/// Injects faults, each at its time or after the one before. Returns how long it took after each until an event that was
/// sent then had its effect.
async fn inject(hosts: &Arc<Hosts>, sender: &Arc<Sender>, planned: Vec<Planned>) -> Vec<Recovery> {
    let started = Instant::now();
    let mut recovering = JoinSet::new();
    for (nth, planned) in planned.into_iter().enumerate() {
        sleep_until(started + planned.at).await;
        println!("{:>7.1} s  {nth:>3}  {:?}", started.elapsed().as_secs_f64(), planned.fault);
        hit(hosts, planned).await;
        let (hosts, sender, over) = (Arc::clone(hosts), Arc::clone(sender), Instant::now());
        recovering.spawn(async move {
            let effect = async {
                sender.send(&probe(nth)).await;
                while has_effect(&hosts, &probe_id(nth)).await != Some(true) {
                    sleep(LOOK).await;
                }
            };
            let ended = timeout(DEADLINE, effect).await;
            assert!(ended.is_ok(), "fault {nth}, {:?}: what was sent after it has no effect", planned.fault);
            let recovery = Recovery { fault: planned.fault, nth, took: over.elapsed() };
            println!("{:>7.1} s  {nth:>3}  is over", started.elapsed().as_secs_f64());
            recovery
        });
    }
    recovering.join_all().await
}

/// Makes a fault and, where it does not pass by itself, ends it.
async fn hit(hosts: &Hosts, planned: Planned) {
    let Planned { fault, lasting, .. } = planned;
    let network = async |route: Route, state| {
        hosts.links[&route].set(state);
        sleep(lasting).await;
        hosts.links[&route].set(State::Open);
    };
    match fault {
        Fault::Kill(of) => hosts.signal(Signal::SIGKILL, |instance| instance == of),
        Fault::KillHost(of) => hosts.signal(Signal::SIGKILL, |instance| instance.host == of),
        Fault::Terminate(of) => hosts.signal(Signal::SIGTERM, |instance| instance == of),
        Fault::Pause(of) => {
            hosts.signal(Signal::SIGSTOP, |instance| instance == of);
            sleep(lasting).await;
            hosts.signal(Signal::SIGCONT, |instance| instance == of);
        }
        Fault::Cut(route) => network(route, State::Cut).await,
        Fault::Silence(route) => network(route, State::Silent).await,
        Fault::Delay(route) => network(route, State::Slow(DELAY)).await,
        Fault::RestartDatabase => hosts.database.crash().await,
        Fault::RestartBroker => hosts.broker.as_ref().unwrap().crash().await,
        Fault::FillDisk => {
            let ballast = Ballast::fill(hosts.disk.as_ref().unwrap());
            sleep(lasting).await;
            drop(ballast);
            hosts.database.start_again().await;
            if let Some(broker) = &hosts.broker {
                broker.start_again().await;
            }
        }
    }
}

/// Whether a deployment is stored and computed, and every API shows it. None where the database can't be asked.
async fn has_effect(hosts: &Hosts, deployment: &str) -> Option<bool> {
    let options: PgConnectOptions = hosts.url.parse().ok()?;
    let mut connection = PgConnection::connect_with(&options).await.ok()?;
    let computed = "select exists (select from main.deployment_metric where deployment = $1)";
    let computed: bool = sqlx::query_scalar(computed).bind(deployment).fetch_one(&mut connection).await.ok()?;
    for api in hosts.addresses("api") {
        if !computed || http::get(api, &format!("/api/v1/deployments/{deployment}")).await != Some(200) {
            return Some(false);
        }
    }
    Some(computed)
}

/// Whether everything that was logged and committed is stored and computed. None where it can't be asked.
async fn is_quiet(hosts: &Hosts, commits: usize) -> Option<bool> {
    let stands = store::positions::load(&hosts.store, processors::CONSUMER, hosts.log.topic()).await.ok()?;
    let ends = hosts.log.ends().await.ok()?;
    let is_read = ends.iter().all(|end| end.next == 0 || stands.contains(&(end.partition, end.next)));
    let is_stored = outcome::stored_commits(&hosts.url.parse().ok()?).await.ok()? == commits;
    Some(is_read && is_stored && !store::invalidations::any(&hosts.store).await.ok()?)
}
