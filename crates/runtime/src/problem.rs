//! Errors and warnings about settings, and their text.

use std::fmt;

use serde::Serialize;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing starts with these settings.
    Error,
    /// It works, but perhaps not as meant.
    Warning,
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsProblem {
    /// Error or warning.
    pub severity: Severity,
    /// The key, with dots: `source.0.pull.schedule`.
    pub key: String,
    /// What was found there. Never the value of a secret.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// The file and line, the environment variable or the flag that says so.
    pub place: String,
}

impl fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.text())
    }
}

impl SettingsProblem {
    /// What is wrong and where, without its severity.
    pub(crate) fn text(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            write!(f, "{}: found {}, expected {}\n  at {}", self.key, self.found, self.expected, self.place)
        })
    }
}

/// The settings can't be used. Holds everything that is wrong with them.
#[derive(Debug, thiserror::Error)]
#[error("the settings can't be used:\n{}", lines(.problems))]
pub struct SettingsError {
    /// Errors first.
    pub problems: Vec<SettingsProblem>,
}

fn lines(problems: &[SettingsProblem]) -> String {
    problems.iter().map(SettingsProblem::to_string).collect::<Vec<_>>().join("\n")
}
