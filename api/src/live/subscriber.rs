//! One subscriber: what it missed, then what happens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use runtime::http::KeptOpen;
use store::feed::Seen;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::channel::{Channel, Item, Joined, Missed};
use super::event::MetricsEvent;
use super::filter::Filter;
use super::kind::EventKind;
use super::message::{Event, Message};
use super::places::Place;
use super::recheck::Recheck;
use crate::access::Access;

/// How long what a subscriber may see counts while it can't be found out again.
const UNCONFIRMED: Duration = Duration::from_mins(1);
/// The most that a subscriber is sent of what it missed. If it was more, it begins again.
const MOST_MISSED: usize = 5_000;

kernel::closed_list! {
    /// Why a stream ends.
    #[derive(utoipa::ToSchema)]
    #[schema(as = StreamEnd)]
    pub(crate) enum End: "end of a stream" {
        /// The subscriber takes messages more slowly than they come.
        Slow,
        /// The server ends.
        Shutdown,
        /// What the subscriber may see has changed, or who it is can't be shown any more.
        Access,
        /// What the subscriber may see could not be found out again for too long.
        Unconfirmed,
        /// The tenant is gone.
        Tenant,
        /// The database does not answer.
        Unavailable,
    }
}

impl End {
    /// What to do about it.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Slow => {
                "More messages waited than are kept for a subscriber (api.stream_queue). Come back with the \
                           last event id, and take them faster or ask for fewer kinds."
            }
            Self::Shutdown => "The server ends. Come back with the last event id.",
            Self::Access => "What you may see has changed, or your login has ended. Come back with a valid one.",
            Self::Unconfirmed => {
                "It could not be found out for a minute what you may see. Come back with the last event id."
            }
            Self::Tenant => "The tenant is gone.",
            Self::Unavailable => "The database does not answer right now. Come back with the last event id.",
        }
    }
}

kernel::closed_list! {
    /// Why a subscriber has to begin again.
    #[derive(utoipa::ToSchema)]
    #[schema(as = StreamReset)]
    pub(crate) enum Reset: "reason to begin again" {
        /// What it missed is not kept any more.
        Expired,
        /// It missed too much.
        TooMany,
        /// Its last event id is not of this feed.
        Unknown,
    }
}

impl Reset {
    /// What to do about it.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Expired => "What you missed is not kept any more. Ask again for what you show.",
            Self::TooMany => "You missed more than is sent one by one. Ask again for what you show.",
            Self::Unknown => "Your last event id is not of this tenant's feed. Ask again for what you show.",
        }
    }
}

/// What comes next.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// The stream begins; the feed stands here.
    Ready(String),
    /// An event.
    Message(Arc<Message>),
    /// Nothing happened; the feed stands here.
    Beat(Arc<str>),
    /// Something was missed: what is shown has to be asked for again. The feed stands here.
    Reset(Reset, Arc<str>),
    /// The stream ends.
    End(End),
}

/// A subscriber. Its place is free when this is dropped.
#[derive(Debug)]
pub(crate) struct Subscriber {
    filter: Filter,
    channel: Arc<Channel>,
    items: tokio::sync::broadcast::Receiver<Item>,
    /// What is there already.
    waiting: VecDeque<Next>,
    /// What of the feed is to be read before what comes.
    behind: Option<Behind>,
    kept_open: Option<KeptOpen>,
    recheck: Option<Rechecked>,
    end: CancellationToken,
    has_ended: bool,
    _place: Option<Place>,
}

/// What finds out what it may see, when next, and when it was found out last.
#[derive(Debug)]
struct Rechecked {
    recheck: Recheck,
    every: Duration,
    at: Instant,
    confirmed_at: Instant,
}

impl Rechecked {
    fn new((recheck, every): (Recheck, Duration)) -> Self {
        let now = Instant::now();
        Self { recheck, every, at: now + every, confirmed_at: now }
    }

    /// Finds out what may be seen now; `None` where that is what it was, as far as it is known. An error where the stream
    /// ends.
    async fn access(&mut self) -> Result<Option<Access>, End> {
        let found = self.recheck.access().await;
        let now = Instant::now();
        self.at = now + self.every;
        match found {
            Ok(Some(access)) => {
                self.confirmed_at = now;
                Ok(Some(access))
            }
            Ok(None) => Err(End::Access),
            Err(problem) if now - self.confirmed_at < UNCONFIRMED => {
                tracing::debug!(problem.detail, "what a subscriber may see is not known right now; it is tried again");
                Ok(None)
            }
            Err(_) => Err(End::Unconfirmed),
        }
    }
}

#[derive(Clone, Debug)]
struct Behind {
    seen: Seen,
    up_to: Seen,
    sent: usize,
}

/// Where a subscriber stands among the others.
pub(super) struct Standing {
    pub(super) joined: Joined,
    /// What it has seen, if it comes back.
    pub(super) seen: Option<Seen>,
    pub(super) reset: Option<Reset>,
    pub(super) lag: Option<Arc<Message>>,
}

impl Subscriber {
    pub(super) fn new(
        (filter, recheck): (Filter, Option<(Recheck, Duration)>),
        channel: Arc<Channel>,
        standing: Standing,
        (end, kept_open): (CancellationToken, Option<KeptOpen>),
        place: Option<Place>,
    ) -> Self {
        let Standing { joined: Joined { items, seen: up_to }, seen, reset, lag } = standing;
        let stands = seen.as_ref().unwrap_or(&up_to).to_string();
        let reset = reset.map(|reset| Next::Reset(reset, up_to.to_string().into()));
        let lag = lag.and_then(|lag| filter.pass(&lag)).map(Next::Message);
        let waiting = std::iter::once(Next::Ready(stands)).chain(reset).chain(lag).collect();
        let behind = seen.map(|seen| Behind { seen, up_to, sent: 0 });
        let recheck = recheck.map(Rechecked::new);
        Self { filter, channel, items, waiting, behind, kept_open, recheck, end, has_ended: false, _place: place }
    }

