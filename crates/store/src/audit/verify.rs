//! Walks the chain of the audit log, and finds the first entry that is not as it was added.

use serde::Serialize;

use super::entry::{Action, COLUMNS, Recorded, Row};
use crate::{Store, StoreError, StoreTx};

/// Entries that are read at once.
const STEP: i64 = 1_000;

/// What a walk found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifiedChain {
    /// Number of entries that are as they were added.
    pub entries: u64,
    /// The oldest that retention kept; none where there is no entry.
    pub first: Option<i64>,
    /// The newest one that is as it was added.
    pub last: Option<ChainEnd>,
    /// The first that is not.
    pub broken: Option<Broken>,
}

/// An entry, and the hash by which it is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainEnd {
    /// Its number.
    pub id: i64,
    /// Its hash, in hex.
    pub hash: String,
}

/// An entry that is not as it was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Its number.
    pub id: i64,
    /// What was expected, and what was found.
    pub reason: String,
}

/// Walks the whole chain, some entries at a time, as it is when the walk begins. `known` is an entry that was noted
/// earlier: it must be there with that hash, unless retention let it go.
pub async fn verify(store: &Store, known: Option<&ChainEnd>) -> Result<VerifiedChain, StoreError> {
    let mut tx = store.begin_as("begin transaction isolation level repeatable read read only").await?;
    let verified = walk(&mut tx, known).await?;
    tx.rollback().await?;
    Ok(verified)
}

async fn walk(tx: &mut StoreTx, known: Option<&ChainEnd>) -> Result<VerifiedChain, StoreError> {
    let head = sqlx::query!("select first, before, next, hash from audit_head").fetch_one(tx.connection()).await?;
    let mut verified = VerifiedChain { entries: 0, first: None, last: None, broken: None };
    let (mut next, mut previous) = (head.first, hex::encode(head.before));
    if next > 1 && !is_let_go(tx, next - 1, &previous).await? {
        let reason = "no entry of retention_applied says that those before it were deleted".to_owned();
        verified.broken = Some(Broken { id: next, reason });
        return Ok(verified);
    }
    loop {
        let statement = sqlx::AssertSqlSafe(format!("select {COLUMNS} from audit where id >= $1 order by id limit $2"));
        let rows: Vec<Row> = sqlx::query_as(statement).bind(next).bind(STEP).fetch_all(tx.connection()).await?;
        let read_all = i64::try_from(rows.len()).is_ok_and(|read| read < STEP);
        for row in rows {
            let (id, entry) = (row.id(), Recorded::try_from(row));
            let reason = match &entry {
                _ if id != next => Some(format!("entry {next} is missing")),
                Ok(entry) => fault(entry, &previous, known),
                Err(error) => Some(error.to_string()),
            };
            if let Some(reason) = reason {
                verified.broken = Some(Broken { id: next, reason });
                return Ok(verified);
            }
            if let Ok(entry) = entry {
                verified.entries += 1;
                verified.first.get_or_insert(id);
                previous.clone_from(&entry.hash);
                verified.last = Some(ChainEnd { id, hash: entry.hash });
            }
            next = id + 1;
        }
        if read_all {
            break;
        }
    }
    let at_end = next == head.next && previous == hex::encode(head.hash);
    let has_known = known.is_none_or(|known| known.id < next);
    if !(at_end && has_known) {
        let expected = known.map_or(head.next - 1, |known| known.id.max(head.next - 1));
        let reason = format!("the chain ends before entry {expected}, which was added");
        verified.broken = Some(Broken { id: next, reason });
    }
    Ok(verified)
}

/// What is wrong with an entry, which follows the one of the hash `previous`.
fn fault(entry: &Recorded, previous: &str, known: Option<&ChainEnd>) -> Option<String> {
    if entry.previous != *previous {
        return Some(format!("it follows an entry of the hash {}, expected {previous}", entry.previous));
    }
    let computed = hex::encode(entry.computed_hash());
    if entry.hash != computed {
        return Some(format!("its hash is {}, but that of its content is {computed}", entry.hash));
    }
    let known = known.filter(|known| known.id == entry.id && known.hash != entry.hash)?;
    Some(format!("its hash is {}, but it had the hash {} before", entry.hash, known.hash))
}

/// Whether an entry says that retention let those go up to the one of this id and hash.
async fn is_let_go(tx: &mut StoreTx, last_id: i64, last_hash: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from audit where action = $1 and subject = 'audit'
                            and detail->>'last_id' = $2::bigint::text and detail->>'last_hash' = $3) as "exists!""#,
        Action::RetentionApplied.as_str(),
        last_id,
        last_hash,
    )
    .fetch_one(tx.connection())
    .await?)
}
