//! The open connections, bounded in total and by source. When the bound is reached, a waiting connection is closed.
//!
//! A connection waits while none of its requests is being worked on: it sends nothing, or the head or body of its
//! request is incomplete. Of the source with the most connections, the one that has waited longest is closed. So idle
//! clients can't keep others out, and a request that is being worked on is never interrupted, nor a stream: the
//! handlers of streams bound their number.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio::time::{Duration, Instant};

use crate::locked;

/// One open connection, as its task, its requests and the table share it.
#[derive(Debug)]
pub(super) struct Connection {
    /// What its source shares with others; `None` for the UNIX socket and trusted proxies.
    share: Option<IpAddr>,
    started: Instant,
    /// Requests whose head has come and whose response is not sent.
    open_requests: AtomicUsize,
    /// Those of them that have come whole and are not answered.
    working: AtomicUsize,
    /// Answers without an end that are being sent, and what a connection became that is not HTTP any more.
    streams: AtomicUsize,
    /// Since when there is none, in milliseconds after `started`.
    waiting_since_ms: AtomicU64,
    /// Notified when it has to make room for another.
    pub(super) evicted: Notify,
}

impl Connection {
    pub(super) fn request_opened(&self) {
        self.open_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn request_closed(&self) {
        self.open_requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether a request has begun to arrive whose response is not sent.
    pub(super) fn has_open_request(&self) -> bool {
        self.open_requests.load(Ordering::Relaxed) > 0
    }

    pub(super) fn request_began(&self) {
        self.working.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn request_ended(&self) {
        if self.working.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.waits_from_now();
        }
    }

    pub(super) fn stream_began(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
    }

    /// A part of a stream could be handed to the client.
    pub(super) fn stream_moved(&self) {
        self.waits_from_now();
    }

    pub(super) fn stream_ended(&self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }

    fn has_stream(&self) -> bool {
        self.streams.load(Ordering::Relaxed) > 0
    }

    fn waits_from_now(&self) {
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.waiting_since_ms.store(elapsed_ms, Ordering::Relaxed);
    }

    /// Since when it waits for its client; `None` while a request is being worked on.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let waits = self.working.load(Ordering::Relaxed) == 0;
        waits.then(|| self.started + Duration::from_millis(self.waiting_since_ms.load(Ordering::Relaxed)))
    }
}

/// All open connections of a server.
#[derive(Debug)]
pub(super) struct Connections {
    total: usize,
    per_source: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    open: HashMap<u64, Arc<Connection>>,
    by_source: HashMap<IpAddr, usize>,
}

/// A connection's place among the open ones, given back when this is dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    connections: Arc<Connections>,
    id: u64,
    pub(super) connection: Arc<Connection>,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.connections.lock().remove(self.id);
    }
}

impl Table {
    fn remove(&mut self, id: u64) {
        let Some(connection) = self.open.remove(&id) else { return };
        let Some(share) = connection.share else { return };
        if let Some(count) = self.by_source.get_mut(&share) {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&share);
            }
        }
    }

    fn count(&self, share: Option<IpAddr>) -> usize {
        share.and_then(|share| self.by_source.get(&share)).copied().unwrap_or_default()
    }

    /// Closes the connection that has waited longest, of the source with the most; of `only` if it is given.
    fn evict(&mut self, only: Option<IpAddr>) -> bool {
        let waiting = self.open.iter().filter(|(_, connection)| only.is_none() || connection.share == only);
        let waiting = waiting.filter_map(|(id, connection)| {
            let since = connection.waiting_since().filter(|_| !connection.has_stream())?;
            Some((self.count(connection.share), std::cmp::Reverse(since), *id))
        });
        let Some((_, _, id)) = waiting.max() else { return false };
        if let Some(connection) = self.open.get(&id) {
            connection.evicted.notify_one();
        }
        self.remove(id);
        true
    }
}

impl Connections {
    /// At most this many; of one source at most half of them.
    pub(super) fn new(total: usize) -> Arc<Self> {
        Arc::new(Self { total, per_source: (total / 2).max(1), table: Mutex::default() })
    }

    /// A place for a new connection, if need be that of one which only waits. `None` when all are at work.
    pub(super) fn slot(self: &Arc<Self>, share: Option<IpAddr>) -> Option<ConnectionSlot> {
        let mut table = self.lock();
        if table.count(share) >= self.per_source && !table.evict(share) {
            return None;
        }
        if table.open.len() >= self.total && !table.evict(None) {
            return None;
        }
        let connection = Arc::new(Connection {
            share,
            started: Instant::now(),
            open_requests: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            waiting_since_ms: AtomicU64::new(0),
            evicted: Notify::new(),
        });
        let id = table.next;
        table.next += 1;
        table.open.insert(id, Arc::clone(&connection));
        if let Some(share) = share {
            *table.by_source.entry(share).or_default() += 1;
        }
        Some(ConnectionSlot { connections: Arc::clone(self), id, connection })
    }

    /// Closes one that only waits, whosever it is: the system gives no more descriptors.
    pub(super) fn make_room(&self) -> bool {
        self.lock().evict(None)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        locked(&self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a place was given to another.
    async fn evicted(slot: &ConnectionSlot) -> bool {
        tokio::time::timeout(Duration::ZERO, slot.connection.evicted.notified()).await.is_ok()
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "this is what a connection is placed by: a socket of this machine has no address"
    )]
    fn source(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_made_by_the_longest_wait_of_the_source_with_the_most() {
        let connections = Connections::new(6);
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push(connections.slot(source(1)).unwrap());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        // a fourth of the same source goes in for its own first
        let fourth = connections.slot(source(1)).unwrap();
        assert!(evicted(&places[0]).await && !evicted(&places[1]).await && !evicted(&places[2]).await);
        let others: Vec<_> = (2..5).map(|last| connections.slot(source(last)).unwrap()).collect();
        // all are taken: one of the greatest source's goes, and no other's
        let seventh = connections.slot(source(9)).unwrap();
        assert!(evicted(&places[1]).await && !evicted(&fourth).await && !evicted(&seventh).await);
        for other in &others {
            assert!(!evicted(other).await);
        }
        drop((places, fourth, others, seventh));
        assert!(connections.lock().open.is_empty() && connections.lock().by_source.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_at_work_is_never_closed_for_another() {
        let connections = Connections::new(2);
        let (first, second) = (connections.slot(source(1)).unwrap(), connections.slot(source(2)).unwrap());
        first.connection.request_began();
        second.connection.request_began();
        assert!(connections.slot(source(3)).is_none() && !connections.make_room());
        tokio::time::advance(Duration::from_secs(5)).await;
        second.connection.request_ended();
        assert_eq!(second.connection.waiting_since(), Some(Instant::now()));
        assert!(connections.slot(source(3)).is_some());
        assert!(evicted(&second).await && !evicted(&first).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_never_closed_for_another_and_waits_from_its_last_part() {
        let connections = Connections::new(2);
        let (first, second) = (connections.slot(source(1)).unwrap(), connections.slot(source(2)).unwrap());
        first.connection.stream_began();
        tokio::time::advance(Duration::from_secs(5)).await;
        first.connection.stream_moved();
        assert_eq!(first.connection.waiting_since(), Some(Instant::now()));
        tokio::time::advance(Duration::from_secs(1)).await;
        let third = connections.slot(source(3)).unwrap();
        assert!(evicted(&second).await && !evicted(&first).await);
        first.connection.stream_ended();
        let fourth = connections.slot(source(4)).unwrap();
        assert!(evicted(&first).await && !evicted(&third).await && !evicted(&fourth).await);
    }
}
