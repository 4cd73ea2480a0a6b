//! Reports and metrics that were answered before, as the bytes that were sent. Such an answer takes no place among the
//! requests at work, no connection to the database and no statement of its own.
//!
//! Promises: an answer is as new as the store while few ask, and at most a second behind it while many do (see
//! [`Freshness`]). Equal questions that are asked at the same time are answered once: those that wait for the first hold
//! no place. Answers take a bounded amount of memory; those unused for longest are dropped first. What is not answered
//! with 200 is not kept. There are no accounts, so an answer depends on nothing but the address, the headers in its key
//! and the data of its tenant.

mod freshness;
mod kept;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::Tenant;
use store::Store;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::problem::Problem;
use crate::tag;
use crate::tenant::name;
use freshness::{Freshness, Look};
use kept::{Answer, Kept, Usable};

/// The routes whose answers are kept: those made from what the store marks as changed, and from nothing else.
const ROUTES: [&str; 2] = ["/api/v1/dora", "/api/v1/metrics/{name}"];
/// What an answer depends on beside the address of the request.
const HEADERS: [&str; 3] = ["accept", "accept-encoding", "sei-tenant"];
/// A longer question is not kept, in bytes.
const KEY: usize = 4 * 1024;
/// How long one statement may take that looks whether the store has changed.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// Answers that were given before. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Cache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Looks whether the store has changed, and waits for no other read.
    store: Store,
    kept: Kept,
    tenants: Mutex<BTreeMap<Tenant, Arc<Freshness>>>,
    /// Answers that are made again while the ones before are given.
    renewing: Semaphore,
    timeout: Duration,
}

impl Cache {
    /// An empty one, which takes up to `limit_bytes`, and answers in `timeout`. As many answers as there are `processors`
    /// are made again at once.
    pub(crate) fn new(store: &Store, limit_bytes: usize, processors: usize, timeout: Duration) -> Self {
        Self(Arc::new(Inner {
            store: store.looking(STATEMENT_TIMEOUT),
            kept: kept::none(limit_bytes),
            tenants: Mutex::default(),
            renewing: Semaphore::new(processors),
            timeout,
        }))
    }

    /// The data of the tenant that a request asks about, if that tenant was asked about before with success.
    fn freshness(&self, head: &Parts) -> Option<Arc<Freshness>> {
        let asked = name::asked(&head.headers, head.uri.query().unwrap_or_default()).ok()?;
        let tenant = asked.map_or_else(|| Some(Tenant::default()), |name| Tenant::new(&name).ok())?;
        self.tenants().get(&tenant).cloned()
    }

    /// Notes that the tenant of an answer exists: names come from anyone, and only those that exist take memory.
    fn note(&self, headers: &HeaderMap) {
        let name = headers.get("sei-tenant").and_then(|name| name.to_str().ok());
        let Some(tenant) = name.and_then(|name| Tenant::new(name).ok()) else { return };
        let new = || Arc::new(Freshness::new(self.0.store.for_tenant(&tenant)));
        self.tenants().entry(tenant.clone()).or_insert_with(new);
    }

    fn tenants(&self) -> MutexGuard<'_, BTreeMap<Tenant, Arc<Freshness>>> {
        self.0.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A middleware that answers from memory where it can.
pub(crate) async fn recall(State(cache): State<Cache>, request: Request, next: Next) -> Response {
    let Some(key) = key(&request) else { return next.run(request).await };
    let (mut head, _) = request.into_parts();
    // the answer is made whole, whatever this client has of it
    let known = tag::if_none_match(&head.headers);
    head.headers.remove(header::IF_NONE_MATCH);
    head.method = Method::GET;
    let limit = cache.0.timeout;
    let ask = Ask { cache, key, head, next, at: Instant::now() };
    let answered = timeout(limit, ask.answered()).await;
    tag::unless_known(&known, answered.unwrap_or_else(|_| Problem::too_slow(limit).into_response()))
}

/// What an answer depends on beside the data; `None` of what is not kept.
fn key(request: &Request) -> Option<Vec<u8>> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    if !matches!(*request.method(), Method::GET | Method::HEAD) || !ROUTES.contains(&route) {
        return None;
    }
    // neither addresses nor headers hold these separators
    let mut key = request.uri().path_and_query()?.as_str().as_bytes().to_vec();
    for name in HEADERS {
        key.push(b'\n');
        for value in request.headers().get_all(name) {
            key.push(b'\r');
            key.extend_from_slice(value.as_bytes());
        }
    }
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
        let kept = self.cache.0.kept.value(&self.key);
        let freshness = kept.as_ref().map(|answer| Arc::clone(&answer.freshness));
        let Some(freshness) = freshness.or_else(|| self.cache.freshness(&self.head)) else {
            return self.make(None).await;
        };
        // where the store does not answer, the request itself has the reason
        let Some(look) = freshness.look(self.at).await else { return self.run().await };
        if let Some(answer) = kept {
            match answer.usable(look, self.at) {
                Usable::AsItIs => return answer.response(),
                Usable::WhileRenewed => {
                    self.renew(freshness);
                    return answer.response();
                }
                Usable::No => {}
            }
        }
        // the one that has this answers, the others wait; where it is given up, the next one answers
        let place = self.cache.0.kept.place(&self.key);
        let alone = place.lock().await;
        let Some(look) = freshness.look(self.at).await else {
            drop(alone);
            return self.run().await;
        };
        let kept = self.cache.0.kept.value(&self.key);
        let response = match kept.filter(|answer| answer.usable(look, self.at) != Usable::No) {
            Some(answer) => answer.response(),
            None => self.make(Some((&freshness, look))).await,
        };
        drop(alone);
        self.cache.0.kept.give_up(&self.key, &place);
        response
    }

    /// Asks as if nothing was kept.
    async fn run(&self) -> Response {
        let request = Request::from_parts(self.head.clone(), Body::empty());
        self.next.clone().run(request).await
    }

    /// Asks, and keeps the answer as that of what was looked at before. Without that it is about a tenant that may not
    /// exist: then only the tenant is noted.
    async fn make(&self, read: Option<(&Arc<Freshness>, Look)>) -> Response {
        let response = self.run().await;
        if response.status() != StatusCode::OK {
            return response;
        }
        let (head, body) = response.into_parts();
        let body = match to_bytes(body, usize::MAX).await {
            Ok(body) => body,
            Err(error) => return Problem::fault(&error).into_response(),
        };
        let Some((freshness, read)) = read else {
            self.cache.note(&head.headers);
            return Response::from_parts(head, Body::from(body));
        };
        let answer = Answer { freshness: Arc::clone(freshness), read, headers: head.headers, body };
        let response = answer.response();
        let bytes = answer.bytes();
        self.cache.0.kept.put(&self.key, Arc::new(answer), bytes);
        response
    }

    /// Has the answer made again, unless that happens already. At most a few are at once, and each waits for its turn as
    /// any request does.
    fn renew(self, freshness: Arc<Freshness>) {
        let Ok(alone) = self.cache.0.kept.place(&self.key).try_lock_owned() else { return };
        tokio::spawn(async move {
            let _alone = alone;
            let Ok(_turn) = self.cache.0.renewing.acquire().await else { return };
            if let Some(read) = freshness.look(Instant::now()).await {
                let _given = self.make(Some((&freshness, read))).await;
            }
        });
    }
}
