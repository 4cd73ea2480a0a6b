//! The first collection after the start, and what is printed then.

use anyhow::{Error, Result};
use collectors::collector::Collector;
use collectors::git;
use dora::{ReportQuery, Scope};
use kernel::{RepositoryId, Tenant};
use runtime::settings::{PullSource, Settings};

use crate::machine::Machine;
use crate::report::{self, Format};
use crate::{output, settle};

/// Collects all sources once, waits until that is stored and computed, and prints the report and the
/// address of the page.
pub(super) async fn collect_and_report(machine: &Machine, collector: &Collector, json: bool) -> Result<()> {
    let settings = &machine.settings;
    let own = format!("http://{}", settings.server.listen);
    tracing::info!("listening on {own}");
    let address = settings.server.public_url.as_ref().map_or(own, |url| url.trim_end_matches('/').to_owned());
    if settings.git.is_empty() && !settings.source.is_empty() {
        let names = settings.source.iter().map(PullSource::full_name).collect::<Vec<_>>().join(", ");
        return output::print(&format!("Pulling {names}.\n\n{}", addresses(&address, settings)));
    }
    if settings.git.is_empty() {
        return output::print(&format!(
            "No repository is collected: this folder is none, --repo names none and the settings list none.\n\
             Events are taken at {address}/webhooks/…, and with a token, or over the socket, at /v1/events.\n\n{}",
            addresses(&address, settings)
        ));
    }
    let mut repositories = Vec::new();
    for source in &settings.git {
        match collector.git(source, git::From::Cursor, &Tenant::default()).await {
            Ok(summary) => repositories.push(summary.repository),
            Err(error) => {
                let shown = git::shown(&source.url);
                eprintln!("error: {:#}", Error::from(error).context(format!("`{shown}` could not be collected")));
            }
        }
    }
    settle::processed(&machine.store, &*collector.log).await?;
    // the engine would wait a moment for more
    dora::recompute(&machine.store, &settings.dora, Scope::Stale).await?;
    settle::computed(&machine.store).await?;
    let service = match repositories.as_slice() {
        [only] => Some(service_of(only, settings)),
        [] => return output::print(&addresses(&address, settings)),
        _ => None,
    };
    let query = ReportQuery {
        time_zone: settings.dora.time_zone,
        compat: settings.dora.compat,
        service,
        ..ReportQuery::default()
    };
    let report = dora::report(&machine.store, &query).await?;
    if json {
        return output::print(&report::text(&report, Format::Json, false, false)?);
    }
    let mut text = report::text(&report, Format::Table, false, false)?;
    if report::is_blank(&report) {
        text += "\nFor a repository that is named with --repo: --tag-pattern REGEX, or --deployment-branch BRANCH.";
    }
    output::print(&format!("{text}\n\n{}", addresses(&address, settings)))
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
        settings.data.folder.display()
    )
}
