//! `sei data`: how much of what there is, and how long it is kept.

mod status;

use anyhow::Result;
use clap::Subcommand;
use kernel::Tenant;

use crate::cli::Global;
use crate::machine::{Machine, with};
use crate::output;
use crate::room::Room;
use crate::settings::Settings;
use status::{DataStatus, MAX_TENANTS};

/// Show how much data there is, how fast it grows, and how long it is kept
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Show size, growth, age and retention by kind of data and tenant
    ///
    /// By the statistics of PostgreSQL, so that it takes no time; numbers of rows are about. With the room that is free, it
    /// says when the disk is full.
    Status {
        /// A tenant; without it all
        #[arg(long, value_name = "NAME")]
        tenant: Option<Tenant>,

        /// The room that is free on the disk of the database; known of a private one
        #[arg(long, value_name = "BYTES")]
        free_bytes: Option<u64>,
    },
}

impl DataCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let Self::Status { tenant, free_bytes } = self;
        with(settings, async |machine| {
            let tenants = match tenant {
                Some(tenant) => vec![machine.tenant(tenant).await?.0.tenant().clone()],
                None => all(machine).await?,
            };
            let sizes = store::sizes::sizes(&machine.store, &tenants).await?;
            let private = machine.private_database().map(|_| Room::of(&machine.settings.data.directory));
            let free_bytes = free_bytes.or_else(|| Some(private?.ok()?.free_bytes));
            let status = DataStatus::new(&sizes, &machine.settings, free_bytes);
            if global.json { output::print_json(&status) } else { output::print(&status.text()) }
        })
        .await
    }
}

/// The tenants that are looked at.
async fn all(machine: &Machine) -> Result<Vec<Tenant>> {
    Ok(machine.store.tenants().await?.into_iter().map(|info| info.tenant).take(MAX_TENANTS).collect())
}
