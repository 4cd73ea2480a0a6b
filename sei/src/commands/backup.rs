//! `sei backup`: everything that is stored, kept elsewhere.

mod place;
mod restore;

use anyhow::{Result, bail, ensure};
use backup::{BackupError, Manifest, Repository};
use chrono::SecondsFormat;
use clap::{Args, Subcommand};
use pull::progress::Progress as _;
use serde_json::{Value, json};
use store::audit::Actor;

use crate::actor::actor;
use crate::backups::Backups;
use crate::cli::Global;
use crate::directory::DataDirectory;
use crate::machine::{Machine, with};
use crate::output::{self, bytes, count};
use crate::progress::Shown;
use crate::settings::Settings;
use place::Place;
use restore::Restore;

const EXAMPLES: &str = "\
A backup holds facts, metric rows, positions, the embedded log, boards, targets, users, grants and
the settings file, of all tenants, at one point in time. It writes only what no earlier backup has.
docs/backup.md has the rest.

Examples:
  age-keygen -o backup.key                      a key; keep a copy of it elsewhere
  sei backup create --url /mnt/backups/sei      with backup.identity = { file = \"backup.key\" }
  sei backup verify                             read the newest backup whole; fail if it is damaged
  sei backup restore --data new                 into an empty data directory";

/// Make, list, verify, restore and delete backups of everything that is stored
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum BackupCommand {
    /// Make a backup
    Create(Create),
    /// List backups, the newest first
    List(List),
    /// Read a backup whole, compare it with its checksums, and fail if it is damaged
    Verify(Verify),
    /// Restore a backup into an empty database
    Restore(Restore),
    /// Delete old backups, and what the others don't need
    Prune(Prune),
    /// Make backups on the schedule of the settings (backup.schedule) and delete old ones, until it is ended
    Schedule(Schedule),
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// The maximum number
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,

    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The beginning of the id of a backup; without it the newest one
    id: Option<String>,

    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct Prune {
    /// The number of backups to keep, the newest ones (backup.keep)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,

    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct Schedule {
    #[command(flatten)]
    place: Place,
}

impl BackupCommand {
    /// The name by which logs and traces show it, if it goes on until it is ended.
    pub(crate) const fn program(&self) -> Option<&'static str> {
        match self {
            Self::Schedule(_) => Some("sei-backup"),
            _ => None,
        }
    }

    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match self {
            Self::Create(command) => command.run(settings, global).await,
            Self::List(command) => command.run(settings, global).await,
            Self::Verify(command) => command.run(settings, global).await,
            Self::Restore(command) => command.run(settings, global).await,
            Self::Prune(command) => command.run(settings, global).await,
            Self::Schedule(command) => Box::pin(command.run(settings, global)).await,
        }
    }
}

impl Create {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(self.place.of(settings), async |machine| {
            let file = runtime::settings_file(global.config.as_deref());
            let backups = Backups::new(&machine.store, &machine.settings, file, actor());
            let progress = Shown::of_bytes("backup");
            progress.stage("reading", None);
            let created = backups.create(&|bytes| progress.advance(bytes)).await?;
            drop(progress);
            let (id, totals) = (&created.id, created.totals);
            if global.json {
                return output::print_json(&json!({
                    "id": id.as_str(), "parent": created.parent, "tables": created.tables, "totals": totals,
                }));
            }
            output::print(&format!(
                "backup {id}: {} of {}, {} as it is kept; {} new",
                count(totals.rows, "row"),
                count(created.tables, "table"),
                bytes(totals.stored_bytes),
                bytes(totals.new_bytes),
            ))
        })
        .await
    }
}

