//! Writes facts that someone states: who is who, what belongs where.
//!
//! Promises: what a change starts from is read in the transaction that writes it, and no one else writes facts in between
//! ([`begin`]); they are written in one transaction with their entry of the audit log, so that they count at once; and they
//! are appended to the event log, from which a database can be built again, even if the request ends meanwhile.

use std::sync::Arc;

use chrono::Utc;
use eventlog::EventLog;
use kernel::{Fact, own_event};
use store::audit::{self, Entry};
use store::{Store, StoreError, StoreTx};

use crate::problem::Problem;

/// Begins a transaction that reads what it changes: no one else writes facts of the tenant until it ends.
pub(crate) async fn begin(store: &Store) -> Result<StoreTx, StoreError> {
    let mut tx = store.begin().await?;
    store::facts::hold(&mut tx).await?;
    Ok(tx)
}

/// Writes facts and their entry in a transaction, and commits it. `source` is what their events come from.
pub(crate) async fn commit(
    mut tx: StoreTx,
    log: Arc<dyn EventLog>,
    source: &str,
    facts: &[Fact],
    entry: &Entry,
) -> Result<(), Problem> {
    let (tenant, now) = (tx.tenant().clone(), Utc::now());
    let events = facts.iter().map(|fact| own_event(fact, source, &tenant, now)).collect::<Result<Vec<_>, _>>();
    let events = events.map_err(|error| Problem::fault(&error))?;
    store::facts::write(&mut tx, facts).await?;
    audit::record(&mut tx, entry).await?;
    // not by the request, which its sender may end between the two
    let done = tokio::spawn(async move {
        tx.commit().await?;
        log.append(events).await?;
        Ok::<_, Problem>(())
    });
    done.await.map_err(|error| Problem::fault(&error))?
}
