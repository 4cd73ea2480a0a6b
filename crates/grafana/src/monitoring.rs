//! The dashboard of `sei` itself, over what its processes expose to Prometheus.

use panels::set;
use serde_json::{Value, json};

use crate::dashboard::{complete, position};

/// The kind of the data source.
const PROMETHEUS: &str = "prometheus";
/// What the data source is unless another is chosen: the one of the provisioned files.
const SOURCE_UID: &str = "sei-prometheus";
const WIDTH: u32 = 24;

/// From which value on a number has which color.
type Colors = &'static [(Option<f64>, &'static str)];

/// A panel.
struct Watched {
    title: &'static str,
    description: &'static str,
    unit: &'static str,
    size: (u32, u32),
    /// Of a number; a chart has none.
    colors: Option<Colors>,
    /// Expressions, each with the names of its series.
    queries: &'static [(&'static str, &'static str)],
}

const PLAIN: Colors = &[(None, "text")];

/// A number.
const fn number(
    title: &'static str,
    description: &'static str,
    unit: &'static str,
    colors: Colors,
    queries: &'static [(&'static str, &'static str)],
) -> Watched {
    Watched { title, description, unit, size: (4, 3), colors: Some(colors), queries }
}

/// A chart of a third of the width.
const fn chart(
    title: &'static str,
    description: &'static str,
    unit: &'static str,
    queries: &'static [(&'static str, &'static str)],
) -> Watched {
    Watched { title, description, unit, size: (8, 6), colors: None, queries }
}

