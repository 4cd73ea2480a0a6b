//! The subscribers of a tenant, and the looks at its database that serve all of them.
//!
//! What was announced is looked at at once, ten times a second at most; what was not announced within 5 s. Messages go
//! through one ring that all subscribers read, each at its own pace: a subscriber that is behind by more than its length
//! has lost some, and is dropped.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dora::{Dependents, DoraError, Owners};
use runtime::telemetry::{Occasionally, trace};
use runtime::{Operation, OperationOutcome, locked};
use store::changes::{self, Mark, ReadAt};
use store::feed::{self, Entry, Seen};
use store::{Store, StoreError};
use tokio::sync::{Mutex as Flight, Notify, Semaphore, broadcast};
use tokio::time::{Instant, sleep_until};
use tracing::Span;

use super::affected::Affected;
use super::message::Message;

/// Rows of the feed that are read at once.
const PAGE: i64 = 256;
/// Looks are no closer than this.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// How often to look for what was not announced.
const POLL: Duration = Duration::from_secs(5);
/// How long to wait after a look that failed.
const RETRY: Duration = Duration::from_secs(1);
/// How often subscribers are sent that nothing happened.
pub(super) const BEAT: Duration = Duration::from_secs(15);
/// How many subscribers read at once what they missed.
const CATCHING_UP: usize = 4;

static FAILED: Occasionally = Occasionally::new();

/// What goes through the ring.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// An event.
    Message(Arc<Message>),
    /// Nothing happened: where the feed stands.
    Beat(Arc<str>),
    /// The tenant was made again, and has another feed, which stands here.
    Reset(Arc<str>),
    /// The tenant is gone.
    Gone,
}

/// The subscribers of a tenant.
#[derive(Debug)]
pub(super) struct Channel {
    store: Store,
    dependents: Dependents,
    state: Mutex<State>,
    /// One look at a time.
    looking: Flight<()>,
    wake: Notify,
    catching_up: Semaphore,
}

#[derive(Debug)]
struct State {
    ring: broadcast::Sender<Item>,
    is_watched: bool,
    /// What was sent of the feed; nothing before the first look.
    seen: Option<Seen>,
    read_at: Option<ReadAt>,
    owners: Owners,
    affected: Affected,
}

/// What a subscriber goes on from.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) items: broadcast::Receiver<Item>,
    /// What was sent before.
    pub(super) seen: Seen,
}

/// What a subscriber missed.
#[derive(Debug)]
pub(super) enum Missed {
    /// These messages, each unless this version does not know it; and where the next page begins, if there is one.
    Page(Vec<Message>, Option<Seen>),
    /// It is not kept any more.
    Pruned,
}

/// What a look has read.
struct Look {
    read_at: ReadAt,
    now: Seen,
    marks: Option<Vec<Mark>>,
    entries: Vec<Entry>,
    owners: Owners,
}

impl Channel {
    /// Of the tenant that a store reads, with a ring of this length.
    pub(super) fn new(store: Store, dependents: Dependents, length: usize) -> Self {
        let state = State {
            ring: broadcast::Sender::new(length),
            is_watched: false,
            seen: None,
            read_at: None,
            owners: Owners::default(),
            affected: Affected::default(),
        };
        Self {
            store,
            dependents,
            state: Mutex::new(state),
            looking: Flight::default(),
            wake: Notify::new(),
            catching_up: Semaphore::new(CATCHING_UP),
        }
    }

    /// Something was written.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether there is any subscriber.
    pub(super) fn is_heard(&self) -> bool {
        self.state().ring.receiver_count() > 0
    }

    /// Says that it is watched from here on; returns whether it was not before.
    pub(super) fn begin_watching(&self) -> bool {
        !std::mem::replace(&mut self.state().is_watched, true)
    }

    /// Joins the subscribers; `None` before the first look.
    pub(super) fn join(&self) -> Option<Joined> {
        let state = self.state();
        Some(Joined { seen: state.seen.clone()?, items: state.ring.subscribe() })
    }

    /// Sends a message that is not of the feed.
    pub(super) fn send(&self, message: &Arc<Message>) {
        // there may be no subscriber
        let _unheard = self.state().ring.send(Item::Message(Arc::clone(message)));
    }

    /// Looks whenever something was announced, until there is no subscriber any more.
    pub(super) async fn watch(&self) {
        let mut looked_at = Instant::now();
        let (mut poll_at, mut beat_at) = (looked_at, looked_at + BEAT);
        loop {
            let due = self.state().affected.due().map_or(beat_at, |due| due.min(beat_at)).min(poll_at);
            let is_woken = tokio::select! {
                () = self.wake.notified() => true,
                () = sleep_until(due) => false,
            };
            if Instant::now() >= beat_at {
                beat_at = Instant::now() + BEAT;
                if !self.beat() {
                    return;
                }
            }
            if is_woken || Instant::now() >= poll_at {
                sleep_until(looked_at + BETWEEN_LOOKS).await;
                looked_at = Instant::now();
                match self.look().await {
                    Ok(()) => poll_at = Instant::now() + POLL,
                    Err(error) if is_gone(&error) => return self.end(),
                    Err(error) => {
                        if let Some(more) = FAILED.pass() {
                            let error = &error as &dyn std::error::Error;
                            tracing::warn!(error, not_logged = more, "subscribers are served later");
                        }
                        poll_at = Instant::now() + RETRY;
                    }
                }
            }
            self.send_affected();
        }
    }

    /// Reads what has happened, and sends it.
    pub(super) async fn look(&self) -> Result<(), DoraError> {
        let begun = Instant::now();
        let looked = self.read_and_publish().await;
        let outcome = if looked.is_ok() { OperationOutcome::Ok } else { OperationOutcome::Unavailable };
        Operation::Publish.ended(outcome, begun.elapsed());
        looked
    }

