//! `sei collect github` and its like: pulls the configured sources of a connector once.

use anyhow::{Context, Result, bail};
use clap::{Args, Command};
use collectors::ready::Ready;
use collectors::sources::pulled;
use dora::Scope;
use kernel::TimeOrDay;
use kernel::near::UnknownName;
use pull::{Paged, PullFrom, PullSummary};
use runtime::settings::Source;

use super::failures::failed;
use crate::cli::Global;
use crate::machine::with;
use crate::output::count;
use crate::settings::Settings;
use crate::{output, settle};

/// Arguments of the examples, and what they do.
const EXAMPLES: [(&str, &str); 4] = [
    ("", "new data of all sources of this connector ([[source]])"),
    ("main", "of the source with this name"),
    ("--since 2024-01-01", "changes since then, again"),
    ("--full", "everything, again"),
];

/// Pulls sources of the settings.
#[derive(Args, Debug)]
pub(crate) struct Pulled {
    /// The names of the sources; without any, all of this connector
    names: Vec<String>,

    /// Pull everything again that changed since this day of `dora.time_zone`, or this time
    #[arg(long, value_name = "DATE|TIME", conflicts_with = "full")]
    since: Option<TimeOrDay>,

    /// Pull everything again
    #[arg(long)]
    full: bool,

    /// Return once it is in the log, without waiting until it is stored and computed
    #[arg(long)]
    no_wait: bool,
}

/// The command of a connector. The doc comment of its options states what is pulled: up to a colon in lists of commands,
/// as a whole in its own help.
pub(super) fn command(connector: &'static dyn Paged) -> Command {
    let name = connector.name();
    let description = connector.options().description();
    let what = description.trim_end_matches('.');
    let examples = EXAMPLES.map(|(arguments, meaning)| format!("\n  sei collect {name} {arguments:<20}  {meaning}"));
    Pulled::augment_args(Command::new(name))
        .about(format!("Pull new data from {}", what.split(':').next().unwrap_or(what)))
        .long_about(format!("Pull new data from {what}"))
        .after_help(format!(
            "Examples:{}\n\nAn interrupted pull resumes when it is run again with the same options. Works with and without \
             a running\n`sei up` on the same data directory.",
            examples.concat()
        ))
}

impl Pulled {
    pub(crate) async fn run(&self, connector: &str, settings: Settings, global: &Global) -> Result<()> {
        let sources = self.sources(connector, &settings)?;
        let from = match self.since {
            Some(since) => PullFrom::Since(since.within(settings.dora.time_zone)),
            None if self.full => PullFrom::Start,
            None => PullFrom::Cursor,
        };
        with(settings, async |machine| {
            let log = machine.log().await?;
            let collector = machine.collector(&log);
            let (mut summaries, mut failures) = (Vec::new(), Vec::new());
            for source in &sources {
                let ready = match Ready::new(source).with_context(|| format!("[[source]] {}", source.full_name())) {
                    Ok(ready) => ready,
                    Err(failure) => {
                        failures.push(failure);
                        continue;
                    }
                };
                let store = machine.configured_tenant(&ready.source.tenant).await?;
                let summary = Box::pin(collector.pull(&ready, from)).await;
                if !self.no_wait {
                    settle::settle(&store, &log, &machine.settings.dora, Scope::Stale).await?;
                }
                summaries.push(summary);
            }
            if global.json {
                output::print_json(&summaries)?;
            } else {
                output::print(&summaries.iter().map(line).collect::<Vec<_>>().join("\n"))?;
            }
            failed(failures, "sources", sources.len())?;
            let failed: Vec<&str> =
                summaries.iter().filter(|one| !one.complete()).map(|one| one.source.as_str()).collect();
            if failed.is_empty() { Ok(()) } else { bail!("not all of {} could be pulled", failed.join(", ")) }
        })
        .await
    }

    fn sources(&self, connector: &str, settings: &Settings) -> Result<Vec<Source>> {
        let of_connector = || pulled(&settings.source).filter(|source| source.connector == connector);
        let known: Vec<&str> = of_connector().map(|source| source.name.as_str()).collect();
        if known.is_empty() {
            bail!(
                "the settings have no [[source]] with `connector = \"{connector}\"` and [source.pull]; `sei config default` \
                 shows one"
            );
        }
        if let Some(unknown) = self.names.iter().find(|name| !known.contains(&name.as_str())) {
            let unknown = UnknownName::new(unknown, known);
            bail!("there is no [[source]] of {connector} with the name {unknown} (`sei config show` shows all)");
        }
        Ok(of_connector()
            .filter(|source| self.names.is_empty() || self.names.contains(&source.name))
            .cloned()
            .collect())
    }
}

/// A pull in words.
fn line(summary: &PullSummary) -> String {
    let (rows, pages) = (count(summary.rows, "row"), count(summary.pages, "page"));
    let first = format!("{}: {rows} on {pages} in {:.1} s", summary.source, summary.elapsed.as_secs_f64());
    let notes = summary.problems.iter().map(|problem| {
        let word = match (problem.expected, problem.warning) {
            (true, _) => "note",
            (_, true) => "warning",
            _ => "error",
        };
        format!("  {word}: {problem}")
    });
    std::iter::once(first).chain(notes).collect::<Vec<_>>().join("\n")
}
