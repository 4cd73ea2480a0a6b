//! A report as people and spreadsheets read it. No number is computed here.

mod preview;
mod slices;

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use dora::{Basis, CaveatCode, MetricReport, Report, Unit, ValueName, Window};

use crate::output::{self, DEMO};

/// The forms that a report is printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// All that the engine knows
    Json,
    /// One row a value, and a step of its series, for spreadsheets
    Csv,
    /// A table to paste into a document
    Markdown,
}

/// The report in a form. `demo` marks made-up data, `series` asks for the steps where they are not
/// always part of the form.
pub(crate) fn text(report: &Report, format: Format, demo: bool, series: bool) -> Result<String> {
    Ok(match format {
        Format::Json => {
            let mut value = serde_json::to_value(report)?;
            if let Some(object) = value.as_object_mut() {
                object.insert("demo".to_owned(), demo.into());
            }
            serde_json::to_string_pretty(&value)?
        }
        Format::Csv => csv(report, demo)?,
        Format::Table => table(report, demo, series),
        Format::Markdown => markdown(report, demo, series),
    })
}

/// Whether there is no deployment to speak of.
pub(crate) fn is_blank(report: &Report) -> bool {
    report.services.iter().all(|service| service.deployments == 0)
}

fn heading(report: &Report) -> String {
    let about = match (&report.service, &report.team) {
        (Some(service), _) => service.clone(),
        (None, Some(team)) => format!("team {team}"),
        (None, None) => match report.services.as_slice() {
            [only] => only.service.clone(),
            all => format!("all {} services", all.len()),
        },
    };
    format!("DORA metrics of {about}, {} ({})", days(report.window, report.time_zone), report.time_zone)
}

/// The days from which and to which a window is.
fn days(window: Window, zone: Tz) -> String {
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d");
    format!("{} to {}", day(window.from), day(window.to))
}

/// What gave evidence for a value, in a line.
pub(crate) fn evidence(basis: &Basis) -> Option<String> {
    let sources: Vec<String> = basis.evidence.iter().map(|source| source.as_str().replace('_', " ")).collect();
    (!sources.is_empty()).then(|| format!("Evidence: {}.", sources.join(", ")))
}

/// What metrics rest on and what a reader must know about them, a line each: what is true of several is written
/// once.
fn caveats(report: &Report) -> Vec<String> {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for metric in report.metrics() {
        let texts = metric.caveats.iter().map(|caveat| caveat.text.clone()).chain(evidence(&metric.basis));
        for text in texts.filter(|text| !report.statements.contains(text)) {
            match lines.iter_mut().find(|(known, _)| *known == text) {
                Some((_, titles)) => titles.push(metric.title),
                None => lines.push((text, vec![metric.title])),
            }
        }
    }
    lines.into_iter().map(|(text, titles)| format!("{}: {text}", titles.join(", "))).collect()
}

/// What a reader must know, a line each.
fn remarks(report: &Report) -> Vec<String> {
    let mut remarks = report.statements.clone();
    if !is_blank(report) {
        remarks.extend(caveats(report));
    }
    remarks.extend(report.findings.iter().map(|finding| {
        format!("Finding, {}: {}. {}", finding.kind.as_str().replace('_', " "), finding.n, finding.example)
    }));
    if report.services.is_empty() && remarks.is_empty() {
        remarks.push("Nothing has been collected yet: run `sei collect git PATH`, or `sei up`.".to_owned());
    }
    remarks
}

fn row(metric: &MetricReport) -> [String; 6] {
    let dash = || "–".to_owned();
    let headline = metric.get(metric.headline).map(|value| value.name);
    let more = metric.values.iter().filter(|value| Some(value.name) != headline && !is_stage(value.name));
    let more =
        more.filter_map(|value| Some((value.name, value.text.as_deref()?))).fold(String::new(), |more, value| {
            match value {
                // `failed 3 of 41`
                (ValueName::Of, text) => format!("{more} of {text}"),
                (name, text) if more.is_empty() => format!("{} {text}", label(name)),
                (name, text) => format!("{more}, {} {text}", label(name)),
            }
        });
    let more: Vec<String> = std::iter::once(more).filter(|more| !more.is_empty()).chain(compared(metric)).collect();
    [
        metric.title.to_owned(),
        metric.text.clone().unwrap_or_else(dash),
        metric.level.map_or_else(dash, |level| level.to_string()),
        metric.score.map_or_else(dash, |score| format!("{score:.1}")),
        metric.n.to_string(),
        more.join(", "),
    ]
}

/// How the metric was before: `before 2 d 3 h (+12.5 %)`.
fn compared(metric: &MetricReport) -> Option<String> {
    let compared = metric.compared.as_ref()?;
    let change = compared.change.map(|change| {
        let sign = if change >= 0.0 { "+" } else { "" };
        format!(" ({sign}{})", Unit::Ratio.text(change))
    });
    Some(format!("before {}{}", compared.text.as_deref().unwrap_or("–"), change.unwrap_or_default()))
}

const COLUMNS: [&str; 6] = ["metric", "value", "level", "score", "n", "more"];

fn is_stage(name: ValueName) -> bool {
    use ValueName::{Approval, Coding, Deploy, Pickup, Review};
    matches!(name, Coding | Pickup | Review | Approval | Deploy)
}

fn label(name: ValueName) -> &'static str {
    match name {
        ValueName::DaysPerWeek => "median",
        ValueName::TimeBetween => "between",
        ValueName::PerDay => "mean",
        other => other.as_str(),
    }
}

