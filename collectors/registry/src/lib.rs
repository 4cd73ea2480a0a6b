//! The registry of connectors. Gateway, processor, imports and commands find a connector here, by the name that
//! settings, addresses and metric labels use.
//!
//! The list is the manifest: each dependency `connector-<name>` is a connector, and each whose pull side the
//! feature `pull` names has one. `build.rs` makes the lists of it.

use connector::Connector;
#[cfg(feature = "pull")]
use connector::webhook::Webhook;
#[cfg(feature = "pull")]
use pull::{Paged, Pull};
#[cfg(feature = "pull")]
use runtime::settings::SourceType;

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

// `CONNECTORS`, and with the feature `pull` `PULLED`: what the manifest names, in its order
include!(concat!(env!("OUT_DIR"), "/connectors.rs"));

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

/// The connectors that have a pull side.
#[cfg(feature = "pull")]
#[must_use]
pub fn pulled() -> &'static [&'static dyn Pull] {
    PULLED
}

/// Those of them whose sources are fetched page by page.
#[cfg(feature = "pull")]
pub fn paged() -> impl Iterator<Item = &'static dyn Paged> {
    pulled().iter().filter_map(|pull| pull.paged())
}

/// What each connector takes in the settings; those that are neither pulled nor send webhooks are left out.
#[cfg(feature = "pull")]
#[must_use]
pub fn source_types() -> Vec<SourceType> {
    let kind = |connector: &&dyn Connector| {
        let name = connector.name();
        let pull = pulled().iter().find(|pull| pull.name() == name).map(|pull| pull.options());
        let webhook = connector.webhook();
        SourceType {
            connector: name,
            pull,
            has_webhook: webhook.is_some(),
            has_canceled: webhook.is_some_and(Webhook::reads_canceled),
        }
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
