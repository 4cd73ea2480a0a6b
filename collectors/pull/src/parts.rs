//! Reading a page of a list that a source can't give, or can't give readably, because of a row on it: in smaller pages,
//! down to single rows. What can be read is read; what can't is known by the rows beside it, and asked for again.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Missed, PullError};

/// Rows in a row that can't be read, without one that can, after which it is not single rows that fail.
const MAX_UNREADABLE: usize = 5;
/// Rows on the smaller pages: each is a divisor of the one before it.
const SIZES: [usize; 2] = [10, 1];
/// Pages that are looked through for a gap at most.
const MAX_GAP_PAGES: usize = 50;

/// The rows of a part of a list, in its order; an error stands for a row that can't be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts<T> {
    /// Its rows.
    pub rows: Vec<Result<T, PullError>>,
    /// The list ends here.
    pub ended: bool,
}

impl<T> Parts<T> {
    /// A page that was read as a whole.
    #[must_use]
    pub fn whole(rows: Vec<T>, size: usize) -> Self {
        Self { ended: rows.len() < size, rows: rows.into_iter().map(Ok).collect() }
    }
}

/// Whether a page without one of its rows may be answered.
#[must_use]
pub fn may_be_of_a_row(error: &PullError) -> bool {
    matches!(error, PullError::Transient(_) | PullError::Data(_))
}

/// Reads the `size` rows from `offset` on, of which `whole`, asked for at once, has failed. `fetch` asks for a page: the
/// number of the row that it begins with, and its size, which divides that number.
pub async fn read<T, F>(
    whole: PullError,
    (offset, size): (usize, usize),
    fetch: impl Fn(usize, usize) -> F,
) -> Result<Parts<T>, PullError>
where
    F: Future<Output = Result<Vec<T>, PullError>>,
{
    if !may_be_of_a_row(&whole) {
        return Err(whole);
    }
    let mut parts = Parts { rows: Vec::with_capacity(size), ended: false };
    let (mut readable, mut unreadable) = (false, 0);
    // the next one is the last; each with the sizes that are left for it
    let mut asked = divided(offset, size, &SIZES);
    while let Some((offset, size, smaller)) = asked.pop() {
        match fetch(offset, size).await {
            Ok(rows) => {
                readable = true;
                parts.ended = rows.len() < size;
                parts.rows.extend(rows.into_iter().take(size).map(Ok));
                if parts.ended {
                    break;
                }
            }
            Err(error) if may_be_of_a_row(&error) && smaller.is_empty() => {
                parts.rows.push(Err(error));
                unreadable += 1;
                if unreadable >= MAX_UNREADABLE && !readable {
                    return Err(whole);
                }
            }
            Err(error) if may_be_of_a_row(&error) => asked.extend(divided(offset, size, smaller)),
            Err(error) => return Err(error),
        }
    }
    if readable { Ok(parts) } else { Err(whole) }
}

/// What an attempt in parts ended with: the first error, unless the new one is of another kind, such as a limit.
pub fn first_of(first: PullError) -> impl FnOnce(PullError) -> PullError {
    move |error| if may_be_of_a_row(&error) { first } else { error }
}

