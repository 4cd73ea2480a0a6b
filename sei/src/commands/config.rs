//! `sei config`: what the settings are, and what is wrong with them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use runtime::Severity;

use crate::cli::Global;
use crate::output::{self, count};

/// Check and show the settings
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Say all that is wrong with the settings: the key, what was found, what was expected, and where
    ///
    /// Exit code 1 if there is an error, 0 if there are only warnings.
    Check(Check),
    /// Print the settings in effect, out of all layers; secrets are only named
    Show,
    /// Print the commented reference of all settings, with their defaults
    Default,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The file to check; without it the one that would be used
    file: Option<PathBuf>,

    /// Let a warning count as an error
    #[arg(long)]
    strict: bool,
}

impl Config {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode> {
        match self {
            Self::Check(check) => return check.run(global),
            Self::Default if global.json => output::print_json(&runtime::DEFAULTS.parse::<toml::Table>()?)?,
            Self::Default => output::print(runtime::DEFAULTS)?,
            Self::Show => {
                let settings = runtime::load(global.config.as_deref(), &global.overrides())?;
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
        let checked = runtime::check(file, &global.overrides());
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
