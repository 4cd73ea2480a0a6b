//! Answers as they were sent, and the places of those that are made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::sync::Mutex as Flight;
use tokio::time::Instant;

use super::freshness::{Freshness, Look};

/// How far an answer may be behind the store while many ask …
const LAG: Duration = Duration::from_millis(900);
/// … and how far until it is made again.
const RENEWED_BEHIND: Duration = Duration::from_millis(300);
/// How long an answer is given: one about what was up to now is about a time before, and was made of what snapshots give
/// as long again.
const KEPT: Duration = dora::UP_TO_NOW;
/// How long until one that many ask for is made again.
const RENEWED_AFTER: Duration = Duration::from_secs(10);
/// Answers and places of all tenants.
const MAX_PLACES: usize = 2_000;
/// What a place takes beside the key and the body, in bytes, about.
const PLACE: usize = 2 * 1024;

/// What was answered with 200, and to which version of the data.
#[derive(Debug)]
pub(super) struct Answer {
    pub freshness: Arc<Freshness>,
    pub read: Look,
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
    /// Whether it answers what was asked then.
    pub fn usable(&self, look: Look, asked: Instant) -> Usable {
        let is_current = self.read.version == look.version || self.read.at >= asked;
        let behind = if is_current { Duration::ZERO } else { self.freshness.behind(self.read.version) };
        usable(look.is_busy, self.read.at.elapsed(), is_current, behind)
    }

    pub fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        self.headers.clone_into(response.headers_mut());
        response
    }

    fn bytes(&self) -> usize {
        self.body.len()
    }
}

fn usable(is_busy: bool, age: Duration, is_current: bool, behind: Duration) -> Usable {
    if age >= KEPT || behind >= LAG || !is_busy && !is_current {
        Usable::No
    } else if is_busy && (age >= RENEWED_AFTER || behind >= RENEWED_BEHIND) {
        Usable::WhileRenewed
    } else {
        Usable::AsItIs
    }
}

/// The place of a question's answer. Who holds it answers; others who ask the same wait for that.
pub(super) type Place = Arc<Flight<()>>;

#[derive(Debug)]
struct Entry {
    place: Place,
    answer: Option<Arc<Answer>>,
    used_at: Instant,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Entries {
    bytes: usize,
    by_key: HashMap<Vec<u8>, Entry>,
}

impl Entries {
    fn entry(&mut self, key: &[u8]) -> &mut Entry {
        let Self { bytes, by_key } = self;
        by_key.entry(key.to_vec()).or_insert_with(|| {
            let own = key.len() + PLACE;
            *bytes += own;
            Entry { place: Place::default(), answer: None, used_at: Instant::now(), bytes: own }
        })
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(gone) = self.by_key.remove(key) {
            self.bytes -= gone.bytes;
        }
    }

    /// Lets go of what was asked for longest ago until there is room.
    fn make_room(&mut self, limit_bytes: usize) {
        while self.bytes > limit_bytes || self.by_key.len() > MAX_PLACES {
            let oldest = self.by_key.iter().min_by_key(|(_, entry)| entry.used_at).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.remove(&oldest);
        }
    }
}

/// The answers of all tenants.
#[derive(Debug)]
pub(super) struct Kept {
    limit_bytes: usize,
    entries: Mutex<Entries>,
}

impl Kept {
    pub fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, entries: Mutex::default() }
    }

    /// The answer that was given last.
    pub fn answer(&self, key: &[u8]) -> Option<Arc<Answer>> {
        let mut entries = self.entries();
        let entry = entries.by_key.get_mut(key)?;
        entry.used_at = Instant::now();
        entry.answer.clone()
    }

    /// The place of a question's answer.
    pub fn place(&self, key: &[u8]) -> Place {
        let mut entries = self.entries();
        let entry = entries.entry(key);
        entry.used_at = Instant::now();
        let place = Arc::clone(&entry.place);
        entries.make_room(self.limit_bytes);
        place
    }

    pub fn put(&self, key: &[u8], answer: Answer) {
        let mut entries = self.entries();
        let own = key.len() + PLACE + answer.bytes();
        let entry = entries.entry(key);
        entry.answer = Some(Arc::new(answer));
        let before = std::mem::replace(&mut entry.bytes, own);
        entries.bytes = entries.bytes - before + own;
        entries.make_room(self.limit_bytes);
    }

    /// Forgets the place of a question that was not answered, unless others wait for it.
    pub fn give_up(&self, key: &[u8], place: &Place) {
        let mut entries = self.entries();
        let is_empty = |entry: &Entry| entry.answer.is_none() && Arc::ptr_eq(&entry.place, place);
        // one is kept here, one is the caller's
        if entries.by_key.get(key).is_some_and(is_empty) && Arc::strong_count(place) <= 2 {
            entries.remove(key);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            (true, secs(1), false, millis(299), Usable::AsItIs),
            (true, secs(1), false, millis(300), Usable::WhileRenewed),
            (true, secs(1), false, millis(900), Usable::No),
            (true, secs(10), true, none, Usable::WhileRenewed),
            (true, secs(15), true, none, Usable::No),
            (true, secs(1), false, Duration::MAX, Usable::No),
        ] {
            assert_eq!(usable(is_busy, age, is_current, behind), expected, "{is_busy} {age:?} {is_current} {behind:?}");
        }
    }

    #[test]
    fn places_take_no_more_than_the_limit_and_the_oldest_go_first() {
        let kept = Kept::new(100 * PLACE);
        for nth in 0..1_000_u32 {
            kept.place(&nth.to_be_bytes());
            assert!(kept.entries().bytes <= 100 * PLACE);
        }
        let entries = kept.entries();
        assert!(entries.by_key.contains_key(&999_u32.to_be_bytes()[..]) && entries.by_key.len() < 100);
        assert!(!entries.by_key.contains_key(&0_u32.to_be_bytes()[..]));
        let counted: usize = entries.by_key.values().map(|entry| entry.bytes).sum();
        assert_eq!(counted, entries.bytes);
    }

    #[test]
    fn questions_that_are_never_answered_take_no_room() {
        let kept = Kept::new(usize::MAX);
        let (place, waits) = (kept.place(b"a"), kept.place(b"a"));
        kept.give_up(b"a", &place);
        drop(place);
        assert_eq!(kept.entries().by_key.len(), 1, "another waits for it");
        kept.give_up(b"a", &waits);
        assert_eq!(kept.entries().by_key.len(), 0);
        assert_eq!(kept.entries().bytes, 0);
        for nth in 0..=MAX_PLACES {
            kept.place(&nth.to_be_bytes());
        }
        assert_eq!(kept.entries().by_key.len(), MAX_PLACES);
    }
}
