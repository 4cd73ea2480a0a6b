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

/// The level of a median lead time in seconds.
pub(crate) fn lead_time_level(year: LevelYear, seconds: f64) -> Level {
    let limits = match year {
        LevelYear::Y2019 | LevelYear::Y2023 | LevelYear::Y2024 => [Some(DAY), Some(WEEK), Some(MONTH)],
        LevelYear::Y2021 => [Some(HOUR), Some(WEEK), Some(6.0 * MONTH)],
        LevelYear::Y2022 => [None, Some(WEEK), Some(MONTH)],
    };
    best(limits, |limit| seconds < limit)
}

/// The level of a number of deployments in a number of days.
pub(crate) fn frequency_level(year: LevelYear, deployments: f64, days: f64) -> Level {
    // the longest time that one deployment may stand for, in days
    let month = MONTH / DAY;
    let limits = match year {
        LevelYear::Y2019 | LevelYear::Y2023 | LevelYear::Y2024 => [Some(1.0), Some(7.0), Some(month)],
        LevelYear::Y2021 => [Some(1.0), Some(month), Some(6.0 * month)],
        LevelYear::Y2022 => [None, Some(1.0), Some(month)],
    };
    best(limits, |limit| deployments * limit >= days)
}

/// The level of a median recovery time in seconds.
pub(crate) fn recovery_level(year: LevelYear, seconds: f64) -> Level {
    let limits = match year {
        LevelYear::Y2019 | LevelYear::Y2024 => [Some(HOUR), Some(DAY), Some(DAY)],
        LevelYear::Y2021 | LevelYear::Y2023 => [Some(HOUR), Some(DAY), Some(WEEK)],
        LevelYear::Y2022 => [None, Some(DAY), Some(WEEK)],
    };
    best(limits, |limit| seconds < limit)
}

/// The level of a change fail rate: the number that failed, and of how many.
pub(crate) fn fail_rate_level(year: LevelYear, failed: f64, of: f64) -> Level {
    let limits = match year {
        LevelYear::Y2019 => [Some(15.0), Some(15.0), Some(15.0)],
        LevelYear::Y2021 => [Some(15.0), Some(30.0), Some(30.0)],
        LevelYear::Y2022 => [None, Some(15.0), Some(30.0)],
        LevelYear::Y2023 => [Some(5.0), Some(10.0), Some(15.0)],
        LevelYear::Y2024 => [Some(5.0), Some(10.0), Some(20.0)],
    };
    // whole numbers, so that exactly 15 % is 15 %
    best(limits, |percent| failed * 100.0 <= percent * of)
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
}
