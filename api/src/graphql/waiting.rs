//! WebSockets whose clients are not identified yet: few at once, so that strangers keep no others out. They hold no
//! place among streams.

use std::sync::Arc;

use axum::http::Extensions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{Client, OpenRequest, OpenRequests};
use crate::problem::Problem;

/// How many there are of one address.
const OF_ADDRESS: usize = 10;
/// Of all connections of the server, the part that they may be: one of this number.
const PART: usize = 8;

/// Those WebSockets. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    all: Arc<Semaphore>,
    by_address: Arc<OpenRequests>,
}

/// The place of one of them, until this is dropped.
#[derive(Debug)]
pub(super) struct WaitingPlace {
    _of_all: OwnedSemaphorePermit,
    _of_address: Option<OpenRequest>,
}

impl Waiting {
    /// Those of a server that has at most this number of connections.
    pub(super) fn new(connections: usize) -> Self {
        let all = Arc::new(Semaphore::new((connections / PART).max(1)));
        Self { all, by_address: OpenRequests::new(OF_ADDRESS) }
    }

    /// A place for the sender of a request.
    pub(super) fn place(&self, extensions: &Extensions) -> Result<WaitingPlace, Problem> {
        let too_many = || Problem::too_many_unknown(OF_ADDRESS);
        let of_address = match Client::of_address(extensions) {
            Some(address) => Some(self.by_address.enter(&address).ok_or_else(too_many)?),
            None => None,
        };
        let of_all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| too_many())?;
        Ok(WaitingPlace { _of_all: of_all, _of_address: of_address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_few_and_a_place_is_free_again_when_one_is_gone() {
        let (waiting, unknown) = (Waiting::new(8 * 12), Extensions::new());
        let mut held: Vec<_> = (0..OF_ADDRESS).map(|_| waiting.place(&unknown).unwrap()).collect();
        let refused = waiting.place(&unknown).unwrap_err();
        assert!(refused.status == 503 && refused.detail.contains("10"), "{refused:?}");
        held.pop();
        held.push(waiting.place(&unknown).unwrap());
        assert!(Waiting::new(0).place(&unknown).is_ok(), "there is a place at least");
    }
}
