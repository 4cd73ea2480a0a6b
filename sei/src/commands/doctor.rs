//! `sei doctor`: whether what `sei` needs is there and right, and what to do where it is not. Changes nothing.

mod backups;
mod database;
mod diagnosis;
mod machine;
mod settings;
mod sources;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use runtime::settings::Telemetry;
use serde_json::json;

use self::diagnosis::{Diagnosis, DiagnosisState, worst};
use crate::cli::Global;
use crate::output::{self, count};
use crate::settings::Settings;

const EXAMPLES: &str = "\
Examples:
  sei doctor                          before the first start, after an upgrade, when something does not work
  sei doctor --json --config /etc/sei/sei.toml
  sei doctor --offline                without asking the sources

Exit codes: 0 all is well, 1 warnings, 2 failures. Checks run at once; each ends within 10 s, those of sources within 30 s.";

/// Check settings, database, log, sources, rights of tokens, clocks, disk and lag, with what to do
///
/// Changes nothing, and shows no secret. Schema: whether this version works with it, and whether `sei migrate` is due.
/// Sources: whether each answers, and what its token may do.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// Ask no source
    #[arg(long)]
    offline: bool,
}

impl Doctor {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode> {
        let checked = runtime::check::<Settings>(global.config.as_deref(), &global.overrides());
        let mut all = vec![machine::program()];
        all.extend(settings::diagnose(&checked));
        if let Some(settings) = &checked.settings {
            // what is wrong is in the answer
            runtime::telemetry::init_logs(&Telemetry { filter: "off".to_owned(), ..settings.telemetry.clone() })?;
            let work = self.diagnose(settings);
            all.extend(runtime::block_on(work)?);
        }
        let state = worst(&all);
        if global.json {
            output::print_json(&json!({ "version": env!("CARGO_PKG_VERSION"), "state": state, "checks": all }))?;
        } else {
            output::print(&text(&all))?;
        }
        Ok(ExitCode::from(match state {
            DiagnosisState::Ok => 0,
            DiagnosisState::Warning => 1,
            DiagnosisState::Failure => 2,
        }))
    }

    /// All checks at once.
    async fn diagnose(&self, settings: &Settings) -> Vec<Diagnosis> {
        let of_sources = async { if self.offline { Vec::new() } else { sources::diagnose(&settings.source).await } };
        // taking much room, they are kept beside the stack
        let (git, database, brokers, backups, sources) = tokio::join!(
            machine::git_program(),
            Box::pin(database::diagnose(settings)),
            database::brokers(settings),
            Box::pin(backups::diagnose(settings)),
            Box::pin(of_sources),
        );
        let disk = vec![machine::disk(&settings.data.directory)];
        [git, disk, database, brokers, backups, sources].into_iter().flatten().collect()
    }
}

fn text(all: &[Diagnosis]) -> String {
    let mut table = output::table(&["check", "state", "found", "what to do"]);
    for one in all {
        let state = match one.state {
            DiagnosisState::Ok => "ok",
            DiagnosisState::Warning => "warning",
            DiagnosisState::Failure => "FAILURE",
        };
        table.add_row([one.check.as_str(), state, one.found.as_str(), one.advice.as_deref().unwrap_or_default()]);
    }
    let number = |state| all.iter().filter(|one| one.state == state).count();
    let (failures, warnings) = (number(DiagnosisState::Failure), number(DiagnosisState::Warning));
    let summary = match (failures, warnings) {
        (0, 0) => "all is well".to_owned(),
        (0, warnings) => count(warnings, "warning"),
        (failures, warnings) => format!("{}, {}", count(failures, "failure"), count(warnings, "warning")),
    };
    format!("{table}\n\n{summary}")
}
