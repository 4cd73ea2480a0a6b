//! `sei role`.

use anyhow::Result;
use api::ApiRole;
use api::settings::ApiSettings;
use axum::Router;
use clap::{Args, ValueEnum};
use collectors::{CollectorRole, WebhooksRole};
use dora::EngineRole;
use processors::ProcessorRole;
use runtime::health::{Check, Readiness};
use runtime::role;

use crate::cli::Global;
use crate::settings::Settings;
use crate::sources::source_setup;

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
    #[value(help = <CollectorRole as role::Role>::ABOUT)]
    Collector,
    #[value(help = <WebhooksRole as role::Role>::ABOUT)]
    Webhooks,
    #[value(help = <ProcessorRole as role::Role>::ABOUT)]
    Processor,
    #[value(help = <EngineRole as role::Role>::ABOUT)]
    Dora,
    #[value(help = <ApiRole as role::Role>::ABOUT)]
    Api,
}

impl Role {
    /// The name of the role's own program, by which traces show it.
    pub(crate) const fn program(&self) -> &'static str {
        match self.name {
            Name::Collector => <CollectorRole as role::Role>::NAME,
            Name::Webhooks => <WebhooksRole as role::Role>::NAME,
            Name::Processor => <ProcessorRole as role::Role>::NAME,
            Name::Dora => <EngineRole as role::Role>::NAME,
            Name::Api => <ApiRole as role::Role>::NAME,
        }
    }

    /// Whether the role serves the API.
    pub(crate) const fn serves_api(&self) -> bool {
        matches!(self.name, Name::Api)
    }

    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match self.name {
            Name::Collector => run::<CollectorRole>(&settings, global).await,
            Name::Webhooks => run::<WebhooksRole>(&settings, global).await,
            Name::Processor => run::<ProcessorRole>(&settings, global).await,
            Name::Dora => run::<EngineRole>(&settings, global).await,
            Name::Api => run::<ConnectedApi>(&settings, global).await,
        }
    }
}

/// The API, which asks sources that are being set up by their connectors. Its own program knows no connectors.
struct ConnectedApi(ApiRole);

impl role::Role for ConnectedApi {
    type Settings = ApiSettings;
    type Routes = Router;

    const NAME: &'static str = <ApiRole as role::Role>::NAME;
    const ABOUT: &'static str = <ApiRole as role::Role>::ABOUT;
    const CHECKS: &'static [Check] = <ApiRole as role::Role>::CHECKS;

    async fn open(settings: ApiSettings) -> Result<Self> {
        let api = <ApiRole as role::Role>::open(settings).await?;
        Ok(Self(api.with_source_setup(source_setup())))
    }

    fn usable(&self, settings: &ApiSettings) -> Result<()> {
        self.0.usable(settings)
    }

    fn routes(&self) -> Router {
        self.0.routes()
    }

    async fn check(&self, readiness: &Readiness) {
        self.0.check(readiness).await;
    }

    async fn close(self) {
        self.0.close().await;
    }
}

/// Runs a role with its part of the settings.
async fn run<R: role::Role>(settings: &Settings, global: &Global) -> Result<()>
where
    R::Settings: for<'s> From<&'s Settings>,
{
    let reread = || Ok(R::Settings::from(&global.settings()?.0));
    role::run::<R>(&runtime::shutdown(), settings.into(), reread).await
}
