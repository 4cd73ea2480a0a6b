//! Vulnerabilities and measures of code.

use super::row::Row;
use super::subject::Name;

#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Vulnerability {
    pub opened: i64,
    pub fixed: Option<i64>,
    pub dismissed: Option<i64>,
}

impl Row for Vulnerability {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.opened, self.fixed.or(self.dismissed)))
    }
}

/// A measure of code.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Measure {
    pub project: Name,
    pub metric: Name,
    pub value: f64,
    pub at: i64,
}

impl Row for Measure {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        Some((self.at, None))
    }

    fn time(&self) -> i64 {
        self.at
    }
}
