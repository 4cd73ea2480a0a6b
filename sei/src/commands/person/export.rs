//! All that names a person, as NDJSON: rows of every table, raw events, entries of the audit log.

use anyhow::{Result, bail};
use api::views::RawEvent;
use kernel::pseudonyms::{Needles, Pseudonyms};
use serde_json::{Value, json};
use store::audit::{self, Action, Entry};
use store::origins::Origin;
use store::{StoreError, StoreTx, dead_letters, personal, pseudonyms};

use super::arguments::Identity;
use super::audited::each_entry;
use super::found::{Found, find};
use super::report::remains;
use crate::actor::actor;
use crate::machine::Machine;
use crate::output;

pub(super) async fn export(machine: &Machine, who: &Identity) -> Result<()> {
    let (store, _) = machine.tenant(&who.tenant.tenant).await?;
    let found = find(&store, &machine.settings, &who.identity).await?;
    let needles = Needles::of(&found.identifiers);
    let mut tx = store.begin().await?;
    let (known, subject) = pseudonyms_of(&mut tx, &found).await?;
    let entry = Entry::new(actor(), Action::PersonExported, subject).of(store.tenant());
    audit::record(&mut tx, &entry).await?;
    // what can't be audited is not exported
    tx.commit().await?;
    let mut lines = Lines { first: Some(json!({ "person": found.person, "tenant": store.tenant() })) };
    let mut tx = store::changes::begin_reading(&store).await?;
    personal::naming(&mut tx, &known, &needles, |naming| {
        lines.print(&json!({ "table": naming.table, "row": naming.row })).map_err(|error| unwritable(&error))
    })
    .await?;
    for login in personal::logins(&mut tx, &found.addresses()).await? {
        lines.print(&json!({ "table": login.table, "row": login.row }))?;
    }
    let mut printed = Ok(());
    dead_letters::rewrite(&mut tx, |event| {
        if printed.is_ok() && needles.may_be_in(&event.data) && known.in_envelope(event).is_some() {
            let nowhere = Origin { partition: 0, position: 0 };
            printed = lines.print(&json!({ "dead_letter": RawEvent::whole(nowhere, event.clone()) }));
        }
        None
    })
    .await?;
    printed?;
    tx.rollback().await?;
    let log = &machine.settings.log;
    let all = eventlog::personal::read_all(log, &store, |partition, position, event| {
        if needles.may_be_in(&event.data) && known.in_envelope(&event).is_some() {
            let event = RawEvent::whole(Origin { partition, position }, event);
            lines.print(&json!({ "event": event })).map_err(|error| unwritable(&error))?;
        }
        Ok(())
    })
    .await?;
    each_entry(&store, &found, &known, |entry| lines.print(&json!({ "audit_entry": entry }))).await?;
    let not_read = (!all).then(|| format!("raw events of the Kafka topic `{}`", log.topic));
    if lines.are_none() {
        let beside = not_read.map(|not_read| format!("; {not_read} were not read")).unwrap_or_default();
        bail!("{}{beside}", found.unknown(&store).await?);
    }
    let mut left_out = remains(machine, &store, &found, &known).await?;
    left_out.retain(|one| one.exported_elsewhere);
    for one in left_out {
        lines.print(&json!({ "not_included": one.text }))?;
    }
    if let Some(not_read) = not_read {
        lines.print(&json!({ "not_included": not_read }))?;
    }
    Ok(())
}

/// What is printed: nothing where nothing is known.
struct Lines {
    /// Who the person is, until something is printed of them.
    first: Option<Value>,
}

impl Lines {
    fn print(&mut self, value: &Value) -> Result<()> {
        for value in self.first.take().iter().chain([value]) {
            output::print_bytes(format!("{value}\n").as_bytes())?;
        }
        Ok(())
    }

    fn are_none(&self) -> bool {
        self.first.is_some()
    }
}

/// What finds the person, without keeping anything, and what the audit log calls them.
pub(super) async fn pseudonyms_of(tx: &mut StoreTx, found: &Found) -> Result<(Pseudonyms, String), StoreError> {
    let key = pseudonyms::key(tx).await?;
    let tombstones = found.identifiers.iter().map(|identifier| key.tombstone(identifier, false));
    Ok((Pseudonyms::new(&key, tombstones), key.tombstone(&found.asked, false).pseudonym()))
}

fn unwritable(error: &anyhow::Error) -> StoreError {
    StoreError::Unreadable(format!("what was read can't be written: {error:#}"))
}