/// Reads again the part of a list, the latest row of which is first, that a gap is in. New rows push it further back and
/// deleted ones pull it forward, so it is looked for from a row that is newer to one that is older. `fetch` is that of
/// [`read`]. A gap that is not found within some pages is an error.
pub async fn read_gap<T, F>(
    gap: &Gap,
    size: usize,
    fetch: impl Fn(usize, usize) -> F,
    time: impl Fn(&T) -> Option<DateTime<Utc>>,
) -> Result<Vec<T>, PullError>
where
    F: Future<Output = Result<Vec<T>, PullError>>,
{
    let is_newer = |row: &T| gap.to.is_none_or(|to| time(row).is_some_and(|at| at > to));
    let is_older = |row: &T| gap.from.is_some_and(|from| time(row).is_some_and(|at| at < from));
    let mut page = gap.at / size;
    let mut found = fetch(page * size, size).await?;
    let mut asked = 1;
    while page > 0 && asked < MAX_GAP_PAGES && !found.first().is_some_and(is_newer) {
        page -= 1;
        asked += 1;
        found = fetch(page * size, size).await?;
    }
    let mut rows = Vec::new();
    loop {
        let ended = found.len() < size || found.iter().any(is_older);
        rows.extend(found.into_iter().filter(|row| time(row).is_none_or(|at| gap.spans(at))));
        // one without an older row beside it was at the end of its page
        if ended || gap.from.is_none() && rows.len() >= size {
            return Ok(rows);
        }
        if asked >= MAX_GAP_PAGES {
            return Err(PullError::Data(format!("the rows were not found within {MAX_GAP_PAGES} pages")));
        }
        page += 1;
        asked += 1;
        found = fetch(page * size, size).await?;
    }
}

/// A page in pages of the first of these sizes, the last of them first.
fn divided(offset: usize, size: usize, sizes: &[usize]) -> Vec<(usize, usize, &[usize])> {
    let Some((&smaller, rest)) = sizes.split_first() else { return Vec::new() };
    (offset..offset + size).step_by(smaller.max(1)).map(|offset| (offset, smaller, rest)).rev().collect()
}

/// Where rows of a list could not be read: between the times of the rows beside them, as far as there are any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Its first row, counted from the beginning of the list.
    pub at: usize,
    /// The time of the row before it.
    pub from: Option<DateTime<Utc>>,
    /// The time of the row after it.
    pub to: Option<DateTime<Utc>>,
}

impl Gap {
    fn spans(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }

    fn missed(&self, list: &str, error: PullError) -> Missed {
        let words = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let beside = match (self.from, self.to) {
            (Some(from), Some(to)) => format!(" between {} and {}", words(from), words(to)),
            (Some(from), None) => format!(" after {}", words(from)),
            (None, Some(to)) => format!(" before {}", words(to)),
            (None, None) => String::new(),
        };
        Missed { what: format!("a row of {list}{beside}"), key: json!({ "gap": self }), error }
    }
}

/// Collects the gaps of a page while its rows are gone through in their order.
#[derive(Debug)]
pub struct Gaps {
    /// The number of the row that comes next.
    next: usize,
    /// The latest row of the list is first.
    descending: bool,
    last: Option<DateTime<Utc>>,
    open: Option<(Gap, PullError)>,
    closed: Vec<(Gap, PullError)>,
}

impl Gaps {
    /// Of a page that begins with the row of this number. `from` is the time that an ascending list begins at.
    #[must_use]
    pub fn of(next: usize, descending: bool, from: Option<DateTime<Utc>>) -> Self {
        Self { next, descending, last: from, open: None, closed: Vec::new() }
    }

    /// The next row can't be read.
    pub fn unreadable(&mut self, error: PullError) {
        let (from, to) = if self.descending { (None, self.last) } else { (self.last, None) };
        self.open.get_or_insert((Gap { at: self.next, from, to }, error));
        self.next += 1;
    }

    /// The next row is read, and has this time.
    pub fn readable(&mut self, time: Option<DateTime<Utc>>) {
        self.next += 1;
        self.last = time.or(self.last);
        if let Some((mut gap, error)) = self.open.take_if(|_| time.is_some()) {
            *(if self.descending { &mut gap.from } else { &mut gap.to }) = time;
            self.closed.push((gap, error));
        }
    }