const PANELS: &[Watched] = &[
    number(
        "Events that wait",
        "Events of the log that are not processed yet.",
        "short",
        &[(None, "green"), (Some(1_000.0), "orange"), (Some(10_000.0), "red")],
        &[(r#"sum(max by (partition) (sei_log_lag{job=~"$job"}))"#, "")],
    ),
    number(
        "Events processed",
        "Events a second that were stored, ignored or rejected.",
        "suffix: /s",
        PLAIN,
        &[(r#"sum(rate(sei_events_ended_total{job=~"$job"}[$__rate_interval]))"#, "")],
    ),
    number(
        "Rejected within an hour",
        "Events that became dead letters: `sei events dead-letters` lists them.",
        "short",
        &[(None, "green"), (Some(1.0), "orange"), (Some(100.0), "red")],
        &[(r#"sum(increase(sei_events_ended_total{job=~"$job",outcome="rejected"}[1h]))"#, "")],
    ),
    number(
        "Source that is farthest behind",
        "The time up to which everything of it is known.",
        "s",
        &[(None, "green"), (Some(21_600.0), "orange"), (Some(86_400.0), "red")],
        &[(r#"max(time() - sei_source_complete_until_seconds{job=~"$job"})"#, "")],
    ),
    number(
        "Requests that fail",
        "The share of answers with a status of 500 or more.",
        "percentunit",
        &[(None, "green"), (Some(0.01), "orange"), (Some(0.05), "red")],
        &[(
            r#"sum(rate(sei_http_requests_total{job=~"$job",status=~"5.."}[$__rate_interval])) / sum(rate(sei_http_requests_total{job=~"$job"}[$__rate_interval]))"#,
            "",
        )],
    ),
    number("Streams", "Clients that follow what happens.", "short", PLAIN, &[(r#"sum(sei_streams{job=~"$job"})"#, "")]),
    chart(
        "Events received",
        "Events a second that the log acknowledged.",
        "suffix: /s",
        &[(r#"sum by (connector) (rate(sei_events_received_total{job=~"$job"}[$__rate_interval]))"#, "{{connector}}")],
    ),
    chart(
        "Events by outcome",
        "Events a second, by how they ended and why.",
        "suffix: /s",
        &[(
            r#"sum by (outcome, reason) (rate(sei_events_ended_total{job=~"$job"}[$__rate_interval]))"#,
            "{{outcome}} {{reason}}",
        )],
    ),
    chart(
        "Events that wait by partition",
        "Events that are not processed yet, and events that retention deleted unread.",
        "short",
        &[
            (r#"max by (partition) (sei_log_lag{job=~"$job"})"#, "partition {{partition}}"),
            (r#"sum(increase(sei_log_expired_total{job=~"$job"}[$__rate_interval]))"#, "deleted unread"),
        ],
    ),
    chart(
        "Batches",
        "From the read of a batch to the end of its transaction.",
        "s",
        &[
            (
                r#"histogram_quantile(0.5, sum by (le) (rate(sei_operation_seconds_bucket{job=~"$job",operation="batch",outcome="ok"}[$__rate_interval])))"#,
                "p50",
            ),
            (
                r#"histogram_quantile(0.95, sum by (le) (rate(sei_operation_seconds_bucket{job=~"$job",operation="batch",outcome="ok"}[$__rate_interval])))"#,
                "p95",
            ),
        ],
    ),
    chart(
        "Computations of metrics",
        "How long the metrics of one service take.",
        "s",
        &[
            (
                r#"histogram_quantile(0.5, sum by (le) (rate(sei_operation_seconds_bucket{job=~"$job",operation="computation",outcome="ok"}[$__rate_interval])))"#,
                "p50",
            ),
            (
                r#"histogram_quantile(0.95, sum by (le) (rate(sei_operation_seconds_bucket{job=~"$job",operation="computation",outcome="ok"}[$__rate_interval])))"#,
                "p95",
            ),
        ],
    ),
    chart(
        "Requests",
        "Requests a second, by the status of the answer.",
        "suffix: /s",
        &[(r#"sum by (status) (rate(sei_http_requests_total{job=~"$job"}[$__rate_interval]))"#, "{{status}}")],
    ),
    chart(
        "Time of an answer by route",
        "95 of 100 answers began after no longer.",
        "s",
        &[(
            r#"histogram_quantile(0.95, sum by (route, le) (rate(sei_http_request_seconds_bucket{job=~"$job"}[$__rate_interval])))"#,
            "{{route}}",
        )],
    ),
    chart(
        "Operations",
        "What roles do beside answering requests, a second.",
        "suffix: /s",
        &[(
            r#"sum by (role, operation) (rate(sei_operation_seconds_count{job=~"$job"}[$__rate_interval]))"#,
            "{{role}} {{operation}}",
        )],
    ),
    chart(
        "Operations that fail",
        "The share of them, by how they ended: `unavailable` are tried again, `refused` are not.",
        "percentunit",
        &[(
            r#"sum by (role, operation, outcome) (rate(sei_operation_seconds_count{job=~"$job",outcome!="ok"}[$__rate_interval])) / ignoring(outcome) group_left sum by (role, operation) (rate(sei_operation_seconds_count{job=~"$job"}[$__rate_interval]))"#,
            "{{role}} {{operation}} {{outcome}}",
        )],
    ),
    chart(
        "Time of an operation",
        "95 of 100 took no longer.",
        "s",
        &[(
            r#"histogram_quantile(0.95, sum by (role, operation, le) (rate(sei_operation_seconds_bucket{job=~"$job",outcome="ok"}[$__rate_interval])))"#,
            "{{role}} {{operation}}",
        )],
    ),
    chart(
        "Collections",
        "Collections of sources an hour that worked, or did not.",
        "short",
        &[(r#"sum by (connector, ok) (increase(sei_collections_total{job=~"$job"}[1h]))"#, "{{connector}} ok={{ok}}")],
    ),
    chart(
        "Time of a collection",
        "95 of 100 collections took no longer.",
        "s",
        &[(
            r#"histogram_quantile(0.95, sum by (connector, le) (rate(sei_collect_seconds_bucket{job=~"$job"}[1h])))"#,
            "{{connector}}",
        )],
    ),
    chart(
        "How far sources are behind",
        "The time since all of the source was known.",
        "s",
        &[(
            r#"time() - max by (tenant, source) (sei_source_complete_until_seconds{job=~"$job"})"#,
            "{{tenant}} {{source}}",
        )],
    ),
    chart(
        "Time since a source was collected",
        "The time since the last collection that worked.",
        "s",
        &[(
            r#"time() - max by (tenant, source) (sei_source_last_success_seconds{job=~"$job"})"#,
            "{{tenant}} {{source}}",
        )],
    ),
    chart(
        "Rate budgets",
        "Requests that may still be sent to a source.",
        "short",
        &[(r#"min by (tenant, source) (sei_source_budget_left{job=~"$job"})"#, "{{tenant}} {{source}}")],
    ),
    chart(
        "Requests to sources",
        "Requests a second that were sent to a source.",
        "suffix: /s",
        &[(
            r#"sum by (tenant, source) (rate(sei_source_requests_total{job=~"$job"}[$__rate_interval]))"#,
            "{{tenant}} {{source}}",
        )],
    ),
    chart(
        "Streams that the server ended",
        "Within an hour, by the reason.",
        "short",
        &[(r#"sum by (reason) (increase(sei_streams_ended_total{job=~"$job"}[1h]))"#, "{{reason}}")],
    ),
    chart(
        "TLS certificates",
        "How long they are still valid.",
        "s",
        &[(r#"(sei_tls_certificate_expires_seconds{job=~"$job"} > 0) - time()"#, "{{instance}}")],
    ),
    chart(
        "Targets that teams miss",
        "Where `api.prometheus.results` is on, by the rules of dashboards/prometheus/results.rules.yml.",
        "short",
        &[("team:sei_metric_target_missed:count", "{{tenant}} {{team}}")],
    ),
];

/// The dashboard.
pub(crate) fn dashboard() -> Value {
    let (mut column, mut row, mut height) = (0, 0, 0);
    let mut panels = Vec::with_capacity(PANELS.len());
    for (index, one) in PANELS.iter().enumerate() {
        if column + one.size.0 > WIDTH {
            (column, row, height) = (0, row + height, 0);
        }
        let mut value = panel(one);
        set(&mut value, "id", json!(index + 1));
        set(&mut value, "gridPos", position((column, row), one.size));
        panels.push(value);
        column += one.size.0;
        height = height.max(one.size.1);
    }
    let mut value = json!({
        "refresh": "1m",
        "templating": { "list": [source(), job()] },
        "time": { "from": "now-24h", "to": "now" },
    });
    let about = "What sei counts about itself: events, sources, computations, requests.";
    complete(&mut value, ("monitoring", "sei itself", about), &panels);
    value
}

fn datasource() -> Value {
    json!({ "type": PROMETHEUS, "uid": "${prometheus}" })
}

fn source() -> Value {
    json!({
        "current": { "text": "Prometheus", "value": SOURCE_UID },
        "includeAll": false,
        "label": "Data source",
        "multi": false,
        "name": "prometheus",
        "options": [],
        "query": PROMETHEUS,
        "refresh": 1,
        "regex": "",
        "type": "datasource",
    })
}

/// The scrape job: `sei` by the example of a configuration.
fn job() -> Value {
    json!({
        "allValue": ".+",
        "current": { "text": "All", "value": "$__all" },
        "datasource": datasource(),
        "includeAll": true,
        "label": "Job",
        "multi": false,
        "name": "job",
        "options": [],
        "query": "label_values(sei_build_info, job)",
        "refresh": 2,
        "regex": "",
        "sort": 1,
        "type": "query",
    })
}

fn panel(one: &Watched) -> Value {
    let is_number = one.colors.is_some();
    let targets: Vec<Value> =
        one.queries.iter().zip('A'..='Z').map(|(query, id)| target(query, id, is_number)).collect();
    let (kind, options) = if is_number { ("stat", number_options()) } else { ("timeseries", chart_options()) };
    let mut defaults = json!({ "noValue": "–", "unit": one.unit });
    if let Some(colors) = one.colors {
        let steps = colors.iter().map(|(from, color)| json!({ "color": color, "value": from }));
        set(&mut defaults, "color", json!({ "mode": "thresholds" }));
        set(&mut defaults, "thresholds", json!({ "mode": "absolute", "steps": steps.collect::<Vec<_>>() }));
    } else {
        set(&mut defaults, "color", json!({ "mode": "palette-classic" }));
        set(
            &mut defaults,
            "custom",
            json!({
                "axisSoftMin": 0, "drawStyle": "line", "fillOpacity": 8, "lineWidth": 1, "showPoints": "never",
                "spanNulls": false,
            }),
        );
    }
    json!({
        "datasource": datasource(),
        "description": one.description,
        "fieldConfig": { "defaults": defaults, "overrides": [] },
        "options": options,
        "targets": targets,
        "title": one.title,
        "type": kind,
    })
}

fn target((expression, legend): &(&str, &str), id: char, is_number: bool) -> Value {
    json!({
        "datasource": datasource(),
        "editorMode": "code",
        // a point leads to a trace
        "exemplar": !is_number && expression.contains("_bucket{"),
        "expr": expression,
        "instant": is_number,
        "legendFormat": legend,
        "range": !is_number,
        "refId": id.to_string(),
    })
}

fn number_options() -> Value {
    json!({
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
        "showPercentChange": false,
        "textMode": "value",
        "wideLayout": true,
    })
}

fn chart_options() -> Value {
    json!({
        "legend": { "calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": true },
        "tooltip": { "mode": "multi", "sort": "desc" },
    })
}
