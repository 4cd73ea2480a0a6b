//! All subscribers of a process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dora::{Dependents, DoraError};
use eventlog::settings::Log;
use kernel::Tenant;
use runtime::http::KeptOpen;
use runtime::{locked, panics};
use store::feed::{self, Seen};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::channel::{Channel, Joined};
use super::event::LagEvent;
use super::filter::Filter;
use super::lag;
use super::message::{Event, Message};
use super::places::{Place, Places};
use super::recheck::Recheck;
use super::subscriber::{Reset, Standing, Subscriber};
use crate::limits::Client;
use crate::problem::Problem;

/// How long one statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the lag of the log is read.
const LAG_INTERVAL: Duration = Duration::from_secs(5);
/// How long to wait before listening again, or after a fault.
const RETRY: Duration = Duration::from_secs(1);

/// How often it is found out again what a subscriber may see, and how much less often for each stream that there is.
const RECHECK: Duration = Duration::from_secs(5);
const PER_STREAM: Duration = Duration::from_millis(1);

/// What bounds streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// All of them.
    pub(crate) streams: usize,
    /// Those of one client.
    pub(crate) per_client: usize,
    /// Messages that wait for a subscriber.
    pub(crate) queue: usize,
}

/// From where on a subscriber is served.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// From now on.
    Now,
    /// After an event that it has, by its id.
    After(String),
}

/// What a subscriber wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// What it is sent, and may see.
    pub(crate) filter: Filter,
    /// From where on.
    pub(crate) start: Start,
    /// What finds out again what it may see, where that can change.
    pub(crate) recheck: Option<Recheck>,
}

/// All subscribers of a process. Nothing runs before the first one. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    log: Log,
    /// Why there can be no subscribers is an error of the settings, which is reported elsewhere, too.
    dependents: Result<Dependents, String>,
    queue: usize,
    places: Arc<Places>,
    channels: Mutex<BTreeMap<Tenant, Arc<Channel>>>,
    lag: Mutex<Option<Arc<Message>>>,
    is_running: AtomicBool,
    tasks: TaskTracker,
    end: CancellationToken,
}

/// The place of a client, which its subscriptions share.
#[derive(Debug)]
pub(crate) struct HubPlace(Place);

impl Hub {
    /// Over a database and a log.
    pub(crate) fn new(
        store: &Store,
        log: &Log,
        custom: &[dora::settings::CustomMetricSettings],
        limits: Limits,
    ) -> Self {
        Self(Arc::new(Inner {
            store: store.looking(STATEMENT_TIMEOUT),
            log: log.clone(),
            dependents: Dependents::new(custom).map_err(|error| error.to_string()),
            queue: limits.queue,
            places: Places::new(limits.streams, limits.per_client),
            channels: Mutex::default(),
            lag: Mutex::default(),
            is_running: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
        }))
    }

