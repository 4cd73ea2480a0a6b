//! Reading the past again, with the normalizers of today. Ids and versions make that harmless: rows
//! change only where a normalizer has learned something.

use eventlog::EventLog;
use store::dead_letters::DeadLetterFilter;
use store::{Store, positions};

use crate::ProcessError;
use crate::consumer::CONSUMER;

/// Lets the processor read the log from its start again, as far back as retention goes. A processor that
/// is running notices within seconds.
pub async fn replay(store: &Store, log: &dyn EventLog) -> Result<(), ProcessError> {
    Ok(positions::reset(store, CONSUMER, log.topic()).await?)
}

/// Appends the rejected events of the store's tenant to the log again, and returns how many. One that is
/// rejected again is kept again.
pub async fn replay_dead_letters(store: &Store, log: &dyn EventLog) -> Result<u64, ProcessError> {
    let mut tx = store.begin().await?;
    let replayed = eventlog::replay_dead_letters(&mut tx, log, &DeadLetterFilter::default(), i64::MAX).await?;
    tx.commit().await?;
    Ok(u64::try_from(replayed).unwrap_or_default())
}
