//! The webhook gateway: `POST /webhooks/{connector}[/{name}[/…]]` and `POST /v1/events`.
//!
//! Promises: what it answered with 202 is durable in the event log; nothing unverified is read further
//! than its signature; work is bounded before it begins (size, time, memory, requests in flight); a place among
//! the requests in flight is taken only by a body that is complete; it answers 4xx only where sending the same
//! again cannot help, and 5xx where it can.

mod access;
mod answer;
mod append;
mod body;
mod budget;
mod devlake;
mod events;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Extensions;
use axum::routing::post;
use eventlog::EventLog;
use kernel::{Envelope, IgnoreReason, Tenant, TenantError};
use runtime::http::Peer;
use runtime::secret::{self, Secret, SecretError};
use runtime::settings::Settings;
use runtime::telemetry::Occasionally;
use runtime::{Outcome, Reason, labels};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::{Connector, registry};
use access::Access;
use answer::Answer;
use append::Appender;
use body::Bounds;
use budget::Budget;

/// What the gateway works with: the sources with their secrets, the log, the limits.
#[derive(Clone)]
pub struct GatewayState(Arc<Inner>);

struct Inner {
    sources: BTreeMap<(String, String), Source>,
    access: Access,
    events: Source,
    appender: Appender,
    permits: Semaphore,
    budget: Arc<Budget>,
    body_limit: usize,
    timeout: Duration,
}

/// Who sends, and whose events they are.
struct Source {
    connector: &'static dyn Connector,
    /// `github/main`.
    name: String,
    secrets: Vec<Secret>,
    tenant: Tenant,
    canceled: Vec<String>,
    refused: Occasionally,
}

impl Source {
    /// Logs a refusal: the kind of it, since its text may be as long as the request.
    fn refused(&self, answer: &Answer) {
        if let Some(more) = self.refused.pass() {
            let kind = answer.kind();
            tracing::info!(source.name = self.name, not_logged = more, "refused a request: {kind}");
        }
    }
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// A secret could not be had. Without it nothing could be verified.
    #[error("the secret of `{key}` can't be read")]
    Secret {
        /// The key in the settings.
        key: String,
        /// Why.
        #[source]
        source: SecretError,
    },
    /// There are no secrets, so that nothing could be verified.
    #[error("`{0}.secrets` is empty; a webhook needs at least one secret")]
    NoSecret(String),
    /// No connector of this name takes webhooks.
    #[error("`webhooks.{0}`: no connector of this name takes webhooks; there are {1}")]
    NoWebhook(String, String),
    /// A tenant's name that is none.
    #[error("`{key}.tenant` names no tenant")]
    Tenant {
        /// The key in the settings.
        key: String,
        /// Why.
        #[source]
        source: TenantError,
    },
}

impl GatewayState {
    /// Reads the secrets that the settings point to, and starts the task that appends to the log. To be
    /// called within a tokio runtime.
    pub fn new(settings: &Settings, log: Arc<dyn EventLog>) -> Result<Self, GatewayError> {
        let mut sources = BTreeMap::new();
        for (connector, names) in &settings.webhooks {
            for (name, source) in names {
                let key = format!("webhooks.{connector}.{name}");
                let found = registry::connector(connector)
                    .filter(|found| found.webhook().is_some())
                    .ok_or_else(|| GatewayError::NoWebhook(connector.clone(), with_webhooks()))?;
                let secrets = read_all(&format!("{key}.secrets"), &source.secrets)?;
                if secrets.is_empty() {
                    return Err(GatewayError::NoSecret(key));
                }
                let tenant = match &source.tenant {
                    Some(tenant) => Tenant::new(tenant).map_err(|source| GatewayError::Tenant { key, source })?,
                    None => Tenant::default(),
                };
                let name_of_source = format!("{connector}/{name}");
                let (refused, canceled) = (Occasionally::new(), source.canceled.clone());
                let source = Source { connector: found, name: name_of_source, secrets, tenant, canceled, refused };
                sources.insert((connector.clone(), name.clone()), source);
            }
        }
        Ok(Self(Arc::new(Inner {
            sources,
            access: if settings.events.allow_without_token {
                Access::Everyone
            } else {
                Access::Tokens(read_all("events.tokens", &settings.events.tokens)?)
            },
            events: Source {
                connector: &crate::generic::Generic,
                name: "generic/events".to_owned(),
                secrets: Vec::new(),
                tenant: Tenant::default(),
                refused: Occasionally::new(),
                canceled: Vec::new(),
            },
            appender: Appender::start(log, settings.server.in_flight),
            permits: Semaphore::new(settings.server.in_flight.min(Semaphore::MAX_PERMITS)),
            budget: Budget::new(settings.server.body_memory),
            body_limit: settings.server.body_limit,
            timeout: settings.server.timeout,
        })))
    }
}

fn read_all(key: &str, references: &[runtime::settings::SecretRef]) -> Result<Vec<Secret>, GatewayError> {
    let read = |(index, reference)| {
        secret::read_verifying(reference)
            .map_err(|source| GatewayError::Secret { key: format!("{key}.{index}"), source })
    };
    references.iter().enumerate().map(read).collect()
}

fn with_webhooks() -> String {
    let names = registry::all().iter().filter(|connector| connector.webhook().is_some()).map(|found| found.name());
    names.collect::<Vec<_>>().join(", ")
}

/// The routes. Serve them with [`runtime::http::serve`], which says who sends a request: without that,
/// `POST /v1/events` takes nothing that has no token.
pub fn router(state: GatewayState) -> Router {
    Router::new()
        .route("/webhooks/{connector}", post(webhooks::unnamed))
        .route("/webhooks/{connector}/{name}", post(webhooks::named))
        .route("/webhooks/{connector}/{name}/{*path}", post(webhooks::below))
        .route("/v1/events", post(events::events))
        .merge(devlake::routes())
        .with_state(state)
}

impl Inner {
    /// What the body of a request may cost.
    fn bounds(&self, request: &Extensions, deadline: Instant) -> Bounds<'_> {
        let source = Peer::of(request).address().map(runtime::http::share_of);
        Bounds { limit: self.body_limit, deadline, budget: &self.budget, places: &self.permits, source }
    }

    /// Appends, and answers once the log has acknowledged.
    async fn append(&self, source: &Source, events: Vec<Envelope>, deadline: Instant) -> Result<Answer, Answer> {
        let count = events.len();
        if count > 0 {
            let appended = tokio::time::timeout_at(deadline, self.appender.append(events)).await;
            match appended.unwrap_or(Err(append::Failed::Again)) {
                Ok(()) => {}
                Err(append::Failed::Again) => return Err(Answer::Busy("the event log takes no events right now")),
                Err(append::Failed::Refused) => return Err(Answer::TooLargeForLog),
            }
        }
        let label = labels::Connector { connector: source.connector.name() };
        runtime::metrics().events_received.get_or_create(&label).inc_by(count as u64);
        Ok(Answer::Accepted(count))
    }
}

/// Counts what is left alone on purpose; nothing of it is kept.
fn ignored(source: &Source, reason: IgnoreReason) -> Answer {
    let connector = source.connector.name();
    let label = labels::Ended { connector, outcome: Outcome::Ignored, reason: Reason::Ignored(reason) };
    runtime::metrics().events_ended.get_or_create(&label).inc();
    Answer::Ignored(reason)
}
