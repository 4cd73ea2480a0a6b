//! What sends events: each until a gateway acknowledges it, and some once more after that, as forges do.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;

use super::events::request;
use super::http::ask;
use crate::git::parts::Repo;

const INTERVAL: Duration = Duration::from_millis(100);
const COMMIT_INTERVAL: Duration = Duration::from_secs(2);
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(3);
/// Of this number of events one is sent again.
const SENT_TWICE: usize = 20;

/// Sends to gateways in turn.
pub(super) struct Sender {
    gateways: Vec<SocketAddr>,
    attempts: AtomicUsize,
    acknowledged: AtomicUsize,
}

impl Sender {
    pub(super) fn new(gateways: Vec<SocketAddr>) -> Arc<Self> {
        Arc::new(Self { gateways, attempts: AtomicUsize::new(0), acknowledged: AtomicUsize::new(0) })
    }

    /// Sends a request until it is acknowledged.
    pub(super) async fn send(&self, request: &[u8]) {
        let mut wait = FIRST_RETRY;
        loop {
            let attempt = self.attempts.fetch_add(1, Ordering::SeqCst);
            match ask(self.gateways[attempt % self.gateways.len()], request).await {
                Some(202) => break,
                None | Some(429 | 500..) => {}
                Some(status) => panic!("refused with {status}: {}", String::from_utf8_lossy(request)),
            }
            sleep(wait).await;
            wait = LAST_RETRY.min(wait * 2);
        }
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    /// How often it sent, and how often that was acknowledged.
    pub(super) fn sent(&self) -> (usize, usize) {
        (self.attempts.load(Ordering::SeqCst), self.acknowledged.load(Ordering::SeqCst))
    }

    /// Sends some events, a few at a time.
    pub(super) async fn send_all(self: &Arc<Self>, numbers: Range<usize>) {
        let mut sending = JoinSet::new();
        for number in numbers {
            if sending.len() >= 8 {
                sending.join_next().await.unwrap().unwrap();
            }
            let sender = Arc::clone(self);
            sending.spawn(async move { sender.send(&request(number)).await });
        }
        sending.join_all().await;
    }

    /// Sends one event after the other at a steady rate, whether or not those before were acknowledged. Returns their
    /// number once all are.
    pub(super) async fn run(self: Arc<Self>, until: CancellationToken) -> usize {
        let mut due = interval(INTERVAL);
        let mut sending = JoinSet::new();
        let mut number = 0;
        while until.run_until_cancelled(due.tick()).await.is_some() {
            let sender = Arc::clone(&self);
            sending.spawn(async move {
                sender.send(&request(number)).await;
                if number.is_multiple_of(SENT_TWICE) {
                    sender.send(&request(number)).await;
                }
            });
            number += 1;
        }
        sending.join_all().await;
        number
    }
}

/// A repository that gets commits and tags, each of which is a deployment. Returns it and the number of its commits.
pub(super) async fn commit(repository: Repo, until: CancellationToken) -> (Repo, usize) {
    let mut due = interval(COMMIT_INTERVAL);
    let mut repository = repository;
    let mut commits = 0;
    while until.run_until_cancelled(due.tick()).await.is_some() {
        let committing = move || {
            repository.commit_only(&format!("Commit {commits}"));
            repository.git(&["tag", &format!("v1.{commits}.0")]);
            repository
        };
        repository = tokio::task::spawn_blocking(committing).await.unwrap();
        commits += 1;
    }
    (repository, commits)
}
