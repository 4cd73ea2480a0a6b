//! How many requests of the API are at work at once, and how many wait for that. Lists, reports and GraphQL have
//! lanes of their own, and what costs much has one too, whichever of them it belongs to: so what costs little does not
//! wait behind it. Probes, the page and webhooks take no part in it.
//!
//! A lane measures how long its requests take for what they cost. A request that would wait too long, by what is at
//! work and waits before it, is sent away at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use runtime::locked;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::problem::Problem;
use crate::scope::Scope;

/// How long a request waits for its turn.
const WAIT: Duration = Duration::from_secs(10);
/// How many wait for each one at work.
const WAITING: usize = 4;
/// A lane has at least as many places as this. A browser asks six questions at a time, and what it no longer wants may
/// be at work still: where one costly question is at work at a time, three browsers that change their filter find places.
const PLACES: usize = 20;
/// By how many of the last requests a wait is estimated.
const LAST: usize = 8;
/// What each request costs beside what it asks for.
const BASE: u64 = 500;
/// What costs more, in fields and values of series, has a lane of its own: a report of 90 days by week costs 900, one of
/// 90 days by day 2,700.
const MUCH: u64 = 2_500;

/// The lanes of a server, and how long its requests may take.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Lists of rows.
    pub lists: Lane,
    /// Reports, metrics, explanations and raw events.
    pub reports: Lane,
    /// GraphQL.
    pub graphql: Lane,
    /// Reports, metrics and GraphQL that cost much.
    costly: Lane,
    /// GraphQL requests that have come whole, until they are answered.
    pub graphql_door: Door,
    /// Reports and metrics from before their tenant is looked up until they are answered.
    pub reports_door: Door,
}

impl Admission {
    /// Lists have as many places as this, reports and GraphQL a quarter of it each. What costs much keeps processors
    /// busy: it has half as many places as there are `processors`, and no more than a quarter.
    #[must_use]
    pub fn new(at_work: usize, processors: usize, timeout: Duration) -> Self {
        let quarter = (at_work / 4).max(1);
        let costly = (processors / 2).clamp(1, quarter);
        let lane = |at_work| Lane::new(at_work, timeout);
        let door = || Door { places: Arc::new(Semaphore::new(places(quarter) + places(costly))), timeout };
        Self {
            lists: lane(at_work),
            reports: lane(quarter),
            graphql: lane(quarter),
            costly: lane(costly),
            graphql_door: door(),
            reports_door: door(),
        }
    }

    /// Waits for the turn of a report or a metric of this cost, which is charged to who asks.
    pub async fn reports_by_cost(&self, scope: &Scope, cost: usize) -> Result<Turn, Problem> {
        let cost = cost as u64;
        scope.charge(cost)?;
        self.by_cost(&self.reports, cost).enter(cost).await
    }

    /// The lane of a request that belongs into this one unless it costs much.
    #[must_use]
    pub fn by_cost<'a>(&'a self, lane: &'a Lane, cost: u64) -> &'a Lane {
        if cost > MUCH { &self.costly } else { lane }
    }
}

fn permits(at_work: usize) -> usize {
    at_work.clamp(1, Semaphore::MAX_PERMITS / (4 * WAITING))
}

/// How many are at work or wait.
fn places(at_work: usize) -> usize {
    (permits(at_work) * (1 + WAITING)).max(PLACES)
}

/// One lane. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lane(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    width: usize,
    at_work: Arc<Semaphore>,
    /// At work or waiting.
    places: Arc<Semaphore>,
    load: Mutex<Load>,
    timeout: Duration,
}

/// What is before a request.
#[derive(Debug, Default)]
struct Load {
    /// What those that wait cost together.
    waiting: u64,
    /// What each one at work costs, and when it began.
    at_work: BTreeMap<u64, (u64, Instant)>,
    /// The number of the next one at work.
    next: u64,
    /// How long the last requests took, in seconds for each unit of their cost; 0 until there were as many.
    paces_secs: [f64; LAST],
    /// How many requests have ended.
    ended: usize,
}

impl Load {
    /// How long a request waits at least for what is before it, by the pace of the quickest of the last few: one that
    /// had to read what the next ones find in memory says nothing about them.
    #[expect(clippy::cast_precision_loss, reason = "about as long")]
    fn wait(&self, width: usize) -> Duration {
        let pace_secs = self.paces_secs.iter().copied().fold(f64::INFINITY, f64::min);
        let takes = |cost: u64| cost as f64 * pace_secs;
        let rests = |(cost, began): &(u64, Instant)| (takes(*cost) - began.elapsed().as_secs_f64()).max(0.0);
        let secs = self.at_work.values().map(rests).sum::<f64>() + takes(self.waiting);
        Duration::try_from_secs_f64(secs / width as f64).unwrap_or(Duration::MAX)
    }

