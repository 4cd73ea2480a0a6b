//! Observations of the metrics of the settings. All facts of a kind are read again when one of them has changed, year by
//! year, and what differs is written.

use std::time::Instant;

use store::analytics::{CustomState, custom_states, keep_chunks, keep_custom, save_custom, write_chunk};
use store::changes::{self, ReadAt};
use store::flow::ReadPart;
use store::{StoreTx, tables};

use super::making::Making;
use super::outdated::Outdated;
use crate::DoraError;
use crate::custom::measurable;
use crate::metrics::{CustomKind, Names, Source, span_of_year};

/// What is known of changes since the last time.
pub(super) struct Since<'r> {
    /// The point in time that is read at.
    pub read_at: &'r ReadAt,
    /// The settings, or who owns what, are others: everything is made again.
    pub is_other: bool,
    /// Who is a member of a team may be another.
    pub has_members: bool,
}

/// Brings up to date what the metrics of the settings observed.
pub(super) async fn refresh(
    tx: &mut StoreTx,
    kinds: &[CustomKind],
    making: &Making<'_>,
    since: &Since<'_>,
    outdated: &mut Outdated,
) -> Result<(), DoraError> {
    let states = custom_states(tx).await?;
    for kind in kinds {
        let state = states.iter().find(|state| state.fact == kind.fact);
        if is_due(tx, kind, state, since).await? {
            let began = Instant::now();
            write(tx, kind, making, outdated).await?;
            save_custom(tx, kind.fact, since.read_at, began.elapsed()).await?;
        }
    }
    if since.is_other {
        let used: Vec<&str> = kinds.iter().map(|kind| kind.fact).collect();
        for unused in measurable().filter(|kind| !used.contains(&kind.name)) {
            outdated.touch(&keep_chunks(tx, unused.name, &[]).await?);
        }
        keep_custom(tx, &used).await?;
    }
    Ok(())
}

async fn is_due(
    tx: &mut StoreTx,
    kind: &CustomKind,
    state: Option<&CustomState>,
    since: &Since<'_>,
) -> Result<bool, DoraError> {
    let Some(state) = state.filter(|state| state.is_recent && !since.is_other) else { return Ok(true) };
    if !state.is_rested || since.has_members {
        return Ok(state.is_rested);
    }
    Ok(changes::are_facts_changed(tx, &kind.reads(), (&state.read_at, since.read_at)).await?)
}

/// Writes what was observed of all facts of a kind.
async fn write(
    tx: &mut StoreTx,
    kind: &CustomKind,
    making: &Making<'_>,
    outdated: &mut Outdated,
) -> Result<(), DoraError> {
    let mut owners = Vec::new();
    let table = tables::tables(tx, &[kind.fact]).await?.pop();
    for at in kind.times() {
        let years = match &table {
            Some(table) => tables::years(tx, table, at).await?,
            None => Vec::new(),
        };
        for year in years {
            let Some(span) = span_of_year(year) else { continue };
            let facts = (Source::Facts(kind.fact, at), &ReadPart::Span(span));
            let read = making.load(tx, &mut Names::default(), facts).await?;
            for chunk in making.custom(kind, read, (at, year)).await? {
                outdated.touch(&write_chunk(tx, &chunk).await?);
                owners.push(chunk.owner);
            }
        }
    }
    outdated.touch(&keep_chunks(tx, kind.fact, &owners).await?);
    Ok(())
}
