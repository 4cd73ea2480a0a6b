//! The first collection after the start, and what is printed then: the report, with a preview where there is nothing to
//! report; where there is nothing at all, the demo.

use std::time::Duration;

use anyhow::{Error, Result};
use chrono::TimeDelta;
use collectors::collector::Collector;
use collectors::sources::{self, ConfiguredRepository};
use connector_git as git;
use dora::{Report, ReportQuery, Scope};
use eventlog::LogError;
use kernel::{RepositoryId, Tenant};
use runtime::settings::Source;
use store::StoreError;

use crate::commands::demo;
use crate::machine::Machine;
use crate::report::{self, Format};
use crate::settings::Settings;
use crate::{output, settle};

/// How long to wait for a database that is away.
const RETRY: Duration = Duration::from_secs(1);
/// Of how many services it is asked whether anything is known.
const MAX_SERVICES: u32 = 100;

/// Collects all sources once, waits until that is stored and computed, and prints what there is to see and the
/// address of the page.
pub(super) async fn collect_and_report(machine: &Machine, collector: &Collector, json: bool) -> Result<()> {
    let settings = &machine.settings;
    let scheme = if settings.server.tls.both().is_some() { "https" } else { "http" };
    let own = format!("{scheme}://{}", settings.server.listen);
    tracing::info!("listening on {own}");
    let address = settings.server.public_url.as_ref().map_or(own, |url| url.trim_end_matches('/').to_owned());
    let repositories = sources::repositories(&settings.source)?;
    let pulled: Vec<String> = sources::pulled(&settings.source).map(Source::full_name).collect();
    if repositories.is_empty() && !pulled.is_empty() {
        let names = pulled.join(", ");
        return output::print(&format!("Pulling {names}.\n\n{}", addresses(&address, settings)));
    }
    let collected = collect(collector, &repositories).await;
    settle::processed(&machine.store, &*collector.log).await?;
    // the engine would wait a moment for more
    dora::recompute(&machine.store, &settings.dora, Scope::Stale).await?;
    settle::computed(&machine.store).await?;
    let service = match collected.as_slice() {
        [only] => Some(service_of(&only.repository, settings)),
        _ => None,
    };
    let report = newest_report(machine, service).await?;
    if json {
        return output::print(&report::text(&report, Format::Json, false, false)?);
    }
    let mut parts = Vec::new();
    if repositories.is_empty() {
        parts.push(format!(
            "No repository is collected: this directory is none, --repo names none and the settings list none.\n\
             Events are taken at {address}/webhooks/…, and with a token, or over the socket, at /v1/events."
        ));
    }
    if !report.services.is_empty() {
        parts.push(report::text(&report, Format::Table, false, false)?);
    }
    if report::is_blank(&report) && report.preview.is_none() && is_empty(machine).await? {
        parts.extend(demo(machine, &address).await?);
    }
    parts.push(addresses(&address, settings));
    output::print(&parts.join("\n\n"))
}

/// Waits a moment if the database may be back after it; else the error stays one.
pub(super) async fn wait_for_database(error: Error) -> Result<()> {
    let is_transient = error.chain().any(|cause| {
        cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_transient)
            || cause.downcast_ref::<LogError>().is_some_and(LogError::is_transient)
    });
    if !is_transient {
        return Err(error);
    }
    tracing::warn!(error = format!("{error:#}"), "what is collected first can't be reported yet; trying again");
    tokio::time::sleep(RETRY).await;
    Ok(())
}

/// Collects each repository; what is wrong with one is printed and does not keep the others. Returns what was collected
/// for the tenant whose report is shown.
async fn collect(collector: &Collector, repositories: &[ConfiguredRepository]) -> Vec<git::CollectionSummary> {
    let mut collected = Vec::new();
    for ConfiguredRepository { source, tenant, .. } in repositories {
        match collector.git(source, git::CollectFrom::Cursor, tenant).await {
            Ok(summary) => {
                if let Some(missing) = &summary.missing_branch {
                    eprintln!("error: {}: {missing}", summary.repository);
                }
                if *tenant == Tenant::default() {
                    collected.push(summary);
                }
            }
            Err(error) => {
                let shown = git::shown(&source.url);
                eprintln!("error: {:#}", Error::from(error).context(format!("`{shown}` could not be collected")));
            }
        }
    }
    collected
}

/// The report of the last 90 days; where nothing was deployed in them, of the 90 days up to the last deployment.
async fn newest_report(machine: &Machine, service: Option<String>) -> Result<Report> {
    let settings = &machine.settings;
    let query = ReportQuery { time_zone: settings.dora.time_zone, service, ..ReportQuery::default() };
    let report = dora::report(&machine.store, &settings.dora, &query).await?;
    let last = report.services.iter().filter_map(|service| service.last_deployment_at).max();
    match last {
        Some(last) if last < report.window.from => {
            let to = Some(last + TimeDelta::seconds(1));
            Ok(dora::report(&machine.store, &settings.dora, &ReportQuery { to, ..query }).await?)
        }
        _ => Ok(report),
    }
}

/// Whether nothing is known of any service.
async fn is_empty(machine: &Machine) -> Result<bool> {
    let services = store::queries::services(&machine.store, None, MAX_SERVICES).await?;
    Ok(services.iter().all(|service| service.commits == 0 && service.deployments == 0))
}

/// Loads the demo where nothing real is to be expected by itself: no other source is configured, and the database
/// is this program's own.
async fn demo(machine: &Machine, address: &str) -> Result<Option<String>> {
    let settings = &machine.settings;
    let receives = settings.source.iter().any(|source| source.webhook.is_some()) || !settings.events.tokens.is_empty();
    let expected = receives || sources::pulled(&settings.source).next().is_some();
    if expected || settings.database.url.is_some() {
        return Ok(None);
    }
    let begins = || eprintln!("There is nothing to show yet: loading the demo, an invented organization …");
    demo::load_once(machine, begins).await?;
    Ok(Some(format!(
        "Until there is something real, there is a demo, an invented organization in a tenant of its own:\n\
         {address}/?tenant={}\n`sei demo reset` removes it.",
        crate::demo::TENANT
    )))
}

/// The service that a repository belongs to: a declared one, else one of its own.
fn service_of(repository: &RepositoryId, settings: &Settings) -> String {
    let declared = settings.service.iter().find(|service| service.repositories.contains(&repository.0));
    declared.map_or_else(|| repository.0.clone(), |service| service.name.clone())
}

fn addresses(address: &str, settings: &Settings) -> String {
    let socket = settings.server.socket.as_ref().map_or(String::new(), |socket| {
        format!("Events:  curl --unix-socket {} http://localhost/v1/events\n", socket.display())
    });
    format!(
        "Page:    {address}/\nGraphQL: {address}/graphql\nREST:    {address}/api/openapi.json\n{socket}\
         Data:    {}\nCtrl-C stops sei; the data stays.",
        settings.data.directory.display()
    )
}
