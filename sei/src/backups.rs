//! Backups as the settings state them: made by a command, or on a schedule by `sei up` or `sei backup schedule`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use backup::{BackupError, Contents, Created, OnBytes, Pruned, Repository};
use chrono::{DateTime, Utc};
use runtime::schedule::Schedule;
use serde_json::json;
use store::audit::{self, Action, Actor, Entry};
use store::{Store, backup as stored};
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;

/// How long it is waited at once: clocks may be set.
const WAIT: Duration = Duration::from_mins(1);

/// Makes and deletes the backups of a database.
#[derive(Clone)]
pub(crate) struct Backups {
    store: Store,
    settings: Settings,
    /// The settings file, which is part of a backup.
    file: Option<PathBuf>,
    /// Who makes them.
    actor: Actor,
}

impl Backups {
    pub(crate) fn new(store: &Store, settings: &Settings, file: Option<PathBuf>, actor: Actor) -> Self {
        Self { store: store.clone(), settings: settings.clone(), file, actor }
    }

    /// Makes a backup.
    pub(crate) async fn create(&self, on_bytes: &OnBytes<'_>) -> Result<Created> {
        let settings = match &self.file {
            None => None,
            Some(file) => Some(
                tokio::fs::read_to_string(file)
                    .await
                    .with_context(|| format!("the settings file `{}` can't be read", file.display()))?,
            ),
        };
        let contents = Contents {
            sei_version: env!("CARGO_PKG_VERSION").to_owned(),
            log: serde_json::to_value(self.settings.log.kind)?.as_str().unwrap_or_default().to_owned(),
            settings,
        };
        let repository = Repository::open_or_make(&self.settings.backup).await?;
        // what can't be audited is not made; it is part of the backup itself
        let entry = Entry::new(self.actor.clone(), Action::BackupCreated, repository.name());
        audit::record_alone(&self.store, &entry).await?;
        stored::note_begun(&self.store).await?;
        let created = backup::create(&repository, &self.store, contents, on_bytes).await?;
        let made_at = created.id.created_at().unwrap_or_else(Utc::now);
        stored::note_made(&self.store, made_at).await.context("the backup is made, and can't be noted")?;
        Ok(created)
    }

    /// Deletes all but the newest backups, and what these don't need.
    pub(crate) async fn prune(&self, keep: usize) -> Result<Pruned> {
        let repository = Repository::open(&self.settings.backup).await?;
        let Some(alone) = stored::exclusive(&self.store).await? else { bail!(BackupError::Busy) };
        let pruned = backup::prune(&repository, keep, &alone).await?;
        alone.end().await?;
        if !pruned.backups.is_empty() {
            let ids: Vec<&str> = pruned.backups.iter().map(backup::BackupId::as_str).collect();
            let entry = Entry::new(self.actor.clone(), Action::BackupDeleted, repository.name());
            audit::record_alone(&self.store, &entry.with(json!({ "backups": ids }))).await?;
        }
        Ok(pruned)
    }

    /// Makes backups on the schedule of the settings, until the end. One that fails is logged; the next one is made all the
    /// same.
    pub(crate) async fn work(self, end: CancellationToken) -> Result<()> {
        let schedule = self.settings.backup.schedule.as_deref().map(str::parse::<Schedule>).transpose()?;
        while let Some(next) = schedule.as_ref().and_then(|schedule| self.next(schedule)) {
            tokio::select! {
                () = wait_until(next) => {}
                () = end.cancelled() => return Ok(()),
            }
            tokio::select! {
                made = self.create_and_prune() => if let Err(error) = made {
                    tracing::error!(error = format!("{error:#}"), "the backup failed");
                },
                () = end.cancelled() => return Ok(()),
            }
        }
        end.cancelled().await;
        Ok(())
    }

    fn next(&self, schedule: &Schedule) -> Option<DateTime<Utc>> {
        schedule.after(Utc::now(), self.settings.dora.time_zone)
    }

    async fn create_and_prune(&self) -> Result<()> {
        let created = self.create(&|_| {}).await?;
        let totals = created.totals;
        tracing::info!(
            backup.id = created.id.as_str(),
            rows = totals.rows,
            bytes = totals.stored_bytes,
            new_bytes = totals.new_bytes,
            "a backup was made"
        );
        let pruned = self.prune(self.settings.backup.keep).await.context("old backups were not deleted")?;
        if !pruned.backups.is_empty() {
            tracing::info!(backups = pruned.backups.len(), bytes = pruned.bytes, "old backups were deleted");
        }
        Ok(())
    }
}

/// Waits for a time of the clock.
async fn wait_until(time: DateTime<Utc>) {
    while let Ok(left) = (time - Utc::now()).to_std() {
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(WAIT)).await;
    }
}
