//! An invented company in a database: 300 services, 300,000 changes, 60,000 deployments, or a part of that.

use std::path::PathBuf;

use anyhow::{Context, Result};
use chrono::DateTime;
use dora::Scope;
use kernel::Tenant;
use sei::demo::{Demo, Scale};
use store::Store;

use crate::machine::{Machine, Running};

/// A company whose metrics are computed.
pub(crate) struct Company {
    pub(crate) data: PathBuf,
    pub(crate) demo: Demo,
    pub(crate) running: Running,
}

impl Company {
    /// At a percentage of the full size.
    pub(crate) async fn new(machine: &Machine, percent: u32) -> Result<Self> {
        Self::of(machine, scale(percent)?).await
    }

    /// Of another size.
    pub(crate) async fn of(machine: &Machine, scale: Scale) -> Result<Self> {
        let data = machine.data("company-data")?;
        let running = Running::start(&data).await?;
        let end = DateTime::from_timestamp(1_790_000_000, 0).context("the end of the history")?;
        let company = Self { data, demo: Demo { seed: 1, end, scale }, running };
        company.running.fill(company.demo.facts()).await?;
        dora::recompute(&company.store(), &sei::settings::Settings::default().dora, Scope::All).await?;
        company.running.rest()?;
        Ok(company)
    }

    /// Its tenant.
    pub(crate) fn store(&self) -> Store {
        self.running.store.for_tenant(&Tenant::default())
    }
}

/// A percentage of the full size.
fn scale(percent: u32) -> Result<Scale> {
    let share = |full: u32| full * percent / 100;
    let services = usize::try_from(share(300))?.max(1);
    Ok(Scale {
        teams: services.div_ceil(10),
        services,
        days: 365,
        changes: share(300_000),
        // some deployments are not to production
        deployments: share(60_000) * 2,
        ..Scale::default()
    })
}