    async fn read_and_publish(&self) -> Result<(), DoraError> {
        let _alone = self.looking.lock().await;
        let (seen, read_at, owners) = {
            let state = self.state();
            (state.seen.clone(), state.read_at.clone(), state.owners.clone())
        };
        let mut tx = changes::begin_reading(&self.store).await?;
        let (read_at, marks) = changes::since(&mut tx, read_at.as_ref()).await?;
        let now = Seen::at(&read_at)?;
        let entries = match seen.filter(|seen| seen.is_of_same_tenant(&now)) {
            Some(seen) => feed::page(&mut tx, &seen, &now, PAGE).await?,
            None => Vec::new(),
        };
        let are_others = marks.as_ref().is_none_or(|marks| marks.iter().any(|mark| owners.may_change_with(mark)));
        let owners = if are_others { Owners::read(&mut tx).await? } else { owners };
        tx.rollback().await?;
        let marks = marks.map(|marks| marks.into_iter().collect());
        let span = self.span_of(&entries);
        span.in_scope(|| self.publish(Look { read_at, now, marks, entries, owners }));
        Ok(())
    }

    /// The span of sending rows of the feed, which goes on with their traces; none if they have none.
    fn span_of(&self, entries: &[Entry]) -> Span {
        if entries.iter().all(|entry| entry.trace.is_none()) {
            return Span::none();
        }
        let subscribers = trace::number(self.state().ring.receiver_count());
        let (tenant, messages) = (self.store.tenant(), trace::number(entries.len()));
        let span = runtime::exported_span!("publish", otel.kind = "producer", %tenant, messages, subscribers);
        trace::follow(&span, entries.iter().filter_map(|entry| entry.trace));
        span
    }

    fn publish(&self, look: Look) {
        let Look { read_at, now, marks, entries, owners } = look;
        let mut state = self.state();
        let is_page = entries.len() == page_len();
        state.affected.add(marks.as_deref(), &owners);
        (state.read_at, state.owners) = (Some(read_at), owners);
        let Some(seen) = state.seen.take().filter(|seen| seen.is_of_same_tenant(&now)) else {
            let is_reset = Item::Reset(now.to_string().into());
            // the first subscriber comes after this
            let _unheard = state.ring.send(is_reset);
            state.seen = Some(now);
            return;
        };
        let (messages, next) = messages(entries, (&seen, &now), &state.owners);
        for message in messages {
            let _unheard = state.ring.send(Item::Message(Arc::new(message)));
        }
        state.seen = Some(next.unwrap_or(now));
        drop(state);
        if is_page {
            self.wake();
        }
    }

    /// Sends which metrics have changed, if it is time.
    fn send_affected(&self) {
        let mut state = self.state();
        let state = &mut *state;
        if let Some(message) = state.affected.take(&self.dependents, &state.owners, state.seen.as_ref()) {
            let _unheard = state.ring.send(Item::Message(Arc::new(message)));
        }
    }

    /// Sends that nothing happened; returns whether there is a subscriber. Without one it is watched no more.
    fn beat(&self) -> bool {
        let mut state = self.state();
        if state.ring.receiver_count() == 0 {
            state.stop();
            return false;
        }
        if let Some(seen) = &state.seen {
            let _unheard = state.ring.send(Item::Beat(seen.to_string().into()));
        }
        true
    }

    /// Ends the streams of a tenant that is gone.
    fn end(&self) {
        let mut state = self.state();
        let _unheard = state.ring.send(Item::Gone);
        state.stop();
    }

    /// What there is in the feed between two positions.
    pub(super) async fn missed(&self, seen: &Seen, up_to: &Seen) -> Result<Missed, StoreError> {
        // it is never closed
        let _turn = self.catching_up.acquire().await;
        let mut tx = changes::begin_reading(&self.store).await?;
        let pruned = feed::pruned_up_to(&mut tx).await?;
        let entries =
            if seen.has_all_up_to(pruned) { Some(feed::page(&mut tx, seen, up_to, PAGE).await?) } else { None };
        tx.rollback().await?;
        let Some(entries) = entries else { return Ok(Missed::Pruned) };
        let owners = self.state().owners.clone();
        let (messages, next) = messages(entries, (seen, up_to), &owners);
        Ok(Missed::Page(messages, next))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl State {
    /// Forgets how the database was: the next look is the first one.
    fn stop(&mut self) {
        (self.is_watched, self.seen, self.read_at) = (false, None, None);
        self.affected = Affected::default();
    }
}

fn page_len() -> usize {
    usize::try_from(PAGE).unwrap_or(usize::MAX)
}

/// The messages of a page of the feed, and where the next page begins, if there may be one.
fn messages(entries: Vec<Entry>, (seen, now): (&Seen, &Seen), owners: &Owners) -> (Vec<Message>, Option<Seen>) {
    let count = entries.len();
    let mut next = None;
    let mut messages = Vec::with_capacity(count);
    for (nth, entry) in entries.into_iter().enumerate() {
        let is_last = nth + 1 == count && count < page_len();
        let stands = if is_last { now.clone() } else { seen.up_to(now, entry.position) };
        messages.extend(Message::of_entry(entry, stands.to_string(), owners));
        next = Some(stands);
    }
    (messages, next.filter(|_| count == page_len()))
}

/// Whether a tenant is not there any more.
fn is_gone(error: &DoraError) -> bool {
    matches!(error, DoraError::Store(StoreError::NoTable(_) | StoreError::UnknownTenant(_)))
}
