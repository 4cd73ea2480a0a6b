//! The settings of the computation, checked and compiled.

use std::collections::BTreeSet;

use kernel::people::{NamedBots, names_bot};
use regex::Regex;

use crate::DoraError;
use crate::settings;
use crate::settings::{Compat, FirstDeployment, LeadTimeStart};

/// The settings of the computation, checked and compiled.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which environments are production; without it what sources say, and the words of names.
    pub(crate) production: Option<Regex>,
    /// Which pipelines deploy; without it the words of their names.
    pub(crate) pipelines: Option<Regex>,
    pub(crate) hotfix: Regex,
    pub(crate) window_us: i64,
    pub(crate) first_deployment: FirstDeployment,
    pub(crate) lead_time_start: LeadTimeStart,
    pub(crate) patch_release_is_hotfix: bool,
    pub(crate) count_failed_attempts: bool,
    pub(crate) exclude_bots: bool,
    /// In lower case.
    exclude_labels: BTreeSet<String>,
    pub(crate) bots: NamedBots,
    /// Whose rules are followed.
    pub(crate) compat: Compat,
}

impl Options {
    /// From settings. An error names the one that can't be used.
    pub fn new(settings: &settings::Dora) -> Result<Self, DoraError> {
        let window = i64::try_from(settings.attribution_window.as_micros()).map_err(|_| DoraError::Setting {
            key: "dora.attribution_window".to_owned(),
            found: runtime::duration::format(settings.attribution_window),
            expected: "less than 292,000 years",
        })?;
        Ok(Self {
            production: optional("dora.production", settings.production.as_deref())?,
            pipelines: optional("dora.deployment_pipelines", settings.deployment_pipelines.as_deref())?,
            hotfix: pattern("dora.hotfix", &settings.hotfix)?,
            window_us: window,
            first_deployment: settings.first_deployment,
            lead_time_start: settings.lead_time_start,
            patch_release_is_hotfix: settings.patch_release_is_hotfix,
            count_failed_attempts: settings.count_failed_attempts,
            exclude_bots: settings.exclude_bots_from_lead_time,
            exclude_labels: settings.exclude_labels.iter().map(|label| label.to_lowercase()).collect(),
            compat: settings.compat,
            bots: NamedBots::new(&settings.bots),
        })
    }

    /// Whether changes with a label are left out of lead time. Letter case does not matter, as at forges.
    pub(crate) fn excludes_label(&self, label: &str) -> bool {
        !self.exclude_labels.is_empty() && self.exclude_labels.contains(&label.to_lowercase())
    }

    /// Whether an account is a bot by its name or by configuration.
    pub(crate) fn names_bot(&self, account: &str) -> bool {
        names_bot(account) || self.bots.has(account)
    }
}

/// Compiles a regular expression of the settings, if there is one.
pub(crate) fn optional(key: &str, text: Option<&str>) -> Result<Option<Regex>, DoraError> {
    text.map(|text| pattern(key, text)).transpose()
}

/// Compiles a regular expression of the settings.
pub(crate) fn pattern(key: &str, text: &str) -> Result<Regex, DoraError> {
    Regex::new(text).map_err(|_| DoraError::Setting {
        key: key.to_owned(),
        found: text.to_owned(),
        expected: "a regular expression",
    })
}