    /// Ends all streams, and what serves them.
    pub(crate) async fn close(&self) {
        self.0.end.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Takes the place of a client, or says that there is none.
    pub(crate) fn place(&self, client: Option<Client>) -> Result<HubPlace, Problem> {
        self.0.places.take(client).map(HubPlace)
    }

    /// A subscriber of a tenant. It keeps its place, or shares one that is held elsewhere.
    pub(crate) async fn subscribe(
        &self,
        tenant: &Tenant,
        wanted: Wanted,
        place: Option<HubPlace>,
        kept_open: Option<KeptOpen>,
    ) -> Result<Subscriber, Problem> {
        let Wanted { filter, start, recheck } = wanted;
        self.run();
        let channel = self.channel(tenant)?;
        let mut joined = self.join(&channel).await?;
        let (mut seen, mut reset) = (None, None);
        if let Start::After(text) = start {
            match self.within(&channel, &text, &mut joined).await? {
                Some(known) => seen = Some(known),
                None => reset = Some(Reset::Unknown),
            }
        }
        let lag = locked(&self.0.lag).clone();
        let standing = Standing { joined, seen, reset, lag };
        let place = place.map(|HubPlace(place)| place);
        let recheck = recheck.map(|recheck| (recheck, RECHECK + PER_STREAM * small(self.0.places.taken())));
        Ok(Subscriber::new((filter, recheck), channel, standing, (self.0.end.clone(), kept_open), place))
    }

    /// What a subscriber says that it has seen, if all of it is among what was sent; looks again if it is not.
    async fn within(&self, channel: &Arc<Channel>, text: &str, joined: &mut Joined) -> Result<Option<Seen>, Problem> {
        let Ok(seen) = text.parse::<Seen>() else { return Ok(None) };
        if seen.is_within(&joined.seen) {
            return Ok(Some(seen));
        }
        // another process may have sent it more
        if seen.is_of_same_tenant(&joined.seen) {
            channel.look().await.map_err(unavailable)?;
            *joined = self.join(channel).await?;
        }
        Ok(seen.is_within(&joined.seen).then_some(seen))
    }

    async fn join(&self, channel: &Arc<Channel>) -> Result<Joined, Problem> {
        loop {
            self.watch(channel);
            if let Some(joined) = channel.join() {
                return Ok(joined);
            }
            channel.look().await.map_err(unavailable)?;
        }
    }

    /// Has a tenant watched, unless it is.
    fn watch(&self, channel: &Arc<Channel>) {
        if !channel.begin_watching() {
            return;
        }
        let (channel, end) = (Arc::clone(channel), self.0.end.clone());
        self.0.tasks.spawn(async move {
            let watched = async {
                while let Err(panic) = panics::caught(channel.watch()).await {
                    tracing::error!(panic, "serving subscribers panicked: this is a fault of sei");
                    tokio::time::sleep(RETRY).await;
                }
            };
            end.run_until_cancelled(watched).await;
        });
    }

    fn channel(&self, tenant: &Tenant) -> Result<Arc<Channel>, Problem> {
        let dependents = self.0.dependents.clone().map_err(Problem::question)?;
        let new = || Arc::new(Channel::new(self.0.store.for_tenant(tenant), dependents, self.0.queue));
        Ok(Arc::clone(locked(&self.0.channels).entry(tenant.clone()).or_insert_with(new)))
    }

    fn channels(&self) -> Vec<Arc<Channel>> {
        locked(&self.0.channels).values().cloned().collect()
    }

    /// Starts what serves all tenants, once.
    fn run(&self) {
        if self.0.is_running.swap(true, Ordering::Relaxed) {
            return;
        }
        for work in [Work::Listen, Work::Lag] {
            let hub = self.clone();
            self.0.tasks.spawn(async move {
                tokio::select! {
                    () = hub.0.end.cancelled() => {}
                    () = hub.work(work) => {}
                }
            });
        }
    }

    async fn work(&self, work: Work) {
        loop {
            let worked = match work {
                Work::Listen => panics::caught(self.listen()).await,
                Work::Lag => panics::caught(self.send_lag()).await,
            };
            if let Err(panic) = worked {
                tracing::error!(panic, "serving subscribers panicked: this is a fault of sei");
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Wakes the tenants whose changes are announced, until listening fails. What may be missed meanwhile is looked for.
    async fn listen(&self) {
        let Ok(mut listener) = store::listen(&self.0.store, &[feed::CHANNEL]).await else { return };
        loop {
            match listener.recv().await {
                Ok(Some(notice)) => {
                    let tenant = Tenant::new(&notice.payload).ok();
                    let channel = tenant.and_then(|tenant| locked(&self.0.channels).get(&tenant).cloned());
                    if let Some(channel) = channel {
                        channel.wake();
                    }
                }
                Ok(None) => self.channels().iter().for_each(|channel| channel.wake()),
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }

    /// Sends how far the log is behind, when that has changed.
    async fn send_lag(&self) {
        let mut opened = None;
        let mut sent: Option<LagEvent> = None;
        loop {
            if self.channels().iter().any(|channel| channel.is_heard())
                && let Some(lag) = self.lag(&mut opened).await
                && sent.as_ref() != Some(&lag)
            {
                sent = Some(lag.clone());
                let message = Arc::new(Message::new(Event::Lag(lag), None, String::new()));
                *locked(&self.0.lag) = Some(Arc::clone(&message));
                self.channels().iter().for_each(|channel| channel.send(&message));
            }
            tokio::time::sleep(LAG_INTERVAL).await;
        }
    }

    async fn lag(&self, opened: &mut Option<Arc<dyn eventlog::EventLog>>) -> Option<LagEvent> {
        let log = match opened {
            Some(log) => Arc::clone(log),
            None => Arc::clone(opened.insert(eventlog::open(&self.0.log, &self.0.store).await.ok()?)),
        };
        lag::read(log.as_ref(), &self.0.store).await.ok()
    }
}

/// What serves all tenants.
#[derive(Clone, Copy, Debug)]
enum Work {
    Listen,
    Lag,
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn unavailable(error: DoraError) -> Problem {
    match error {
        DoraError::Store(error) => error.into(),
        other => StoreError::Unreadable(other.to_string()).into(),
    }
}
