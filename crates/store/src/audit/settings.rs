//! That a process started with other settings than the last one of its role.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::append::record;
use super::entry::{Action, Actor, Entry, canonical};
use crate::{Store, StoreError};

/// Records the settings that a role starts with, if they are others than those of the last start: which sections changed,
/// and the hashes of all. Settings hold no secrets, only where these are. What can't be recorded is logged: a role starts
/// before its database is migrated, too.
pub async fn note_settings(store: &Store, role: &str, sections: &Value) {
    if let Err(error) = note(store, role, sections).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, role, "the audit log does not say which settings the role starts with");
    }
}

async fn note(store: &Store, role: &str, sections: &Value) -> Result<(), StoreError> {
    let digest = |section: &Value| hex::encode(Sha256::digest(canonical(section).to_string()));
    let sections = sections.as_object().into_iter().flatten();
    let digests: BTreeMap<&str, String> = sections.map(|(name, section)| (name.as_str(), digest(section))).collect();
    let mut tx = store.begin().await?;
    // of processes that start at once, one notes what has changed
    sqlx::query!("select next from audit_head for update").fetch_one(tx.connection()).await?;
    let last = sqlx::query_scalar!(
        "select detail from audit where action = $1 and subject = $2 order by id desc limit 1",
        Action::SettingsChanged.as_str(),
        role,
    )
    .fetch_optional(tx.connection())
    .await?;
    let before = |name: &str| last.as_ref().and_then(|detail| detail.get("digests")?.get(name)?.as_str());
    let changed: Vec<&str> =
        digests.iter().filter(|(name, digest)| before(name) != Some(digest.as_str())).map(|(name, _)| *name).collect();
    if changed.is_empty() {
        return tx.rollback().await;
    }
    let detail = json!({ "changed": changed, "digests": digests });
    record(&mut tx, &Entry::new(Actor::sei(), Action::SettingsChanged, role).with(detail)).await?;
    tx.commit().await
}
