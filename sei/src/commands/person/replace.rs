//! Replaces what names a person by pseudonyms: first the tombstones and all tables, in one transaction, from which on no
//! event brings the person back; then the log.

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::{Result, bail};
use dora::Scope;
use kernel::Tenant;
use kernel::pseudonyms::Needles;
use processors::personal::{edit, reapply, rows, still_joined, tables};
use serde_json::json;
use store::audit::{self, Action, Entry};
use store::personal::{self, ChangedRows};
use store::pseudonyms::{self, Treatment};
use store::segments::Rewrite;
use store::{Store, StoreTx, computation_queue, facts};

use super::arguments::Replacement;
use super::export::pseudonyms_of;
use super::found::{Found, find};
use super::report::{Report, remains};
use crate::actor::actor;
use crate::cli::Global;
use crate::machine::Machine;
use crate::settle;

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
    let remains = {
        let mut tx = store.begin().await?;
        let (known, _) = pseudonyms_of(&mut tx, &found).await?;
        tx.rollback().await?;
        remains(machine, &store, &found, &known).await?
    };
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
        let in_log =
            eventlog::personal::rewrite(log, &store, Arc::clone(&edit), Rewrite { since: None, dry_run: true }).await?;
        if in_log.rewritten == 0 {
            bail!(found.unknown(&store).await?);
        }
    }
    if treatment == Treatment::Pseudonymized {
        let statement = still_joined(&found.person, &found.identifiers, &tombstones);
        facts::write(&mut tx, statement.as_slice()).await?;
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
    let which = Rewrite { since: None, dry_run: what.dry_run };
    let log = eventlog::personal::rewrite(log, &store, edit, which).await?;
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
    let (known, tables) = reapply(&store).await?;
    let edit = edit(known, Needles::of_anyone());
    let log = eventlog::personal::rewrite(&machine.settings.log, &store, edit, Rewrite::default()).await?;
    compute(machine, &store).await?;
    Report { action: "reapplied", dry_run: false, pseudonym: None, tables, log, remains: Vec::new() }.print(global)
}

/// Computes again what was made from the rows.
async fn compute(machine: &Machine, store: &Store) -> Result<()> {
    dora::recompute(store, &machine.settings.dora, Scope::Stale).await?;
    settle::computed(store).await
}
