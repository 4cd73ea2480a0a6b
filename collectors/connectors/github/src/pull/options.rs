//! What only GitHub's sources have in the settings.

use runtime::settings::SecretRef;
use serde::Deserialize;

/// What only GitHub's sources have, `[source.options]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The id of a GitHub App, instead of a token.
    #[serde(default)]
    pub(super) app_id: Option<u64>,
    /// Where it is installed; without it, its only installation.
    #[serde(default)]
    pub(super) installation_id: Option<u64>,
    /// Its private key, PEM.
    #[serde(default)]
    pub(super) private_key: Option<SecretRef>,
    /// Whether the jobs of workflow runs are asked for, a request a run.
    #[serde(default = "yes")]
    pub(super) jobs: bool,
    /// Whether alerts are asked for.
    #[serde(default = "yes")]
    pub(super) alerts: bool,
}

fn yes() -> bool {
    true
}
