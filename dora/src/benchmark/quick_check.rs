//! DORA's Quick Check: its scores from 0 to 10, and how industries and organizations of a size answered.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};
use strum::Display;
use utoipa::ToSchema;

use super::levels::{DAY, HOUR, MONTH};

kernel::closed_list! {
    /// An edition of the Quick Check.
    #[derive(Deserialize, Enum, ToSchema, Display)]
    pub enum QuickCheckEdition: "edition of the Quick Check" {
        /// 2024: four metrics.
        #[serde(rename = "2024")]
        #[strum(serialize = "2024")]
        Y2024,
        /// 2025: five metrics.
        #[serde(rename = "2025")]
        #[strum(serialize = "2025")]
        Y2025,
    }
}

kernel::closed_list! {
    /// How answers are grouped.
    #[derive(Deserialize, Enum, ToSchema)]
    pub enum GroupKind: "kind of group" {
        /// By industry.
        Industry,
        /// By the number of employees.
        OrganizationSize,
    }
}

/// How a group answered: mean and standard deviation of its scores, 10 is best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, SimpleObject, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mean {
    /// The mean score.
    pub mean: f64,
    /// The standard deviation, where published.
    #[serde(default)]
    #[schema(required)]
    pub std: Option<f64>,
}

/// A group of the data file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub name: String,
    #[serde(default)]
    pub change_lead_time: Option<Mean>,
    #[serde(default)]
    pub deployment_frequency: Option<Mean>,
    #[serde(default)]
    pub failed_deployment_recovery_time: Option<Mean>,
    #[serde(default)]
    pub change_fail_rate: Option<Mean>,
    #[serde(default)]
    pub deployment_rework_rate: Option<Mean>,
    #[serde(default)]
    pub throughput: Option<Mean>,
    #[serde(default)]
    pub stability: Option<Mean>,
}

impl Group {
    /// The mean of the group's metrics, those of the five that its edition has: rounded half up to two digits.
    /// Published means have two digits at most, so hundredths are whole and no digit is lost on the way.
    pub fn overall(&self) -> Option<Mean> {
        let five = [
            self.change_lead_time,
            self.deployment_frequency,
            self.failed_deployment_recovery_time,
            self.change_fail_rate,
            self.deployment_rework_rate,
        ];
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1,000")]
        let hundredths: Vec<i64> = five.into_iter().flatten().map(|of| (of.mean * 100.0).round() as i64).collect();
        let count = i64::try_from(hundredths.len()).ok().filter(|count| *count > 0)?;
        let mean = (2 * hundredths.iter().sum::<i64>() + count) / (2 * count);
        Some(Mean { mean: mean as f64 / 100.0, std: None })
    }
}

/// Groups by their keys, by kind.
type Groups = BTreeMap<GroupKind, BTreeMap<String, Group>>;

#[derive(Deserialize)]
struct Data {
    editions: BTreeMap<QuickCheckEdition, Groups>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    // the file is part of the program; a test reads it
    serde_json::from_str(include_str!("../../data/dora-quick-check.json"))
        .unwrap_or_else(|_| Data { editions: BTreeMap::new() })
});

/// A group's answers.
pub(crate) fn group(edition: QuickCheckEdition, kind: GroupKind, key: &str) -> Option<&'static Group> {
    DATA.editions.get(&edition)?.get(&kind)?.get(key)
}

/// The kinds and keys of all groups of an edition.
fn groups(edition: QuickCheckEdition) -> impl Iterator<Item = (GroupKind, &'static String)> {
    let kinds = DATA.editions.get(&edition).into_iter().flatten();
    kinds.flat_map(|(kind, groups)| groups.keys().map(move |key| (*kind, key)))
}

/// All groups of an edition, as they can be written in a benchmark.
pub(super) fn keys(edition: QuickCheckEdition) -> Vec<String> {
    let written = groups(edition).map(|(kind, key)| match kind {
        GroupKind::Industry => key.clone(),
        GroupKind::OrganizationSize => format!("{}/{key}", kind.as_str()),
    });
    written.collect()
}

/// Patterns of the groups of an edition, as they can be written in a benchmark.
pub(super) fn patterns(edition: QuickCheckEdition) -> Vec<String> {
    groups(edition).map(|(kind, key)| format!("({}/)?{key}", kind.as_str())).collect()
}

