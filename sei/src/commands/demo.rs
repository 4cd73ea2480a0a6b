//! `sei demo`: an invented organization in a tenant of its own.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::{Args, Subcommand};
use dora::{ReportQuery, Scope};
use eventlog::EventLog;
use kernel::{Envelope, Fact, Tenant};
use pull::progress::Progress;
use store::Store;

use crate::cli::Global;
use crate::demo::{Demo, Scale, TENANT, set_targets};
use crate::machine::{Machine, with};
use crate::progress::Shown;
use crate::report::{self, Format};
use crate::settings::Settings;
use crate::{output, settle};

/// The seed that is used unless another is named.
const SEED: u64 = 1;

/// Events of one append.
const PAGE: usize = 5_000;

/// Load or remove the data of an invented organization
#[derive(Debug, Subcommand)]
pub(crate) enum DemoCommand {
    /// Load a year of an invented organization into the tenant `demo`, replacing its data
    Load(Box<Load>),
    /// Drop the tenant `demo`
    Reset,
}

#[derive(Args, Debug)]
pub(crate) struct Load {
    /// The same seed and end give the same data
    #[arg(long, default_value_t = SEED)]
    seed: u64,

    /// Number of teams
    #[arg(long, default_value_t = Scale::default().teams)]
    teams: usize,

    /// Number of services, each with a repository
    #[arg(long, default_value_t = Scale::default().services)]
    services: usize,

    /// Days of history
    #[arg(long, default_value_t = Scale::default().days)]
    days: u32,

    /// Approximate number of merged changes [default: 12000 a year]
    #[arg(long)]
    changes: Option<u32>,

    /// Approximate number of deployments to production [default: 4000 a year]
    #[arg(long)]
    deployments: Option<u32>,

    /// The day after the last one, from midnight of `dora.time_zone`; today without it
    #[arg(long, value_name = "DAY")]
    end: Option<NaiveDate>,
}

impl DemoCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| match self {
            Self::Load(command) => command.run(machine, global).await,
            Self::Reset => {
                if is_loaded(machine).await? {
                    machine.store.drop_tenant(&tenant()?).await?;
                }
                output::print("the demo data is gone")
            }
        })
        .await
    }
}

fn tenant() -> Result<Tenant> {
    Ok(Tenant::new(TENANT)?)
}

/// Whether there is a demo tenant. A tenant of that name with real data is left alone.
async fn is_loaded(machine: &Machine) -> Result<bool> {
    let tenant = tenant()?;
    let tenants = machine.store.tenants().await?;
    match tenants.iter().find(|info| info.tenant == tenant) {
        Some(info) if !info.demo => bail!("the tenant `{tenant}` holds real data, which is left alone"),
        known => Ok(known.is_some()),
    }
}

/// Loads the demo as `sei demo load` does, unless its tenant is there already. Calls `begins` before.
pub(crate) async fn load_once(machine: &Machine, begins: impl FnOnce()) -> Result<()> {
    let tenant = tenant()?;
    if machine.store.tenants().await?.iter().all(|info| info.tenant != tenant) {
        begins();
        let end = midnight(None, machine.settings.dora.time_zone);
        machine.store.create_tenant(&tenant, true).await?;
        load(machine, &Demo { seed: SEED, end, scale: Scale::default() }).await?;
    }
    Ok(())
}

/// Loads a demo into its tenant, which is empty. Returns its store, and the number of events.
async fn load(machine: &Machine, demo: &Demo) -> Result<(Store, u64)> {
    let tenant = tenant()?;
    let log = machine.log().await?;
    let store = machine.store.for_tenant(&tenant);
    let events = publish(demo, &tenant, log.as_ref()).await?;
    settle::settle(&store, &log, &machine.settings.dora, Scope::Stale).await?;
    set_targets(&store).await?;
    Ok((store, events))
}

/// When a day begins in a time zone; today without one.
fn midnight(day: Option<NaiveDate>, zone: Tz) -> DateTime<Utc> {
    kernel::midnight(day.unwrap_or_else(|| Utc::now().with_timezone(&zone).date_naive()), zone)
}

impl Load {
    async fn run(&self, machine: &Machine, global: &Global) -> Result<()> {
        is_loaded(machine).await?;
        machine.store.replace_tenant(&tenant()?, true).await?;
        let demo = self.demo(machine.settings.dora.time_zone);
        let (store, events) = load(machine, &demo).await?;
        let tenant = store.tenant();
        if global.json {
            return output::print_json(&serde_json::json!({ "tenant": tenant, "demo": true, "events": events }));
        }
        let query =
            ReportQuery { time_zone: machine.settings.dora.time_zone, to: Some(demo.end), ..ReportQuery::default() };
        let report = dora::report(&store, &machine.settings.dora, &query).await?;
        output::print(&format!(
            "{}\n{} loaded; see them with --tenant {tenant}, and on the page of `sei up`",
            report::text(&report, Format::Table, true, false)?,
            output::count(events, "event")
        ))
    }

    fn demo(&self, zone: Tz) -> Demo {
        let yearly = |number: u32| {
            let number = u64::from(number) * u64::from(self.days) / 365;
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        let scale = Scale::default();
        Demo {
            seed: self.seed,
            end: midnight(self.end, zone),
            scale: Scale {
                teams: self.teams,
                services: self.services,
                days: self.days,
                changes: self.changes.unwrap_or_else(|| yearly(scale.changes)),
                deployments: self.deployments.unwrap_or_else(|| yearly(scale.deployments)),
                ..scale
            },
        }
    }
}

/// Sends the facts the way that everything else takes: as events of the connector `generic`, through the
/// log. Returns how many.
async fn publish(demo: &Demo, tenant: &Tenant, log: &dyn EventLog) -> Result<u64> {
    let progress = Shown::new("demo data");
    progress.stage("publishing", None);
    let mut facts = demo.facts();
    let mut count = 0;
    loop {
        let page: Vec<Envelope> = facts
            .by_ref()
            .take(PAGE)
            .map(|fact| {
                count += 1;
                envelope(&fact, demo, count, tenant)
            })
            .collect::<Result<_>>()?;
        if page.is_empty() {
            return Ok(count);
        }
        let length = page.len() as u64;
        log.append(page).await.context("the demo data could not be written to the log")?;
        progress.advance(length);
    }
}

fn envelope(fact: &Fact, demo: &Demo, number: u64, tenant: &Tenant) -> Result<Envelope> {
    let time: DateTime<Utc> = demo.end;
    Ok(Envelope {
        id: format!("{}/{}/{number}", demo.seed, demo.end.date_naive()),
        source: "generic/demo".to_owned(),
        kind: format!("generic.{}", fact.kind()),
        subject: None,
        time,
        tenant: tenant.clone(),
        key: fact.order_key(),
        content_type: "application/json".to_owned(),
        data: serde_json::to_vec(fact)?.into(),
        traceparent: None,
    })
}
