//! Events of facts: of those that are sent in, and of those that `sei` itself states.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::envelope::{Envelope, Tenant};
use crate::facts::Fact;

/// The event of a fact that this program itself states, for a source of the connector `generic`.
pub fn own_event(
    fact: &Fact,
    source: &str,
    tenant: &Tenant,
    received: DateTime<Utc>,
) -> Result<Envelope, serde_json::Error> {
    let data = serde_json::to_vec(fact)?;
    let id = hex::encode(Sha256::digest(&data));
    Ok(event_of_fact(id, fact, data, source, tenant, received))
}

/// The event of a fact that is written in JSON, for a source of the connector `generic`.
#[must_use]
pub fn event_of_fact(
    id: String,
    fact: &Fact,
    data: Vec<u8>,
    source: &str,
    tenant: &Tenant,
    received: DateTime<Utc>,
) -> Envelope {
    let key = fact.order_key();
    Envelope {
        id,
        source: source.to_owned(),
        kind: format!("generic.{}", fact.kind()),
        subject: Some(key.clone()),
        time: received,
        tenant: tenant.clone(),
        key,
        content_type: "application/json".to_owned(),
        data: data.into(),
        traceparent: None,
    }
}
