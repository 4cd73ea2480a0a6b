//! The registry of connectors: one line each. Gateway, processor and imports find a connector here, by
//! the name that settings, addresses and metric labels use.

use connector::Connector;
#[cfg(feature = "pull")]
use pull::Pull;
#[cfg(feature = "pull")]
use runtime::settings::{OptionsType, SourceType};

#[cfg(test)]
mod cases;
#[cfg(test)]
mod declared;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod odd_parts;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod sweep;

static CONNECTORS: &[&dyn Connector] = &[
    &connector_git::Git,
    &connector_github::GitHub,
    &connector_gitlab::GitLab,
    &connector_jira::Jira,
    &connector_generic::Generic,
    &connector_gharchive::GhArchive,
    &connector_cdevents::CdEvents,
    &connector_tekton::Tekton,
    &connector_pagerduty::PagerDuty,
    &connector_circleci::CircleCi,
    &connector_jenkins::Jenkins,
    &connector_devlake::DevLake,
];

/// Those of them that can be asked.
#[cfg(feature = "pull")]
static PULLED: &[&dyn Pull] = &[
    &connector_github::GitHub,
    &connector_gitlab::GitLab,
    &connector_jira::Jira,
    &connector_pagerduty::PagerDuty,
    &connector_circleci::CircleCi,
    &connector_jenkins::Jenkins,
];

/// The connector of this name.
#[must_use]
pub fn connector(name: &str) -> Option<&'static dyn Connector> {
    all().iter().copied().find(|connector| connector.name() == name)
}

/// All connectors.
#[must_use]
pub fn all() -> &'static [&'static dyn Connector] {
    CONNECTORS
}

/// The names of the connectors that take webhooks, as an error lists them.
#[must_use]
pub fn with_webhooks() -> String {
    let names = all().iter().filter(|connector| connector.webhook().is_some()).map(|found| found.name());
    names.collect::<Vec<_>>().join(", ")
}

/// The pull side of the connector of this name.
#[cfg(feature = "pull")]
#[must_use]
pub fn pull(name: &str) -> Option<&'static dyn Pull> {
    pulled().iter().copied().find(|pull| pull.name() == name)
}

/// The pull sides of all connectors that have one.
#[cfg(feature = "pull")]
#[must_use]
pub fn pulled() -> &'static [&'static dyn Pull] {
    PULLED
}

/// What each connector takes in the settings; those that are neither pulled nor send webhooks are left out.
#[cfg(feature = "pull")]
#[must_use]
pub fn source_types() -> Vec<SourceType> {
    let kind = |connector: &&dyn Connector| {
        let name = connector.name();
        let is_git = name == connector_git::Git.name();
        let pull =
            if is_git { Some(OptionsType::of::<connector_git::Options>()) } else { pull(name).map(Pull::options) };
        SourceType { connector: name, pull, has_webhook: connector.webhook().is_some() }
    };
    all().iter().map(kind).filter(|kind| kind.pull.is_some() || kind.has_webhook).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connector_is_found_by_its_own_name_only() {
        for (at, one) in all().iter().enumerate() {
            assert_eq!(connector(one.name()).map(Connector::name), Some(one.name()));
            assert!(all().iter().skip(at + 1).all(|other| other.name() != one.name()), "{} twice", one.name());
        }
        assert!(connector("").is_none() && connector("GitHub").is_none());
    }
}
