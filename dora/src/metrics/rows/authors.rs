//! What accounts change in repositories.

use chrono::{DateTime, Months};

use super::row::{Micros, Row};
use super::subject::Name;

/// What an account changed in a repository, commit by commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::metrics) struct Author {
    pub name: Name,
    /// When each commit was written, oldest first, and the lines that were changed up to and with it.
    commits: Box<[(i64, i64)]>,
}

impl Author {
    /// From the time of each commit and the lines that it changed.
    pub fn new(name: Name, mut commits: Vec<(i64, i64)>) -> Self {
        commits.sort_unstable();
        let mut sum = 0_i64;
        for (_, lines) in &mut commits {
            sum = sum.saturating_add(*lines);
            *lines = sum;
        }
        Self { name, commits: commits.into() }
    }

    /// When each commit was written, and the lines that it changed.
    pub fn each_commit(&self) -> impl Iterator<Item = (i64, i64)> {
        let before = std::iter::once(0).chain(self.commits.iter().map(|(_, sum)| *sum));
        self.commits.iter().zip(before).map(|((written, sum), before)| (*written, sum.saturating_sub(before)))
    }

    /// The lines and the commits of the year before the end of a window.
    pub fn changed(&self, window: Micros) -> (i64, usize) {
        let before = |at: i64| self.commits.partition_point(|(written, _)| *written < at);
        let lines =
            |count: usize| count.checked_sub(1).and_then(|last| self.commits.get(last)).map_or(0, |last| last.1);
        let (from, to) = (before(year_before(window.to)), before(window.to));
        (lines(to).saturating_sub(lines(from)), to.saturating_sub(from))
    }
}

/// The same time of the day a year before.
fn year_before(at: i64) -> i64 {
    let before = DateTime::from_timestamp_micros(at).and_then(|at| at.checked_sub_months(Months::new(12)));
    before.map_or(at, |before| before.timestamp_micros())
}

impl Row for Author {
    fn extent(&self) -> Option<(i64, Option<i64>)> {
        self.commits.first().map(|(written, _)| (*written, None))
    }

    fn is_of(&self, window: Micros) -> bool {
        self.changed(window).1 > 0
    }

    fn bytes_beside(&self) -> usize {
        size_of_val(&*self.commits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_lines_beyond_any_history_are_bounded() {
        let author = Author::new("ann".into(), vec![(1, -5), (2, i64::MAX), (3, i64::MAX)]);
        assert_eq!(author.changed(Micros { from: 0, to: 4 }), (i64::MAX, 3));
        assert_eq!(author.each_commit().map(|(_, lines)| lines).collect::<Vec<_>>(), [-5, i64::MAX, 5]);
    }

    #[test]
    fn an_author_has_what_was_changed_in_the_year_before_the_end_of_a_window() {
        let us = |text: &str| text.parse::<DateTime<chrono::Utc>>().unwrap().timestamp_micros();
        let commits = [
            ("2025-03-01T12:00:00Z", 7),
            ("2024-02-29T12:00:00Z", 1),
            ("2024-02-28T11:59:59Z", 100),
            ("2025-02-28T12:00:00Z", 1_000),
        ];
        let author = Author::new("ann".into(), commits.map(|(at, lines)| (us(at), lines)).to_vec());
        for (to, expected) in [
            ("2025-02-28T12:00:00Z", (1, 1)),
            ("2025-02-28T12:00:01Z", (1_001, 2)),
            ("2025-03-01T12:00:01Z", (1_007, 2)),
            ("2024-02-28T11:59:59Z", (0, 0)),
            ("2024-02-28T12:00:00Z", (100, 1)),
            ("2027-01-01T00:00:00Z", (0, 0)),
        ] {
            let window = Micros { from: us(to) - 1, to: us(to) };
            assert_eq!(author.changed(window), expected, "{to}");
            assert_eq!(author.is_of(window), expected.1 > 0, "{to}");
        }
    }
}
