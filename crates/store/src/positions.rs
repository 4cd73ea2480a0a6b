//! Where each consumer stands in the event log: the position of the next event of each partition. It
//! moves in the transaction that writes what the events became, and only from where it stood; that is
//! what makes each event count exactly once.

use crate::{Store, StoreError, StoreTx};

/// The positions of a consumer: partition and next position, in order of partition. A partition that
/// is not among them stands at 0.
pub async fn load(store: &Store, consumer: &str, topic: &str) -> Result<Vec<(i32, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select partition, next from position where consumer = $1 and topic = $2 order by partition"#,
        consumer,
        topic,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.partition, row.next)).collect())
}

/// The positions of all consumers of a topic: consumer, partition and next position.
pub async fn of_topic(store: &Store, topic: &str) -> Result<Vec<(String, i32, i64)>, StoreError> {
    let rows = sqlx::query!("select consumer, partition, next from position where topic = $1 order by 1, 2", topic)
        .fetch_all(store.pool())
        .await?;
    Ok(rows.into_iter().map(|row| (row.consumer, row.partition, row.next)).collect())
}

/// Moves a position. Waits for another transaction that is moving it, and fails with
/// [`StoreError::PositionMoved`] if it does not stand at `from` then.
pub async fn advance(
    tx: &mut StoreTx,
    consumer: &str,
    topic: &str,
    partition: i32,
    from: i64,
    to: i64,
) -> Result<(), StoreError> {
    let moved = if from == 0 {
        sqlx::query!(
            "insert into position as p (consumer, topic, partition, next) values ($1, $2, $3, $4)
             on conflict (consumer, topic, partition) do update set next = excluded.next where p.next = 0",
            consumer,
            topic,
            partition,
            to,
        )
        .execute(tx.connection())
        .await?
    } else {
        sqlx::query!(
            "update position set next = $5 where consumer = $1 and topic = $2 and partition = $3 and next = $4",
            consumer,
            topic,
            partition,
            from,
            to,
        )
        .execute(tx.connection())
        .await?
    };
    if moved.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::PositionMoved { consumer: consumer.to_owned(), topic: topic.to_owned(), partition, from })
}

/// Lets a consumer stand at the start of a topic again. Readers that go on from where they stood find
/// that their position has moved.
pub async fn reset(store: &Store, consumer: &str, topic: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from position where consumer = $1 and topic = $2", consumer, topic)
        .execute(store.pool())
        .await?;
    Ok(())
}
