//! `sei role`.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::cli::Global;
use crate::settings::Settings;

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
        match self.name {
            Name::Collector => run::<collectors::CollectorRole>(&settings, global).await,
            Name::Webhooks => run::<collectors::WebhooksRole>(&settings, global).await,
            Name::Processor => run::<processors::ProcessorRole>(&settings, global).await,
            Name::Dora => run::<dora::EngineRole>(&settings, global).await,
            Name::Api => run::<api::ApiRole>(&settings, global).await,
        }
    }
}

/// Runs a role with its part of the settings.
async fn run<R: runtime::role::Role>(settings: &Settings, global: &Global) -> Result<()>
where
    R::Settings: for<'s> From<&'s Settings>,
{
    let reread = || Ok(R::Settings::from(&global.settings()?.0));
    runtime::role::run::<R>(&runtime::shutdown(), settings.into(), reread).await
}
