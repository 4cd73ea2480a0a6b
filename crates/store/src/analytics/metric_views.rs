//! Views of metrics: their definitions, what they observed, and their values by day.

use super::view::{View, ViewColumn, column, visible_services, visible_teams};

/// The views of metrics.
pub(super) fn views() -> Vec<View> {
    vec![metric_definition(), observation(), metric_daily()]
}

fn metric_definition() -> View {
    let columns = vec![
        column("metric", "text", "m.name", "Its name."),
        column("title", "text", "m.title", "Its name for people."),
        column("metric_group", "text", "m.metric_group", "What it is about."),
        column("definition", "text", "m.definition", "What it says."),
        column("unit", "text", "m.unit", "The unit of its value. Durations are seconds, shares lie between 0 and 1."),
        column("aggregation", "text", "m.aggregation", "How observations become a value."),
        column("slices", "text[]", "m.slices", "What it can be asked for by: values of `slice_by`, beside `all`."),
        column("lower_median", "boolean", "m.lower_median", "The median of an even number is the lower middle one."),
        column("position", "integer", "m.position", "Its place in lists."),
    ];
    View {
        name: "metric_definition",
        comment: "One row a metric.",
        key: &["metric"],
        columns,
        from: "analytics_metric m".to_owned(),
    }
}

/// What an observation has, beside its slice.
fn observed() -> Vec<ViewColumn> {
    let time = "timestamp with time zone";
    vec![
        column("at", time, "o.at", "When it happened; of what lasts when it began."),
        column("value", "double precision", "o.value", "How much, in the metric's unit; null of what lasts."),
        column("part_of", "double precision", "o.part_of", "Of how much, where a metric is a share of sums."),
        column("until", time, "o.until", "When what lasts ended; null while it does."),
        column("present_from", time, "o.present_from", "Of what lasts: it is of windows that end after this."),
        column("present_until", time, "o.present_until", "Of what lasts: it is of windows that begin up to this."),
        column("key", "bigint", "o.key", "A number of the project, reviewer or author that it is counted under."),
        column("subject", "bigint", "o.subject", "A number of all that it is about."),
        column("services", "text[]", visible_services("s.services"), "The services that it belongs to."),
        column(
            "teams",
            "text[]",
            visible_teams("s.teams"),
            "The teams that own them, and the teams that these are part of.",
        ),
        column("repository", "text", "s.repository", "The repository, or the project of a work item."),
        column("type", "text", "s.type", "The type of a change, the kind of a work item, or the severity."),
        column("labels", "text[]", "s.labels", "The labels."),
        column("assisted", "boolean", "s.assisted", "Whether an assistant wrote a part of the change."),
    ]
}

/// A way to slice: its name, the slice, from where it comes, and the condition that it is one.
type SliceSql = (&'static str, &'static str, &'static str, &'static str);

/// The condition that a team `x` may be named.
const TEAM_IS_SHOWN: &str =
    "((select v.everything from analytics_viewer v) or x in (select team from analytics_visible_team))";

const SLICES: [SliceSql; 9] = [
    ("all", "null::text", "", "true"),
    (
        "service",
        "x",
        "cross join unnest(s.services) x",
        "((select v.everything from analytics_viewer v) or x in (select service from analytics_visible_service))",
    ),
    ("team", "x", "cross join unnest(s.teams) x", TEAM_IS_SHOWN),
    ("repository", "s.repository", "", "s.repository is not null"),
    ("label", "x", "cross join unnest(s.labels) x", "true"),
    ("type", "s.type", "", "s.type is not null"),
    ("ai", "case when s.assisted then 'assisted' else 'unassisted' end", "", "s.assisted is not null"),
    ("author_team", "x", "cross join unnest(s.author_teams) x", TEAM_IS_SHOWN),
    ("review_teams", "x", "cross join unnest(s.review_teams) x", "(select v.everything from analytics_viewer v)"),
];

/// The slices of the subject of an observation, if the role may see it, each with the subject. They depend on the subject's
/// number alone, so that PostgreSQL finds them once for each number and remembers them: that is half of the time of an
/// answer.
fn slices() -> String {
    let select = |(name, slice, from, condition): &SliceSql| {
        format!(
            "select '{name}'::text as slice_by, {slice} as slice, s.services, s.teams, s.repository, s.type, s.labels,
                    s.assisted
             from analytics_subject s {from}
             where s.id = o.subject and {condition}
                   and ((select v.everything from analytics_viewer v)
                        or exists (select from unnest(s.services) y
                                   where y in (select service from analytics_visible_service))
                        or exists (select from unnest(s.teams) y
                                   where y in (select team from analytics_visible_team)))"
        )
    };
    SLICES.iter().map(select).collect::<Vec<_>>().join("\nunion all\n")
}

fn observation() -> View {
    let mut columns = vec![
        column("metric", "text", "m.name", "The metric.").to("metric_definition", "metric"),
        column("slice_by", "text", "s.slice_by", "What the slice is: `all`, `service`, `team`, `repository`, …"),
        column("slice", "text", "s.slice", "The slice; null of the whole."),
    ];
    columns.extend(observed());
    View {
        name: "observation",
        comment: "One row an observation of a metric and slice that it is part of. Ask for one metric and one value of \
                  slice_by: those of `all` are each observation once.",
        key: &[],
        columns,
        from: format!(
            "analytics_metric m join analytics_observation o on o.metric = m.id cross join lateral ({}) s",
            slices()
        ),
    }
}

fn metric_daily() -> View {
    let columns = vec![
        column("metric", "text", "m.name", "The metric.").to("metric_definition", "metric"),
        column("day", "date", "d.day", "The day, in the time zone of the setting `dora.time_zone`."),
        column("slice_by", "text", "d.slice_by", "`all`, `team` or `service`."),
        column(
            "team",
            "text",
            "case d.slice_by when 'team' then d.slice when 'service' then s.team end",
            "The team; of a service the team that owns it.",
        )
        .to("team", "team"),
        column("service", "text", "case d.slice_by when 'service' then d.slice end", "The service.")
            .to("service", "service"),
        column("value", "double precision", "d.value", "The metric's value of that day; null where nothing is known."),
        column("n", "bigint", "d.n", "How many observations are behind it."),
    ];
    View {
        name: "metric_daily",
        comment: "One row a metric, day, and the whole, a team or a service, as the API answers it. A day on which nothing \
                  was observed and that has no value has no row. Medians of days don't make the median of a month: see \
                  metric_value().",
        key: &["metric", "day", "slice_by", "team", "service"],
        columns,
        from: "analytics_daily d join analytics_metric m on m.id = d.metric
             left join analytics_service s on d.slice_by = 'service' and s.name = d.slice
             where (select v.everything from analytics_viewer v)
                   or d.slice_by = 'service' and d.slice in (select service from analytics_visible_service)
                   or d.slice_by = 'team' and d.slice in (select team from analytics_visible_team)"
            .to_owned(),
    }
}
