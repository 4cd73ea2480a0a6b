//! The registry of connectors: one line each. Gateway, processor and imports find a connector here, by
//! the name that settings, addresses and metric labels use.

use connector::Connector;
use pull::Pull;

use crate::{cdevents, circleci, devlake, generic, gharchive, git, github, gitlab, jenkins, jira, pagerduty, tekton};

static CONNECTORS: &[&dyn Connector] = &[
    &git::Git,
    &github::GitHub,
    &gitlab::GitLab,
    &jira::Jira,
    &generic::Generic,
    &gharchive::GhArchive,
    &cdevents::CdEvents,
    &tekton::Tekton,
    &pagerduty::PagerDuty,
    &circleci::CircleCi,
    &jenkins::Jenkins,
    &devlake::DevLake,
];

/// Those of them that can be asked.
static PULLED: &[&dyn Pull] =
    &[&github::GitHub, &gitlab::GitLab, &jira::Jira, &pagerduty::PagerDuty, &circleci::CircleCi, &jenkins::Jenkins];

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

/// The pull side of the connector of this name.
#[must_use]
pub fn pull(name: &str) -> Option<&'static dyn Pull> {
    pulled().iter().copied().find(|pull| pull.name() == name)
}

/// The pull sides of all connectors that have one.
#[must_use]
pub fn pulled() -> &'static [&'static dyn Pull] {
    PULLED
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
