//! What is made once for all who ask for it, and kept for those who ask again: a bounded amount, the newest used.
//!
//! Promises: what is kept is never more than the limits allow; what was used longest ago goes first, also what is being
//! made, which is then made again for who comes later. Of those who want the same, the one that holds its place makes it
//! while the others wait. What is never made takes no room for long.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Mutex as Flight;
use tokio::time::Instant;

use crate::locked;

/// The place of a key's value. Who holds it makes the value; others who want the same wait for that.
pub type Place = Arc<Flight<()>>;

/// How much is kept at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits<K> {
    /// Of all places and values together, in bytes or another unit.
    pub size: usize,
    /// Places, with a value or without.
    pub places: usize,
    /// The size of a key with its place, about.
    pub size_of_place: fn(&K) -> usize,
}

#[derive(Debug)]
struct Entry<V> {
    place: Place,
    value: Option<V>,
    used_at: Instant,
    size: usize,
}

#[derive(Debug)]
struct Entries<K, V> {
    size: usize,
    by_key: HashMap<K, Entry<V>>,
}

/// Values by their keys.
#[derive(Debug)]
pub struct Kept<K, V> {
    limits: Limits<K>,
    entries: Mutex<Entries<K, V>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Kept<K, V> {
    /// Nothing, yet.
    #[must_use]
    pub fn new(limits: Limits<K>) -> Self {
        Self { limits, entries: Mutex::new(Entries { size: 0, by_key: HashMap::new() }) }
    }

    /// The value that was put last.
    pub fn value(&self, key: &K) -> Option<V> {
        let mut entries = self.entries();
        let entry = entries.by_key.get_mut(key)?;
        entry.used_at = Instant::now();
        entry.value.clone()
    }

    /// The place of a key's value.
    pub fn place(&self, key: &K) -> Place {
        let mut entries = self.entries();
        let entry = entries.entry(key, self.limits.size_of_place);
        entry.used_at = Instant::now();
        let place = Arc::clone(&entry.place);
        entries.make_room(&self.limits);
        place
    }

    /// Keeps a value of this size in place of the one before, unless it is larger than all that may be kept.
    pub fn put(&self, key: &K, value: V, size: usize) {
        let mut entries = self.entries();
        let size = size + (self.limits.size_of_place)(key);
        if size > self.limits.size {
            return entries.remove(key);
        }
        let entry = entries.entry(key, self.limits.size_of_place);
        entry.used_at = Instant::now();
        entry.value = Some(value);
        let before = std::mem::replace(&mut entry.size, size);
        entries.size = entries.size - before + size;
        entries.make_room(&self.limits);
    }

    /// Forgets a place whose value was not made, unless others wait for it.
    pub fn give_up(&self, key: &K, place: &Place) {
        let mut entries = self.entries();
        let is_empty = |entry: &Entry<V>| entry.value.is_none() && Arc::ptr_eq(&entry.place, place);
        // one is kept here, one is the caller's
        if entries.by_key.get(key).is_some_and(is_empty) && Arc::strong_count(place) <= 2 {
            entries.remove(key);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries<K, V>> {
        locked(&self.entries)
    }
}

impl<K: Clone + Eq + Hash, V> Entries<K, V> {
    fn entry(&mut self, key: &K, size_of_place: fn(&K) -> usize) -> &mut Entry<V> {
        let Self { size, by_key } = self;
        by_key.entry(key.clone()).or_insert_with(|| {
            let own = size_of_place(key);
            *size += own;
            Entry { place: Place::default(), value: None, used_at: Instant::now(), size: own }
        })
    }

    fn remove(&mut self, key: &K) {
        if let Some(gone) = self.by_key.remove(key) {
            self.size -= gone.size;
        }
    }

    /// Lets go of what was used longest ago until there is room.
    fn make_room(&mut self, limits: &Limits<K>) {
        while self.size > limits.size || self.by_key.len() > limits.places {
            let oldest = self.by_key.iter().min_by_key(|(_, entry)| entry.used_at).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            self.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of a place.
    const PLACE: usize = 3;

    fn kept(size: usize, places: usize) -> Kept<u32, &'static str> {
        Kept::new(Limits { size, places, size_of_place: |_| PLACE })
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_no_more_is_kept_than_the_limit() {
        let kept = kept(100 * PLACE, 1_000);
        for nth in 0..1_000 {
            kept.place(&nth);
            assert!(kept.entries().size <= 100 * PLACE);
        }
        let entries = kept.entries();
        assert!(entries.by_key.contains_key(&999) && entries.by_key.len() == 100);
        assert!(!entries.by_key.contains_key(&0));
        let counted: usize = entries.by_key.values().map(|entry| entry.size).sum();
        assert_eq!(counted, entries.size);
    }

    #[test]
    fn a_value_takes_its_size_until_another_one_is_in_its_place() {
        let kept = kept(1_000, 10);
        kept.put(&1, "first", 700);
        kept.put(&1, "second", 400);
        assert_eq!((kept.value(&1), kept.entries().size), (Some("second"), 400 + PLACE));
        kept.put(&2, "other", 600);
        assert_eq!((kept.value(&1), kept.value(&2)), (None, Some("other")), "both have no room");
        assert_eq!(kept.entries().size, 600 + PLACE);
        kept.put(&3, "larger than all", 2_000);
        assert_eq!((kept.value(&3), kept.entries().size), (None, 600 + PLACE), "it drives nothing out");
    }

    #[test]
    fn what_is_never_made_takes_no_room() {
        let kept = kept(usize::MAX, 10);
        let (place, waits) = (kept.place(&1), kept.place(&1));
        kept.give_up(&1, &place);
        drop(place);
        assert_eq!(kept.entries().by_key.len(), 1, "another waits for it");
        kept.give_up(&1, &waits);
        assert_eq!(kept.entries().by_key.len(), 0);
        assert_eq!(kept.entries().size, 0);
        // given up without a word
        for nth in 0..20 {
            kept.place(&nth);
        }
        assert_eq!(kept.entries().by_key.len(), 10);
    }
}
