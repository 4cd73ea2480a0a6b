//! `sei config`: what the settings are, and what is wrong with them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use runtime::Severity;
use runtime::settings::reference;

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
        let checked = runtime::check::<Settings>(file, &global.overrides());
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
