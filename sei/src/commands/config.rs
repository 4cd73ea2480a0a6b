//! `sei config`: what the settings are, and what is wrong with them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use connector::Connector;
use kernel::near::UnknownName;
use runtime::settings::reference;
use runtime::{Problem, Severity};

use crate::cli::Global;
use crate::output::{self, count};
use crate::settings::Settings;

/// Check and show the settings
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Check the settings: list each error with its key, the value found, what was expected, and the line
    ///
    /// Exit code 1 if there is an error, 0 if there are only warnings.
    Check(Check),
    /// Print the effective settings of all layers; of secrets only the references
    Show,
    /// Print the commented reference of all settings, with their defaults
    Default {
        /// Print tables in Markdown: docs/settings.md
        #[arg(long)]
        markdown: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The file to check; without it the one in use
    file: Option<PathBuf>,

    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
}

impl Config {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode> {
        match self {
            Self::Check(check) => return check.run(global),
            Self::Default { .. } if global.json => {
                output::print_json(&reference::toml::<Settings>().parse::<toml::Table>()?)?;
            }
            Self::Default { markdown: true } => output::print(&reference::markdown::<Settings>())?,
            Self::Default { markdown: false } => output::print(&reference::toml::<Settings>())?,
            Self::Show => {
                let settings: Settings = runtime::load(global.config.as_deref(), &global.overrides())?;
                if global.json {
                    output::print(&runtime::redact(&serde_json::to_string_pretty(&settings)?))?;
                } else {
                    output::print(&runtime::redact(&toml::to_string(&settings)?))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    fn run(&self, global: &Global) -> Result<ExitCode> {
        let file = self.file.as_deref().or(global.config.as_deref());
        let mut checked = runtime::check::<Settings>(file, &global.overrides());
        if let Some(settings) = &checked.settings {
            let place = checked.file.as_ref().map_or("the settings".to_owned(), |file| file.display().to_string());
            checked.problems.extend(unknown_connectors(settings, &place));
            checked.problems.sort_by_key(|problem| problem.severity);
        }
        let errors =
            checked.problems.iter().filter(|problem| self.strict || problem.severity == Severity::Error).count();
        if global.json {
            output::print_json(&serde_json::json!({ "file": checked.file, "problems": checked.problems }))?;
        } else {
            let file = checked.file.map_or("no file, only defaults".to_owned(), |file| file.display().to_string());
            let mut lines: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
            lines.push(match (errors, checked.problems.len()) {
                (0, 0) => format!("{file}: all is well"),
                (0, warnings) => format!("{file}: no errors, {}", count(warnings, "warning")),
                (errors, _) => format!("{file}: {}", count(errors, "error")),
            });
            output::print(&lines.join("\n"))?;
        }
        Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Sources and webhooks of connectors that there are not.
pub(crate) fn unknown_connectors(settings: &Settings, place: &str) -> Vec<Problem> {
    let pulled: Vec<&str> = registry::pulled().iter().map(|pull| pull.name()).collect();
    let received: Vec<&str> = names(|connector| connector.webhook().is_some());
    let of_source = settings.source.iter().enumerate().filter(|(_, source)| !pulled.contains(&&*source.connector));
    let of_source =
        of_source.map(|(nth, source)| (format!("source.{nth}.connector"), source.connector.as_str(), &pulled));
    let of_webhook = settings.webhooks.keys().filter(|connector| !received.contains(&connector.as_str()));
    let of_webhook = of_webhook.map(|connector| (format!("webhooks.{connector}"), connector.as_str(), &received));
    let problem = |(key, found, known): (String, &str, &Vec<&str>)| {
        let expected = format!("one of {}", known.join(", "));
        Problem {
            severity: Severity::Error,
            key,
            found: format!("`{found}`, which no connector is called"),
            expected: UnknownName::new(found, known.iter().copied()).expected(&expected),
            place: place.to_owned(),
        }
    };
    of_source.chain(of_webhook).map(problem).collect()
}

/// The names of connectors that can do something.
fn names(can: fn(&dyn Connector) -> bool) -> Vec<&'static str> {
    registry::all().iter().filter(|connector| can(**connector)).map(|connector| connector.name()).collect()
}
