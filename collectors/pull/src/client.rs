//! Asking over HTTP: headers, retries, rate limits, and what an answer means.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use connector::json;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use runtime::{Operation, OperationOutcome, labels};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::budget::{Budget, RateLimit};
use super::clock::SourceClock;
use super::error::PullError;
use super::links;
use super::retry::{RetryLimits, random};
use super::seen::{Kept, Seen};
use super::source::{OpenError, Opened};
use super::transport::{Http, Request, Response, Transport};

/// Waited when a source says that a limit is reached but not for how long. GitHub asks for a minute.
const DEFAULT_WAIT: Duration = Duration::from_mins(1);
/// What a source says beyond this is not believed: there are times too far ahead for a clock to count to.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// After this time without an answer a message names what is waited for.
const QUIET: Duration = Duration::from_millis(1500);

/// As often the details of one thing are asked for.
const DETAIL_ATTEMPTS: u32 = 4;

/// As often a host is asked that has never answered. Its name may be mistyped: who waits for it learns so soon, and
/// the next pull asks again.
const FIRST_ATTEMPTS: u32 = 3;
/// For so long after that no request is sent to it.
const UNREACHABLE: Duration = Duration::from_secs(30);

/// Whether a host can be reached at all.
enum Reach {
    /// Not known yet.
    Unknown,
    /// It has answered before: what fails now may work again soon.
    Answered,
    /// It has never answered, and no request is sent until then.
    Unreachable(Instant, String),
}

/// What hosts say in their own ways. The defaults fit most.
pub trait Dialect: Send + Sync {
    /// How long to wait if this answer (no 429) says that a limit was reached.
    fn limited(&self, _: &Answer) -> Option<Duration> {
        None
    }

    /// What went wrong if this answer, a success by its status, says that the server failed.
    fn failed(&self, _: &Answer) -> Option<String> {
        None
    }

    /// The scope or permission that an answer of 403 says the token lacks.
    fn missing(&self, _: &Answer) -> Option<String> {
        None
    }

    /// What an answer that refuses a request (such as 422) says to be wrong with it.
    fn wrong(&self, _: &Answer) -> Option<String> {
        None
    }
}

/// The dialect of hosts that keep to the standards.
pub struct Plain;

impl Dialect for Plain {}

/// An answer that was read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; JSON, if the status is a success.
    pub body: Bytes,
    /// Where it came from.
    pub url: Url,
}

impl Answer {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }

    /// The body as JSON of this form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, PullError> {
        json::read(&self.body).map_err(|rejection| {
            PullError::Data(format!("{}: unexpected answer: {}", self.url.path(), rejection.detail))
        })
    }

    /// The address of the next page, by the header `Link` (RFC 8288); a relative one is joined with the address of
    /// this page.
    #[must_use]
    pub fn next_link(&self) -> Option<String> {
        let values = self.headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
        self.url.join(links::target(values, "next")?).ok().map(String::from)
    }

    /// What was seen before, which this answer says is unchanged; with what it says of the budget.
    fn unchanged(self, kept: &Kept) -> Self {
        let mut headers = kept.headers.clone();
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        Self { status: StatusCode::OK, headers, body: kept.body.clone(), url: self.url }
    }

    /// The host that it sends on to. A redirect on the same host was followed before.
    fn sent_on(&self) -> Option<String> {
        let location = self.header("location").filter(|_| self.status.is_redirection())?;
        // no more than the host: the rest can hold what is secret
        Some(self.url.join(location).ok()?.origin().ascii_serialization())
    }

    /// When the source answered, by its own clock.
    #[must_use]
    pub fn date(&self) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc2822(self.header("date")?).ok().map(|date| date.to_utc())
    }

    /// How long until a moment, by the source's clock where it is known: ours may be wrong.
    fn until(&self, moment: DateTime<Utc>) -> Duration {
        (moment - self.date().unwrap_or_else(Utc::now)).to_std().unwrap_or_default()
    }

    /// `Retry-After`, in seconds or as a date.
    fn retry_after(&self) -> Option<Duration> {
        let value = self.header("retry-after")?;
        if let Ok(seconds) = value.parse::<f64>() {
            return Duration::try_from_secs_f64(seconds.clamp(0.0, LONGEST.as_secs_f64())).ok();
        }
        DateTime::parse_from_rfc2822(value).ok().map(|date| self.until(date.to_utc()))
    }

    /// How long until a budget of which nothing is left is renewed.
    #[must_use]
    pub fn exhausted(&self) -> Option<Duration> {
        let (left, wait) = self.left()?;
        (left.remaining == 0).then_some(wait.unwrap_or(DEFAULT_WAIT))
    }

    /// What is left of the budget, and in how long it is renewed.
    fn left(&self) -> Option<(RateLimit, Option<Duration>)> {
        let number = |names: [&str; 3]| names.iter().find_map(|name| self.header(name)?.parse::<u64>().ok());
        let remaining = number(["x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"])?;
        let limit = number(["x-ratelimit-limit", "ratelimit-limit", "x-rate-limit-limit"]);
        let reset = number(["x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"]);
        // a time of this century in seconds or milliseconds, or a number of seconds: sources mean any of them
        let until = |moment: Option<DateTime<Utc>>| moment.map_or(DEFAULT_WAIT, |moment| self.until(moment));
        let wait = reset.map(|reset| match i64::try_from(reset) {
            Ok(0..=1_000_000_000) => Duration::from_secs(reset),
            Ok(seconds @ ..=1_000_000_000_000) => until(DateTime::from_timestamp(seconds, 0)),
            Ok(millis) => until(DateTime::from_timestamp_millis(millis)),
            Err(_) => DEFAULT_WAIT,
        });
        let wait = wait.map(|wait| wait.min(LONGEST));
        let date = self.date().unwrap_or_else(Utc::now);
        Some((RateLimit { remaining, limit, resets_at: wait.map(|wait| date + wait) }, wait))
    }
}

