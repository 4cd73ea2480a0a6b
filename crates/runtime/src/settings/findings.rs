//! What is wrong with settings whose types are right: patterns, schedules, names that point to each other, secrets.

use std::time::Duration;

use regex::Regex;

use super::secret_ref::SecretRef;
use crate::problem::Severity;
use crate::schedule::Schedule;
use crate::secret::{self, Secret, SecretError};

/// One thing that is wrong, without the file and line.
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) key: String,
    pub(crate) found: String,
    pub(crate) expected: String,
}

/// Collects what is wrong with settings.
#[derive(Default)]
pub struct Findings(Vec<Finding>);

/// A value as an error shows it: URLs without their secrets.
#[must_use]
pub fn shown(text: &str) -> String {
    format!("`{}`", crate::redact(text))
}

impl Findings {
    pub(crate) fn into_vec(self) -> Vec<Finding> {
        self.0
    }

    /// The keys of what is wrong so far.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|finding| finding.key.as_str())
    }

    /// The first of what is wrong: its key, the value found, and what was expected.
    #[must_use]
    pub fn first(&self) -> Option<(&str, &str, &str)> {
        let finding = self.0.iter().find(|finding| finding.severity == Severity::Error)?;
        Some((&finding.key, &finding.found, &finding.expected))
    }

    fn push(&mut self, severity: Severity, key: String, found: String, expected: String) {
        self.0.push(Finding { severity, key, found, expected });
    }

    /// Reports that nothing can start with the value at `key`.
    pub fn error(&mut self, key: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) {
        self.push(Severity::Error, key.into(), found.into(), expected.into());
    }

    /// Reports a value that works, but may not be intended.
    pub fn warning(&mut self, key: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) {
        self.push(Severity::Warning, key.into(), found.into(), expected.into());
    }

    /// Requires a regular expression.
    pub fn pattern(&mut self, key: impl Into<String>, pattern: &str) {
        if let Err(error) = Regex::new(pattern) {
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            self.error(key, shown(pattern), format!("a regular expression ({why})"));
        }
    }

    /// Requires a duration above 0.
    pub fn positive(&mut self, key: impl Into<String>, duration: Duration) {
        if duration.is_zero() {
            self.error(key, "0", "a duration above 0, such as \"24h\"");
        }
    }

    /// Requires a count of at least 1.
    pub fn one_or_more(&mut self, key: impl Into<String>, count: usize) {
        if count == 0 {
            self.error(key, "0", "1 or more");
        }
    }

    /// Requires a cron expression.
    pub fn schedule(&mut self, key: impl Into<String>, schedule: &str) {
        if schedule.parse::<Schedule>().is_err() {
            let expected = "a cron expression, such as `*/5 * * * *` (minute, hour, day, month, day of week)";
            self.error(key, shown(schedule), expected);
        }
    }

    /// Requires the name of a tenant, if there is one.
    pub fn tenant(&mut self, key: impl Into<String>, name: Option<&str>) {
        if let Some(name) = name.filter(|name| kernel::Tenant::new(name).is_err()) {
            self.error(key, shown(name), kernel::TENANT_NAMES);
        }
    }

    /// Requires a name that is used once (`first`) among all `of`.
    pub fn name(&mut self, key: impl Into<String>, name: &str, first: bool, of: &str) {
        if name.is_empty() {
            self.error(key, "nothing", "a name");
        } else if !first {
            self.error(key, format!("{} a second time", shown(name)), format!("a name once among all {of}"));
        }
    }

    /// Requires the id of a repository.
    pub fn repository(&mut self, key: impl Into<String>, id: &str) {
        if let Some(good) = kernel::RepositoryId::from_url(id) {
            self.error(key, shown(id), format!("the id of a repository, host/owner/name: `{good}`"));
        } else if !id.contains('/') || id.chars().any(|c| c.is_whitespace() || c.is_uppercase()) {
            self.error(key, shown(id), "the id of a repository: host/owner/name in lower case");
        }
    }

    /// Requires a secret. One that is absent is a warning: where settings are checked is seldom where the secrets are,
    /// and the role that needs it refuses to start without it. A blank one is an error.
    pub fn secret(&mut self, key: impl Into<String>, reference: &SecretRef) {
        self.read_secret(key, secret::read(reference), "a secret of at least one character".to_owned());
    }

    /// Requires a secret that requests are verified with, which may not be short either.
    pub fn verifying_secret(&mut self, key: impl Into<String>, reference: &SecretRef) {
        let expected = format!("a secret of at least {} bytes", secret::SHORTEST);
        self.read_secret(key, secret::read_verifying(reference), expected);
    }

    fn read_secret(&mut self, key: impl Into<String>, read: Result<Secret, SecretError>, expected: String) {
        if let Err(error) = read {
            let present = matches!(error, SecretError::Empty(_) | SecretError::Short(..));
            let severity = if present { Severity::Error } else { Severity::Warning };
            self.push(severity, key.into(), error.to_string(), expected);
        }
    }
}
