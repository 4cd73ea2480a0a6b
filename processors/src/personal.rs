//! Takes what names people out of everything that is kept: first of all tables, in one transaction, from which on no event
//! brings them back; then of the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Utc;
use kernel::people::JoinedPerson;
use kernel::pseudonyms::{Identifier, IdentifierKind, Needles, Pseudonyms, Tombstone};
use kernel::{AccountId, Completeness, Envelope, Fact, Person, Version};
use store::personal::{self, ChangedRows};
use store::segments::Edit;
use store::{Store, StoreError, StoreTx, computation_queue, dead_letters, pseudonyms};

/// The origin of statements about people whose accounts were pseudonymized.
const ORIGIN: &str = "pseudonyms";

/// Replaces people in all tables, and in the payloads of dead letters. The caller holds off those that write.
pub async fn tables(tx: &mut StoreTx, known: &Pseudonyms, needles: &Needles) -> Result<Vec<ChangedRows>, StoreError> {
    let payload = |event: &Envelope| Some(known.in_envelope(event)?.data);
    let payloads = dead_letters::rewrite(tx, |event| payload(event).filter(|data| *data != event.data)).await?;
    let mut tables = personal::rewrite(tx, known, needles).await?;
    if payloads > 0 {
        tables.push(ChangedRows { table: "dead_letter (payloads)".to_owned(), rows: payloads });
    }
    Ok(tables)
}

/// Replaces all people of the store's tenant who were erased or pseudonymized in all tables once more. Returns who they are,
/// and what was changed.
pub async fn reapply(store: &Store) -> Result<(Pseudonyms, Vec<ChangedRows>), StoreError> {
    let mut tx = store.begin().await?;
    // no computation writes what is replaced here
    computation_queue::stop_all(&mut tx).await?;
    let known = pseudonyms::all(&mut tx).await?;
    let changed = if known.is_empty() { Vec::new() } else { tables(&mut tx, &known, &Needles::of_anyone()).await? };
    tx.commit().await?;
    Ok((known, changed))
}

/// Number of rows of all tables.
#[must_use]
pub fn rows(tables: &[ChangedRows]) -> u64 {
    tables.iter().map(|table| table.rows).sum()
}

/// What takes the place of an event.
#[must_use]
pub fn edit(known: Pseudonyms, needles: Needles) -> Arc<Edit> {
    Arc::new(move |event: &Envelope| {
        let texts = [event.id.as_str(), event.key.as_str(), event.subject.as_deref().unwrap_or_default()];
        let may_name = needles.may_be_in(&event.data) || texts.iter().any(|text| needles.may_be_in(text.as_bytes()));
        if may_name { known.in_envelope(event) } else { None }
    })
}

/// That the accounts of a person are one person's still, whatever joined them before; `None` of a single one. The
/// tombstones are those of the identifiers, in their order.
#[must_use]
pub fn still_joined(
    person: &JoinedPerson,
    identifiers: &BTreeSet<Identifier>,
    tombstones: &[Tombstone],
) -> Option<Fact> {
    let tombstone = |of: &Identifier| tombstones.get(identifiers.iter().position(|identifier| identifier == of)?);
    let pseudonymous = |id: &AccountId| {
        let (host, _) = id.as_str().split_once('/')?;
        Some(AccountId(format!("{host}/{}", tombstone(&Identifier::account(id.as_str()))?.pseudonym())))
    };
    let accounts: Vec<AccountId> = person.accounts.iter().filter_map(pseudonymous).collect();
    let named = tombstones.iter().find(|tombstone| tombstone.kind == IdentifierKind::Name).or(tombstones.first());
    let name = named.map(Tombstone::pseudonym).filter(|_| accounts.len() > 1)?;
    let version = Version { completeness: Completeness::Measured, at: Utc::now() };
    Some(Fact::Person(Person { origin: ORIGIN.to_owned(), accounts, ..Person::new(name, version) }))
}
