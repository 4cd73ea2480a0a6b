//! Reading the past again, with the normalizers of today. Ids and versions make that harmless: rows
//! change only where a normalizer has learned something.

use eventlog::EventLog;
use store::{Store, dead_letters, positions};

use crate::ProcessError;
use crate::consumer::CONSUMER;

/// Rejected events that are held in memory at once.
const PAGE: i64 = 100;

/// Lets the processor read the log from its start again, as far back as retention goes. A processor that
/// is running notices within seconds.
pub async fn replay(store: &Store, log: &dyn EventLog) -> Result<(), ProcessError> {
    Ok(positions::reset(store, CONSUMER, log.topic()).await?)
}

/// Appends the rejected events of the store's tenant to the log again, and returns how many. One that is
/// rejected again is kept again.
pub async fn replay_dead_letters(store: &Store, log: &dyn EventLog) -> Result<u64, ProcessError> {
    let mut replayed = 0;
    // A processor that rejects one of them again waits until this is committed, so none is taken twice,
    // and none is lost: what was not appended stays.
    let mut tx = store.begin().await?;
    loop {
        let events = dead_letters::take_for_replay(&mut tx, PAGE).await?;
        if events.is_empty() {
            break;
        }
        replayed += events.len() as u64;
        log.append(events).await?;
    }
    tx.commit().await?;
    Ok(replayed)
}
