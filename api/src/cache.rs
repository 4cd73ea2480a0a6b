//! Reports and metrics that were answered before, as the bytes that were sent. Such an answer takes no place among the
//! requests at work, no connection to the database and no statement of its own.
//!
//! Promises: an answer is as new as the store while few ask, and at most a second behind it while many do (see
//! [`Freshness`]). It is made again only if something has changed that it is made from, or the clock has moved on. Equal
//! questions that are asked at the same time are answered once: those that wait for the first hold no place. Answers take
//! a bounded amount of memory; those unused for longest are dropped first. What is not answered with 200 is not kept.
//! An answer depends on nothing but the address, the headers in its key, what is granted to who asks, and the data of its
//! tenant.

mod freshness;
mod kept;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dora::Snapshots;
use kernel::Tenant;
use runtime::locked;
use runtime::panics::on_own_thread;
use store::Store;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::identity::Identity;
use crate::made::{LookedAt, MadeFrom};
use crate::paths;
use crate::problem::Problem;
use crate::tag;
use crate::tenant::name;
use freshness::{Beside, Freshness, Look};
use kept::{Answer, Kept, Pace, Usable};

/// The routes whose answers are kept: those that say what they are made from.
const ROUTES: [&str; 6] =
    [paths::DORA, paths::METRIC, paths::ANSWERS, paths::DISTRIBUTION, paths::CONTRIBUTIONS, paths::MOVERS];
/// What an answer depends on beside the address of the request.
const HEADERS: [&str; 3] = ["accept", "accept-encoding", "sei-tenant"];
/// A longer question is not kept, in bytes.
const KEY: usize = 4 * 1024;
/// How many answers are made again at once, for each processor.
const RENEWED_AT_ONCE: usize = 4;
/// How long one statement may take that looks whether the store has changed …
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);
/// … and how long a look, which all wait for that ask.
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers that were given before. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Cache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Looks whether the store has changed, and waits for no other read.
    store: Store,
    snapshots: Snapshots,
    kept: Kept,
    tenants: Mutex<BTreeMap<Tenant, Arc<Freshness>>>,
    /// Looks at the store, and answers that are made again while the ones before are given.
    beside: Beside,
    /// How many of these answers are made at once.
    renewing: Semaphore,
    /// How long that takes.
    pace: Pace,
    timeout: Duration,
}

impl Cache {
    /// An empty one, which takes up to `limit_bytes`, and answers in `timeout`. For each of the `processors` a few answers
    /// are made again at a time, so that none of these stands still while one waits for its turn or for the store.
    pub(crate) fn new(
        store: &Store,
        snapshots: &Snapshots,
        limit_bytes: usize,
        (processors, timeout): (usize, Duration),
    ) -> Self {
        Self(Arc::new(Inner {
            store: store.looking(STATEMENT_TIMEOUT),
            snapshots: snapshots.clone(),
            kept: kept::none(limit_bytes),
            tenants: Mutex::default(),
            beside: Beside::default(),
            renewing: Semaphore::new(RENEWED_AT_ONCE * processors),
            pace: Pace::default(),
            timeout,
        }))
    }

    /// Ends what is made again.
    pub(crate) async fn close(&self) {
        self.0.beside.end.cancel();
        self.0.beside.tasks.close();
        self.0.beside.tasks.wait().await;
    }

    /// The data of the tenant that a request asks about, if that tenant was asked about before with success.
    fn freshness(&self, head: &Parts) -> Option<Arc<Freshness>> {
        let wanted = name::wanted(&head.headers, head.uri.query().unwrap_or_default(), &head.extensions).ok()?;
        let tenant = Tenant::new(&wanted).ok()?;
        locked(&self.0.tenants).get(&tenant).cloned()
    }

    /// The data of a tenant that exists: names come from anyone, and only those that exist take memory.
    fn freshness_of(&self, tenant: &Tenant) -> Arc<Freshness> {
        let new = || {
            let (store, beside) = (self.0.store.for_tenant(tenant), self.0.beside.clone());
            let limit = self.0.timeout.min(LOOK_TIMEOUT);
            Arc::new(Freshness::new(store, self.0.snapshots.clone(), beside, limit))
        };
        Arc::clone(locked(&self.0.tenants).entry(tenant.clone()).or_insert_with(new))
    }
}

/// Answers from memory where it can.
pub(crate) async fn recall(cache: &Cache, request: Request, next: Next) -> Response {
    let Some(key) = key(&request) else { return next.run(request).await };
    let (mut head, _) = request.into_parts();
    // the answer is made whole, whatever this client has of it
    let known = tag::if_none_match(&head.headers);
    head.headers.remove(header::IF_NONE_MATCH);
    head.method = Method::GET;
    let limit = cache.0.timeout;
    let ask = Ask { cache: cache.clone(), key, head, next, at: Instant::now() };
    let answered = timeout(limit, ask.answered()).await;
    tag::unless_known(&known, answered.unwrap_or_else(|_| Problem::too_slow(limit).into_response()))
}

