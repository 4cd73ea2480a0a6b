//! GitHub's three kinds of alerts → vulnerabilities.

use kernel::{Completeness, Version, Vulnerability};

use super::facts::Place;
use super::wire;

/// The severity of what GitHub gives none: a secret that leaked.
const UNRATED: &str = "unrated";

/// An alert. `family` is GitHub's name of its kind: `code-scanning`, `dependabot`, `secret-scanning`.
pub(super) fn vulnerability(place: &Place, family: &str, alert: &wire::Alert) -> Vulnerability {
    let filled = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
    let (rule, advisory, advised) = (&alert.rule, &alert.security_advisory, &alert.security_vulnerability);
    let package = advised.as_ref().and_then(|advised| filled(advised.package.as_ref()?.name.as_ref()));
    let rule_id = rule.as_ref().and_then(|rule| filled(rule.id.as_ref())).or(package);
    let rule_id = rule_id.or_else(|| filled(alert.secret_type.as_ref()));
    let title = rule.as_ref().and_then(|rule| filled(rule.description.as_ref()));
    let title = title.or_else(|| advisory.as_ref().and_then(|advisory| filled(advisory.summary.as_ref())));
    let title = title.or_else(|| filled(alert.secret_type_display_name.as_ref()));
    let severity = rule
        .as_ref()
        .and_then(|rule| filled(rule.security_severity_level.as_ref()).or_else(|| filled(rule.severity.as_ref())));
    let severity = severity.or_else(|| advised.as_ref().and_then(|advised| filled(advised.severity.as_ref())));
    let severity = severity.or_else(|| advisory.as_ref().and_then(|advisory| filled(advisory.severity.as_ref())));
    // a secret that was revoked or replaced is fixed; a false positive was dismissed
    let fixed = matches!(alert.resolution.as_deref(), Some("revoked" | "pattern_edited" | "pattern_deleted"));
    let fixed_at = alert.fixed_at.or(alert.resolved_at.filter(|_| fixed));
    let dismissed_at = alert.dismissed_at.or(alert.auto_dismissed_at).or(alert.resolved_at.filter(|_| !fixed));
    let changed = [alert.updated_at, fixed_at, dismissed_at].into_iter().flatten().max();
    Vulnerability {
        repository: Some(place.id.clone()),
        title: title.or_else(|| rule_id.clone()).unwrap_or_else(|| format!("alert {}", alert.number)),
        rule: rule_id,
        fixed_at,
        dismissed_at,
        url: alert.html_url.clone(),
        ..Vulnerability::new(
            format!("{}/{family}/{}", place.id, alert.number),
            severity.map_or_else(|| UNRATED.to_owned(), |severity| rated(&severity)),
            alert.created_at,
            Version { completeness: Completeness::Reported, at: changed.unwrap_or(alert.created_at) },
        )
    }
}

/// `moderate` is what advisories call a medium severity.
fn rated(severity: &str) -> String {
    let severity = severity.to_lowercase();
    if severity == "moderate" { "medium".to_owned() } else { severity }
}
