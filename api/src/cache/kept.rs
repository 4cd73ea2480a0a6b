//! Answers as they were sent, and for how long they are given.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::response::Response;
use runtime::kept::Limits;

use super::freshness::{Freshness, Look};
use crate::made::MadeFrom;

/// How far an answer may be behind the store while many ask …
const LAG: Duration = Duration::from_millis(900);
/// … and how far until it is made again: not sooner than the first, so that answers whose making takes long are not made
/// more often than they have to, which would take longer still.
const RENEWED_BEHIND: RangeInclusive<Duration> = Duration::from_millis(450)..=Duration::from_millis(700);
/// How long an answer is given: one about what was up to now is about a time before, and was made of what snapshots give
/// as long again.
const KEPT: Duration = dora::UP_TO_NOW;
/// How long until one that many ask for is made again.
const RENEWED_AFTER: Duration = Duration::from_secs(10);
/// Answers and places of all tenants.
const MAX_PLACES: usize = 2_000;
/// What a place takes beside the key and the body, in bytes, about.
const PLACE: usize = 2 * 1024;

/// What was answered with 200, and what it was made from.
#[derive(Debug)]
pub(super) struct Answer {
    pub freshness: Arc<Freshness>,
    pub made: MadeFrom,
    /// What it was made from was read then, or later.
    pub at: Instant,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Whether an answer may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usable {
    AsItIs,
    /// Yes, and it is time to make it again.
    WhileRenewed,
    No,
}

impl Answer {
    /// Whether it answers what was asked then, where answers are made again at that pace.
    pub fn usable(&self, look: &Look, asked: Instant, pace: &Pace) -> Usable {
        let is_current = self.at >= asked || look.seen.is_in(&self.made);
        let behind = if is_current { Duration::ZERO } else { self.freshness.behind(&self.made) };
        usable(look.is_busy, self.at.elapsed(), (is_current, behind), pace.due_behind())
    }

    pub fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        self.headers.clone_into(response.headers_mut());
        response
    }

    pub fn bytes(&self) -> usize {
        self.body.len()
    }
}

fn usable(is_busy: bool, age: Duration, (is_current, behind): (bool, Duration), due_behind: Duration) -> Usable {
    if age >= KEPT || behind >= LAG || !is_busy && !is_current {
        Usable::No
    } else if is_busy && (age >= RENEWED_AFTER || !is_current && behind >= due_behind) {
        Usable::WhileRenewed
    } else {
        Usable::AsItIs
    }
}

/// How long it takes to make answers again, from when that is due: the longest of the last times, about.
#[derive(Debug, Default)]
pub(super) struct Pace {
    micros: AtomicU64,
}

impl Pace {
    /// Notes how long it took. Of a longer time before, an eighth is forgotten.
    pub fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let longest = |before: u64| Some(took.max(before - before / 8));
        let _before = self.micros.fetch_update(Ordering::Relaxed, Ordering::Relaxed, longest);
    }

    /// How far behind the store an answer is made again: so far that it is ready before it is too old, twice the usual
    /// time before.
    fn due_behind(&self) -> Duration {
        let took = Duration::from_micros(self.micros.load(Ordering::Relaxed));
        LAG.saturating_sub(2 * took).clamp(*RENEWED_BEHIND.start(), *RENEWED_BEHIND.end())
    }
}

/// Answers by what they depend on, of all tenants.
pub(super) type Kept = runtime::kept::Kept<Vec<u8>, Arc<Answer>>;

/// None, yet; they take up to `limit_bytes`.
pub(super) fn none(limit_bytes: usize) -> Kept {
    Kept::new(Limits { size: limit_bytes, places: MAX_PLACES, size_of_place: |key| key.len() + PLACE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_exact_while_few_ask_and_less_than_a_second_behind_while_many_do() {
        let (secs, millis, none) = (Duration::from_secs, Duration::from_millis, Duration::ZERO);
        for (is_busy, age, is_current, behind, expected) in [
            (false, secs(1), true, none, Usable::AsItIs),
            (false, secs(1), false, millis(1), Usable::No),
            (false, secs(14), true, none, Usable::AsItIs),
            (false, secs(15), true, none, Usable::No),
            (true, secs(1), true, none, Usable::AsItIs),
            (true, secs(1), false, millis(699), Usable::AsItIs),
            (true, secs(1), false, millis(700), Usable::WhileRenewed),
            (true, secs(1), false, millis(900), Usable::No),
            (true, secs(10), true, none, Usable::WhileRenewed),
            (true, secs(15), true, none, Usable::No),
            (true, secs(1), false, Duration::MAX, Usable::No),
        ] {
            assert_eq!(
                usable(is_busy, age, (is_current, behind), *RENEWED_BEHIND.end()),
                expected,
                "{is_busy} {age:?} {is_current} {behind:?}"
            );
        }
    }

    #[test]
    fn answers_are_made_again_the_earlier_the_longer_that_takes() {
        let (pace, millis) = (Pace::default(), Duration::from_millis);
        let due = |took| {
            pace.note(millis(took));
            pace.due_behind()
        };
        assert_eq!([due(50), due(200)], [millis(700), millis(500)]);
        assert_eq!(due(0), millis(550), "one short time says little");
        assert_eq!(due(2_000), millis(450), "not more often than they have to");
        for _ in 0..100 {
            pace.note(millis(1));
        }
        assert_eq!(pace.due_behind(), *RENEWED_BEHIND.end());
    }
}
