//! The engine at scale, beside SQL that a good hand would write for the same five metrics: an organization of
//! 500 services with a million changes, five million commits, a hundred thousand deployments. `engine=10` takes
//! a tenth of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::DateTime;
use dora::{HistoryBuilder, Options, compute};
use kernel::{Fact, RepositoryId, Service, Tenant};
use sei::demo::{Demo, Scale};
use store::facts;

use crate::figures::{Figures, median};
use crate::machine::{Machine, Running};
use crate::process;

/// The peer: the five metrics as set-based SQL.
const PEER: &str = include_str!("peer.sql");
/// How often the incremental computation is measured.
const TIMES: usize = 3;

/// Measures it at a percentage of the full size.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, percent: u32) -> Result<()> {
    let end = DateTime::from_timestamp(1_790_000_000, 0).context("the end of the history")?;
    let demo = Demo { seed: 1, end, scale: Scale::large(percent) };
    let share = f64::from(percent) / 100.0;

    Figures::heading(&format!("The engine at {percent} % of a million changes:"));
    let alone = in_memory(&demo)?;
    Figures::note(&format!(
        "{} services, {} changes, {} commits, {} deployments, {} incidents",
        alone.services, alone.changes, alone.commits, alone.deployments, alone.incidents
    ));
    figures.at_most("the engine alone, histories in memory", alone.seconds, 3.0 * share.max(0.1), "s");

    let data = machine.data("engine-data")?;
    let running = Running::start(&data).await?;
    let store = running.store.for_tenant(&Tenant::default());
    let mut late = None;
    running
        .fill(demo.facts().inspect(|fact| match fact {
            Fact::Deployment(x) if x.environment.as_deref() == Some("production") => late = Some(x.clone()),
            _ => {}
        }))
        .await?;
    let late = late.context("a deployment to production")?;
    running.rest()?;

    let needed = process::run(machine.sei(&data).args(["--json", "dora", "recompute", "--full"]), true)?;
    figures.at_most("sei dora recompute --full from the store", needed.seconds, 20.0 * share.max(0.1), "s");
    figures.at_most("its peak memory", needed.peak_mb, 3_000.0, "MB");

    let begun = Instant::now();
    let peer = running.sql(PEER)?;
    let sql = begun.elapsed().as_secs_f64();
    Figures::note(&format!(
        "the same five metrics as SQL: {sql:.2} s ({}); the recompute from the store, which also writes a row with its \
         evidence for each deployment, change and incident, takes {:.2} of that",
        peer.trim().replace('\n', ", "),
        needed.seconds / sql
    ));
    figures.at_most("the engine alone, times what SQL takes", alone.seconds / sql, 0.1, "×");

    let settings = dora::settings::Dora::default();
    let mut incremental = Vec::new();
    for time in 0..TIMES {
        let one_more = kernel::Deployment { id: format!("one more {time}").into(), ..late.clone() };
        let mut transaction = store.begin().await?;
        facts::write(&mut transaction, &[Fact::Deployment(one_more)]).await?;
        transaction.commit().await?;
        let begun = Instant::now();
        let summary = dora::recompute(&store, &settings, dora::Scope::Stale).await?;
        incremental.push(begun.elapsed().as_secs_f64() * 1_000.0);
        ensure!(summary.services == 1, "one deployment touched {} services", summary.services);
    }
    figures.at_most("one more deployment, from stored fact to rows", median(incremental), 200.0, "ms");
    running.stop().await
}

/// What the engine did with histories in memory.
#[derive(Default)]
struct Alone {
    services: usize,
    changes: usize,
    commits: usize,
    deployments: usize,
    incidents: usize,
    seconds: f64,
}

/// Computes each service's history, as it comes out of the generator. Building it is not part of the time.
fn in_memory(demo: &Demo) -> Result<Alone> {
    let options = Options::new(&dora::settings::Dora::default())?;
    let mut alone = Alone::default();
    let mut spent = Duration::ZERO;
    let mut building: Option<(RepositoryId, HistoryBuilder)> = None;
    let mut services: Vec<Service> = Vec::new();
    let mut finish = |built: Option<(RepositoryId, HistoryBuilder)>, alone: &mut Alone| {
        let Some((_, builder)) = built else { return };
        let history = builder.build();
        let begun = Instant::now();
        let metrics = compute(&history, &options);
        spent += begun.elapsed();
        alone.services += 1;
        alone.commits += history.commits();
        alone.deployments += metrics.deployments.len();
        alone.incidents += metrics.incidents.len();
    };
    for fact in demo.facts() {
        if let Fact::Service(service) = &fact {
            services.push(service.clone());
        }
        let Some(repository) = repository(&fact) else {
            if let (Fact::Incident(_) | Fact::Review(_), Some((_, builder))) = (&fact, &mut building) {
                builder.fact(&fact);
            }
            continue;
        };
        alone.changes += usize::from(matches!(fact, Fact::Change(_)));
        if building.as_ref().is_none_or(|(current, _)| *current != repository) {
            finish(building.take(), &mut alone);
            let of = services.iter().find(|service| service.repositories.contains(&repository));
            building = Some((repository, HistoryBuilder::new(of.context("a repository without a service")?)?));
        }
        if let Some((_, builder)) = &mut building {
            builder.fact(&fact);
        }
    }
    finish(building, &mut alone);
    alone.seconds = spent.as_secs_f64();
    Ok(alone)
}

/// The repository whose history a fact is part of.
fn repository(fact: &Fact) -> Option<RepositoryId> {
    match fact {
        Fact::Commit(x) => Some(x.repository.clone()),
        Fact::Change(x) => Some(x.repository.clone()),
        Fact::Deployment(x) => x.repository.clone(),
        _ => None,
    }
}
