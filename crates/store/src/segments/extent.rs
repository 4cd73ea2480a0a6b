//! Which part of the log is old, and read by every consumer.

use chrono::{DateTime, Utc};

use crate::{Store, StoreError};

/// The old part of a partition: positions from the first that it holds to the one after the last old one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldExtent {
    /// The partition.
    pub partition: i32,
    /// Its first position.
    pub first: i64,
    /// The position after its last.
    pub end: i64,
}

/// What of a topic was appended before an instant and read by every consumer.
pub async fn old_extents(store: &Store, topic: &str, before: DateTime<Utc>) -> Result<Vec<OldExtent>, StoreError> {
    Ok(sqlx::query_as!(
        OldExtent,
        r#"select s.partition as "partition!", min(s.base) as "first!",
                  least(max(s.base + s.count), min(read.next)) as "end!"
           from log_segment as s
           join (select partition, min(next) as next from position where topic = $1 group by partition) as read
                on read.partition = s.partition
           where s.topic = $1 and s.appended_at < $2
           group by s.partition having min(s.base) < min(read.next)
           order by s.partition"#,
        topic,
        before,
    )
    .fetch_all(store.pool())
    .await?)
}
