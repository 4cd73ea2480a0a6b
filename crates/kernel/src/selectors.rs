//! What an incident is part of at its source, as short texts that `[[service]] incidents` names: a Jira project or
//! component, a PagerDuty service, a label. One form each, so that both sides are compared as they are.

use crate::{Incident, RepositoryId, Service};

/// The forms of a selector, for messages and documentation.
pub const SELECTOR_FORMS: &str = "`jira:SHOP`, `jira:you.atlassian.net/SHOP`, `jira:SHOP/component/Basket`, \
                                  `pagerduty:PABC123`, `label:checkout`, `component:basket`, `service:Checkout API` or \
                                  `repository:host/owner/name`";

/// The usual form of a selector: `None` for a text that is not one. Names are compared in lower case, keys of Jira
/// projects and ids of PagerDuty services in upper case, as their sources write them.
#[must_use]
pub fn incident_selector(text: &str) -> Option<String> {
    let (kind, rest) = text.trim().split_once(':')?;
    let rest = rest.trim();
    if rest.is_empty() {
        return None;
    }
    let kind = kind.trim().to_lowercase();
    let named = match kind.as_str() {
        "jira" => jira(rest)?,
        "pagerduty" if rest.chars().all(|sign| sign.is_ascii_alphanumeric()) => rest.to_uppercase(),
        "label" | "component" | "service" => rest.to_lowercase(),
        "repository" => RepositoryId::from_url(rest).map_or_else(|| rest.to_lowercase(), |id| id.to_string()),
        _ => return None,
    };
    (kind != "repository" || named.contains('/')).then(|| format!("{kind}:{named}"))
}

/// `[host/]KEY[/component/NAME]`.
fn jira(text: &str) -> Option<String> {
    let (place, component) = match text.split_once("/component/") {
        Some((place, component)) => (place, Some(component.trim().to_lowercase())),
        None => (text, None),
    };
    let (host, key) = place.rsplit_once('/').map_or((None, place), |(host, key)| (Some(host.to_lowercase()), key));
    let is_key = key.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && key.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
    if !is_key || host.as_ref().is_some_and(String::is_empty) || component.as_ref().is_some_and(String::is_empty) {
        return None;
    }
    let host = host.map(|host| format!("{host}/")).unwrap_or_default();
    let component = component.map(|name| format!("/component/{name}")).unwrap_or_default();
    Some(format!("{host}{}{component}", key.to_uppercase()))
}

impl Incident {
    /// All selectors that it meets: those that its source gave, its service and its repository; each once, in order.
    #[must_use]
    pub fn all_selectors(&self) -> Vec<String> {
        let service = self.service.as_ref().map(|name| format!("service:{name}"));
        let repository = self.repository.as_ref().map(|id| format!("repository:{id}"));
        let given = self.selectors.iter().cloned().chain(service).chain(repository);
        let mut all: Vec<String> = given.filter_map(|text| incident_selector(&text)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Service {
    /// The selectors of the incidents that it claims.
    #[must_use]
    pub fn claims(&self) -> Vec<String> {
        self.incidents.iter().filter_map(|text| incident_selector(text)).collect()
    }

    /// The selector of a component of its own name, whose incidents are its own unless a service claims them.
    #[must_use]
    pub fn component(&self) -> String {
        format!("component:{}", self.name.trim().to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_has_one_form_however_it_is_written() {
        for (text, expected) in [
            ("jira:SHOP", "jira:SHOP"),
            (" Jira: shop ", "jira:SHOP"),
            ("jira:You.Atlassian.net/shop", "jira:you.atlassian.net/SHOP"),
            ("jira:example.com/jira/SHOP/component/Pay / Out", "jira:example.com/jira/SHOP/component/pay / out"),
            ("jira:SHOP/component/Basket", "jira:SHOP/component/basket"),
            ("pagerduty:pabc123", "pagerduty:PABC123"),
            ("label: Checkout", "label:checkout"),
            ("label:a:b", "label:a:b"),
            ("component:Basket", "component:basket"),
            ("service:Checkout API", "service:checkout api"),
            ("repository:https://GitHub.com/Acme/Incidents.git", "repository:github.com/acme/incidents"),
        ] {
            assert_eq!(incident_selector(text).as_deref(), Some(expected), "{text}");
            assert_eq!(incident_selector(expected).as_deref(), Some(expected), "{text}");
        }
        for no in [
            "",
            "jira",
            "jira:",
            "jira:SHOP/",
            "jira:/SHOP",
            "jira:SHOP-1",
            "jira:SHOP/component/",
            "pagerduty:a b",
            "label:",
            "other:x",
            "SHOP",
            "repository:x",
        ] {
            assert_eq!(incident_selector(no), None, "{no}");
        }
    }
}