/// What an answer depends on beside the data; `None` of what is not kept.
fn key(request: &Request) -> Option<Vec<u8>> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    if !matches!(*request.method(), Method::GET | Method::HEAD) || !ROUTES.contains(&route) {
        return None;
    }
    let identity = request.extensions().get::<Arc<Identity>>()?;
    // neither addresses nor headers hold these separators
    let mut key = request.uri().path_and_query()?.as_str().as_bytes().to_vec();
    for name in HEADERS {
        key.push(b'\n');
        for value in request.headers().get_all(name) {
            key.push(b'\r');
            key.extend_from_slice(value.as_bytes());
        }
    }
    key.push(b'\n');
    key.extend_from_slice(identity.grants.fingerprint());
    (key.len() <= KEY).then_some(key)
}

/// A question that may have been answered before.
struct Ask {
    cache: Cache,
    key: Vec<u8>,
    head: Parts,
    next: Next,
    at: Instant,
}

impl Ask {
    async fn answered(self) -> Response {
        if let Some(answer) = self.cache.0.kept.value(&self.key) {
            // where the store does not answer, the request itself has the reason
            let Some(look) = answer.freshness.look(self.at).await else { return self.run(None).await };
            match answer.usable(&look, self.at, &self.cache.0.pace) {
                Usable::AsItIs => return answer.response(),
                Usable::WhileRenewed => {
                    self.renew(&answer);
                    return answer.response();
                }
                Usable::No => {}
            }
        }
        // the one that has this answers, the others wait; where it is given up, the next one answers
        let place = self.cache.0.kept.place(&self.key);
        let alone = place.lock().await;
        let response = self.answered_alone().await;
        drop(alone);
        self.cache.0.kept.give_up(&self.key, &place);
        response
    }

    /// Answers while all that ask the same wait.
    async fn answered_alone(&self) -> Response {
        let kept = self.cache.0.kept.value(&self.key);
        let freshness = kept.as_ref().map(|answer| Arc::clone(&answer.freshness));
        // of a tenant that was not asked about yet nothing is known
        let Some(freshness) = freshness.or_else(|| self.cache.freshness(&self.head)) else {
            return self.make(None).await;
        };
        let Some(look) = freshness.look(self.at).await else { return self.run(None).await };
        match kept.filter(|answer| answer.usable(&look, self.at, &self.cache.0.pace) != Usable::No) {
            Some(answer) => answer.response(),
            None => self.make(Some(&look)).await,
        }
    }

    /// Asks as if nothing was kept, of the store as it was looked at, or as it is.
    async fn run(&self, look: Option<&Look>) -> Response {
        let mut request = Request::from_parts(self.head.clone(), Body::empty());
        if let Some(look) = look {
            request.extensions_mut().insert(LookedAt { tenant: look.seen.tenant.clone(), at: look.seen.at });
        }
        self.next.clone().run(request).await
    }

    /// Asks, and keeps the answer if it says what it is made from.
    async fn make(&self, look: Option<&Look>) -> Response {
        let response = self.run(look).await;
        if response.status() != StatusCode::OK {
            return response;
        }
        let (mut head, body) = response.into_parts();
        let body = match to_bytes(body, usize::MAX).await {
            Ok(body) => body,
            Err(error) => return Problem::fault(&error).into_response(),
        };
        let Some(made) = head.extensions.remove::<MadeFrom>() else {
            return Response::from_parts(head, Body::from(body));
        };
        let freshness = self.cache.freshness_of(&made.tenant.tenant);
        let at = look.map_or(self.at, |look| look.seen.at);
        let answer = Answer { freshness, made, at, headers: head.headers, body };
        let response = answer.response();
        let bytes = answer.bytes();
        self.cache.0.kept.put(&self.key, Arc::new(answer), bytes);
        response
    }

    /// Has the answer made again, unless that happens already. Each waits for its turn as any request does.
    fn renew(self, answer: &Arc<Answer>) {
        let Ok(alone) = self.cache.0.kept.place(&self.key).try_lock_owned() else { return };
        let (cache, freshness, due) = (self.cache.clone(), Arc::clone(&answer.freshness), Instant::now());
        let Beside { tasks, end } = cache.0.beside.clone();
        tasks.spawn(async move {
            let _alone = alone;
            let turn = async { cache.0.renewing.acquire().await.ok() };
            let Some(_turn) = end.run_until_cancelled(turn).await.flatten() else { return };
            let renewed = async move {
                if let Some(look) = freshness.look(Instant::now()).await {
                    let _given = self.make(Some(&look)).await;
                }
            };
            let _ended = on_own_thread(end, Box::pin(renewed)).await;
            cache.0.pace.note(due.elapsed());
        });
    }
}
