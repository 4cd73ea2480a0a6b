//! How many requests of one client are answered at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex};

use runtime::locked;

use super::client::Client;

/// The requests that are being answered, by client. There are never more clients in it than requests.
#[derive(Debug)]
pub(crate) struct OpenRequests {
    limit: usize,
    by_client: Mutex<HashMap<Client, usize>>,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenRequest {
    all: Arc<OpenRequests>,
    client: Client,
}

impl OpenRequests {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, by_client: Mutex::default() })
    }

    /// `None` when this client has as many as it may.
    pub(crate) fn enter(self: &Arc<Self>, client: &Client) -> Option<OpenRequest> {
        let mut by_client = locked(&self.by_client);
        let open = by_client.entry(client.clone()).or_default();
        if *open >= self.limit {
            return None;
        }
        *open += 1;
        Some(OpenRequest { all: Arc::clone(self), client: client.clone() })
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let mut by_client = locked(&self.all.by_client);
        if let Entry::Occupied(mut open) = by_client.entry(self.client.clone()) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_places_and_gives_them_back() {
        let open = OpenRequests::new(2);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| Client::Address(text.parse().ok()));
        let held = [open.enter(&one), open.enter(&one)];
        assert!(held.iter().all(Option::is_some));
        assert!(open.enter(&one).is_none() && open.enter(&other).is_some());
        drop(held);
        assert!(open.enter(&one).is_some());
        assert!(locked(&open.by_client).is_empty(), "nothing is kept of clients that have left");
    }
}
