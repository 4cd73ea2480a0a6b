//! Writing facts. Batches go in by one statement a table, which follows from how its kind is declared. Whatever order
//! versions of one thing arrive in, and however often, the row ends up the same: the one with the greatest
//! (completeness, version, digest).

mod array;
mod close_event;
mod concern;
pub(crate) mod lock;
mod moved;
mod partial;
mod repository;
mod row;
mod table;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use kernel::catalog::Declared;
use kernel::pseudonyms::Pseudonyms;
use kernel::{CloseEvent, Fact, Incident, Repository, WorkItem};

use self::row::{Row, StorableFact, best, unstorable};
use crate::{StoreError, StoreTx, changes, invalidations, pseudonyms};

/// The outcome of a batch of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows that are new or were replaced.
    pub changed: u64,
    /// Facts that stated nothing new: the row was as good, or another fact of the batch was better.
    pub unchanged: u64,
}

/// Writes facts of the transaction's tenant, and marks as stale what has to be computed again because
/// rows really changed. Two transactions that each write one batch a tenant, tenants in order of their
/// names, never wait for each other in a circle.
pub async fn write(tx: &mut StoreTx, facts: &[Fact]) -> Result<Written, StoreError> {
    let mut storables: Vec<StorableFact<'_>> = facts.iter().map(StorableFact::of).collect::<Result<_, _>>()?;
    // before the others, which they give other ids
    let is_relocation = |storable: &&StorableFact<'_>| matches!(storable.fact.as_ref(), Fact::Moved(_));
    lock::lock(tx.connection(), storables.iter().any(|storable| is_relocation(&storable))).await?;
    replace_people(&pseudonyms::load(tx.connection()).await?, &mut storables)?;
    let relocations: Vec<Row<'_>> = storables.iter().filter(is_relocation).map(Row::new).collect();
    let has_relocations = !relocations.is_empty();
    let mut changed = moved::write(tx.connection(), &relocations).await?;
    // under the ids that they were reported with, so that this table has nothing to rename
    partial::complete(tx.connection(), &mut storables).await?;
    let is_repository = |storable: &&StorableFact<'_>| matches!(storable.fact.as_ref(), Fact::Repository(_));
    let names = best(storables.iter().filter(is_repository).map(Row::new).collect());
    let mut renamed = repository::write_names(tx.connection(), &names).await?;
    moved::Moves::read(tx.connection()).await?.apply(&mut storables)?;
    let mut tables = by_table(&storables);
    let written = written_kinds(&tables, has_relocations);
    let closable = ids(&tables, &[Incident::NAME, WorkItem::NAME, CloseEvent::NAME]);
    renamed.extend(ids(&tables, &[Repository::NAME]));
    let connection = tx.connection();
    // always in this order: it is the order of locks
    for kind in Fact::KINDS {
        if let Some(rows) = tables.remove(kind.name) {
            changed.append(table::write(connection, kind, rows).await?);
        }
    }
    repository::name(connection, &renamed).await?;
    changed.append(close_event::apply(connection, &closable).await?);
    let subjects: BTreeSet<String> = changed.subjects.into_iter().collect();
    let subjects: Vec<String> = subjects.into_iter().collect();
    invalidations::mark(tx, &subjects).await?;
    if changed.rows > 0 {
        changes::note_facts(tx, &written).await?;
    }
    Ok(Written { changed: changed.rows, unchanged: facts.len() as u64 - changed.rows })
}

/// Holds off all that write facts of the transaction's tenant until it ends: what is read from here on stays as it is read.
pub async fn hold(tx: &mut StoreTx) -> Result<(), StoreError> {
    lock::lock(tx.connection(), true).await
}

/// Replaces people whose data was erased or pseudonymized. Versions and digests are those of what was reported: reported
/// once more, it is no other version.
fn replace_people(known: &Pseudonyms, storables: &mut [StorableFact<'_>]) -> Result<(), StoreError> {
    for storable in storables.iter_mut().filter(|_| !known.is_empty()) {
        if let Some(replaced) = known.in_fact(&storable.fact).map_err(unstorable)? {
            storable.fact = Cow::Owned(replaced);
        }
    }
    Ok(())
}

/// Facts by the table that they go to. What moved was written, and what was partial completed, before.
fn by_table<'a>(storables: &'a [StorableFact<'_>]) -> BTreeMap<&'static str, Vec<Row<'a>>> {
    let mut tables: BTreeMap<&'static str, Vec<Row<'a>>> = BTreeMap::new();
    for storable in storables.iter().filter(|storable| !matches!(storable.fact.as_ref(), Fact::Moved(_))) {
        tables.entry(storable.fact.kind()).or_default().push(Row::new(storable));
    }
    tables
}

/// The kinds of facts that a batch may change: those that are in it, and what follows from them.
fn written_kinds(tables: &BTreeMap<&'static str, Vec<Row<'_>>>, has_relocations: bool) -> Vec<String> {
    // everything of a repository has other ids
    if has_relocations {
        return vec![changes::ANY_KIND.to_owned()];
    }
    let mut kinds: BTreeSet<&str> = tables.keys().copied().collect();
    if kinds.contains(CloseEvent::NAME) {
        kinds.extend([Incident::NAME, WorkItem::NAME]);
    }
    kinds.into_iter().map(str::to_owned).collect()
}

/// The ids of the facts of some tables.
fn ids(tables: &BTreeMap<&'static str, Vec<Row<'_>>>, names: &[&str]) -> Vec<String> {
    let rows = names.iter().filter_map(|table| tables.get(table)).flatten();
    let ids: BTreeSet<&str> = rows.map(Row::id).collect();
    ids.into_iter().map(str::to_owned).collect()
}