/// The stages of lead time in one line.
fn stages(report: &Report) -> Option<String> {
    let stages = report.change_lead_time.values.iter().filter(|value| is_stage(value.name));
    let stages = stages.filter_map(|value| Some(format!("{} {}", label(value.name), value.text.as_deref()?)));
    let stages: Vec<String> = stages.collect();
    (!stages.is_empty()).then(|| format!("Stages of lead time (medians): {}", stages.join(", ")))
}

fn score(report: &Report) -> Option<String> {
    let score = &report.quick_check;
    let overall = score.overall.score?;
    let text = |name: &str, score: Option<f64>| score.map(|score| format!("{name} {score:.1}"));
    let parts = [text("throughput", score.throughput.score), text("stability", score.stability.score)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let others = score.overall.benchmark.map_or(String::new(), |others| {
        format!("; others have {:.1} ({}, {})", others.mean, score.group_name, score.edition)
    });
    Some(format!("Quick Check score {overall:.1} of 10 ({}){others}", parts.join(", ")))
}

fn table(report: &Report, demo: bool, series: bool) -> String {
    let mut lines = Vec::new();
    if demo {
        lines.push(DEMO.to_owned());
    }
    lines.push(heading(report));
    if !is_blank(report) {
        let mut table = output::table(&COLUMNS);
        for metric in report.metrics() {
            table.add_row(row(metric));
        }
        lines.push(table.to_string());
        lines.extend(stages(report));
        lines.extend(score(report));
        lines.extend(slices::rows(report).map(|(columns, rows)| {
            let mut table = output::table(&columns);
            for row in rows {
                table.add_row(row);
            }
            table.to_string()
        }));
        if series {
            let mut table = output::table(&series_columns(report));
            for row in series_rows(report) {
                table.add_row(row);
            }
            lines.push(table.to_string());
        }
    }
    lines.extend(remarks(report));
    lines.extend(
        report
            .preview
            .iter()
            .map(|preview| format!("\n{}", preview::text(preview, &days(preview.window, report.time_zone)))),
    );
    lines.join("\n")
}

fn markdown(report: &Report, demo: bool, series: bool) -> String {
    let mut parts = Vec::new();
    if demo {
        parts.push(format!("> **{DEMO}**"));
    }
    parts.push(format!("## {}", heading(report)));
    if !is_blank(report) {
        parts.push(rows_of_markdown(&COLUMNS, report.metrics().map(|metric| row(metric).to_vec())));
        parts.extend(stages(report).into_iter().chain(score(report)));
        parts.extend(slices::rows(report).map(|(columns, rows)| rows_of_markdown(&columns, rows)));
        if series {
            parts.push(rows_of_markdown(&series_columns(report), series_rows(report)));
        }
    }
    parts.extend(remarks(report));
    parts.extend(
        report.preview.iter().map(|preview| preview::markdown(preview, &days(preview.window, report.time_zone))),
    );
    parts.join("\n\n")
}

fn rows_of_markdown(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut lines = vec![format!("| {} |", columns.join(" | ")), format!("|{}", "---|".repeat(columns.len()))];
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    lines.join("\n")
}

fn series_columns(report: &Report) -> Vec<&'static str> {
    std::iter::once(report.interval.as_str()).chain(report.metrics().map(|metric| metric.title)).collect()
}

/// A row a step: the headline of each metric.
fn series_rows(report: &Report) -> Vec<Vec<String>> {
    let steps = &report.change_lead_time.series;
    let cell = |metric: &MetricReport, index: usize| {
        let value = metric.series.get(index).and_then(|point| point.value);
        value.map_or_else(|| "–".to_owned(), |value| metric.unit.text(value))
    };
    let row = |(index, label): (usize, &String)| {
        std::iter::once(label.clone()).chain(report.metrics().map(|metric| cell(metric, index))).collect()
    };
    steps.iter().map(|point| &point.label).enumerate().map(row).collect()
}

fn csv(report: &Report, demo: bool) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "metric",
        "value_name",
        "period",
        "from",
        "to",
        "value",
        "unit",
        "n",
        "demo",
        "known",
        "evidence",
        "caveats",
        "remarks",
        "slice",
    ])?;
    let whole = report.metrics().map(|metric| ("", metric));
    let slices = report.slices.iter().flat_map(|slice| slice.metrics().map(|metric| (slice.slice.as_str(), metric)));
    for (slice, metric) in whole.into_iter().chain(slices) {
        let codes: Vec<CaveatCode> = metric.caveats.iter().map(|caveat| caveat.code).collect();
        let words: Vec<&str> = metric.caveats.iter().map(|caveat| caveat.text.as_str()).collect();
        let whole =
            (String::from("window"), report.window.from, report.window.to, &metric.values, (&metric.basis, &codes));
        let steps = metric
            .series
            .iter()
            .map(|point| (point.label.clone(), point.from, point.to, &point.values, (&point.basis, &point.caveats)));
        for (nth, (period, from, to, values, (basis, codes))) in std::iter::once(whole).chain(steps).enumerate() {
            let sources: Vec<&str> = basis.evidence.iter().map(|source| source.as_str()).collect();
            let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
            for value in values {
                writer.write_record([
                    metric.metric.as_str(),
                    value.name.as_str(),
                    &period,
                    &from.to_rfc3339_opts(SecondsFormat::AutoSi, true),
                    &to.to_rfc3339_opts(SecondsFormat::AutoSi, true),
                    &value.value.map_or(String::new(), |value| value.to_string()),
                    value.unit.as_str(),
                    &value.n.to_string(),
                    if demo { "true" } else { "false" },
                    &basis.known.map_or(String::new(), |known| known.to_string()),
                    &sources.join(" "),
                    &codes.join(" "),
                    // the words once, beside the headline of the window
                    &if nth == 0 && value.name == metric.headline { words.join(" ") } else { String::new() },
                    slice,
                ])?;
            }
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
