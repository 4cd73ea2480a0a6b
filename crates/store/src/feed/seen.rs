//! What a reader of the feed has seen, as a text that it can come back with.
//!
//! It is a snapshot in the sense of PostgreSQL: the rows of the transactions that are visible in it are seen. A reader
//! that stopped within what it read once has a snapshot that no session ever had: without the transactions behind the
//! last row, and with the number of the last row of its transaction.

use std::fmt;
use std::str::FromStr;

use crate::StoreError;
use crate::changes::ReadAt;

/// The most transactions that run at once in a text that is taken, and of which a part is seen.
const MOST_RUNNING: usize = 2_000;
const MOST_PARTS: usize = 16;

/// What a reader has seen of the feed of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// A tenant that was dropped and made again has another.
    schema: i64,
    /// Transactions from this one on are not seen.
    end: u64,
    /// Nor are these before it; ascending.
    running: Vec<u64>,
    /// Of these, which are not seen, the rows up to a number are.
    parts: Vec<(u64, i64)>,
}

/// A text does not say what a reader has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no position in the feed")]
pub struct InvalidSeen;

impl Seen {
    /// All that was there at a point in time.
    pub fn at(read_at: &ReadAt) -> Result<Self, StoreError> {
        let (snapshot, schema) = read_at.snapshot();
        let read = || {
            let mut fields = snapshot.split(':');
            let (_, end, running) = (fields.next()?, fields.next()?.parse().ok()?, fields.next()?);
            Some(Self { schema, end, running: list(running, ',')?, parts: Vec::new() })
        };
        read().ok_or_else(|| StoreError::Unreadable(format!("a snapshot is `{snapshot}`")))
    }

    /// What is seen when, of what this one has not seen and `now` has, the rows up to a position are read.
    #[must_use]
    pub fn up_to(&self, now: &Self, (transaction, id): (u64, i64)) -> Self {
        let is_seen = |xid: u64| self.has(xid) || xid < transaction && now.has(xid);
        let end = self.end.max(transaction);
        let later = now.running.iter().filter(|xid| **xid >= self.end);
        let running = self.running.iter().chain(later).copied().filter(|xid| *xid < end && !is_seen(*xid));
        let parts = self.parts.iter().copied().filter(|(xid, _)| *xid > transaction);
        Self {
            schema: self.schema,
            end,
            running: running.collect(),
            parts: std::iter::once((transaction, id)).chain(parts).collect(),
        }
    }

    /// Whether all that is seen here is seen there. Positions of another tenant, or of one that was made again, are not.
    #[must_use]
    pub fn is_within(&self, now: &Self) -> bool {
        self.schema == now.schema
            && self.end <= now.end
            && now.running.iter().all(|xid| !self.has(*xid))
            && self.parts.iter().all(|(xid, _)| now.has(*xid))
    }

    /// Whether both are of the same tenant.
    #[must_use]
    pub fn is_of_same_tenant(&self, other: &Self) -> bool {
        self.schema == other.schema
    }

    /// Whether all rows are seen of the transactions up to one.
    #[must_use]
    pub fn has_all_up_to(&self, transaction: u64) -> bool {
        transaction < self.begin()
    }

    /// Whether the rows of a transaction are seen, all of them.
    fn has(&self, transaction: u64) -> bool {
        transaction < self.end && self.running.binary_search(&transaction).is_err()
    }

    /// The first transaction that is not seen.
    fn begin(&self) -> u64 {
        self.running.first().copied().unwrap_or(self.end)
    }

    /// As the type `pg_snapshot` has it.
    pub(super) fn snapshot(&self) -> String {
        format!("{}:{}:{}", self.begin(), self.end, joined(&self.running, ","))
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = (u64, i64)> {
        self.parts.iter().copied()
    }
}

fn joined(numbers: &[u64], separator: &str) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

/// Ascending numbers.
fn list(text: &str, separator: char) -> Option<Vec<u64>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let numbers: Vec<u64> = text.split(separator).take(MOST_RUNNING + 1).map(number).collect::<Option<_>>()?;
    (numbers.len() <= MOST_RUNNING && numbers.is_sorted_by(|one, next| one < next)).then_some(numbers)
}

/// A number in digits, as `xid8` takes it.
fn number(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok())?
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.schema, self.end, joined(&self.running, "-"))?;
        self.parts.iter().try_for_each(|(xid, id)| write!(f, "_{xid}.{id}"))
    }
}

impl FromStr for Seen {
    type Err = InvalidSeen;

