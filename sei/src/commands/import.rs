//! `sei import`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use collectors::import::{ImportFormat, ImportOptions, ImportSummary, import};
use dora::Scope;

use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::output::count;
use crate::progress::Shown;
use crate::settings::Settings;
use crate::{output, settle};

const EXAMPLES: &str = "\
Examples:
  sei import deployments.ndjson                       facts, one per line (see `sei schema`)
  sei import --format gharchive 2026-01-01-15.json.gz GitHub's public events of an hour

Importing a file twice gives the same events: run an interrupted import again.";

/// Import files: facts, or an hour of GitHub's public events
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    /// The files, gzip or plain
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Their content
    #[arg(long, value_enum, default_value = "facts")]
    format: Format,

    /// Report invalid lines and continue; the exit code is then 1
    #[arg(long)]
    keep_going: bool,

    /// Return once the events are in the log, without waiting until they are stored and computed
    #[arg(long)]
    no_wait: bool,

    #[command(flatten)]
    tenant: ForTenant,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Facts: JSON in *.json, else one per line
    Facts,
    /// GH Archive, one event per line
    Gharchive,
}

impl Import {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let options = ImportOptions {
            format: match self.format {
                Format::Facts => ImportFormat::Facts,
                Format::Gharchive => ImportFormat::GhArchive,
            },
            tenant: self.tenant.tenant.clone(),
            keep_going: self.keep_going,
        };
        with(settings, async |machine| {
            let (store, _) = machine.tenant(&self.tenant.tenant).await?;
            let log = machine.log().await?;
            let progress = Shown::new("import");
            let summary = import(&self.files, &options, log.as_ref(), &progress).await?;
            drop(progress);
            if !self.no_wait {
                settle::settle(&store, &log, &machine.settings.dora, Scope::Stale).await?;
            }
            if global.json {
                output::print_json(&summary)?;
            } else {
                output::print(&text(&summary))?;
            }
            if summary.rejected == 0 { Ok(()) } else { bail!("{} rejected", count(summary.rejected, "line")) }
        })
        .await
    }
}

/// An import in words.
fn text(summary: &ImportSummary) -> String {
    let first = format!(
        "{}: {} imported, {} ignored, {} rejected",
        count(summary.files, "file"),
        count(summary.events, "event"),
        summary.ignored.values().sum::<u64>(),
        count(summary.rejected, "line")
    );
    let problems = summary.problems.iter().map(|problem| format!("  {problem}"));
    std::iter::once(first).chain(problems).collect::<Vec<_>>().join("\n")
}
