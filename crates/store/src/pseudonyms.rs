//! The tombstones of people whose data was erased or pseudonymized. Everything that writes what may name a person reads
//! them in its transaction, under the lock that [`add`] takes: what was erased comes back by no event, whatever its time.

use chrono::{DateTime, Utc};
use kernel::Secret;
use kernel::pseudonyms::{Identifier, PseudonymKey, Pseudonyms, Tombstone};
use sqlx::PgConnection;

use crate::error::word;
use crate::facts::lock::lock;
use crate::{StoreError, StoreTx};

kernel::closed_list! {
    /// What was done to a person's data.
    pub enum Treatment: "treatment of a person's data" {
        /// Nothing says any more which accounts were theirs.
        Erased,
        /// Their accounts have other names.
        Pseudonymized,
    }
}

/// The pseudonyms of all people who were erased or pseudonymized, while all that write facts are held off until the
/// transaction ends.
pub async fn all(tx: &mut StoreTx) -> Result<Pseudonyms, StoreError> {
    lock(tx.connection(), true).await?;
    load(tx.connection()).await
}

/// The pseudonyms of a tenant.
pub(crate) async fn load(connection: &mut PgConnection) -> Result<Pseudonyms, StoreError> {
    let rows = sqlx::query!(
        r#"select k.key, t.digest as "digest?", t.kind as "kind?", t.host, t.words, t.action as "action?"
           from pseudonym_key k left join tombstone t on true"#
    )
    .fetch_all(connection)
    .await?;
    let key = key_of(rows.first().map(|row| row.key.as_slice()).unwrap_or_default())?;
    let mut tombstones = Vec::new();
    for row in rows {
        let (Some(digest), Some(kind), Some(action)) = (row.digest, row.kind, row.action) else { continue };
        let unreadable = |_| StoreError::Unreadable("tombstone.digest has no 32 bytes".to_owned());
        let treatment: Treatment = word("tombstone.action", &action)?;
        tombstones.push(Tombstone {
            kind: word("tombstone.kind", &kind)?,
            digest: digest.try_into().map_err(unreadable)?,
            host: row.host,
            words: row.words.and_then(|words| u8::try_from(words).ok()),
            erased: treatment == Treatment::Erased,
        });
    }
    Ok(Pseudonyms::new(&key, tombstones))
}

fn key_of(bytes: &[u8]) -> Result<PseudonymKey, StoreError> {
    let key = Secret::new(bytes).ok_or_else(|| StoreError::Unreadable("pseudonym_key has no row".to_owned()))?;
    Ok(PseudonymKey::new(key))
}

/// The key of the transaction's tenant, by which pseudonyms are made.
pub async fn key(tx: &mut StoreTx) -> Result<PseudonymKey, StoreError> {
    let key = sqlx::query_scalar!("select key from pseudonym_key").fetch_one(tx.connection()).await?;
    key_of(&key)
}

/// Until when what arrived in the log was searched for the people of the transaction's tenant who were erased or
/// pseudonymized.
pub async fn reapplied_at(tx: &mut StoreTx) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sqlx::query_scalar!("select reapplied_at from pseudonym_key").fetch_one(tx.connection()).await?)
}

/// Notes that what arrived until then was.
pub async fn set_reapplied(tx: &mut StoreTx, at: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!("update pseudonym_key set reapplied_at = $1", at).execute(tx.connection()).await?;
    Ok(())
}

/// Keeps the tombstones of a person's identifiers, and holds off those that write facts until the transaction ends.
/// Returns the pseudonyms of this person alone.
pub async fn add<'a>(
    tx: &mut StoreTx,
    identifiers: impl IntoIterator<Item = &'a Identifier>,
    treatment: Treatment,
) -> Result<(Pseudonyms, Vec<Tombstone>), StoreError> {
    lock(tx.connection(), true).await?;
    let key = key(tx).await?;
    let erased = treatment == Treatment::Erased;
    let tombstones: Vec<Tombstone> =
        identifiers.into_iter().map(|identifier| key.tombstone(identifier, erased)).collect();
    let digests: Vec<&[u8]> = tombstones.iter().map(|one| one.digest.as_slice()).collect();
    let kinds: Vec<&str> = tombstones.iter().map(|one| one.kind.as_str()).collect();
    let hosts: Vec<Option<&str>> = tombstones.iter().map(|one| one.host.as_deref()).collect();
    let words: Vec<Option<i16>> = tombstones.iter().map(|one| one.words.map(i16::from)).collect();
    // what was erased stays that
    sqlx::query!(
        "insert into tombstone as t (digest, kind, host, words, action)
         select digest, kind, host, words, $5
         from unnest($1::bytea[], $2::text[], $3::text[], $4::smallint[]) as n (digest, kind, host, words)
         on conflict (digest) do update set action = excluded.action where t.action <> 'erased'",
        &digests as &[&[u8]],
        &kinds as &[&str],
        &hosts as &[Option<&str>],
        &words as &[Option<i16>],
        treatment.as_str(),
    )
    .execute(tx.connection())
    .await?;
    Ok((Pseudonyms::new(&key, tombstones.clone()), tombstones))
}
