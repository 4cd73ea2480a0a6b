//! How much one client may ask, in units: a request costs one, and what is computed for it more. And how often an address
//! may try to log in.
//!
//! Promises: the check takes no await and a bounded amount of memory; the units of a question are taken before it is
//! computed; an answer that is in memory costs one. Which requests run at the same time is left to `admission`.

mod buckets;
mod client;
mod open;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{Extensions, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::paths;
use crate::problem::Problem;
use crate::settings::RequestLimits;
use buckets::{Buckets, Quota};
pub(crate) use client::Client;
pub(crate) use open::{OpenRequest, OpenRequests};

/// Time after which an empty bucket is full again.
const WINDOW: Duration = Duration::from_mins(1);
/// Fields and values of series that cost a unit.
const VALUES_PER_UNIT: u64 = 100;
/// What a request costs beside what was taken for it, if its credentials are wrong.
const WRONG_CREDENTIALS: u32 = 20;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEVEL: HeaderName = HeaderName::from_static("ratelimit");

/// The limits of a server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ClientLimits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Whether no client is limited.
    are_off: bool,
    principals: Limit,
    addresses: Limit,
    logins: Limit,
    open: Arc<OpenRequests>,
    concurrent: usize,
}

/// What is counted together, under a name.
#[derive(Debug)]
struct Limit {
    name: &'static str,
    setting: &'static str,
    policy: HeaderValue,
    buckets: Buckets<Client>,
}

impl Limit {
    fn new(name: &'static str, setting: &'static str, units: u32) -> Self {
        let policy = format!("\"{name}\";q={units};w={}", WINDOW.as_secs());
        // a name and digits are always a value
        let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(""));
        Self { name, setting, policy, buckets: Buckets::new(Quota { units, window: WINDOW }) }
    }

    fn take(&self, client: &Client, units: u32, now: Instant) -> Result<(), Problem> {
        self.buckets.take(client, units, now).map_err(|wait| {
            let allowed = self.buckets.quota().units;
            let detail = format!(
                "This client may use {allowed} units a minute ({}) and has less left than the {units} that this request \
                 takes. Wait as long as `Retry-After` says, or ask for less at once.",
                self.setting
            );
            Problem::rate_limited(detail, wait)
        })
    }
}

impl ClientLimits {
    /// Those of the settings, or none.
    #[must_use]
    pub(crate) fn new(settings: &RequestLimits, are_off: bool) -> Self {
        Self(Arc::new(Inner {
            are_off,
            principals: Limit::new("principal", "api.limits.principal_per_minute", settings.principal_per_minute),
            addresses: Limit::new("address", "api.limits.address_per_minute", settings.address_per_minute),
            logins: Limit::new("login", "api.limits.logins_per_minute", settings.logins_per_minute),
            open: OpenRequests::new(settings.concurrent),
            concurrent: settings.concurrent,
        }))
    }

    /// What limits the sender of a request; `None` where nothing does.
    pub(crate) fn of(&self, extensions: &Extensions) -> Option<Allowance> {
        if self.0.are_off {
            return None;
        }
        Client::of(extensions).map(|client| Allowance { limits: self.clone(), client })
    }

    /// What limits the address that sends a request, also where a user or a token does.
    pub(crate) fn of_address(&self, extensions: &Extensions) -> Option<Allowance> {
        let client = if self.0.are_off { None } else { Client::of_address(extensions) };
        client.map(|client| Allowance { limits: self.clone(), client })
    }
}

/// What one client may still ask. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    limits: ClientLimits,
    client: Client,
}

/// A request that was let in, until this is dropped.
#[derive(Debug)]
pub(crate) struct LetIn {
    _open: OpenRequest,
    /// Where it is an attempt to log in: what it was taken from.
    attempt: Option<Allowance>,
}

impl LetIn {
    /// It is answered. Only attempts to log in that fail are counted.
    pub(crate) fn end(self, response: &Response) {
        let has_failed = response.status().is_client_error() || response.status().is_server_error();
        if let Some(attempt) = self.attempt.filter(|_| !has_failed) {
            attempt.limits.0.logins.buckets.give_back(&attempt.client, 1);
        }
    }
}

impl Allowance {
    /// Lets a request in.
    pub(crate) fn enter(&self, request: &Request, now: Instant) -> Result<LetIn, Problem> {
        let inner = &self.limits.0;
        self.take_one(now)?;
        let attempt = is_login(request).then(|| self.clone());
        if attempt.is_some() {
            inner.logins.take(&self.client, 1, now)?;
        }
        Ok(LetIn { _open: self.open()?, attempt })
    }

    /// A place among the requests of this client that are being answered.
    pub(crate) fn open(&self) -> Result<OpenRequest, Problem> {
        let inner = &self.limits.0;
        inner.open.enter(&self.client).ok_or_else(|| {
            let detail = format!(
                "More than {} requests of this client are being answered (api.limits.concurrent). Wait for one of them.",
                inner.concurrent
            );
            Problem::rate_limited(detail, Duration::from_secs(1))
        })
    }

    /// Takes what every request costs.
    pub(crate) fn take_one(&self, now: Instant) -> Result<(), Problem> {
        self.limit().take(&self.client, 1, now)
    }

    /// Fails where less than a unit is left, and takes nothing otherwise.
    pub(crate) fn check(&self, now: Instant) -> Result<(), Problem> {
        let level = self.limit().buckets.level(&self.client, now);
        if level.remaining > 0 { Ok(()) } else { self.take_one(now) }
    }

    /// Takes what a question of this many fields and values of series costs.
    pub(crate) fn charge(&self, values: u64) -> Result<(), Problem> {
        let units = u32::try_from(values.div_ceil(VALUES_PER_UNIT)).unwrap_or(u32::MAX);
        self.limit().take(&self.client, units, Instant::now())
    }

    fn limit(&self) -> &Limit {
        match &self.client {
            Client::Principal(_) => &self.limits.0.principals,
            Client::Address(_) => &self.limits.0.addresses,
        }
    }

    /// Takes what wrong credentials cost.
    pub(crate) fn penalize(&self, now: Instant) {
        self.limit().buckets.drain(&self.client, WRONG_CREDENTIALS, now);
    }

    /// Says in an answer where the client stands. An answer that refuses its credentials costs more.
    pub(crate) fn settle(&self, response: &mut Response, now: Instant) {
        if response.status() == StatusCode::UNAUTHORIZED {
            self.penalize(now);
        }
        let Limit { name, policy, buckets, .. } = self.limit();
        let level = buckets.level(&self.client, now);
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let reset = retry_after.and_then(|secs| secs.parse().ok()).unwrap_or_else(|| whole_secs(level.full_in));
        let headers = response.headers_mut();
        headers.insert(POLICY, policy.clone());
        if let Ok(value) = HeaderValue::try_from(format!("\"{name}\";r={};t={reset}", level.remaining)) {
            headers.insert(LEVEL, value);
        }
    }
}

/// Whether a request is an attempt to log in, by a password, a link or the answer of a provider, or to end sessions as a
/// provider does.
fn is_login(request: &Request) -> bool {
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(paths::LOGIN | paths::LOGIN_API | paths::LOGIN_LINK | paths::LOGIN_BACKCHANNEL) => {
            !request.method().is_safe()
        }
        Some(paths::LOGIN_CALLBACK) => true,
        _ => false,
    }
}

/// A time in seconds, rounded up.
fn whole_secs(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
