//! The tables of levels of the annual reports (State of DevOps, DORA: 2019, 2021, 2022, 2023, 2024). A
//! value takes the best level whose condition it meets; a year without such a cluster skips it.

use async_graphql::Enum;
use strum::Display;
use utoipa::ToSchema;

pub(super) const HOUR: f64 = 3600.0;
pub(super) const DAY: f64 = 24.0 * HOUR;
const WEEK: f64 = 7.0 * DAY;
/// 30.4375 days.
pub(crate) const MONTH: f64 = 30.4375 * DAY;

kernel::closed_list! {
    /// How well a value does, by a year's report.
    #[derive(Enum, ToSchema, Display)]
    pub enum Level: "level" {
        /// The lowest.
        Low,
        /// Above the lowest.
        Medium,
        /// Below the best.
        High,
        /// The best. 2022 had none.
        Elite,
    }
}

kernel::closed_list! {
    /// The report that a table of levels is from.
    #[derive(Enum, ToSchema, Display)]
    pub enum LevelYear: "year with levels" {
        /// 2019.
        #[serde(rename = "2019")]
        #[strum(serialize = "2019")]
        Y2019,
        /// 2021.
        #[serde(rename = "2021")]
        #[strum(serialize = "2021")]
        Y2021,
        /// 2022, without an elite level.
        #[serde(rename = "2022")]
        #[strum(serialize = "2022")]
        Y2022,
        /// 2023.
        #[serde(rename = "2023")]
        #[strum(serialize = "2023")]
        Y2023,
        /// 2024.
        #[serde(rename = "2024")]
        #[strum(serialize = "2024")]
        Y2024,
    }
}

/// The limits of elite, high and medium; `None` where the year had no such level.
type Limits = [Option<f64>; 3];

fn best(limits: Limits, meets: impl Fn(f64) -> bool) -> Level {
    let levels = [Level::Elite, Level::High, Level::Medium];
    let met = levels.into_iter().zip(limits).find(|(_, limit)| limit.is_some_and(&meets));
    met.map_or(Level::Low, |(level, _)| level)
}

/// In seconds.
const fn lead_time_limits(year: LevelYear) -> Limits {
    match year {
        LevelYear::Y2019 | LevelYear::Y2023 | LevelYear::Y2024 => [Some(DAY), Some(WEEK), Some(MONTH)],
        LevelYear::Y2021 => [Some(HOUR), Some(WEEK), Some(6.0 * MONTH)],
        LevelYear::Y2022 => [None, Some(WEEK), Some(MONTH)],
    }
}

/// The level of a median lead time in seconds.
pub(crate) fn lead_time_level(year: LevelYear, seconds: f64) -> Level {
    best(lead_time_limits(year), |limit| seconds < limit)
}

/// The longest time that one deployment may stand for, in days.
const fn frequency_limits(year: LevelYear) -> Limits {
    let month = MONTH / DAY;
    match year {
        LevelYear::Y2019 | LevelYear::Y2023 | LevelYear::Y2024 => [Some(1.0), Some(7.0), Some(month)],
        LevelYear::Y2021 => [Some(1.0), Some(month), Some(6.0 * month)],
        LevelYear::Y2022 => [None, Some(1.0), Some(month)],
    }
}

/// The level of a number of deployments in a number of days.
pub(crate) fn frequency_level(year: LevelYear, deployments: f64, days: f64) -> Level {
    best(frequency_limits(year), |limit| deployments * limit >= days)
}

/// In seconds.
const fn recovery_limits(year: LevelYear) -> Limits {
    match year {
        LevelYear::Y2019 | LevelYear::Y2024 => [Some(HOUR), Some(DAY), Some(DAY)],
        LevelYear::Y2021 | LevelYear::Y2023 => [Some(HOUR), Some(DAY), Some(WEEK)],
        LevelYear::Y2022 => [None, Some(DAY), Some(WEEK)],
    }
}

/// The level of a median recovery time in seconds.
pub(crate) fn recovery_level(year: LevelYear, seconds: f64) -> Level {
    best(recovery_limits(year), |limit| seconds < limit)
}

/// In percent.
const fn fail_rate_limits(year: LevelYear) -> Limits {
    match year {
        LevelYear::Y2019 => [Some(15.0), Some(15.0), Some(15.0)],
        LevelYear::Y2021 => [Some(15.0), Some(30.0), Some(30.0)],
        LevelYear::Y2022 => [None, Some(15.0), Some(30.0)],
        LevelYear::Y2023 => [Some(5.0), Some(10.0), Some(15.0)],
        LevelYear::Y2024 => [Some(5.0), Some(10.0), Some(20.0)],
    }
}

