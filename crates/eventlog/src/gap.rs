//! Where a reader may begin: at the store's position, unless the log does not reach there.

use crate::LogError;

/// Where a reader of a partition starts whose consumer stands at `stands`, in a log that holds
/// `[start, end)`. Events that retention took before they were read are reported, and the reader goes on
/// after them. A position beyond the end means that the log was replaced,
/// which reading on can't fix.
pub(crate) fn start(topic: &str, partition: i32, stands: i64, start: i64, end: i64) -> Result<i64, LogError> {
    if stands > end {
        return Err(LogError::Fatal(
            format!(
                "position {stands} of partition {partition} is beyond the end of `{topic}`, {end}: the log was \
                 recreated; `sei replay` reads it from its start"
            ),
            None,
        ));
    }
    if start > stands {
        report(topic, partition, stands, start);
    }
    Ok(start.max(stands))
}

/// Says that events are gone. A consumer that stands at 0 has just begun: it has missed nothing.
pub(crate) fn report(topic: &str, partition: i32, stands: i64, start: i64) {
    if stands == 0 {
        return;
    }
    let lost = start - stands;
    runtime::metrics()
        .log_expired
        .get_or_create(&runtime::labels::Partition { partition })
        .inc_by(u64::try_from(lost).unwrap_or_default());
    tracing::warn!(
        log.topic = topic,
        log.partition = partition,
        log.position = stands,
        lost,
        "retention took events before they were read: continuing after them"
    );
}
