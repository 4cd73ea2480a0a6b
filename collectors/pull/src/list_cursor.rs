//! Walking a list that changes while it is walked. Sources sort by the time of the last change, oldest
//! first; a row that changes meanwhile goes to the end, and all behind it move up by one. Who counts pages
//! then leaves rows out. So each page is asked for by the time of the last row of the page before it, and
//! rows of that very time, which come again, are dropped.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Ask, PullError};

/// How fine a source compares times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// It compares the times that it reports.
    Exact,
    /// It leaves the seconds out.
    Minute,
}

/// Where a walk is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCursor {
    /// Only what changed at or after this.
    pub from: Option<DateTime<Utc>>,
    /// How many rows that changed at or after `from` are behind us: above 0 only where the rows that changed at
    /// one time fill pages.
    pub skip: u64,
    /// The rows of the page before that this one has again.
    seen: Vec<String>,
}

impl ListCursor {
    /// Where a page begins: as the page before it named it, or at the time that is asked for.
    pub fn at(ask: &Ask<'_>) -> Result<Self, PullError> {
        Ok(ask.cursor_as()?.unwrap_or_else(|| Self { from: ask.since, ..Self::default() }))
    }

    /// Whether the page before had this row, unchanged.
    #[must_use]
    pub fn seen(&self, id: &str, changed: DateTime<Utc>) -> bool {
        self.seen.contains(&name(id, changed))
    }

    /// Where the next page begins, after a full page with these rows, and others that could not be read; `None` after
    /// one without rows.
    #[must_use]
    pub fn after(&self, rows: &[(String, DateTime<Utc>)], unreadable: usize, grain: Grain) -> Option<Self> {
        let (_, last) = rows.last()?;
        let from = match grain {
            Grain::Exact => *last,
            Grain::Minute => {
                let seconds = TimeDelta::seconds(last.timestamp().rem_euclid(60));
                last.trunc_subsecs(0).checked_sub_signed(seconds).unwrap_or(*last)
            }
        };
        let again = rows.iter().filter(|(_, changed)| *changed >= from);
        let seen = again.map(|(id, changed)| name(id, *changed)).collect();
        let stuck = self.from.is_some_and(|before| from <= before);
        let skip = if stuck { self.skip + (rows.len() + unreadable) as u64 } else { 0 };
        Some(Self { from: if stuck { self.from } else { Some(from) }, skip, seen })
    }
}

fn name(id: &str, changed: DateTime<Utc>) -> String {
    format!("{id}@{}", changed.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    /// Walks a list of rows (changed at these seconds) with pages of three, while `moves` rows change
    /// between the pages.
    fn walk(seconds: &[i64], moves: &[usize], grain: Grain) -> (Vec<String>, usize) {
        let mut list: Vec<(String, DateTime<Utc>)> =
            seconds.iter().enumerate().map(|(number, second)| (number.to_string(), at(*second))).collect();
        let (mut reported, mut pages, mut cursor) = (Vec::new(), 0, ListCursor::default());
        let mut now = 1_000_000;
        loop {
            list.sort_by_key(|(_, changed)| *changed);
            let coarse = |changed: &DateTime<Utc>| match grain {
                Grain::Exact => *changed,
                Grain::Minute => *changed - TimeDelta::seconds(changed.timestamp().rem_euclid(60)),
            };
            let rows = list.iter().filter(|(_, changed)| cursor.from.is_none_or(|from| coarse(changed) >= from));
            let page: Vec<_> = rows.skip(usize::try_from(cursor.skip).unwrap()).take(3).cloned().collect();
            reported.extend(page.iter().filter(|(id, changed)| !cursor.seen(id, *changed)).map(|(id, _)| id.clone()));
            pages += 1;
            if page.len() < 3 {
                return (reported, pages);
            }
            cursor = cursor.after(&page, 0, grain).unwrap();
            cursor = serde_json::from_value(serde_json::to_value(&cursor).unwrap()).unwrap();
            if let Some(moved) = moves.get(pages - 1).and_then(|row| list.get_mut(*row)) {
                now += 60;
                moved.1 = at(now);
            }
        }
    }

    proptest! {
        #[test]
        fn no_row_is_left_out_while_rows_move(
            seconds in proptest::collection::vec(0..600_i64, 0..40),
            moves in proptest::collection::vec(0..40_usize, 0..10),
        ) {
            for grain in [Grain::Exact, Grain::Minute] {
                // Within one moment a source has no order that a walk could hold on to.
                let distinct = |(number, second): (i64, &i64)| match grain {
                    Grain::Exact => second * 41 + number,
                    Grain::Minute => number * 60 + second % 60,
                };
                let seconds: Vec<i64> = (0..).zip(&seconds).map(distinct).collect();
                let (reported, _) = walk(&seconds, &moves, grain);
                for number in 0..seconds.len() {
                    prop_assert!(reported.contains(&number.to_string()), "{number} of {seconds:?} is missing in {reported:?}");
                }
            }
        }
    }

    #[test]
    fn many_rows_of_one_moment_are_walked_and_nothing_comes_twice() {
        let (reported, pages) = walk(&[5; 10], &[], Grain::Exact);
        assert_eq!((reported.len(), pages), (10, 5));
        let (reported, _) = walk(&[1, 2, 3, 4, 5, 6, 7], &[], Grain::Exact);
        assert_eq!(reported, ["0", "1", "2", "3", "4", "5", "6"]);
    }
}
