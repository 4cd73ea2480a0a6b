//! Security: vulnerabilities from found to fixed.

use super::metric::Input::Vulnerabilities;
use super::metric::metrics;
use super::model::Aggregation::{Median, OpenAtDayEnd};
use super::observations::Observations;
use super::rows::Vulnerability;
use super::unit::Unit;

metrics! { "security";
    open_vulnerabilities: Unit::Number, OpenAtDayEnd, Vulnerabilities(open), "Open vulnerabilities",
        "Vulnerabilities open at the end of each day, on average over the days.";
    vulnerability_fix_time: Unit::Seconds, Median, Vulnerabilities(fix_time), "Time to fix a vulnerability",
        "Found to fixed, of vulnerabilities fixed in the window.";
}

fn open(row: &Vulnerability, into: &mut Observations) {
    into.lasting(row.opened, row.fixed.or(row.dismissed));
}

fn fix_time(row: &Vulnerability, into: &mut Observations) {
    if let Some(fixed) = row.fixed {
        into.span(fixed, Some(row.opened), Some(fixed));
    }
}
