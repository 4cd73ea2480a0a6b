//! `sei migrate`.

use anyhow::Result;
use chrono::Utc;
use clap::Args;
use store::Timescale;

use crate::cli::Global;
use crate::declare::declare;
use crate::machine::with;
use crate::output;
use crate::settings::Settings;

/// Migrate the database's schema, and store the services, teams and persons of the settings
///
/// Safe to run again, and by several at once. To be run before the roles of a new version start.
#[derive(Args, Debug)]
pub(crate) struct Migrate {}

impl Migrate {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let Self {} = self;
        with(settings, async |machine| {
            let timescale = machine.migrate().await?;
            declare(&machine.store, &machine.settings, Utc::now()).await?;
            let (used, detail) = match timescale {
                Timescale::Used(version) => (true, version),
                Timescale::Absent(reason) => (false, reason),
            };
            if global.json {
                return output::print_json(&serde_json::json!({ "timescaledb": used, "detail": detail }));
            }
            let timescale = if used { format!("TimescaleDB {detail}") } else { format!("no TimescaleDB: {detail}") };
            output::print(&format!("the schema is up to date ({timescale})"))
        })
        .await
    }
}