    /// What comes next; `None` after the end.
    pub(crate) async fn next(&mut self) -> Option<Next> {
        while !self.has_ended {
            match self.waiting.pop_front() {
                Some(Next::End(end)) => return Some(self.end(end)),
                Some(next) => return Some(next),
                None => {}
            }
            if let Some(behind) = self.behind.clone() {
                self.catch_up(behind).await;
                continue;
            }
            let item = tokio::select! {
                () = ending(self.kept_open.as_ref()) => return Some(self.end(End::Shutdown)),
                () = self.end.cancelled() => return Some(self.end(End::Shutdown)),
                () = due(self.recheck.as_ref()) => {
                    if let Err(end) = self.confirm().await {
                        return Some(self.end(end));
                    }
                    continue;
                }
                item = self.items.recv() => item,
            };
            match item {
                Ok(Item::Message(message)) => self.waiting.extend(self.filter.pass(&message).map(Next::Message)),
                Ok(Item::Beat(stands)) => return Some(Next::Beat(stands)),
                Ok(Item::Reset(stands)) => return Some(Next::Reset(Reset::Unknown, stands)),
                Ok(Item::Gone) => return Some(self.end(End::Tenant)),
                Err(RecvError::Lagged(_)) => return Some(self.end(End::Slow)),
                Err(RecvError::Closed) => return Some(self.end(End::Shutdown)),
            }
        }
        None
    }

    /// What it may see, as far as it is known.
    pub(crate) fn access(&self) -> &Access {
        &self.filter.access
    }

    /// Finds out what it may see now, or why the stream ends.
    async fn confirm(&mut self) -> Result<(), End> {
        let Some(rechecked) = &mut self.recheck else { return Ok(()) };
        if let Some(access) = rechecked.access().await? {
            self.filter.access = access;
        }
        Ok(())
    }

    /// Reads a page of what it missed.
    async fn catch_up(&mut self, behind: Behind) {
        let missed = self.channel.missed(&behind.seen, &behind.up_to).await;
        self.behind = None;
        let stands: Arc<str> = behind.up_to.to_string().into();
        match missed {
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a subscriber can't be sent what it missed");
                self.waiting.push_back(Next::End(End::Unavailable));
            }
            Ok(Missed::Pruned) => self.waiting.push_back(Next::Reset(Reset::Expired, stands)),
            Ok(Missed::Page(messages, next)) => {
                let sent = behind.sent + messages.len();
                let passed = messages.into_iter().filter_map(|message| self.filter.pass(&Arc::new(message)));
                self.waiting.extend(passed.map(Next::Message));
                match next {
                    Some(_) if sent >= MOST_MISSED => self.waiting.push_back(Next::Reset(Reset::TooMany, stands)),
                    Some(seen) => self.behind = Some(Behind { seen, sent, ..behind }),
                    None => self.waiting.extend(self.may_have_changed(&stands)),
                }
            }
        }
    }

    /// Says that any metric may have changed while it was away.
    fn may_have_changed(&self, stands: &str) -> Option<Next> {
        let event = Event::Metrics(MetricsEvent { metrics: None, services: None });
        let message = || Next::Message(Arc::new(Message::new(event, None, stands.to_owned())));
        self.filter.wants(EventKind::Metrics).then(message)
    }

    fn end(&mut self, end: End) -> Next {
        self.has_ended = true;
        runtime::metrics().streams_ended.get_or_create(&runtime::labels::StreamEnd { reason: end.as_str() }).inc();
        Next::End(end)
    }
}

/// Returns when it has to be found out what may be seen; never where that can't change.
async fn due(rechecked: Option<&Rechecked>) {
    match rechecked {
        Some(rechecked) => sleep_until(rechecked.at).await,
        None => std::future::pending().await,
    }
}

/// Returns when the server of a connection ends; never without one.
async fn ending(kept_open: Option<&KeptOpen>) {
    match kept_open {
        Some(kept_open) => kept_open.ending().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::time::advance;

    use super::*;
    use crate::problem::Problem;

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_when_what_may_be_seen_can_t_be_found_out_for_a_minute() {
        let fails = Arc::new(AtomicBool::new(true));
        let failing = Arc::clone(&fails);
        let recheck = Recheck::new(move || {
            let fails = failing.load(Ordering::Relaxed);
            Box::pin(async move {
                if fails { Err(Problem::too_slow(Duration::from_secs(5))) } else { Ok(Access::everything()) }
            })
        });
        let mut rechecked = Rechecked::new((recheck, Duration::from_secs(5)));
        advance(Duration::from_secs(50)).await;
        assert_eq!(rechecked.access().await, Ok(None), "it goes on for a while");
        fails.store(false, Ordering::Relaxed);
        assert_eq!(rechecked.access().await, Ok(Some(Access::everything())));
        fails.store(true, Ordering::Relaxed);
        advance(Duration::from_secs(50)).await;
        assert_eq!(rechecked.access().await, Ok(None), "from when it was found out last");
        advance(Duration::from_secs(10)).await;
        assert_eq!(rechecked.access().await, Err(End::Unconfirmed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_at_once_when_nothing_may_be_seen_any_more() {
        let recheck = Recheck::new(|| Box::pin(async { Err(Problem::unauthenticated()) }));
        let mut rechecked = Rechecked::new((recheck, Duration::from_secs(5)));
        assert_eq!(rechecked.access().await, Err(End::Access));
    }
}
