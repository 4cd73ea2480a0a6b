//! The statements of panels that show a metric.

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
    /// A value a week and team.
    WeekAndTeam,
}

impl By {
    /// What `metric_value` calls it.
    const fn slice_by(self) -> &'static str {
        match self {
            Self::Whole | Self::Week => "all",
            Self::Team | Self::WeekAndTeam => "team",
            Self::Service => "service",
        }
    }

    const fn is_weekly(self) -> bool {
        matches!(self, Self::Week | Self::WeekAndTeam)
    }

    /// The columns in front of value and number of observations, with their titles.
    pub(crate) const fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Whole => &[],
            Self::Week => &[("week", "Week")],
            Self::Team => &[("team", "Team")],
            Self::Service => &[("service", "Service")],
            Self::WeekAndTeam => &[("week", "Week"), ("team", "Team")],
        }
    }
}

/// The text of the template that asks for a metric. Weeks are those of UTC, cut to the window, as the API cuts them: they are
/// counted in hours, which no time zone of a session makes longer or shorter.
pub(crate) fn metric_sql(metric: &str, by: By) -> String {
    let slice_by = by.slice_by();
    let slice = match by {
        By::Team | By::WeekAndTeam => "v.slice as team, ",
        By::Service => "v.slice as service, ",
        By::Whole | By::Week => "",
    };
    if by.is_weekly() {
        let order = if by == By::Week { "" } else { ", v.slice" };
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
        let order = if by == By::Whole { "" } else { "\norder by v.value desc nulls last, v.slice" };
        format!(
            "select {slice}v.value, v.n\n\
             from metric_value('{metric}', {{from}}, {{to}}, '{slice_by}', {{team}}, {{service}}) v{order}"
        )
    }
}
