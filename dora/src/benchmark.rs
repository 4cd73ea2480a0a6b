//! What values are held against: the levels of DORA's annual reports, and the scores and benchmarks of
//! its Quick Check. The numbers of the benchmarks are data, in `data/dora-quick-check.json`.

mod levels;
mod quick_check;

pub use levels::{Level, LevelYear, level_limits};
pub use quick_check::{GroupKind, Mean, QuickCheckEdition};

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use strum::{VariantArray, VariantNames};

pub(crate) use levels::{fail_rate_level, frequency_level, lead_time_level, recovery_level};
pub(crate) use quick_check::{Group, duration_score, frequency_score, group, rate_score};

/// What values are held against. As text `2023`, `2025`, `2025/technology`, `2024/organization_size/all`:
/// a year, and a group of the Quick Check's answers (an industry, or a size of organization).
///
/// Years with levels: 2019, 2021, 2022, 2023, 2024. 2025 replaced levels by scores, so with 2025 the
/// levels are those of 2024. The Quick Check's benchmarks are those of 2024 up to 2024, then of 2025.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Benchmark {
    /// The report whose table of levels is used.
    pub levels: LevelYear,
    /// The edition of the Quick Check whose benchmarks are used.
    pub edition: QuickCheckEdition,
    /// By industry, or by size of organization.
    pub kind: GroupKind,
    /// The group's key in the data file.
    pub group: String,
}

/// A text that names no benchmark. Its text says what was expected; it doesn't repeat the text itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct NotABenchmark(String);

impl NotABenchmark {
    /// What was expected instead.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.0
    }
}

impl Benchmark {
    /// Returns a regular expression that matches the texts of all benchmarks, and no other.
    #[must_use]
    pub fn pattern() -> String {
        let groups = |edition| quick_check::patterns(edition).join("|");
        let (of_2024, of_2025) = (groups(QuickCheckEdition::Y2024), groups(QuickCheckEdition::Y2025));
        let years = <LevelYear as VariantNames>::VARIANTS.join("|");
        format!("^(({years})(/({of_2024}))?|{}(/({of_2025}))?)$", QuickCheckEdition::Y2025)
    }
}

impl Default for Benchmark {
    fn default() -> Self {
        Self {
            levels: LevelYear::Y2024,
            edition: QuickCheckEdition::Y2025,
            kind: GroupKind::Industry,
            group: "all".to_owned(),
        }
    }
}

impl FromStr for Benchmark {
    type Err = NotABenchmark;

    fn from_str(text: &str) -> Result<Self, NotABenchmark> {
        let mut parts = text.split('/');
        let year = parts.next().unwrap_or_default();
        let (levels, edition) = if year == QuickCheckEdition::Y2025.as_str() {
            (LevelYear::Y2024, QuickCheckEdition::Y2025)
        } else {
            let levels = year.parse::<LevelYear>().map_err(|_| {
                let years = <LevelYear as VariantNames>::VARIANTS.join(", ");
                let newest = QuickCheckEdition::Y2025;
                NotABenchmark(format!("{years} or {newest}, and a group if wanted: `{newest}/technology`"))
            })?;
            (levels, QuickCheckEdition::Y2024)
        };
        let known = |kind: &GroupKind, group: &str| quick_check::group(edition, *kind, group).is_some();
        let rest: Vec<&str> = parts.collect();
        let found = match rest.as_slice() {
            [] => Some((GroupKind::Industry, "all")),
            [group] => {
                let mut kinds = <GroupKind as VariantArray>::VARIANTS.iter().copied();
                kinds.find(|kind| known(kind, group)).map(|kind| (kind, *group))
            }
            [kind, group] => kind.parse().ok().map(|kind: GroupKind| (kind, *group)),
            _ => None,
        };
        let Some((kind, group)) = found.filter(|(kind, group)| known(kind, group)) else {
            let groups = quick_check::keys(edition).join(", ");
            return Err(NotABenchmark(format!("a group of the Quick Check of {edition} after the year: {groups}")));
        };
        Ok(Self { levels, edition, kind, group: group.to_owned() })
    }
}

impl fmt::Display for Benchmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.edition {
            QuickCheckEdition::Y2025 => write!(f, "{}", self.edition)?,
            QuickCheckEdition::Y2024 => write!(f, "{}", self.levels)?,
        }
        if self.group == "all" && self.kind == GroupKind::Industry {
            return Ok(());
        }
        write!(f, "/{}/{}", self.kind.as_str(), self.group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_survives_its_text() {
        for text in
            ["2019", "2021", "2022", "2023", "2024", "2025", "2025/industry/technology", "2024/organization_size/all"]
        {
            assert_eq!(text.parse::<Benchmark>().unwrap().to_string(), text);
        }
        assert_eq!("2025".parse::<Benchmark>().unwrap(), Benchmark::default());
        assert_eq!("2025/solo".parse::<Benchmark>().unwrap().kind, GroupKind::OrganizationSize);
        for bad in ["", "2020", "2026", "x", "2025/unknown", "2025/industry/technology/more"] {
            assert!(bad.parse::<Benchmark>().is_err(), "{bad}");
        }
    }
}
