//! `sei role`.

use anyhow::Result;
use clap::{Args, ValueEnum};
use runtime::role;
use runtime::settings::Settings;

use crate::cli::Global;

const EXAMPLES: &str = "\
The roles share a database (database.url) and, with several machines, a Kafka (log.kind = \"kafka\"). Each serves
/livez, /readyz and /metrics at server.listen. SIGTERM ends a role in order; SIGHUP starts it again with the settings
as they are then, if they are right.

Examples:
  sei role webhooks --set server.listen=0.0.0.0:8080
  sei role processor --config /etc/sei/sei.toml";

/// Run one role as a separate process
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Role {
    /// The role
    #[arg(value_enum, value_name = "ROLE")]
    name: Name,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// Collects the configured sources on their schedules
    Collector,
    /// Receives webhooks and events, and appends them to the event log
    Webhooks,
    /// Reads the event log and writes the facts of its events
    Processor,
    /// Computes metrics whenever new facts are stored
    Dora,
    /// Serves metrics over REST, GraphQL and a page
    Api,
}

impl Role {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let shutdown = runtime::shutdown();
        let reread = || Ok(global.settings()?.0);
        match self.name {
            Name::Collector => role::run::<collectors::CollectorRole>(&shutdown, settings, reread).await,
            Name::Webhooks => role::run::<collectors::WebhooksRole>(&shutdown, settings, reread).await,
            Name::Processor => role::run::<processors::ProcessorRole>(&shutdown, settings, reread).await,
            Name::Dora => role::run::<dora::EngineRole>(&shutdown, settings, reread).await,
            Name::Api => role::run::<api::ApiRole>(&shutdown, settings, reread).await,
        }
    }
}