    fn from_str(text: &str) -> Result<Self, InvalidSeen> {
        let read = || {
            let mut fields = text.split('_');
            let (schema, end) = (number(fields.next()?)?, number(fields.next()?)?);
            let running = list(fields.next()?, '-')?;
            let part = |field: &str| {
                let (xid, id) = field.split_once('.')?;
                Some((number(xid)?, i64::try_from(number(id)?).ok()?))
            };
            let parts: Vec<(u64, i64)> = fields.take(MOST_PARTS + 1).map(part).collect::<Option<_>>()?;
            Some(Self { schema: i64::try_from(schema).ok()?, end, running, parts })
        };
        let seen = read().ok_or(InvalidSeen)?;
        let is_unseen = |(xid, _): &(u64, i64)| !seen.has(*xid);
        let is_whole = seen.running.last().is_none_or(|last| *last < seen.end)
            && seen.parts.len() <= MOST_PARTS
            && seen.parts.is_sorted_by(|(one, _), (next, _)| one < next)
            && seen.parts.iter().all(is_unseen);
        if is_whole { Ok(seen) } else { Err(InvalidSeen) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn seen(text: &str) -> Seen {
        text.parse().unwrap()
    }

    #[test]
    fn a_position_is_a_text_and_what_is_none_is_refused() {
        for text in ["7_100_", "7_100_90-95", "7_100_90_90.5_120.1"] {
            assert_eq!(seen(text).to_string(), text);
        }
        for text in [
            "",
            "7",
            "7_100",
            "x_100_",
            "7_100_101",
            "7_100_95-90",
            "7_100_90-90",
            "7_100_ 90",
            "7_-1_",
            "7_100_90_91.1",
            "7_100_90_90",
            "7_100__120.1_110.1",
            "7_100_90_90.99999999999999999999",
            "+7_100_",
        ] {
            assert_eq!(text.parse::<Seen>(), Err(InvalidSeen), "{text}");
        }
        let long = format!("7_100000_{}", (1..=3_000).map(|xid| xid.to_string()).collect::<Vec<_>>().join("-"));
        assert_eq!(long.parse::<Seen>(), Err(InvalidSeen));
    }

    #[test]
    fn it_is_a_snapshot_as_postgresql_has_it() {
        let read_at = ReadAt::new("10:20:10,14".to_owned(), 7);
        let at = Seen::at(&read_at).unwrap();
        assert_eq!((at.to_string().as_str(), at.snapshot().as_str()), ("7_20_10-14", "10:20:10,14"));
        assert_eq!(seen("7_20_").snapshot(), "20:20:");
        assert!(Seen::at(&ReadAt::new("10:20".to_owned(), 7)).is_err());
    }

    #[test]
    fn it_is_within_what_was_read_later_from_the_same_tenant() {
        for (early, late, expected) in [
            ("7_20_10-14", "7_20_10-14", true),
            ("7_20_10-14", "7_30_14", true),
            ("7_20_14", "7_30_10", false),
            ("7_30_", "7_20_", false),
            ("8_20_", "7_30_", false),
            ("7_20_14_14.3", "7_30_", true),
            ("7_20_14_14.3", "7_30_14", false),
        ] {
            assert_eq!(seen(early).is_within(&seen(late)), expected, "{early} {late}");
        }
        assert!(seen("7_20_10-14").has_all_up_to(9) && !seen("7_20_10-14").has_all_up_to(10));
    }

    /// Numbers that look like chance and are the same each time.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, most: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % most
        }
    }

    /// Transactions that begin, write rows of the feed and commit in any order.
    #[derive(Default)]
    struct Database {
        next: u64,
        running: BTreeSet<u64>,
        committed: BTreeSet<(u64, i64)>,
        open: Vec<(u64, i64)>,
    }

    impl Database {
        fn step(&mut self, dice: &mut Dice) {
            let pick = |running: &BTreeSet<u64>, dice: &mut Dice| {
                let nth = dice.below(running.len() as u64);
                running.iter().nth(usize::try_from(nth).unwrap()).copied().unwrap()
            };
            match dice.below(4) {
                0 if self.running.len() < 5 => {
                    self.running.insert(self.next);
                    self.next += 1;
                }
                1 | 2 if !self.running.is_empty() => {
                    let id = i64::try_from(self.open.len() + self.committed.len()).unwrap();
                    let xid = pick(&self.running, dice);
                    self.open.push((xid, id));
                }
                _ if !self.running.is_empty() => {
                    let xid = pick(&self.running, dice);
                    self.running.remove(&xid);
                    let rows = self.open.extract_if(.., |(of, _)| *of == xid);
                    self.committed.extend(rows);
                }
                _ => {}
            }
        }

        fn now(&self) -> Seen {
            Seen { schema: 7, end: self.next, running: self.running.iter().copied().collect(), parts: Vec::new() }
        }

        /// What the statement of [`super::super::page`] finds.
        fn page(&self, seen: &Seen, now: &Seen, limit: usize) -> Vec<(u64, i64)> {
            let is_new = |(xid, id): &&(u64, i64)| {
                !seen.has(*xid) && now.has(*xid) && !seen.parts.iter().any(|(of, up_to)| of == xid && id <= up_to)
            };
            self.committed.iter().filter(is_new).take(limit).copied().collect()
        }
    }

    #[test]
    fn a_reader_that_goes_on_from_any_row_gets_each_row_once() {
        for seed in 0..300 {
            let (mut dice, mut database) = (Dice(seed), Database { next: 100, ..Database::default() });
            let mut position = database.now();
            let mut got = Vec::new();
            for _ in 0..200 {
                database.step(&mut dice);
                if dice.below(3) > 0 {
                    continue;
                }
                let now = database.now();
                assert!(position.is_within(&now), "{position} {now}");
                let limit = usize::try_from(1 + dice.below(4)).unwrap();
                let page = database.page(&position, &now, limit);
                match page.last().filter(|_| page.len() == limit) {
                    Some(last) => position = position.up_to(&now, *last),
                    None => position = now,
                }
                got.extend(page);
                // it went away, and comes back with the text
                position = seen(&position.to_string());
            }
            for _ in 0..100 {
                let now = database.now();
                let page = database.page(&position, &now, 1);
                let Some(last) = page.last() else { break };
                position = position.up_to(&now, *last);
                got.extend(page);
            }
            let once: BTreeSet<_> = got.iter().copied().collect();
            assert_eq!((once.len(), &once), (got.len(), &database.committed), "seed {seed}");
        }
    }
}
