//! The statements of panels that show a metric.

use dora::Slice;
use serde::Deserialize;

/// What the values of a metric are split by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// One value.
    #[default]
    Whole,
    /// A value a week.
    Week,
    /// A value a team.
    Team,
    /// A value a service.
    Service,
    /// A value a repository, or a project of work items.
    Repository,
    /// A value a type of change, a kind of work item, or a severity.
    Type,
    /// A value a week and team.
    WeekAndTeam,
    /// A value a week and type.
    WeekAndType,
}

impl By {
    /// What a metric is asked for by; `None` for the whole.
    #[must_use]
    pub const fn slice(self) -> Option<Slice> {
        match self {
            Self::Whole | Self::Week => None,
            Self::Team | Self::WeekAndTeam => Some(Slice::Team),
            Self::Service => Some(Slice::Service),
            Self::Repository => Some(Slice::Repository),
            Self::Type | Self::WeekAndType => Some(Slice::Type),
        }
    }

    /// Whether there are values of each week.
    #[must_use]
    pub const fn is_weekly(self) -> bool {
        matches!(self, Self::Week | Self::WeekAndTeam | Self::WeekAndType)
    }
}

/// The text of the template that asks for a metric. Weeks are those of UTC, cut to the window, as the API cuts them:
/// they are counted in hours, which no time zone of a session makes longer or shorter.
pub(crate) fn metric_sql(metric: &str, by: By) -> String {
    let slice_by = by.slice().map_or("all", Slice::as_str);
    let slice = by.slice().map(|slice| format!("v.slice as {}, ", slice.as_str())).unwrap_or_default();
    if by.is_weekly() {
        let order = if by.slice().is_none() { "" } else { ", v.slice" };
        format!(
            "select w.week, {slice}v.value, v.n\n\
             from generate_series(date_trunc('week', {{from}}, 'UTC'), {{to}} - interval '1 microsecond',\n\
             \x20                    interval '168 hours') w (week)\n\
             \x20    cross join lateral metric_value('{metric}', greatest(w.week, {{from}}),\n\
             \x20                                    least(w.week + interval '168 hours', {{to}}), '{slice_by}',\n\
             \x20                                    {{team}}, {{service}}) v\n\
             order by w.week{order}"
        )
    } else {
        let order = if by.slice().is_none() { "" } else { "\norder by v.value desc nulls last, v.slice" };
        format!(
            "select {slice}v.value, v.n\n\
             from metric_value('{metric}', {{from}}, {{to}}, '{slice_by}', {{team}}, {{service}}) v{order}"
        )
    }
}
