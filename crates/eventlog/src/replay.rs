//! Rejected events, once more.

use store::StoreTx;
use store::dead_letters::{self, DeadLetterFilter};

use crate::{EventLog, LogError};

/// Rejected events that are held in memory at once.
const PAGE: i64 = 100;
/// And no other after those that have these bytes together: an event can have 30 MB.
const BYTES: i64 = 16 << 20;

/// Appends rejected events of the transaction's tenant to the log again, at most `limit`, and returns how many. Once the
/// transaction commits they are rejected no more; one that can't be read still is rejected again.
///
/// A processor that rejects one of them again waits until then, so none is taken twice, and none is lost: what was not
/// appended stays.
pub async fn replay_dead_letters(
    tx: &mut StoreTx,
    log: &dyn EventLog,
    filter: &DeadLetterFilter,
    limit: i64,
) -> Result<i64, LogError> {
    let mut replayed = 0;
    while replayed < limit {
        let events = dead_letters::take_for_replay(tx, filter, PAGE.min(limit - replayed), BYTES).await?;
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        if count == 0 {
            break;
        }
        log.append(events).await?;
        replayed += count;
    }
    Ok(replayed)
}
