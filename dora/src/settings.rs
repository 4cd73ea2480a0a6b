//! The sections `[dora]` and `[[metric]]` of the settings.

use std::time::Duration;

use runtime::duration;
use runtime::settings::Findings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the first deployment of a service carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstDeployment {
    /// nothing: it is where counting starts
    Baseline,
    /// everything that it reaches
    CarriesAll,
}

/// Where lead time starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadTimeStart {
    /// the earliest author time among the commits of a change
    FirstCommit,
    /// when the change was opened
    Opened,
    /// when the change was merged
    Merged,
}

/// Whose rules are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compat {
    /// those of docs/metrics.md
    #[default]
    Off,
    /// those of Apache `DevLake`, to compare old and new numbers side by side
    Devlake,
}

/// To whom data about single persons is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum People {
    /// to no user: numbers are about work, not about people
    #[default]
    Off,
    /// to each user those of the person who the user is
    Themselves,
    /// also to managers: those of all persons, or of the members of the teams that they are limited to
    Managers,
}

/// How metrics are computed; docs/metrics.md defines them.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dora {
    /// Assistants that write code: a regular expression on the accounts of a change's authors and co-authors
    /// (`Co-authored-by`), and on its branch. Changes that match count as AI-assisted.
    pub assistants: String,
    /// The time after a deployment within which a failure is attributed to it.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub attribution_window: Duration,
    /// Logins or accounts that are bots, beside those that their source marks as bots.
    #[schemars(example = ["renovate"])]
    pub bots: Vec<String>,
    /// Whose rules are followed.
    pub compat: Compat,
    /// Whether failed attempts to deploy count as failed deployments.
    pub count_failed_attempts: bool,
    /// Pipelines whose runs are deployments, a regular expression on their names. Without it, names with `deploy`,
    /// `release`, `publish` or `rollout`, and no word of a preview, a dry run, a test or a removal (`undeploy`,
    /// `destroy`).
    #[schemars(example = &"(?i)^ship ")]
    pub deployment_pipelines: Option<String>,
    /// Whether changes by bots are left out of lead time.
    pub exclude_bots_from_lead_time: bool,
    /// Changes with one of these labels are left out of lead time.
    #[schemars(example = ["dependencies"])]
    pub exclude_labels: Vec<String>,
    /// What the first deployment of a service carries.
    pub first_deployment: FirstDeployment,
    /// Branches and labels of hotfixes, a regular expression.
    pub hotfix: String,
    /// Where lead time starts.
    pub lead_time_start: LeadTimeStart,
    /// Whether a patch release (1.4.1 soon after 1.4.0) counts as the hotfix of the release before it, for services
    /// that are measured by releases or tags. Dates as versions (2026.11.2) never do, nor patch levels that only count:
    /// where more than half of a year's releases are patch levels in a row.
    pub patch_release_is_hotfix: bool,
    /// To whom persons with their names and addresses, and metrics by person, are shown.
    pub people: People,
    /// Which environments are production, a regular expression. Without it a source that knows (GitLab's tier,
    /// GitHub's `production_environment`) decides, then the words of the name: `prod`, `production`, `prd`, `gprd` or
    /// `live`, and none such as `staging`, `test`, `preview`, `pre` or `demo`.
    #[schemars(example = &"(?i)^(prod|live)-")]
    pub production: Option<String>,
    /// The time zone in which days, weeks and months begin, by its IANA name.
    #[schemars(with = "String", extend("format" = "time-zone"))]
    pub time_zone: chrono_tz::Tz,
    /// The number of services that a process computes at the same time; each takes a connection to the database
    /// (`database.connections`).
    pub workers: usize,
}

impl Default for Dora {
    fn default() -> Self {
        Self {
            assistants: r"(?i)([/+]copilot(@|\[bot\]|-swe-agent|$)|devin-ai-integration|cursoragent|/claude\[bot\]|noreply@anthropic\.com|chatgpt-codex-connector|google-labs-jules|gemini-code-assist|amazon-q-developer|^(copilot|codex|cursor|claude|devin|jules)/)".to_owned(),
            attribution_window: Duration::from_hours(24),
            bots: Vec::new(),
            compat: Compat::Off,
            count_failed_attempts: false,
            deployment_pipelines: None,
            exclude_bots_from_lead_time: false,
            exclude_labels: Vec::new(),
            first_deployment: FirstDeployment::Baseline,
            hotfix: "(?i)^hotfix".to_owned(),
            lead_time_start: LeadTimeStart::FirstCommit,
            patch_release_is_hotfix: false,
            people: People::Off,
            production: None,
            time_zone: chrono_tz::Tz::UTC,
            workers: 2,
        }
    }
}

impl Dora {
    /// Reports what is wrong with the section.
    pub fn check(&self, findings: &mut Findings) {
        for (key, pattern) in [
            ("dora.production", self.production.as_deref()),
            ("dora.deployment_pipelines", self.deployment_pipelines.as_deref()),
            ("dora.hotfix", Some(self.hotfix.as_str())),
            ("dora.assistants", Some(self.assistants.as_str())),
        ] {
            if let Some(pattern) = pattern {
                findings.pattern(key, pattern);
            }
        }
        findings.positive("dora.attribution_window", self.attribution_window);
        findings.one_or_more("dora.workers", self.workers);
    }
}

/// A metric of your own; docs/metrics.md states what each key can hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomMetricSettings {
    /// What is made of the values: count, sum, mean, median, p75, p90, rate or `per_week`.
    #[schemars(example = &"rate")]
    pub aggregation: String,
    /// The field that is the time of a fact; the usual one of its kind without it.
    #[serde(default)]
    #[schemars(example = &"merged_at")]
    pub at: Option<String>,
    /// What it measures, for people.
    #[serde(default)]
    #[schemars(example = &"Share of merged changes with more than 500 changed lines")]
    pub description: String,
    /// The kind of facts that it counts: change, deployment, incident, …
    #[schemars(example = &"change")]
    pub fact: String,
    /// Conditions on these facts, all of which must hold.
    #[serde(default)]
    #[schemars(example = ["state = merged", "labels has not generated"])]
    pub filter: Vec<String>,
    /// Its name, unique among all metrics: lower-case letters, digits and `_`.
    #[schemars(example = &"large_changes")]
    pub name: String,
    /// The value of each fact: a field, the time between two (`merged_at - opened_at`), or a condition.
    #[serde(default)]
    #[schemars(example = &"additions > 500")]
    pub value: Option<String>,
    /// The default period that it covers.
    #[serde(default, with = "duration::option")]
    #[schemars(with = "Option<duration::Text>", example = &"90d")]
    pub window: Option<Duration>,
}
