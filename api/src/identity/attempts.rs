//! How often logins were tried: by name, by address, and by both. Counters are in a table of a fixed size, whose rows are
//! found by a keyed hash: names that share a row share its count, and made-up names drive nothing out.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use runtime::http::share_of;
use runtime::locked;

/// Rows of the table.
const ROWS: usize = 16_384;
/// After this time a count begins again.
const WINDOW: Duration = Duration::from_mins(15);
/// Failed logins in that time: of a name from an address, of a name, from an address.
const OF_BOTH: u32 = 10;
const OF_NAME: u32 = 100;
const OF_ADDRESS: u32 = 50;

/// Failed logins.
#[derive(Debug)]
pub(crate) struct Attempts {
    rows: Mutex<Vec<Row>>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    count: u32,
    began: Instant,
}

/// The login that is tried. It counts as failed unless it has [`Attempts::succeeded`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    rows: [usize; 3],
}

impl Attempts {
    pub(crate) fn new() -> Self {
        let row = Row { count: 0, began: Instant::now() };
        Self { rows: Mutex::new(vec![row; ROWS]), hasher: RandomState::new() }
    }

    /// Begins a login, or returns after how long another one is taken. Those that are under way count.
    pub(crate) fn begin(&self, name: &str, address: Option<IpAddr>, now: Instant) -> Result<Attempt, Duration> {
        let (name, address) = (name.to_lowercase(), address.map(share_of));
        let attempt = Attempt {
            rows: [self.row(&(&name, address)), self.row(&("name", &name)), self.row(&("address", address))],
        };
        let mut rows = locked(&self.rows);
        let mut wait = Duration::ZERO;
        for (row, limit) in attempt.rows.into_iter().zip([OF_BOTH, OF_NAME, OF_ADDRESS]) {
            let Some(row) = rows.get_mut(row) else { continue };
            let elapsed = now.saturating_duration_since(row.began);
            // a window begins with the first login that is tried in it
            if row.count == 0 || elapsed >= WINDOW {
                *row = Row { count: 0, began: now };
            } else if row.count >= limit {
                wait = wait.max(WINDOW.saturating_sub(elapsed));
            }
        }
        if !wait.is_zero() {
            return Err(wait);
        }
        for row in attempt.rows {
            if let Some(row) = rows.get_mut(row) {
                row.count += 1;
            }
        }
        Ok(attempt)
    }

    /// The login was one.
    pub(crate) fn succeeded(&self, attempt: Attempt) {
        let mut rows = locked(&self.rows);
        for row in attempt.rows {
            if let Some(row) = rows.get_mut(row) {
                row.count = row.count.saturating_sub(1);
            }
        }
    }

    fn row(&self, key: &impl Hash) -> usize {
        usize::try_from(self.hasher.hash_one(key) % ROWS as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_tried_ten_times_from_an_address_and_logins_do_not_count() {
        let (attempts, now) = (Attempts::new(), Instant::now());
        let address = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        for _ in 0..OF_BOTH {
            assert!(attempts.begin("Ann", address(1), now).is_ok());
        }
        assert_eq!(attempts.begin("ann", address(1), now).unwrap_err(), WINDOW);
        assert!(attempts.begin("ann", address(2), now).is_ok(), "who is elsewhere still logs in");
        let later = now + WINDOW;
        for _ in 0..1_000 {
            let attempt = attempts.begin("ann", address(1), later).unwrap();
            attempts.succeeded(attempt);
        }
    }

    #[test]
    fn many_names_from_one_address_and_one_name_from_many_are_refused() {
        let (attempts, now) = (Attempts::new(), Instant::now());
        let from = |last: u32| Some(IpAddr::from(last.to_be_bytes()));
        let tried = (0..200).filter(|name| attempts.begin(&format!("n{name}"), from(7), now).is_ok()).count();
        assert!(tried <= OF_ADDRESS as usize && tried > 10, "{tried}");
        let tried = (0..1_000).filter(|last| attempts.begin("root", from(last + 1_000), now).is_ok()).count();
        assert!(tried <= OF_NAME as usize && tried > 50, "{tried}");
    }
}
