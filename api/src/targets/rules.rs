//! What a target may be, and who may set it.

use dora::{Definition, Direction, Slice, Unit};
use kernel::near::UnknownName;
use kernel::{Right, TargetBound};
use serde::Deserialize;
use store::targets::NewTarget;
use utoipa::ToSchema;

use crate::access::Access;
use crate::problem::Problem;

/// Characters of a note at most.
const NOTE_CHARS: usize = 500;
/// The greatest value: of a duration, 30,000 years.
const VALUE_MAX: f64 = 1e12;

/// A target that is sent to be set.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentTarget {
    /// What the metric should be, in its unit: durations in seconds, shares from 0 to 1.
    #[schema(minimum = 0)]
    pub value: f64,
    /// On which side of the value it is met. Without it on the side that is better, as the metric's `direction` says; it is
    /// required where that is `neither`.
    pub bound: Option<TargetBound>,
    /// What was agreed, in words: 500 characters at most.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub note: String,
}

/// What targets are checked against.
#[derive(Clone, Copy, Debug)]
pub struct TargetRules<'r> {
    /// The metrics that there are.
    pub metrics: &'r [Definition],
}

impl TargetRules<'_> {
    /// The target that is to be set for a metric, of a team or without one of the organization. An error names what can't
    /// be agreed on.
    pub fn read<'a>(
        &self,
        (team, metric): (Option<&'a str>, &'a str),
        sent: &'a SentTarget,
    ) -> Result<NewTarget<'a>, Problem> {
        let Some(definition) = self.metrics.iter().find(|known| known.name == metric) else {
            let names = self.metrics.iter().map(|known| known.name.as_str());
            return Err(Problem::unknown("metric", &UnknownName::new(metric, names)));
        };
        if definition.aggregation.grows_with_window() {
            let expected =
                "a metric whose value a longer window alone does not change: a median, share, rate or average";
            return Err(Problem::parameter("metric", metric, expected));
        }
        if team.is_some() && !definition.slices.iter().any(|by| matches!(by, Slice::Team | Slice::AuthorTeam)) {
            let expected = "a metric that can be asked for by team; this one only the organization can agree on";
            return Err(Problem::parameter("metric", metric, expected));
        }
        let most = if definition.unit == Unit::Ratio { 1.0 } else { VALUE_MAX };
        if !(0.0..=most).contains(&sent.value) {
            return Err(Problem::parameter("value", &sent.value.to_string(), format!("a number from 0 to {most}")));
        }
        let chars = sent.note.chars().count();
        if chars > NOTE_CHARS {
            let found = format!("a text of {chars} characters");
            return Err(Problem::parameter("note", &found, format!("{NOTE_CHARS} characters at most")));
        }
        let bound = sent.bound.or(match definition.direction {
            Direction::Up => Some(TargetBound::AtLeast),
            Direction::Down => Some(TargetBound::AtMost),
            Direction::Neither => None,
        });
        let expected = "`at_most` or `at_least`: of this metric neither more nor less is better by itself";
        let bound = bound.ok_or_else(|| Problem::parameter("bound", "", expected))?;
        Ok(NewTarget { team, metric, bound, value: sent.value, note: sent.note.trim() })
    }
}

/// Fails for who may not set targets of a team, or without one of the organization: managers may, of the teams that they
/// are limited to. Who is limited to teams agrees on nothing for the organization.
pub(crate) fn may_change(access: &Access, team: Option<&str>) -> Result<(), Problem> {
    let is_own = access.within.is_everything() || team.is_some_and(|team| access.sees_team(team));
    access.check(if is_own { Right::SetTargets } else { Right::Administer })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use dora::Within;
    use kernel::Role;

    use super::*;

    fn read(team: Option<&str>, metric: &str, sent: &str) -> Result<(TargetBound, f64), Problem> {
        let metrics = dora::definitions(&[]).unwrap();
        let sent: SentTarget = serde_json::from_str(sent).unwrap();
        let target = TargetRules { metrics: &metrics }.read((team, metric), &sent)?;
        Ok((target.bound, target.value))
    }

    #[test]
    fn the_bound_is_on_the_side_that_is_better_unless_it_is_stated() {
        use TargetBound::{AtLeast, AtMost};
        let web = Some("web");
        assert_eq!(read(web, "change_lead_time", r#"{"value": 86400}"#).unwrap(), (AtMost, 86400.0));
        assert_eq!(read(web, "deployment_frequency", r#"{"value": 0.5}"#).unwrap(), (AtLeast, 0.5));
        let stated = r#"{"value": 5, "bound": "at_most", "note": "No more than five at once."}"#;
        assert_eq!(read(web, "changes_in_progress", stated).unwrap(), (AtMost, 5.0));
        let missing = read(web, "changes_in_progress", r#"{"value": 5}"#).unwrap_err();
        assert_eq!(missing.parameter.as_deref(), Some("bound"));
    }

    #[test]
    fn what_can_not_be_agreed_on_is_named() {
        for (team, metric, sent, parameter) in [
            (None, "change_laed_time", r#"{"value": 1}"#, "metric"),
            (None, "ci_red_time", r#"{"value": 1}"#, "metric"),
            (None, "change_fail_rate", r#"{"value": 15}"#, "value"),
            (None, "change_lead_time", r#"{"value": -1}"#, "value"),
            (None, "change_lead_time", r#"{"value": 1e13}"#, "value"),
        ] {
            let problem = read(team, metric, sent).unwrap_err();
            assert_eq!(problem.parameter.as_deref(), Some(parameter), "{metric}: {problem:?}");
        }
        assert!(read(Some("web"), "say_do_ratio", r#"{"value": 0.8}"#).is_ok());
        let long = format!(r#"{{"value": 1, "note": "{}"}}"#, "x".repeat(501));
        assert_eq!(read(None, "change_lead_time", &long).unwrap_err().parameter.as_deref(), Some("note"));
        assert!(serde_json::from_str::<SentTarget>(r#"{"value": 1, "bond": "at_most"}"#).is_err());
    }

    #[test]
    fn managers_set_targets_of_their_teams_and_those_of_all_teams_also_of_the_organization() {
        let access = |role: Role, team: Option<&str>| {
            let teams = team.map(|team| Arc::new(BTreeSet::from([team.to_owned()])));
            let within = Within::new(teams.iter().map(|teams| (**teams).clone()).collect());
            Access { role, teams, within, ..Access::everything() }
        };
        for (role, limit, expected) in [
            (Role::Analyst, None, [false, false, false]),
            (Role::Manager, None, [true, true, true]),
            (Role::Manager, Some("web"), [false, true, false]),
            (Role::Admin, Some("web"), [false, true, false]),
            (Role::Viewer, Some("web"), [false, false, false]),
        ] {
            let access = access(role, limit);
            let found = [None, Some("web"), Some("pay")].map(|team| may_change(&access, team).is_ok());
            assert_eq!(found, expected, "{role:?} {limit:?}");
        }
    }
}