impl List {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let repository = Repository::open(&self.place.of(settings).backup).await?;
        let mut listed = repository.list().await?;
        listed.reverse();
        listed.truncate(usize::from(self.limit));
        let mut backups = Vec::new();
        for one in listed {
            // one that can't be read is listed: it is there
            let read = match repository.manifest(&one.id).await {
                Ok(manifest) => Ok(manifest),
                Err(error) if error.is_damage() => Err(error),
                Err(error) => return Err(error.into()),
            };
            backups.push((one.id, read));
        }
        if global.json {
            let all = backups.iter().map(|(id, read)| as_json(id.as_str(), read.as_ref()));
            return output::print_json(&all.collect::<Vec<_>>());
        }
        if backups.is_empty() {
            return output::print("there is no backup");
        }
        let mut table = output::table(&["backup", "made", "rows", "size", "new", "sei"]);
        for (id, read) in &backups {
            match read {
                Ok(Manifest { created_at, totals, sei_version, .. }) => table.add_row([
                    id.to_string(),
                    created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
                    totals.rows.to_string(),
                    bytes(totals.stored_bytes),
                    bytes(totals.new_bytes),
                    sei_version.clone(),
                ]),
                Err(error) => table.add_row([id.to_string(), error.to_string()]),
            }
        }
        output::print(&table.to_string())
    }
}

/// What a list shows of a backup.
fn as_json(id: &str, read: Result<&Manifest, &BackupError>) -> Value {
    match read {
        Ok(manifest) => json!({
            "id": id,
            "created_at": manifest.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "parent": manifest.parent,
            "sei_version": manifest.sei_version,
            "tables": manifest.tables.len(),
            "totals": manifest.totals,
        }),
        Err(error) => json!({ "id": id, "error": error.to_string() }),
    }
}

impl Verify {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        let repository = Repository::open(&self.place.of(settings).backup).await?;
        let id = repository.find(self.id.as_deref()).await?;
        let manifest = repository.manifest(&id).await?;
        let progress = Shown::of_bytes("backup");
        progress.stage("verifying", Some(manifest.totals.bytes));
        let verified = backup::verify(&repository, &manifest, &|bytes| progress.advance(bytes)).await?;
        drop(progress);
        if global.json {
            let damages = verified.damages.iter().map(|one| json!({ "table": one.table, "error": one.what }));
            output::print_json(&json!({
                "id": id.as_str(), "chunks": verified.chunks, "bytes": verified.bytes,
                "damages": damages.collect::<Vec<_>>(),
            }))?;
        } else {
            for damage in &verified.damages {
                output::print(&format!("{}: {}", damage.table, damage.what))?;
            }
        }
        if !verified.damages.is_empty() {
            bail!("the backup {id} is damaged in {}", count(verified.damages.len(), "place"));
        }
        if global.json {
            return Ok(());
        }
        let (tables, rows) = (count(manifest.tables.len(), "table"), count(manifest.totals.rows, "row"));
        output::print(&format!("backup {id} is whole: {rows} of {tables}, {}", count(verified.chunks, "chunk")))
    }
}

impl Schedule {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        ensure!(settings.backup.schedule.is_some(), "backup.schedule is not set; expected a cron expression");
        let (settings, shutdown) = (self.place.of(settings), runtime::shutdown());
        let directory = DataDirectory::open(&settings.data.directory)?;
        let opened = Box::pin(Machine::open(settings, directory, None, &shutdown)).await?;
        let Some(machine) = opened else { return Ok(()) };
        let file = runtime::settings_file(global.config.as_deref());
        let backups = Backups::new(&machine.store, &machine.settings, file, Actor::sei());
        let worked = backups.work(shutdown).await;
        worked.and(machine.close().await)
    }
}

impl Prune {
    async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(self.place.of(settings), async |machine| {
            let keep = self.keep.map_or(machine.settings.backup.keep, usize::from);
            let pruned = Backups::new(&machine.store, &machine.settings, None, actor()).prune(keep).await?;
            if global.json {
                let ids: Vec<&str> = pruned.backups.iter().map(backup::BackupId::as_str).collect();
                return output::print_json(&json!({
                    "deleted": ids, "kept": pruned.kept, "chunks": pruned.chunks, "bytes": pruned.bytes,
                }));
            }
            output::print(&format!(
                "{} deleted, {} kept; {} freed",
                count(pruned.backups.len(), "backup"),
                pruned.kept,
                bytes(pruned.bytes)
            ))
        })
        .await
    }
}
