//! What the gateway works with, made of the settings, and what is done with each request's events.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Extensions;
use connector::Connector;
use eventlog::EventLog;
use kernel::{Envelope, IgnoreReason, RejectReason, Tenant, TenantError};
use runtime::http::Peer;
use runtime::secret::{self, Secret, SecretError};
use runtime::settings::WebhookOptions;
use runtime::telemetry::{Occasionally, trace};
use runtime::{Operation, OperationOutcome, Reason, labels};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::access::Access;
use super::answer::Answer;
use super::append::{self, Appender};
use super::body::Bounds;
use super::budget::Budget;
use crate::settings::GatewaySettings;

/// What the gateway works with: the sources with their secrets, the log, the limits.
#[derive(Clone)]
pub struct GatewayState(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) sources: BTreeMap<(String, String), Source>,
    pub(super) access: Access,
    pub(super) events: Source,
    pub(super) appender: Appender,
    pub(super) permits: Semaphore,
    pub(super) budget: Arc<Budget>,
    pub(super) settings: GatewaySettings,
}

/// Who sends, and whose events they are.
pub(super) struct Source {
    pub(super) connector: &'static dyn Connector,
    /// `github/main`.
    pub(super) name: String,
    pub(super) secrets: Vec<Secret>,
    pub(super) tenant: Tenant,
    pub(super) canceled: Vec<String>,
    pub(super) refused: Occasionally,
}

impl Source {
    /// Reads the secrets of a configured source, which stands at this key.
    fn new(key: &str, configured: &runtime::settings::Source, webhook: &WebhookOptions) -> Result<Self, GatewayError> {
        let connector = registry::connector(&configured.connector)
            .filter(|found| found.webhook().is_some())
            .ok_or_else(|| GatewayError::NoWebhook(configured.full_name(), registry::with_webhooks()))?;
        let secrets = read_all(&format!("{key}.webhook.secrets"), &webhook.secrets)?;
        if secrets.is_empty() {
            return Err(GatewayError::NoSecret(key.to_owned()));
        }
        let tenant = configured.tenant.as_deref().map_or_else(|| Ok(Tenant::default()), Tenant::new);
        let tenant = tenant.map_err(|source| GatewayError::Tenant { key: key.to_owned(), source })?;
        let (name, canceled) = (configured.full_name(), webhook.canceled.clone());
        Ok(Self { connector, name, secrets, tenant, canceled, refused: Occasionally::new() })
    }

    /// Counts a request that was not authenticated, and logs a refusal: the kind of it, since its text may be as long as
    /// the request.
    pub(super) fn refused(&self, answer: &Answer) {
        if matches!(answer, Answer::Unauthenticated) {
            let reason = Reason::Rejected(RejectReason::Unauthenticated);
            runtime::metrics().events_ended.get_or_create(&labels::Ended::new(self.connector.name(), reason)).inc();
        }
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
    #[error("`{0}.webhook.secrets` is empty; a webhook needs at least one secret")]
    NoSecret(String),
    /// No connector of this name takes webhooks.
    #[error("[[source]] {0}: no connector of this name takes webhooks; there are {1}")]
    NoWebhook(String, String),
    /// An invalid name of a tenant.
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
    pub fn new(settings: &GatewaySettings, log: Arc<dyn EventLog>) -> Result<Self, GatewayError> {
        let mut sources = BTreeMap::new();
        for (nth, configured) in settings.source.iter().enumerate() {
            if let Some(webhook) = &configured.webhook {
                let source = Source::new(&format!("source.{nth}"), configured, webhook)?;
                sources.insert((configured.connector.clone(), configured.name.clone()), source);
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
                connector: &connector_generic::Generic,
                name: "generic/events".to_owned(),
                secrets: Vec::new(),
                tenant: Tenant::default(),
                refused: Occasionally::new(),
                canceled: Vec::new(),
            },
            appender: Appender::start(log, settings.events.in_flight, settings.server.timeout),
            permits: Semaphore::new(settings.events.in_flight.min(Semaphore::MAX_PERMITS)),
            budget: Budget::new(settings.events.body_memory),
            settings: settings.clone(),
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

impl Inner {
    /// What the body of a request may cost.
    pub(super) fn bounds(&self, request: &Extensions, deadline: Instant) -> Bounds<'_> {
        let source = Peer::of(request).address().map(runtime::http::share_of);
        Bounds { limit: self.settings.events.body_limit, deadline, budget: &self.budget, places: &self.permits, source }
    }

    /// Appends, and answers once the log has acknowledged.
    pub(super) async fn append(
        &self,
        source: &Source,
        events: Vec<Envelope>,
        deadline: Instant,
    ) -> Result<Answer, Answer> {
        let count = events.len();
        if count > 0 {
            let span = runtime::exported_span!(
                "append",
                otel.kind = "producer",
                otel.status_code = Empty,
                source.name = source.name.as_str(),
                events = trace::number(count),
            );
            self.hand_on(events, deadline).instrument(span).await?;
        }
        let label = labels::Connector { connector: source.connector.name() };
        runtime::metrics().events_received.get_or_create(&label).inc_by(count as u64);
        Ok(Answer::Accepted(count))
    }

    /// Hands events to the log, which state the current span, and returns once it has acknowledged them.
    async fn hand_on(&self, mut events: Vec<Envelope>, deadline: Instant) -> Result<(), Answer> {
        trace::stamp(&mut events);
        let begun = Instant::now();
        let appended = tokio::time::timeout_at(deadline, self.appender.append(events)).await;
        let (outcome, answer) = match appended.unwrap_or(Err(append::Failed::Again)) {
            Ok(()) => (OperationOutcome::Ok, Ok(())),
            Err(append::Failed::Again) => {
                (OperationOutcome::Unavailable, Err(Answer::Busy("the event log takes no events right now")))
            }
            Err(append::Failed::Refused) => (OperationOutcome::Refused, Err(Answer::TooLargeForLog)),
        };
        Operation::Append.ended(outcome, begun.elapsed());
        if answer.is_err() {
            Span::current().record("otel.status_code", "ERROR");
        }
        answer
    }
}

/// Counts what is left alone on purpose; nothing of it is kept.
pub(super) fn ignored(source: &Source, reason: IgnoreReason) -> Answer {
    let connector = source.connector.name();
    let label = labels::Ended::new(connector, Reason::Ignored(reason));
    runtime::metrics().events_ended.get_or_create(&label).inc();
    Answer::Ignored(reason)
}
