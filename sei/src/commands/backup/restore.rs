//! `sei backup restore`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use backup::{BackupId, Manifest, Repository};
use clap::Args;
use kernel::pseudonyms::Needles;
use processors::personal;
use pull::progress::Progress as _;
use serde_json::{Value, json};
use store::audit::{self, Action, Entry};
use store::backup::{TakenBack, Tokens};
use store::segments::Rewrite;

use super::place::Place;
use crate::actor::actor;
use crate::cli::Global;
use crate::machine::{Machine, with};
use crate::output::{self, count};
use crate::progress::Shown;
use crate::settings::Settings;

const RESTORE: &str = "\
The database must be empty: that of a new data directory (--data), or a new one at database.url. No
other process may use it meanwhile. Everything is compared with its checksums before anything is
there; what was interrupted is begun again.

People who were erased after the backup, as a later backup at the same place knows, are erased
again, and access that was taken back by then is taken back: tokens, grants, users. What was taken
back after the newest backup is not known there: `--revoke-tokens` revokes all API tokens.

Not part of a backup, and needed: the secrets that the settings refer to, and the logins of BI tools
(`sei analytics grant`).";

#[derive(Args, Debug)]
#[command(after_help = RESTORE)]
pub(crate) struct Restore {
    /// The beginning of the id of a backup; without it the newest one
    id: Option<String>,

    /// Revoke all API tokens that the backup holds
    #[arg(long)]
    revoke_tokens: bool,

    /// Write the settings file of the backup to this file, which must not be there
    #[arg(long, value_name = "FILE")]
    settings_file: Option<PathBuf>,

    #[command(flatten)]
    place: Place,
}

impl Restore {
    pub(super) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let settings = self.place.of(settings);
        // before a data directory is made
        let repository = Repository::open(&settings.backup).await?;
        let id = repository.find(self.id.as_deref()).await?;
        let manifest = repository.manifest(&id).await?;
        let newest = repository.find(None).await?;
        let later = if newest == id { None } else { Some(repository.manifest(&newest).await?) };
        if let Some(file) = &self.settings_file {
            let text = manifest.settings.as_deref().context("the backup holds no settings file")?;
            write_new(file, text).with_context(|| format!("`{}` can't be written", file.display()))?;
        }
        with(settings, async |machine| {
            let _only_one = machine.directory.only_one()?;
            let tokens = if self.revoke_tokens { Tokens::Revoke } else { Tokens::Keep };
            restore(machine, &repository, (&id, &manifest), (later.as_ref(), tokens), global).await
        })
        .await
    }
}

async fn restore(
    machine: &Machine,
    repository: &Repository,
    (id, manifest): (&BackupId, &Manifest),
    (later, tokens): (Option<&Manifest>, Tokens),
    global: &Global,
) -> Result<()> {
    let progress = Shown::of_bytes("backup");
    progress.stage("restoring", Some(manifest.totals.bytes));
    let on_bytes = |bytes| progress.advance(bytes);
    let restored = backup::restore(repository, manifest, later, tokens, &machine.store, &on_bytes).await?;
    drop(progress);
    erase_again(machine).await.context("erased people may be in what was restored; run `sei person reapply`")?;
    let entry = Entry::new(actor(), Action::BackupRestored, repository.name());
    let access = as_json(restored.access);
    audit::record_alone(&machine.store, &entry.with(json!({ "backup": id.as_str(), "access": access }))).await?;
    if global.json {
        return output::print_json(&json!({
            "id": id.as_str(), "tables": restored.tables, "rows": restored.rows,
            "later_tombstones": restored.later_tombstones, "access": access,
        }));
    }
    let (rows, tables) = (count(restored.rows, "row"), count(restored.tables, "table"));
    let mut lines = vec![format!("backup {id} is restored: {rows} of {tables}, with the checksums of the backup")];
    if restored.later_tombstones > 0 {
        let erased = count(restored.later_tombstones, "identifier");
        lines.push(format!("{erased} of people who were erased or pseudonymized after it were replaced"));
    }
    lines.extend(access_lines(restored.access));
    if manifest.log != "embedded" {
        lines
            .push("the event log was not in the backup: processing goes on in Kafka where the backup stood".to_owned());
    }
    output::print(&lines.join("\n"))
}

fn as_json(access: TakenBack) -> Value {
    json!({
        "disabled_users": access.disabled_users, "removed_grants": access.removed_grants,
        "revoked_tokens": access.revoked_tokens, "valid_tokens": access.valid_tokens,
    })
}

/// What is reported of access that was taken back, and that may have to be.
fn access_lines(access: TakenBack) -> Vec<String> {
    let mut lines = Vec::new();
    let taken = [
        (access.revoked_tokens, "API token", "revoked"),
        (access.removed_grants, "grant", "removed"),
        (access.disabled_users, "user", "disabled"),
    ];
    let taken: Vec<String> = taken
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, what, how)| format!("{} {how}", count(number, what)))
        .collect();
    if !taken.is_empty() {
        lines.push(format!("access that was taken back: {}", taken.join(", ")));
    }
    if access.valid_tokens > 0 {
        let tokens = count(access.valid_tokens, "API token");
        lines.push(format!(
            "{tokens} of the backup can be used; revoke those that were revoked since (`sei token list`, `sei token revoke`)"
        ));
    }
    lines
}

/// Replaces people who are known as erased or pseudonymized in what was restored from before that.
async fn erase_again(machine: &Machine) -> Result<()> {
    for info in machine.store.tenants().await? {
        let store = machine.store.for_tenant(&info.tenant);
        let (known, _) = personal::reapply(&store).await?;
        if known.is_empty() {
            continue;
        }
        let mut tx = store.begin().await?;
        let mut logins = store::personal::login_names(&mut tx).await?;
        logins.retain(|name| known.is_erased(name));
        store::personal::delete_logins(&mut tx, &logins).await?;
        tx.commit().await?;
        let edit = personal::edit(known, Needles::of_anyone());
        eventlog::personal::rewrite(&machine.settings.log, &store, edit, Rewrite::default()).await?;
    }
    Ok(())
}

/// Writes a file that is not there, for its owner alone.
fn write_new(path: &Path, text: &str) -> Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}