    fn begin(&mut self, cost: u64) -> u64 {
        let number = self.next;
        self.next += 1;
        self.at_work.insert(number, (cost, Instant::now()));
        number
    }

    /// Notes how long a request took.
    #[expect(clippy::cast_precision_loss, reason = "about as long")]
    fn end(&mut self, number: u64) {
        if let Some((cost, began)) = self.at_work.remove(&number) {
            let pace_secs = began.elapsed().as_secs_f64() / cost as f64;
            if let Some(oldest) = self.paces_secs.get_mut(self.ended % LAST) {
                *oldest = pace_secs;
            }
            self.ended = self.ended.wrapping_add(1);
        }
    }
}

/// A request at work. The turn ends when this is dropped.
#[derive(Debug)]
pub struct Turn {
    lane: Lane,
    number: u64,
    _place: OwnedSemaphorePermit,
    _at_work: OwnedSemaphorePermit,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.lane.load().end(self.number);
    }
}

/// A request that waits, until this is dropped.
#[derive(Debug)]
struct Waits<'a> {
    lane: &'a Lane,
    cost: u64,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut load = self.lane.load();
        load.waiting = load.waiting.saturating_sub(self.cost);
    }
}

impl Lane {
    fn new(at_work: usize, timeout: Duration) -> Self {
        let width = permits(at_work);
        Self(Arc::new(Inner {
            width,
            at_work: Arc::new(Semaphore::new(width)),
            places: Arc::new(Semaphore::new(places(width))),
            load: Mutex::default(),
            timeout,
        }))
    }

    /// A lane as wide as this one, whose requests wait for none of these.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::new(self.0.width, self.0.timeout)
    }

    /// Lets a request in when it is its turn, and answers it in time, whatever its outcome. One that sends something takes
    /// its turn once that is there, so that one whose client is slow holds up no others.
    pub async fn admit(&self, request: Request, next: Next) -> Response {
        in_time(self.0.timeout, async {
            let request = if request.method().is_safe() { request } else { whole(request).await? };
            let _turn = self.enter(0).await?;
            Ok(next.run(request).await)
        })
        .await
    }

    /// Waits for a turn, or says at once that it would take too long.
    pub async fn enter(&self, cost: u64) -> Result<Turn, Problem> {
        let (inner, cost) = (&self.0, cost.saturating_add(BASE));
        let place = Arc::clone(&inner.places).try_acquire_owned().map_err(|_| Problem::too_many_requests())?;
        let (wait, waits) = self.queue(cost);
        let at_work = match Arc::clone(&inner.at_work).try_acquire_owned() {
            Ok(at_work) => at_work,
            Err(_) if wait > WAIT => return Err(Problem::too_many_requests()),
            Err(_) => {
                let turn = tokio::time::timeout(WAIT, Arc::clone(&inner.at_work).acquire_owned()).await;
                turn.ok().and_then(Result::ok).ok_or_else(Problem::too_many_requests)?
            }
        };
        drop(waits);
        let number = self.load().begin(cost);
        Ok(Turn { lane: self.clone(), number, _place: place, _at_work: at_work })
    }

    /// Puts a request of this cost behind the others. Returns how long it waits for them, about.
    fn queue(&self, cost: u64) -> (Duration, Waits<'_>) {
        let mut load = self.load();
        let wait = load.wait(self.0.width);
        load.waiting = load.waiting.saturating_add(cost);
        (wait, Waits { lane: self, cost })
    }

    fn load(&self) -> MutexGuard<'_, Load> {
        locked(&self.0.load)
    }
}

/// Lets a request in as [`Lane::admit`] does.
pub async fn admit(State(lane): State<Lane>, request: Request, next: Next) -> Response {
    lane.admit(request, next).await
}

/// Lets a request in if there is a place, and answers it in time, whatever its outcome. Its handler takes the turn, as
/// it knows the cost.
pub async fn admit_by_cost(State(door): State<Door>, request: Request, next: Next) -> Response {
    in_time(door.timeout, async {
        let _place = door.enter()?;
        Ok(next.run(request).await)
    })
    .await
}

async fn in_time(timeout: Duration, answer: impl Future<Output = Result<Response, Problem>>) -> Response {
    match tokio::time::timeout(timeout, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => Problem::too_slow(timeout).into_response(),
    }
}

