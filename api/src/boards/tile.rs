//! A tile of a board: a question about metrics, and how its answer is shown.

use std::collections::BTreeSet;

use async_graphql::{Enum, SimpleObject};
use chrono::Utc;
use chrono_tz::Tz;
use dora::{Budget, Compare, Definition, Interval, Slice};
use kernel::near::UnknownName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::questions::{Invalid, METRICS_MAX, MetricQuestion, ServiceFilter, Span, Text};

/// Columns that a board has; a tile has as many rows at most.
const COLUMNS: u8 = 12;
/// The size of a tile that states none.
const WIDTH: u8 = 6;
const HEIGHT: u8 = 4;
/// Characters of a title at most.
pub(super) const TITLE_CHARS: usize = 200;

kernel::closed_list! {
    /// How the answer to a tile's question is shown.
    #[derive(Default, Deserialize, Enum, ToSchema)]
    pub enum TileForm: "form of a tile" {
        /// As a chart of its series.
        #[default]
        Chart,
        /// As a table of its values.
        Table,
    }
}

/// A tile of a board: a question about metrics, and how its answer is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, SimpleObject)]
#[serde(deny_unknown_fields)]
pub struct Tile {
    /// What stands above it; without it the titles of its metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The metrics, by their names at /api/v1/metrics: 1 to 20, each once.
    pub metrics: Vec<String>,
    /// A value for each of these, beside the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Slice>,
    /// The length of the window up to `to`: a number of days such as `90d`, or `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The window begins at this time (RFC 3339), or at midnight of this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The window ends before this time, or before midnight of this day; now without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Where days, weeks and months are cut; `dora.time_zone` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The length of a step of the series; by the length of the window without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// An earlier window whose values stand beside these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
    /// Only this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only services of this team, or of a team that is part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Only this repository (`host/owner/name`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Only what reached this production environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// How the answer is shown; as a chart without it.
    #[serde(default)]
    pub form: TileForm,
    /// Its width in columns of twelve; 6 without it.
    #[serde(default = "width")]
    #[schema(minimum = 1, maximum = 12)]
    pub width: u8,
    /// Its height in rows, 1 to 12; 4 without it.
    #[serde(default = "height")]
    #[schema(minimum = 1, maximum = 12)]
    pub height: u8,
}

const fn width() -> u8 {
    WIDTH
}

const fn height() -> u8 {
    HEIGHT
}

/// What tiles are checked against.
#[derive(Clone, Copy, Debug)]
pub struct TileRules<'r> {
    /// The metrics that there are.
    pub metrics: &'r [Definition],
    /// Where days are cut unless a tile says otherwise.
    pub time_zone: Tz,
    /// What one tile may cost.
    pub cost_max: u32,
}

impl Tile {
    /// The question that it asks about each of its metrics.
    #[must_use]
    pub fn question(&self) -> MetricQuestion {
        let span = Span {
            window: self.window.as_deref().map(Text::new),
            from: self.from.as_deref().map(Text::new),
            to: self.to.as_deref().map(Text::new),
            time_zone: self.time_zone.as_deref().map(Text::new),
        };
        let services = ServiceFilter { service: self.service.clone(), team: self.team.clone() };
        let question = dora::Question {
            repository: self.repository.clone(),
            environment: self.environment.clone(),
            by: self.by,
            interval: self.interval,
            compare: self.compare,
            ..dora::Question::default()
        };
        MetricQuestion { span, services, question }
    }

    /// Fails if its question can't be answered, but for names of services, teams and repositories.
    pub(super) fn check(&self, rules: &TileRules<'_>) -> Result<(), Invalid> {
        if let Some(title) = &self.title {
            check_text("title", title, 1, TITLE_CHARS)?;
        }
        for (name, size) in [("width", self.width), ("height", self.height)] {
            if !(1..=COLUMNS).contains(&size) {
                return Err(Invalid::value(name, size.to_string(), format!("1 to {COLUMNS}")));
            }
        }
        let count = self.metrics.len();
        let different: BTreeSet<&String> = self.metrics.iter().collect();
        if !(1..=METRICS_MAX).contains(&count) || different.len() < count {
            let expected = format!("1 to {METRICS_MAX} metrics, each once");
            return Err(Invalid::value("metrics", self.metrics.join(","), expected));
        }
        for name in &self.metrics {
            self.check_metric(name, rules.metrics)?;
        }
        let question = self.question();
        question.query(rules.time_zone, None, Budget::default())?;
        let cost = question.cost(Utc::now()).saturating_mul(count);
        if cost > usize::try_from(rules.cost_max).unwrap_or(usize::MAX) {
            let found = self.interval.map_or_else(|| "not stated".to_owned(), |interval| interval.as_str().to_owned());
            let expected = "a longer interval, a shorter window or fewer metrics: the tile has too many values";
            return Err(Invalid::value("interval", found, expected));
        }
        Ok(())
    }

