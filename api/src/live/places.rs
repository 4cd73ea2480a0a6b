//! How many streams there are at once, in total and of one client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use runtime::locked;

use crate::limits::Client;
use crate::problem::Problem;

/// The places of all streams.
#[derive(Debug)]
pub(super) struct Places {
    total: usize,
    per_client: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_client: HashMap<Client, usize>,
}

/// The place of a stream, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    client: Option<Client>,
}

impl Places {
    pub(super) fn new(total: usize, per_client: usize) -> Arc<Self> {
        Arc::new(Self { total, per_client, taken: Mutex::default() })
    }

    /// How many there are.
    pub(super) fn taken(&self) -> usize {
        locked(&self.taken).total
    }

    /// The place of a client; one that is not counted has one among all.
    pub(super) fn take(self: &Arc<Self>, client: Option<Client>) -> Result<Place, Problem> {
        let mut taken = locked(&self.taken);
        let of_client = client.as_ref().and_then(|client| taken.by_client.get(client)).copied().unwrap_or_default();
        if of_client >= self.per_client {
            return Err(Problem::too_many_streams("api.streams_per_client", self.per_client));
        }
        if taken.total >= self.total {
            return Err(Problem::too_many_streams("api.streams", self.total));
        }
        taken.total += 1;
        if let Some(client) = &client {
            taken.by_client.insert(client.clone(), of_client + 1);
        }
        drop(taken);
        runtime::metrics().streams.inc();
        Ok(Place { places: Arc::clone(self), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        runtime::metrics().streams.dec();
        let mut taken = locked(&self.places.taken);
        taken.total -= 1;
        let Some(client) = &self.client else { return };
        if let Some(count) = taken.by_client.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                taken.by_client.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "the server's own user is not counted")]
    fn address(last: u8) -> Option<Client> {
        Some(Client::Address(Some([192, 0, 2, last].into())))
    }

    #[test]
    fn streams_are_bounded_in_total_and_by_client() {
        let places = Places::new(3, 2);
        let held = [places.take(address(1)).unwrap(), places.take(address(1)).unwrap()];
        let refused = places.take(address(1)).unwrap_err();
        assert!(refused.status == 503 && refused.detail.contains("api.streams_per_client"), "{refused:?}");
        let other = places.take(None).unwrap();
        let refused = places.take(address(2)).unwrap_err();
        assert!(refused.detail.contains("(api.streams = "), "{refused:?}");
        drop((held, other));
        drop(places.take(address(1)).unwrap());
        assert!(locked(&places.taken).by_client.is_empty());
    }
}
