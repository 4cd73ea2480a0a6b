//! Replaces what names a person by pseudonyms: first the tombstones and all tables, in one transaction, from which on no
//! event brings the person back; then the log.

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::{Result, bail};
use chrono::Utc;
use dora::Scope;
use kernel::pseudonyms::{IdentifierKind, Needles, Pseudonyms, Tombstone};
use kernel::{AccountId, Completeness, Envelope, Fact, Person, Tenant, Version};
use serde_json::json;
use store::audit::{self, Action, Entry};
use store::personal::{self, ChangedRows};
use store::pseudonyms::{self, Treatment};
use store::segments::Edit;
use store::{Store, StoreTx, computation_queue, dead_letters, facts};

use super::arguments::Replacement;
use super::found::{Found, find};
use super::report::{Report, remains};
use crate::actor::actor;
use crate::cli::Global;
use crate::machine::Machine;
use crate::settle;

/// The origin of statements about people whose accounts were pseudonymized.
const ORIGIN: &str = "pseudonyms";

/// Erases or pseudonymizes a person.
pub(super) async fn person(machine: &Machine, what: &Replacement, treatment: Treatment, global: &Global) -> Result<()> {
    if !(what.dry_run || what.yes) && std::io::stdin().is_terminal() {
        bail!("this replaces what names the person for good: say --yes if you mean it, --dry-run shows what");
    }
    let (store, _) = machine.tenant(&what.who.tenant.tenant).await?;
    let found = find(&store, &machine.settings, &what.who.identity).await?;
    found.check_not_configured(&machine.settings)?;
    let needles = Needles::of(&found.identifiers);
    // asked for before they have other names
    let remains = remains(machine, &store, &found).await?;
    let mut tx = store.begin().await?;
    // no computation writes what is replaced here
    computation_queue::stop_all(&mut tx).await?;
    let (known, tombstones) = pseudonyms::add(&mut tx, &found.identifiers, treatment).await?;
    // before the accounts have other names
    let unlinked = if treatment == Treatment::Erased { unlinked(&mut tx, &found).await? } else { None };
    let mut tables = tables(&mut tx, &known, &needles).await?;
    tables.extend(unlinked);
    if treatment == Treatment::Erased {
        tables.extend(personal::delete_logins(&mut tx, &found.addresses()).await?);
    }
    let edit = edit(known, needles);
    let log = &machine.settings.log;
    if found.person.accounts.is_empty() && tables.is_empty() {
        let in_log = eventlog::personal::rewrite(log, &store, Arc::clone(&edit), true).await?;
        if in_log.rewritten == 0 {
            bail!(found.unknown(&store).await?);
        }
    }
    if treatment == Treatment::Pseudonymized {
        facts::write(&mut tx, &statement(&found, &tombstones)).await?;
    }
    let subject = pseudonyms::key(&mut tx).await?.tombstone(&found.asked, false).pseudonym();
    let action = match treatment {
        Treatment::Erased => Action::PersonErased,
        Treatment::Pseudonymized => Action::PersonPseudonymized,
    };
    let entry = Entry::new(actor(), action, &subject).of(store.tenant());
    audit::record(&mut tx, &entry.with(json!({ "rows": rows(&tables), "identifiers": tombstones.len() }))).await?;
    if what.dry_run {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    let log = eventlog::personal::rewrite(log, &store, edit, what.dry_run).await?;
    if !what.dry_run {
        compute(machine, &store).await?;
    }
    Report { action: treatment.as_str(), dry_run: what.dry_run, pseudonym: Some(subject), tables, log, remains }
        .print(global)
}

/// Ends that users are linked with the person.
async fn unlinked(tx: &mut StoreTx, found: &Found) -> Result<Option<ChangedRows>> {
    let rows = store::people::unlink_accounts(tx, &found.accounts()).await?;
    Ok((rows > 0).then(|| ChangedRows { table: "login_person".to_owned(), rows }))
}

/// Replaces all erased and pseudonymized people once more.
pub(super) async fn everyone(machine: &Machine, tenant: &Tenant, global: &Global) -> Result<()> {
    let (store, _) = machine.tenant(tenant).await?;
    let mut tx = store.begin().await?;
    computation_queue::stop_all(&mut tx).await?;
    let known = pseudonyms::all(&mut tx).await?;
    let needles = Needles::of_anyone();
    let tables = tables(&mut tx, &known, &needles).await?;
    tx.commit().await?;
    let log = eventlog::personal::rewrite(&machine.settings.log, &store, edit(known, needles), false).await?;
    compute(machine, &store).await?;
    Report { action: "reapplied", dry_run: false, pseudonym: None, tables, log, remains: Vec::new() }.print(global)
}

/// Replaces in all tables, and in the payloads of dead letters.
async fn tables(tx: &mut StoreTx, known: &Pseudonyms, needles: &Needles) -> Result<Vec<ChangedRows>> {
    let payload = |event: &Envelope| Some(known.in_envelope(event)?.data);
    let payloads = dead_letters::rewrite(tx, |event| payload(event).filter(|data| *data != event.data)).await?;
    let mut tables = personal::rewrite(tx, known, needles).await?;
    if payloads > 0 {
        tables.push(ChangedRows { table: "dead_letter (payloads)".to_owned(), rows: payloads });
    }
    Ok(tables)
}

fn rows(tables: &[ChangedRows]) -> u64 {
    tables.iter().map(|table| table.rows).sum()
}

/// What takes the place of an event.
fn edit(known: Pseudonyms, needles: Needles) -> Arc<Edit> {
    Arc::new(move |event: &Envelope| {
        let texts = [event.id.as_str(), event.key.as_str(), event.subject.as_deref().unwrap_or_default()];
        let may_name = needles.may_be_in(&event.data) || texts.iter().any(|text| needles.may_be_in(text.as_bytes()));
        if may_name { known.in_envelope(event) } else { None }
    })
}

/// That the accounts are one person's still, whatever joined them before.
fn statement(found: &Found, tombstones: &[Tombstone]) -> Vec<Fact> {
    let pseudonymous = |id: &AccountId| {
        let (host, _) = id.as_str().split_once('/')?;
        let own = kernel::pseudonyms::Identifier::account(id.as_str());
        let at = found.identifiers.iter().position(|identifier| *identifier == own)?;
        Some(AccountId(format!("{host}/{}", tombstones.get(at)?.pseudonym())))
    };
    let accounts: Vec<AccountId> = found.person.accounts.iter().filter_map(pseudonymous).collect();
    let named = tombstones.iter().find(|tombstone| tombstone.kind == IdentifierKind::Name).or(tombstones.first());
    let Some(name) = named.map(Tombstone::pseudonym).filter(|_| accounts.len() > 1) else { return Vec::new() };
    let version = Version { completeness: Completeness::Measured, at: Utc::now() };
    vec![Fact::Person(Person { origin: ORIGIN.to_owned(), accounts, ..Person::new(name, version) })]
}

/// Computes again what was made from the rows.
async fn compute(machine: &Machine, store: &Store) -> Result<()> {
    dora::recompute(store, &machine.settings.dora, Scope::Stale).await?;
    settle::computed(store).await
}