    /// The gaps as what a pull skips. One at the end is left out where the next page begins with it again.
    #[must_use]
    pub fn missed(self, list: &str, comes_again: bool) -> Vec<Missed> {
        let open = self.open.filter(|_| !comes_again);
        self.closed.into_iter().chain(open).map(|(gap, error)| gap.missed(list, error)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn failed() -> PullError {
        PullError::Transient("500".to_owned())
    }

    /// Reads a page of 100 of a list of `all` rows, of which some can't be read; with what was asked for.
    async fn read_all(all: usize, broken: &[usize]) -> (Result<Parts<usize>, PullError>, usize) {
        let asked = Mutex::new(0);
        let fetch = |offset: usize, size: usize| {
            *asked.lock().unwrap() += 1;
            let page: Vec<usize> = (offset..(offset + size).min(all)).collect();
            let fails = page.iter().any(|row| broken.contains(row));
            std::future::ready(if fails { Err(failed()) } else { Ok(page) })
        };
        let parts = read(failed(), (100, 100), fetch).await;
        (parts, asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn rows_that_cannot_be_read_hide_no_others() {
        for (all, broken) in
            [(300, vec![137]), (300, vec![100, 199]), (150, vec![149]), (141, vec![140]), (101, vec![100])]
        {
            let (parts, asked) = read_all(all, &broken).await;
            let parts = parts.unwrap();
            let expected: Vec<Option<usize>> =
                (100..all.min(200)).map(|row| (!broken.contains(&row)).then_some(row)).collect();
            let found: Vec<Option<usize>> = parts.rows.iter().map(|row| row.as_ref().ok().copied()).collect();
            assert_eq!((found, parts.ended), (expected, all < 200), "{all} {broken:?}");
            assert!(asked <= 10 + 10 * broken.len() + 1, "{asked}");
        }
    }

    #[tokio::test]
    async fn a_source_that_answers_nothing_fails_as_a_whole_and_soon() {
        let broken: Vec<usize> = (0..300).collect();
        assert_eq!(read_all(300, &broken).await, (Err(failed()), 1 + MAX_UNREADABLE));
        let never = |_: usize, _: usize| std::future::ready(Ok(vec![0]));
        let denied = PullError::Gone("/x".to_owned());
        assert_eq!(read(denied.clone(), (0, 100), never).await, Err(denied));
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    #[test]
    fn a_gap_lies_between_the_rows_beside_it_and_is_one_however_many_rows_it_has() {
        // the times of a page's rows, and the gaps as (place, from, to)
        for (descending, rows, expected) in [
            (false, vec![Some(1), None, None, Some(4)], vec![(11, Some(1), Some(4))]),
            (false, vec![None, Some(2), None], vec![(10, Some(0), Some(2)), (12, Some(2), None)]),
            (true, vec![Some(4), None, Some(2)], vec![(11, Some(2), Some(4))]),
            (true, vec![None, Some(2), None], vec![(10, Some(2), None), (12, None, Some(2))]),
        ] {
            let begin = (!descending).then(|| at(0));
            let mut gaps = Gaps::of(10, descending, begin);
            for row in &rows {
                match row {
                    Some(second) => gaps.readable(Some(at(*second))),
                    None => gaps.unreadable(failed()),
                }
            }
            let missed = gaps.missed("runs", false);
            let found: Vec<Gap> = missed.iter().map(|missed| Gap::deserialize(&missed.key["gap"]).unwrap()).collect();
            let expected: Vec<Gap> = expected
                .into_iter()
                .map(|(place, from, to)| Gap { at: place, from: from.map(at), to: to.map(at) })
                .collect();
            assert_eq!(found, expected, "{rows:?}");
        }
        let mut gaps = Gaps::of(0, false, None);
        gaps.unreadable(failed());
        assert_eq!(gaps.missed("runs", true), []);
    }

    #[tokio::test]
    async fn a_gap_is_found_again_after_new_rows_pushed_it_back() {
        let list: Vec<i64> = (0..250).rev().collect();
        let fetch = |first: usize, size: usize| {
            let page: Vec<i64> = list.iter().skip(first).take(size).copied().collect();
            std::future::ready(Ok(page))
        };
        let gap = Gap { at: 30, from: Some(at(99)), to: Some(at(102)) };
        let rows = read_gap(&gap, 100, fetch, |row| Some(at(*row))).await.unwrap();
        assert_eq!(rows, [102, 101, 100, 99]);
    }
}
