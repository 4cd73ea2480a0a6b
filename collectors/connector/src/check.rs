//! What a webhook's payload would become, without a gateway, a log or a database: for people who set a
//! source up. Nothing that is read here can reach the log.

use chrono::{DateTime, Utc};
use kernel::Secret;
use kernel::{Fact, IgnoreReason, NotStored, Rejection, Tenant};
use serde::Serialize;

use crate::webhook::{Destination, RawRequest, Received, Refusal, unverified};
use crate::{Connector, Normalized, normalize};

/// What a request would become.
#[derive(Debug)]
pub struct CheckedRequest {
    /// Whether it is signed as the source signs, with one of the secrets.
    pub verified: bool,
    /// The outcome of its content, signed or not.
    pub end: End,
}

/// The outcome of a request's content.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The gateway would answer 400: it does not say what the source always says.
    Refused(String),
    /// The gateway would answer 200 and keep nothing.
    Ignored(IgnoreReason),
    /// The gateway would answer 202, and each event would end so.
    Accepted(Vec<CheckedEvent>),
}

/// The outcome of an event.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckedEvent {
    /// These facts.
    Stored(Vec<Fact>),
    /// Nothing, on purpose.
    Ignored(IgnoreReason),
    /// A rejection, with its reason and a sentence.
    Rejected {
        /// The reason.
        reason: kernel::RejectReason,
        /// Where, and what was expected.
        detail: String,
    },
}

/// Looks at a request to the connector; `None` for a connector that takes no webhooks.
#[must_use]
pub fn check(
    connector: &dyn Connector,
    request: RawRequest,
    secrets: &[Secret],
    received: DateTime<Utc>,
) -> Option<CheckedRequest> {
    let webhook = connector.webhook()?;
    let (verified, read) = unverified(request, |request| webhook.verify(request, secrets).is_ok());
    let source = format!("{}/main", connector.name());
    let tenant = Tenant::default();
    let to = Destination { source: &source, tenant: &tenant, received, canceled: &[] };
    let end = match webhook.envelopes(&read, &to) {
        Err(Refusal::Incomplete(why)) => End::Refused(why.to_owned()),
        Err(refusal @ Refusal::Unauthenticated) => End::Refused(refusal.to_string()),
        Err(Refusal::Unprocessable(problems)) => {
            let problems: Vec<String> =
                problems.into_iter().map(|one| format!("{}: {}", one.path, one.problem)).collect();
            End::Refused(problems.join("; "))
        }
        Ok(Received::Ignored(reason)) => End::Ignored(reason),
        Ok(Received::Events(events)) => {
            End::Accepted(events.iter().map(|event| checked_event(normalize(connector, event))).collect())
        }
    };
    Some(CheckedRequest { verified, end })
}

fn checked_event(normalized: Normalized) -> CheckedEvent {
    match normalized.outcome {
        Ok(facts) => CheckedEvent::Stored(facts),
        Err(NotStored::Ignored(reason)) => CheckedEvent::Ignored(reason),
        Err(NotStored::Rejected(Rejection { reason, detail })) => CheckedEvent::Rejected { reason, detail },
    }
}
