//! Alerts of code scanning, Dependabot and secret scanning.

use chrono::{DateTime, Utc};
use connector::lenient::Word;
use serde::Deserialize;

use super::common::{Repository, User};

#[derive(Deserialize)]
pub struct AlertEvent {
    pub alert: Alert,
    pub repository: Repository,
    pub sender: Option<User>,
}

/// An alert of code scanning, Dependabot or secret scanning: they share most fields.
#[derive(Deserialize)]
pub struct Alert {
    pub number: i64,
    pub html_url: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: Option<DateTime<Utc>>,
    pub fixed_at: Option<DateTime<Utc>>,
    pub dismissed_at: Option<DateTime<Utc>>,
    pub auto_dismissed_at: Option<DateTime<Utc>>,
    /// Of code scanning.
    pub rule: Option<AlertRule>,
    /// Of Dependabot.
    pub security_advisory: Option<Advisory>,
    pub security_vulnerability: Option<Advised>,
    /// Of secret scanning.
    pub secret_type: Option<String>,
    pub secret_type_display_name: Option<String>,
    pub resolution: Option<Word>,
    pub resolved_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct AlertRule {
    pub id: Option<String>,
    pub description: Option<String>,
    pub severity: Option<String>,
    pub security_severity_level: Option<String>,
}

#[derive(Deserialize)]
pub struct Advisory {
    pub summary: Option<String>,
    pub severity: Option<String>,
}

#[derive(Deserialize)]
pub struct Advised {
    pub package: Option<Package>,
    pub severity: Option<String>,
}

#[derive(Deserialize)]
pub struct Package {
    pub name: Option<String>,
}
