//! Quality and security: the last measure of each project, vulnerabilities from found to fixed.

use store::flow::{AuthorRow, MeasureRow, VulnerabilityRow};

use super::observations::{Observations, Subject};

pub(super) fn open(row: &VulnerabilityRow, into: &mut Observations) {
    into.lasting(row.opened, row.fixed.or(row.dismissed));
}

pub(super) fn fix_time(row: &VulnerabilityRow, into: &mut Observations) {
    if let Some(fixed) = row.fixed {
        into.span(fixed, Some(row.opened), Some(fixed));
    }
}

/// Measures of one kind, each times `factor`.
pub(super) fn measures(rows: &[MeasureRow], metric: &str, factor: f64, into: &mut Observations) {
    for row in rows.iter().filter(|row| row.metric == metric) {
        into.about(Subject {
            repository: row.repository.clone(),
            project: Some(row.project.clone()),
            ..Subject::default()
        });
        into.keyed(row.at, &row.project, row.value * factor);
    }
}

/// How much each author changed, as of `at`.
pub(super) fn authors(rows: &[AuthorRow], at: i64, is_bot: impl Fn(&str) -> bool, into: &mut Observations) {
    for row in rows.iter().filter(|row| !is_bot(&row.author)) {
        into.about(Subject { repository: Some(row.repository.clone()), ..Subject::default() });
        into.keyed(at, &row.author, row.lines as f64);
    }
}