/// Bounds requests whose lane is known only when they have been read: they take no turn before. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Door {
    places: Arc<Semaphore>,
    timeout: Duration,
}

impl Door {
    /// The longest body, in bytes.
    pub const BODY: usize = 64 * 1024;

    /// A place, or at once the answer that there is none.
    pub fn enter(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.places.try_acquire().map_err(|_| Problem::too_many_requests())
    }
}

/// Lets a request in once its body is there, so that one whose client is slow takes no place from others, and answers it
/// in time, whatever its outcome.
pub async fn admit_whole(State(door): State<Door>, request: Request, next: Next) -> Response {
    in_time(door.timeout, async {
        let request = whole(request).await?;
        let _place = door.enter()?;
        Ok(next.run(request).await)
    })
    .await
}

/// A request with its body, once that is there.
async fn whole(request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let whole = axum::body::to_bytes(body, Door::BODY).await.map_err(|_| {
        let detail = format!("Expected one of at most {} bytes that comes whole.", Door::BODY);
        Problem::bad_body(StatusCode::PAYLOAD_TOO_LARGE, detail)
    })?;
    Ok(Request::from_parts(parts, Body::from(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_waiting_request_gets_a_turn_and_one_beyond_the_queue_is_refused_at_once() {
        let Admission { lists, reports, .. } = Admission::new(4, 2, TIMEOUT);
        let turn = reports.enter(0).await.unwrap();
        let waiting: Vec<_> = (1..PLACES)
            .map(|_| {
                let lane = reports.clone();
                tokio::spawn(async move { lane.enter(0).await.map(drop) })
            })
            .collect();
        while reports.0.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(reports.enter(0).await.err(), Some(Problem::too_many_requests()));
        assert!(lists.enter(0).await.is_ok(), "another lane has its own places");
        drop(turn);
        for one in waiting {
            assert_eq!(one.await.unwrap(), Ok(()));
        }
        let _turn = reports.enter(0).await.unwrap();
        assert!(reports.enter(0).await.is_err(), "the wait ends");
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_wait_too_long_by_what_the_last_took_is_sent_away_at_once() {
        let lane = Lane::new(1, TIMEOUT);
        let take = async |cost, secs| {
            let turn = lane.enter(cost).await.unwrap();
            tokio::time::advance(Duration::from_secs(secs)).await;
            drop(turn);
        };
        take(1_000, 200).await;
        let turn = lane.enter(1_000).await.unwrap();
        let waits = lane.clone();
        let waits = tokio::spawn(async move { waits.enter(1).await.map(drop) });
        tokio::task::yield_now().await;
        assert_eq!(lane.load().waiting, BASE + 1, "one slow request says nothing about the next");
        drop(turn);
        assert_eq!(waits.await.unwrap(), Ok(()));
        for _ in 0..LAST {
            take(1_000, 20).await;
        }
        let began = Instant::now();
        let turn = lane.enter(1_000).await.unwrap();
        assert_eq!(lane.enter(1).await.err(), Some(Problem::too_many_requests()), "20 s are before it");
        assert_eq!(began.elapsed(), Duration::ZERO);
        tokio::time::advance(Duration::from_secs(19)).await;
        let next = lane.clone();
        let next = tokio::spawn(async move { next.enter(1).await.map(drop) });
        tokio::task::yield_now().await;
        assert_eq!(lane.load().waiting, BASE + 1, "it waits for the last of the 20 s");
        drop(turn);
        assert_eq!(next.await.unwrap(), Ok(()));
        for _ in 0..20 {
            take(1_000, 1).await;
        }
        let turn = lane.enter(1_000).await.unwrap();
        let next = lane.clone();
        let next = tokio::spawn(async move { next.enter(1_000).await.map(drop) });
        tokio::task::yield_now().await;
        assert_eq!(lane.load().waiting, BASE + 1_000, "it waits for about a second");
        drop(turn);
        assert_eq!(next.await.unwrap(), Ok(()));
        let load = lane.load();
        assert_eq!((load.waiting, load.at_work.len()), (0, 0));
    }

    #[test]
    fn what_costs_much_has_a_lane_of_its_own_that_leaves_half_of_the_processors() {
        for (at_work, processors, expected) in [(32, 2, 1), (32, 16, 8), (32, 64, 8), (32, 1, 1), (1, 8, 1)] {
            let admission = Admission::new(at_work, processors, TIMEOUT);
            assert_eq!(admission.by_cost(&admission.graphql, MUCH + 1).0.width, expected);
            assert!(Arc::ptr_eq(&admission.by_cost(&admission.graphql, MUCH).0, &admission.graphql.0));
        }
    }
}
