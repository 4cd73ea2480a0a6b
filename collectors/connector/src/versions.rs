//! Orders versions of one thing, as the normalizers of forges and trackers make them.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Completeness, Version};
use regex::Regex;

static VERSION_TAG: LazyLock<Regex> = LazyLock::new(|| pattern(kernel::VERSION_TAGS));

/// Labels and types that make an issue an incident: `incident`, `type: incident`, `type::incident`.
static INCIDENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^(?:\[system\] )?incident$|^type::? ?incident"));

/// Labels that say how bad an incident is: `sev1`, `severity: high`, `severity::1`, `P2`.
static SEVERITY: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^(?:sev(?:erity)?(?:::|[-:/ ])* ?\w+|p[0-5])$"));

/// The regular expression of a constant.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "only constants of this program, each used by a test"
)]
#[must_use]
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern is valid")
}

/// Stated by the source itself.
#[must_use]
pub fn stated(at: DateTime<Utc>) -> Version {
    Version { completeness: Completeness::Reported, at }
}

/// Seen in passing: the source's own word on the thing counts more.
#[must_use]
pub fn inferred(at: DateTime<Utc>) -> Version {
    Version { completeness: Completeness::Inferred, at }
}

/// When a state held, with its rank among states of the same second, which goes into the microseconds.
#[must_use]
pub fn moment(second: DateTime<Utc>, rank: i64) -> DateTime<Utc> {
    second.checked_add_signed(TimeDelta::microseconds(rank)).unwrap_or(second)
}

/// Whether a tag is a version.
#[must_use]
pub fn is_version_tag(name: &str) -> bool {
    VERSION_TAG.is_match(name)
}

/// Whether a label or a type makes an issue an incident.
#[must_use]
pub fn is_incident(name: &str) -> bool {
    INCIDENT.is_match(name)
}

/// The selectors of an incident's labels.
#[must_use]
pub fn label_selectors(labels: &[String]) -> Vec<String> {
    labels.iter().filter_map(|label| kernel::incident_selector(&format!("label:{label}"))).collect()
}

/// The selectors of an incident's component.
#[must_use]
pub fn component_selectors(name: &str) -> Vec<String> {
    ["component", "label"].iter().filter_map(|kind| kernel::incident_selector(&format!("{kind}:{name}"))).collect()
}

/// Whether a label says how bad an incident is.
#[must_use]
pub fn is_severity(name: &str) -> bool {
    SEVERITY.is_match(name)
}

/// Whether a name is one of those that the settings name, in any letter case.
#[must_use]
pub fn is_named(name: &str, names: &[String]) -> bool {
    names.iter().any(|named| named.trim().to_lowercase() == name.trim().to_lowercase())
}

/// An e-mail address as accounts are compared by it; `None` for what is none, such as `[REDACTED]`.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (name, host) = text.split_once('@')?;
    (!name.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_and_severities_are_known_by_their_names() {
        for yes in ["incident", "Incident", "type: incident", "type::incident", "[System] Incident"] {
            assert!(is_incident(yes), "{yes}");
        }
        for no in ["incidental", "no incident", "bug", ""] {
            assert!(!is_incident(no), "{no}");
        }
        for yes in ["sev1", "severity: high", "severity::1", "Severity/2", "P2", "p0"] {
            assert!(is_severity(yes), "{yes}");
        }
        for no in ["priority", "p6", "several things", ""] {
            assert!(!is_severity(no), "{no}");
        }
    }

    #[test]
    fn a_name_of_the_settings_is_known_in_any_letter_case() {
        assert!(is_named(" abgelehnt", &["Abgelehnt".to_owned()]) && !is_named("Fertig", &["Abgelehnt".to_owned()]));
    }

    #[test]
    fn only_an_address_is_an_address() {
        assert_eq!(address(" Ann@Example.org "), Some("ann@example.org".to_owned()));
        for no in ["", "[REDACTED]", "@x", "ann@", "ann at@x y"] {
            assert_eq!(address(no), None, "{no}");
        }
    }
}