/// Asks one host with one token. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    base: Url,
    headers: HeaderMap,
    budget: Arc<Budget>,
    dialect: Arc<dyn Dialect>,
    /// As metrics name the source.
    label: labels::Source,
    retry: RetryLimits,
    seen: Arc<Seen>,
    clock: SourceClock,
    reach: Arc<Mutex<Reach>>,
    /// A message that an answer takes long was shown.
    wait_logged: Arc<AtomicBool>,
}

impl Client {
    /// A client for a source. `base` is what paths are appended to; it is asked with the headers of
    /// [`Client::with_header`] and [`Client::with_secret`].
    pub fn new(source: &Opened, base: Url) -> Result<Self, OpenError> {
        let transport = Http::new(source.ca_file.as_deref(), source.proxy.as_deref(), source.fixed_host())?;
        Ok(Self::over(transport, source, base))
    }

    pub(crate) fn over(transport: Arc<dyn Transport>, source: &Opened, base: Url) -> Self {
        let host = base.host_str().unwrap_or_default();
        let token = source.token.as_ref().map_or(source.name.as_bytes(), |token| token.expose());
        let budget = Budget::of(host, token, "");
        Self {
            transport,
            base,
            headers: HeaderMap::new(),
            budget,
            dialect: Arc::new(Plain),
            label: labels::Source { source: source.name.clone(), tenant: source.tenant.to_string() },
            retry: RetryLimits::default(),
            seen: Arc::default(),
            clock: source.clock.clone(),
            reach: Arc::new(Mutex::new(Reach::Unknown)),
            wait_logged: Arc::default(),
        }
    }

    /// The same with another header on each request.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// The same with a header that is never shown, such as `authorization`.
    pub fn with_secret(mut self, name: &'static str, value: &[u8]) -> Result<Self, OpenError> {
        let mut value = HeaderValue::from_bytes(value)
            .map_err(|_| OpenError::new("token", "holds characters that no HTTP header can".to_owned()))?;
        value.set_sensitive(true);
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }

    /// The same with a user and their password or token on each request (RFC 7617).
    pub fn with_basic(self, user: &str, password: &[u8]) -> Result<Self, OpenError> {
        let credentials = STANDARD.encode([user.as_bytes(), b":", password].concat());
        self.with_secret("authorization", format!("Basic {credentials}").as_bytes())
    }

    /// The same with a host's own ways of saying things.
    #[must_use]
    pub fn with_dialect(mut self, dialect: impl Dialect + 'static) -> Self {
        self.dialect = Arc::new(dialect);
        self
    }

    /// The same with a budget of its own, for hosts that count in several pools.
    #[must_use]
    pub fn with_budget(mut self, budget: Arc<Budget>) -> Self {
        self.budget = budget;
        self
    }

