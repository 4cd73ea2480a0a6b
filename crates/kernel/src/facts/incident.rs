//! Incidents.

use chrono::{DateTime, Utc};
use fact_derive::FactKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::version::Version;
use crate::{ChangeId, IncidentId, RepositoryId};

/// A problem for users. Identity: `id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, FactKind)]
#[serde(deny_unknown_fields)]
#[fact(
    traced,
    happened_at(detected_at),
    example = r#"{
        "id": "pager/1204", "repository": "git.example.org/shop/checkout", "title": "Checkout answers 500",
        "severity": "sev2", "detected_at": "2026-02-03T09:10:00Z", "resolved_at": "2026-02-03T09:52:00Z",
        "caused_by_deployment": "git.example.org/shop/checkout/deployment/77"
    }"#
)]
pub struct Incident {
    /// Unique among all incidents.
    #[fact(moves)]
    pub id: IncidentId,
    /// The service that it hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(filled)]
    pub service: Option<String>,
    /// The repository that it was reported in, where the service is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub repository: Option<RepositoryId>,
    /// What it is part of at its source, as the `incidents` of a service name it: `jira:SHOP`,
    /// `jira:SHOP/component/Basket`, `pagerduty:PABC123`, `label:checkout`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[fact(with = all_selectors, form = Selector)]
    pub selectors: Vec<String>,
    /// Its title.
    #[serde(default)]
    #[fact(written)]
    pub title: String,
    /// As the source has it: `sev1`, `P2`, `critical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// When it was noticed. The store keeps the earliest of all versions.
    #[fact(earliest)]
    pub detected_at: DateTime<Utc>,
    /// When it was first acknowledged. The store keeps the earliest of all versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(earliest)]
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When service was restored; `null` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<DateTime<Utc>>,
    /// The deployment that caused it: its id, or its name (version), or its commit's hex id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub caused_by_deployment: Option<String>,
    /// The change that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub caused_by_change: Option<ChangeId>,
    /// It has a cause that is no deployment of ours (a provider, a certificate).
    #[serde(default)]
    #[fact(written)]
    pub external_cause: bool,
    /// The deployment that fixed it: its id, or its name (version), or its commit's hex id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[fact(moves)]
    pub fixed_by_deployment: Option<String>,
    /// Web address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It is no longer there, or turned out to be none.
    #[serde(default)]
    #[fact(written)]
    pub deleted: bool,
    /// Its version, which resolves conflicts.
    pub version: Version,
}