/// The score of a category, 1 to 6.
fn category(category: u8) -> f64 {
    f64::from(category - 1) * 2.0
}

/// The score of a median lead time or recovery time in seconds.
pub(crate) fn duration_score(seconds: f64) -> f64 {
    let limits = [(6, HOUR), (5, DAY), (4, 7.0 * DAY), (3, MONTH), (2, 6.0 * MONTH)];
    category(limits.into_iter().find(|(_, limit)| seconds < *limit).map_or(1, |(category, _)| category))
}

/// The score of a number of deployments in a number of days.
pub(crate) fn frequency_score(deployments: f64, days: f64) -> f64 {
    let month = MONTH / DAY;
    let limits = [(6, 0.5), (5, 1.0), (4, 7.0), (3, month), (2, 6.0 * month)];
    category(limits.into_iter().find(|(_, limit)| deployments * limit >= days).map_or(1, |(category, _)| category))
}

/// The score of a rate between 0 and 1 of which less is better.
pub(crate) fn rate_score(rate: f64) -> f64 {
    10.0 - rate * 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_can_be_read_and_has_both_editions() {
        assert_eq!(DATA.editions.keys().collect::<Vec<_>>(), [&QuickCheckEdition::Y2024, &QuickCheckEdition::Y2025]);
        let all = group(QuickCheckEdition::Y2025, GroupKind::Industry, "all").unwrap();
        assert_eq!(all.change_lead_time, Some(Mean { mean: 5.5, std: Some(2.4) }));
        assert_eq!(all.overall().map(|overall| overall.mean), Some(6.72));
        assert!(keys(QuickCheckEdition::Y2025).contains(&"organization_size/solo".to_owned()));
    }

    #[test]
    fn the_overall_benchmark_is_rounded_half_up() {
        let overall = |kind, key| group(QuickCheckEdition::Y2024, kind, key).unwrap().overall().unwrap().mean;
        // 6.225, 7.125 and 6.525; 6.775 and 6.55 are as they were
        for (kind, key, expected) in [
            (GroupKind::Industry, "education", 6.23),
            (GroupKind::OrganizationSize, "fewer_than_020", 7.13),
            (GroupKind::OrganizationSize, "fewer_than_1000", 6.53),
            (GroupKind::OrganizationSize, "fewer_than_100", 6.78),
            (GroupKind::Industry, "all", 6.55),
        ] {
            assert!((overall(kind, key) - expected).abs() < f64::EPSILON, "{key}: {}", overall(kind, key));
        }
    }

    #[test]
    fn a_limit_itself_belongs_to_the_category_below_it() {
        for (seconds, score) in [
            (0.0, 10.0),
            (HOUR - 1.0, 10.0),
            (HOUR, 8.0),
            (DAY - 1.0, 8.0),
            (DAY, 6.0),
            (7.0 * DAY - 1.0, 6.0),
            (7.0 * DAY, 4.0),
            (MONTH - 1.0, 4.0),
            (MONTH, 2.0),
            (6.0 * MONTH - 1.0, 2.0),
            (6.0 * MONTH, 0.0),
        ] {
            assert!((duration_score(seconds) - score).abs() < 1e-9, "{seconds}");
        }
    }

    #[test]
    fn as_many_as_the_limit_says_is_enough() {
        for (deployments, days, score) in [
            (60.0, 30.0, 10.0),
            (59.0, 30.0, 8.0),
            (30.0, 30.0, 8.0),
            (29.0, 30.0, 6.0),
            (4.0, 28.0, 6.0),
            (3.0, 28.0, 4.0),
            (2.0, 60.875, 4.0),
            (1.0, 60.875, 2.0),
            (1.0, 182.625, 2.0),
            (1.0, 183.0, 0.0),
        ] {
            assert!((frequency_score(deployments, days) - score).abs() < 1e-9, "{deployments} in {days}");
        }
    }

    #[test]
    fn a_rate_of_5_percent_is_nine_and_a_half() {
        assert!((rate_score(0.05) - 9.5).abs() < 1e-9);
        assert!((rate_score(0.0) - 10.0).abs() < 1e-9);
        assert!(rate_score(1.0).abs() < 1e-9);
    }
}