    /// The same with this number of attempts of what fails by itself.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.retry.attempts = attempts;
        self
    }

    /// The same for the details of one thing, which are not waited for as patiently as a page: the next pull asks for
    /// them again.
    #[must_use]
    pub fn for_details(&self) -> Self {
        self.clone().with_attempts(DETAIL_ATTEMPTS)
    }

    /// The rest of the rate limit, if the source has reported it.
    #[must_use]
    pub fn left(&self) -> Option<RateLimit> {
        self.budget.left()
    }

    /// The address of a path: below the base, unless it is an address itself. Of an address on another host, path and
    /// query are asked for at the base: the token goes nowhere else.
    pub fn address(&self, path: &str) -> Result<Url, PullError> {
        let wrong = |why: &str| PullError::Data(format!("`{path}` can't be asked for: {why}"));
        if !path.contains("://") {
            let base = self.base.as_str().trim_end_matches('/');
            return Url::parse(&format!("{base}/{}", path.trim_start_matches('/'))).map_err(|_| wrong("no address"));
        }
        let url = Url::parse(path).map_err(|_| wrong("no address"))?;
        links::at_base(&self.base, url).ok_or_else(|| wrong("it can't be asked for at the configured address"))
    }

    /// Asks for a path (with its query) or for an address on the same host, such as that of a next page.
    pub async fn get(&self, path: &str) -> Result<Answer, PullError> {
        self.send(Method::GET, self.address(path)?, Bytes::new(), HeaderMap::new()).await
    }

    /// Sends what changes something at the source: once, since an answer that is lost does not say that it was not done.
    pub async fn post_once(&self, path: &str, body: &Value) -> Result<Answer, PullError> {
        let client = self.clone().with_attempts(1);
        client.send(Method::POST, client.address(path)?, body.to_string().into(), HeaderMap::new()).await
    }

    /// Sends a request with more headers than those of the client, such as a token that is exchanged.
    pub async fn send(&self, method: Method, url: Url, body: Bytes, more: HeaderMap) -> Result<Answer, PullError> {
        let kept = if method == Method::GET { self.seen.get(url.as_str()) } else { None };
        let headers = self.headers_of(&body, more, kept.as_ref());
        let mut failed = 0;
        let mut limited = 0;
        loop {
            if let Reach::Unreachable(until, problem) = &*self.reach()
                && Instant::now() < *until
            {
                return Err(PullError::Unreachable(problem.clone()));
            }
            self.budget.permit(self.retry.limit).await.map_err(|wait| PullError::RateLimited(Utc::now() + wait))?;
            let request =
                Request { method: method.clone(), url: url.clone(), headers: headers.clone(), body: body.clone() };
            let problem = match self.send_once(&url, request).await {
                Err(problem) => problem,
                Ok(answer) => {
                    *self.reach() = Reach::Answered;
                    let mut answer =
                        Answer { status: answer.status, headers: answer.headers, body: answer.body, url: url.clone() };
                    if let Some(date) = answer.date() {
                        self.clock.note(date);
                    }
                    if let Some(kept) = kept.as_ref().filter(|_| answer.status == StatusCode::NOT_MODIFIED) {
                        answer = answer.unchanged(kept);
                    }
                    match self.verdict(answer) {
                        Verdict::Good(answer) => {
                            if method == Method::GET {
                                self.seen.keep(url.as_str(), &answer.headers, &answer.body);
                            }
                            return Ok(answer);
                        }
                        Verdict::Never(error) => return Err(error),
                        Verdict::Again(problem) => problem,
                        Verdict::Wait(wait) => {
                            // forbidden is forbidden for all workers, and no reason to lose the request
                            limited += 1;
                            let wait = wait + self.retry.backoff.jittered(limited.min(3) + 1, random());
                            self.budget.forbid(wait);
                            tracing::info!(url.path = url.path(), seconds = wait.as_secs(), "rate limited: waiting");
                            continue;
                        }
                    }
                }
            };
            failed += 1;
            let attempts = self.attempts();
            if failed >= attempts {
                return Err(self.given_up(&url, &problem, failed));
            }
            let wait = self.retry.backoff.jittered(failed, random());
            log_failure(&url, &problem, failed, attempts, wait);
            tokio::time::sleep(wait).await;
        }
    }

    /// The headers of a request, which asks for what is not as it was kept.
    fn headers_of(&self, body: &Bytes, more: HeaderMap, kept: Option<&Kept>) -> HeaderMap {
        let mut headers = self.headers.clone();
        if !body.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.extend(more);
        if let Some(kept) = kept {
            headers.insert(header::IF_NONE_MATCH, kept.etag.clone());
        }
        headers
    }

    /// How often a request is sent: less often to a host that has never answered.
    fn attempts(&self) -> u32 {
        match *self.reach() {
            Reach::Answered => self.retry.attempts,
            Reach::Unknown | Reach::Unreachable(..) => FIRST_ATTEMPTS,
        }
    }

    /// The error of the last attempt; a host that has never answered is not asked again for a while.
    fn given_up(&self, url: &Url, problem: &str, failed: u32) -> PullError {
        let mut reach = self.reach();
        if matches!(*reach, Reach::Answered) {
            return PullError::Transient(format!("{}: {problem} ({failed} times)", url.path()));
        }
        let host = url.host_str().unwrap_or_default();
        let problem = format!("{host} has never answered: {problem} ({failed} times)");
        *reach = Reach::Unreachable(Instant::now() + UNREACHABLE, problem.clone());
        PullError::Unreachable(problem)
    }

    fn reach(&self) -> MutexGuard<'_, Reach> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request, and counts it by how it ended.
    async fn send_once(&self, url: &Url, request: Request) -> Result<Response, String> {
        runtime::metrics().source_requests.get_or_create(&self.label).inc();
        let begun = Instant::now();
        let answer = self.patiently(url, self.transport.send(request)).await;
        let outcome = match answer.as_ref().map(|answer| answer.status) {
            Err(_) | Ok(StatusCode::TOO_MANY_REQUESTS) => OperationOutcome::Unavailable,
            Ok(status) if status.is_server_error() => OperationOutcome::Unavailable,
            Ok(status) if status.is_client_error() => OperationOutcome::Refused,
            Ok(_) => OperationOutcome::Ok,
        };
        Operation::SourceRequest.ended(outcome, begun.elapsed());
        answer
    }

    /// Waits for an answer, and says so when that takes long the first time.
    async fn patiently<T>(&self, url: &Url, answer: impl Future<Output = T>) -> T {
        let mut answer = std::pin::pin!(answer);
        if let Ok(answer) = tokio::time::timeout(QUIET, &mut answer).await {
            return answer;
        }
        let host = url.host_str().unwrap_or_default();
        if !self.wait_logged.swap(true, Ordering::Relaxed) {
            let attempts = self.attempts();
            tracing::warn!(host, "waiting for an answer; a request is sent up to {attempts} times");
        }
        answer.await
    }

    fn verdict(&self, answer: Answer) -> Verdict {
        if let Some((left, renewed_in)) = answer.left() {
            self.budget.reported(left, renewed_in);
        }
        let status = answer.status;
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Verdict::Wait(answer.retry_after().or_else(|| answer.exhausted()).unwrap_or(DEFAULT_WAIT));
        }
        if let Some(wait) = self.dialect.limited(&answer) {
            return Verdict::Wait(answer.retry_after().unwrap_or(wait));
        }
        if status == StatusCode::FORBIDDEN
            && let Some(wait) = answer.retry_after().or_else(|| answer.exhausted())
        {
            return Verdict::Wait(wait);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE
            && let Some(wait) = answer.retry_after()
        {
            return Verdict::Wait(wait);
        }
        if let Some(problem) = self.dialect.failed(&answer) {
            return Verdict::Again(problem);
        }
        if status.is_success() {
            let is_json = |text: &str| serde_json::from_str(text).map_err(|error| json::describe(&error));
            return match json::readable(&answer.body).and_then(is_json) {
                Ok(IgnoredAny) => Verdict::Good(answer),
                Err(why) => Verdict::Again(format!("the answer is no JSON: {why}")),
            };
        }
        let what = answer.url.path().to_owned();
        if let Some(other) = answer.sent_on() {
            let why = format!("the server sends on to {other}, where the token does not go");
            return Verdict::Never(PullError::Data(format!("{what}: {why}; if that is right, name it in `url`")));
        }
        match status {
            StatusCode::UNAUTHORIZED => Verdict::Never(PullError::Unauthenticated(what)),
            StatusCode::FORBIDDEN => {
                let missing = self.dialect.missing(&answer);
                Verdict::Never(PullError::Denied { what, missing })
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => Verdict::Never(PullError::Gone(what)),
            StatusCode::REQUEST_TIMEOUT => Verdict::Again("the server waited too long".to_owned()),
            _ if status.is_server_error() => Verdict::Again(format!("the server answered {status}")),
            _ => {
                let why = self.dialect.wrong(&answer).map(|why| format!(": {why}")).unwrap_or_default();
                Verdict::Never(PullError::Data(format!("{what}: the server answered {status}{why}")))
            }
        }
    }
}

/// Logs an attempt that gave no answer: the first as a warning.
fn log_failure(url: &Url, problem: &str, failed: u32, attempts: u32, wait: Duration) {
    let host = url.host_str().unwrap_or_default();
    if failed == 1 {
        tracing::warn!(host, url.path = url.path(), problem, "no usable answer; asking again, {attempts} times in all");
    } else {
        tracing::debug!(url.path = url.path(), problem, wait = wait.as_secs_f64(), "asking again");
    }
}

#[cfg(test)]
impl Client {
    /// The same with other limits.
    pub(crate) fn with_retry_limits(self, retry: RetryLimits) -> Self {
        Self { retry, ..self }
    }
}

enum Verdict {
    Good(Answer),
    Never(PullError),
    Again(String),
    Wait(Duration),
}

#[cfg(test)]
mod tests;