/// The level of a change fail rate: the number that failed, and of how many.
pub(crate) fn fail_rate_level(year: LevelYear, failed: f64, of: f64) -> Level {
    // whole numbers, so that exactly 15 % is 15 %
    best(fail_rate_limits(year), |percent| failed * 100.0 <= percent * of)
}

/// From which value on, in the unit of the metric, it has which level, from the lowest value up; `None` for a metric
/// without levels.
#[must_use]
pub fn level_limits(year: LevelYear, metric: &str) -> Option<Vec<(Option<f64>, Level)>> {
    let limits = match metric {
        "change_lead_time" => lead_time_limits(year),
        "failed_deployment_recovery_time" => recovery_limits(year),
        "change_fail_rate" => fail_rate_limits(year).map(|percent| percent.map(|percent| percent / 100.0)),
        "deployment_frequency" => {
            let days =
                [Level::Medium, Level::High, Level::Elite].into_iter().zip(frequency_limits(year).into_iter().rev());
            let reached = days.filter_map(|(level, days)| Some((Some(1.0 / days?), level)));
            return Some(std::iter::once((None, Level::Low)).chain(reached).collect());
        }
        _ => return None,
    };
    let mut steps = Vec::new();
    let mut from: Option<f64> = None;
    for (level, limit) in [Level::Elite, Level::High, Level::Medium].into_iter().zip(limits) {
        let Some(limit) = limit.filter(|limit| from.is_none_or(|from| from < *limit)) else { continue };
        steps.push((from, level));
        from = Some(limit);
    }
    steps.push((from, Level::Low));
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::Level::{Elite, High, Low, Medium};
    use super::LevelYear::{Y2019, Y2021, Y2022, Y2023, Y2024};
    use super::*;

    #[test]
    fn lead_time_takes_the_best_level_below_whose_limit_it_is() {
        for (year, seconds, level) in [
            (Y2019, DAY - 1.0, Elite),
            (Y2019, DAY, High),
            (Y2019, WEEK - 1.0, High),
            (Y2019, WEEK, Medium),
            (Y2019, MONTH - 1.0, Medium),
            (Y2019, MONTH, Low),
            (Y2021, HOUR - 1.0, Elite),
            (Y2021, HOUR, High),
            (Y2021, WEEK - 1.0, High),
            (Y2021, WEEK, Medium),
            (Y2021, 6.0 * MONTH - 1.0, Medium),
            (Y2021, 6.0 * MONTH, Low),
            (Y2022, 0.0, High),
            (Y2022, WEEK - 1.0, High),
            (Y2022, WEEK, Medium),
            (Y2022, MONTH, Low),
            (Y2023, DAY - 1.0, Elite),
            (Y2023, DAY, High),
            (Y2023, WEEK, Medium),
            (Y2023, MONTH, Low),
            (Y2024, DAY - 1.0, Elite),
            (Y2024, DAY, High),
            (Y2024, WEEK, Medium),
            (Y2024, MONTH, Low),
        ] {
            assert_eq!(lead_time_level(year, seconds), level, "{year} {seconds}");
        }
    }

    #[test]
    fn frequency_takes_the_best_level_whose_limit_it_reaches() {
        for (year, deployments, days, level) in [
            (Y2019, 30.0, 30.0, Elite),
            (Y2019, 29.0, 30.0, High),
            (Y2019, 4.0, 28.0, High),
            (Y2019, 3.0, 28.0, Medium),
            (Y2019, 2.0, 60.875, Medium),
            (Y2019, 1.0, 60.875, Low),
            (Y2021, 30.0, 30.0, Elite),
            (Y2021, 29.0, 30.0, High),
            (Y2021, 2.0, 60.875, High),
            (Y2021, 1.0, 60.875, Medium),
            (Y2021, 1.0, 182.625, Medium),
            (Y2021, 1.0, 183.0, Low),
            (Y2022, 300.0, 30.0, High),
            (Y2022, 30.0, 30.0, High),
            (Y2022, 29.0, 30.0, Medium),
            (Y2022, 2.0, 60.875, Medium),
            (Y2022, 1.0, 60.875, Low),
            (Y2023, 30.0, 30.0, Elite),
            (Y2023, 4.0, 28.0, High),
            (Y2023, 3.0, 28.0, Medium),
            (Y2024, 30.0, 30.0, Elite),
            (Y2024, 4.0, 28.0, High),
            (Y2024, 2.0, 60.875, Medium),
            (Y2024, 1.0, 60.875, Low),
        ] {
            assert_eq!(frequency_level(year, deployments, days), level, "{year} {deployments} in {days}");
        }
    }

    #[test]
    fn recovery_takes_the_best_level_below_whose_limit_it_is() {
        for (year, seconds, level) in [
            (Y2019, HOUR - 1.0, Elite),
            (Y2019, HOUR, High),
            (Y2019, DAY - 1.0, High),
            (Y2019, DAY, Low),
            (Y2021, HOUR - 1.0, Elite),
            (Y2021, HOUR, High),
            (Y2021, DAY, Medium),
            (Y2021, WEEK - 1.0, Medium),
            (Y2021, WEEK, Low),
            (Y2022, 0.0, High),
            (Y2022, DAY, Medium),
            (Y2022, WEEK, Low),
            (Y2023, HOUR - 1.0, Elite),
            (Y2023, HOUR, High),
            (Y2023, DAY, Medium),
            (Y2023, WEEK, Low),
            (Y2024, HOUR - 1.0, Elite),
            (Y2024, HOUR, High),
            (Y2024, DAY, Low),
        ] {
            assert_eq!(recovery_level(year, seconds), level, "{year} {seconds}");
        }
    }

    #[test]
    fn fail_rate_takes_the_best_level_whose_limit_it_does_not_exceed() {
        for (year, failed, of, level) in [
            (Y2019, 15.0, 100.0, Elite),
            (Y2019, 16.0, 100.0, Low),
            (Y2021, 15.0, 100.0, Elite),
            (Y2021, 16.0, 100.0, High),
            (Y2021, 30.0, 100.0, High),
            (Y2021, 31.0, 100.0, Low),
            (Y2022, 0.0, 100.0, High),
            (Y2022, 15.0, 100.0, High),
            (Y2022, 16.0, 100.0, Medium),
            (Y2022, 30.0, 100.0, Medium),
            (Y2022, 31.0, 100.0, Low),
            (Y2023, 5.0, 100.0, Elite),
            (Y2023, 6.0, 100.0, High),
            (Y2023, 10.0, 100.0, High),
            (Y2023, 11.0, 100.0, Medium),
            (Y2023, 15.0, 100.0, Medium),
            (Y2023, 16.0, 100.0, Low),
            (Y2024, 5.0, 100.0, Elite),
            (Y2024, 10.0, 100.0, High),
            (Y2024, 20.0, 100.0, Medium),
            (Y2024, 21.0, 100.0, Low),
            // 3 of 20 is 15 %, whatever 0.15 is in binary
            (Y2019, 3.0, 20.0, Elite),
        ] {
            assert_eq!(fail_rate_level(year, failed, of), level, "{year} {failed} of {of}");
        }
    }

    #[test]
    fn limits_are_listed_from_the_lowest_value_up() {
        let lead_time = level_limits(Y2024, "change_lead_time").unwrap();
        assert_eq!(lead_time, [(None, Elite), (Some(DAY), High), (Some(WEEK), Medium), (Some(MONTH), Low)]);
        let recovery = level_limits(Y2024, "failed_deployment_recovery_time").unwrap();
        assert_eq!(recovery, [(None, Elite), (Some(HOUR), High), (Some(DAY), Low)], "medium has the limit of high");
        let frequency = level_limits(Y2022, "deployment_frequency").unwrap();
        assert_eq!(
            frequency,
            [(None, Low), (Some(1.0 / (MONTH / DAY)), Medium), (Some(1.0), High)],
            "2022 had no elite"
        );
        assert_eq!(level_limits(Y2024, "review_time"), None);
    }

    #[test]
    fn listed_limits_are_where_levels_change() {
        for year in [Y2019, Y2021, Y2022, Y2023, Y2024] {
            for (from, level) in level_limits(year, "change_lead_time").unwrap() {
                assert_eq!(lead_time_level(year, from.unwrap_or_default()), level, "{year} {from:?}");
            }
            for (from, level) in level_limits(year, "failed_deployment_recovery_time").unwrap() {
                assert_eq!(recovery_level(year, from.unwrap_or_default()), level, "{year} {from:?}");
            }
            for (from, level) in level_limits(year, "deployment_frequency").unwrap() {
                // the 1,000 days of these deployments
                let deployments = from.map_or(0.0, |a_day| a_day * 1_000.0 + 1e-6);
                assert_eq!(frequency_level(year, deployments, 1_000.0), level, "{year} {from:?}");
            }
            for (from, level) in level_limits(year, "change_fail_rate").unwrap() {
                // exactly on the limit is still the level before
                let failed = from.map_or(0.0, |rate| rate * 1_000.0 + 1e-6);
                assert_eq!(fail_rate_level(year, failed, 1_000.0), level, "{year} {from:?}");
            }
        }
    }
}
