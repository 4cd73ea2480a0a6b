//! The slices of a report, as people read them: a line each.

use dora::{MetricReport, Report};

/// The headings and the lines; `None` of a report without slices.
pub(super) fn rows(report: &Report) -> Option<(Vec<&'static str>, Vec<Vec<String>>)> {
    let by = report.by?;
    let titles = report.metrics().map(|metric| metric.title);
    let columns = std::iter::once(by.as_str()).chain(titles).chain(["score"]).collect();
    let text = |metric: &MetricReport| metric.text.clone().unwrap_or_else(|| "–".to_owned());
    let rows = report.slices.iter().map(|slice| {
        let score = slice.quick_check.overall.score.map_or_else(|| "–".to_owned(), |score| format!("{score:.1}"));
        std::iter::once(slice.slice.clone()).chain(slice.metrics().map(text)).chain([score]).collect()
    });
    Some((columns, rows.collect()))
}