    /// Fails for a metric that is not there, or can't be sliced as it is asked for.
    fn check_metric(&self, name: &str, metrics: &[Definition]) -> Result<(), Invalid> {
        let Some(metric) = metrics.iter().find(|metric| metric.name == name) else {
            let unknown = UnknownName::new(name, metrics.iter().map(|metric| metric.name.as_str()));
            let hint = unknown.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
            return Err(Invalid::value("metrics", name, format!("a metric listed at /api/v1/metrics{hint}")));
        };
        match self.by.filter(|by| !metric.slices.contains(by)) {
            None => Ok(()),
            Some(by) => {
                let slices: Vec<&str> = metric.slices.iter().map(|slice| slice.as_str()).collect();
                let expected = format!("what `{name}` can be sliced by: {}", slices.join(", "));
                Err(Invalid::value("by", by.as_str(), expected))
            }
        }
    }
}

/// Fails for a text that is too short, too long or no text for people.
pub(super) fn check_text(name: &str, text: &str, least: usize, most: usize) -> Result<(), Invalid> {
    let chars = text.chars().count();
    let is_plain = text.trim() == text && !text.contains(|c: char| c.is_control() && c != '\n');
    if (least..=most).contains(&chars) && is_plain {
        return Ok(());
    }
    let found: String = text.chars().take(most).collect();
    Err(Invalid::value(name, found, format!("{least} to {most} characters, without spaces at the ends")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(json: &str) -> Tile {
        serde_json::from_str(json).unwrap()
    }

    fn wrong(json: &str) -> Option<(String, String)> {
        let metrics = dora::definitions(&[]).unwrap();
        let rules = TileRules { metrics: &metrics, time_zone: Tz::UTC, cost_max: 20_000 };
        tile(json).check(&rules).err().map(|invalid| (invalid.parameter, invalid.expected))
    }

    #[test]
    fn a_tile_that_states_metrics_only_is_a_chart_of_the_usual_size() {
        let plain = tile(r#"{"metrics": ["change_lead_time"]}"#);
        assert_eq!((plain.form, plain.width, plain.height), (TileForm::Chart, 6, 4));
        let written = serde_json::to_value(&plain).unwrap();
        let expected = serde_json::json!({ "metrics": ["change_lead_time"], "form": "chart", "width": 6, "height": 4 });
        assert_eq!(written, expected);
        assert!(serde_json::from_str::<Tile>(r#"{"metrics": [], "metric": "x"}"#).is_err(), "a misspelled field");
    }

    #[test]
    fn what_can_not_be_asked_is_named_with_what_can() {
        assert_eq!(wrong(r#"{"metrics": ["change_lead_time"], "window": "30d", "by": "team"}"#), None);
        let (parameter, expected) = wrong(r#"{"metrics": ["change_lead_tiem"]}"#).unwrap();
        assert!(parameter == "metrics" && expected.contains("did you mean `change_lead_time`"), "{expected}");
        let (_, expected) = wrong(r#"{"metrics": ["qqq"]}"#).unwrap();
        assert!(expected.contains("there are `"), "{expected}");
        for (json, parameter) in [
            (r#"{"metrics": []}"#, "metrics"),
            (r#"{"metrics": ["change_lead_time", "change_lead_time"]}"#, "metrics"),
            (r#"{"metrics": ["change_lead_time"], "window": "soon"}"#, "window"),
            (r#"{"metrics": ["change_lead_time"], "window": "30d", "from": "2026-01-01"}"#, "from"),
            (r#"{"metrics": ["change_lead_time"], "time_zone": "Mars"}"#, "time_zone"),
            (r#"{"metrics": ["change_lead_time"], "width": 13}"#, "width"),
            (r#"{"metrics": ["change_lead_time"], "height": 0}"#, "height"),
            (r#"{"metrics": ["change_lead_time"], "title": " x"}"#, "title"),
        ] {
            assert_eq!(wrong(json).map(|(parameter, _)| parameter).as_deref(), Some(parameter), "{json}");
        }
    }
}
