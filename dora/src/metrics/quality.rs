//! Quality: the last measure of each project.

use super::metric::Input::Measures;
use super::metric::metrics;
use super::model::Aggregation::{LatestMean, LatestSum};
use super::observations::Observations;
use super::rows::Measure;
use super::unit::Unit;
use crate::compute::MINUTE_US;

metrics! { "quality";
    coverage: Unit::Number, LatestMean, Measures(covered), "Coverage",
        "The last coverage of each project, in percent, on average.", .more_is_better();
    duplication: Unit::Number, LatestMean, Measures(duplicated), "Duplication",
        "The last share of duplicated lines of each project, in percent, on average.";
    technical_debt: Unit::Seconds, LatestSum, Measures(debt), "Technical debt",
        "The last technical debt of each project, in sum.";
}

fn measured(row: &Measure, metric: &str, factor: f64, into: &mut Observations) {
    if &*row.metric == metric {
        into.keyed(row.at, &row.project, row.value * factor);
    }
}

fn covered(row: &Measure, into: &mut Observations) {
    measured(row, "coverage", 1.0, into);
}

fn duplicated(row: &Measure, into: &mut Observations) {
    measured(row, "duplication", 1.0, into);
}

fn debt(row: &Measure, into: &mut Observations) {
    measured(row, "technical_debt_minutes", MINUTE_US as f64, into);
}
