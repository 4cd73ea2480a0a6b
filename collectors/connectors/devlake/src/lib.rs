//! Connector `devlake`: the webhook addresses of Apache `DevLake`, so that what posts there can post here.
//! Both of its dialects are read: today's camelCase, and the older `snake_case`. Verified by a bearer token.
//! How a team moves stands in the README of this crate.
//!
//! What is posted has no version of its own, so the time at which it came is its version: who speaks last
//! is right, as there.

mod facts;
mod wire;

use connector::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook};
use connector::{Connector, lenient};
use kernel::Secret;
use kernel::{Envelope, Fact, IgnoreReason, NotStored, Rejection};
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest, Sha256};

use facts::Place;

/// The connector.
pub struct DevLake;

/// The connector, as the registry lists it.
pub static CONNECTOR: DevLake = DevLake;

impl Connector for DevLake {
    fn name(&self) -> &'static str {
        "devlake"
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let place = Place { connection: &envelope.source, received: envelope.time };
        let data = &envelope.data;
        match envelope.kind.strip_prefix("devlake.").unwrap_or_default() {
            "deployments" => Ok(place.deployments(&read(data)?)?),
            "issues" => Ok(place.issue(read(data)?)?),
            "close" => Ok(vec![place.close_event(&read(data)?)]),
            "pull_requests" => Ok(vec![place.change(read(data)?)]),
            _ => Err(NotStored::Ignored(IgnoreReason::UnusedEvent)),
        }
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }
}

/// What decides what an event says, as each of these stands for something where it is left out.
fn read<T: DeserializeOwned>(data: &[u8]) -> Result<T, Rejection> {
    let decisive =
        ["deploymentCommits", "deployment_commits", "environment", "finishedDate", "result", "status", "type"];
    lenient::read_keeping(data, &decisive)
}

impl Webhook for DevLake {
    /// `curl -d` without a header says that it sends a form, and that is what `DevLake`'s own examples do.
    fn takes(&self, media_type: &str) -> bool {
        matches!(media_type, "" | "application/json" | "application/x-www-form-urlencoded" | "text/plain")
    }

    fn has(&self, path: &str) -> bool {
        matches!(path, "deployments" | "issues" | "pull_requests") || closed(path).is_some()
    }

    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        request.verify_bearer(secrets)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        let (kind, data) = match closed(request.path()) {
            // it has no body, and its address does not travel with it
            Some(key) => ("close", json!({ "issueKey": key }).to_string().into()),
            None => (request.path(), request.body().clone()),
        };
        // the same words at another time can be news: closed, opened again, closed again
        let mut id = Sha256::new();
        id.update(to.received.timestamp_micros().to_be_bytes());
        id.update(kind);
        id.update(&data);
        Ok(Received::Events(vec![to.event(hex::encode(id.finalize()), format!("devlake.{kind}"), None, data)]))
    }
}

/// The key of the issue that an address closes.
fn closed(path: &str) -> Option<&str> {
    path.strip_prefix("issue/")?.strip_suffix("/close").filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests;
