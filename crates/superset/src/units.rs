//! How numbers are shown, by their units.

use dora::Unit;

/// How often a second goes into what is shown as a duration: Superset takes milliseconds.
pub(crate) const DURATION_SCALE: &str = " * 1000";

/// How seconds become hours, which axes have: a duration has no round numbers.
pub(crate) const HOURS_SCALE: &str = " / 3600";

/// The format of a number by itself, or in a table.
pub(crate) const fn format(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "DURATION",
        unit => axis_format(unit),
    }
}

/// The format of numbers along an axis.
pub(crate) const fn axis_format(unit: Unit) -> &'static str {
    match unit {
        Unit::Ratio => ".1%",
        Unit::Count => ",d",
        Unit::DaysPerWeek => ",.1~f",
        Unit::Seconds | Unit::PerDay | Unit::PerWeek | Unit::Number => ",.2~f",
    }
}

/// The title of an axis.
pub(crate) const fn axis_title(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "hours",
        unit => suffix(unit),
    }
}

/// What stands below a number.
pub(crate) const fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::PerDay => "a day",
        Unit::PerWeek => "a week",
        Unit::DaysPerWeek => "days a week",
        Unit::Seconds | Unit::Ratio | Unit::Count | Unit::Number => "",
    }
}
