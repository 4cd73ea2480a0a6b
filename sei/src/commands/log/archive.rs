//! `sei log archive`.

use anyhow::{Context, Result, bail};
use backup::Files;
use chrono::{TimeDelta, Utc};
use clap::Args;
use eventlog::settings::LogKind;
use serde::Serialize;
use store::segments::{self, OldExtent};

use super::file;
use crate::cli::Global;
use crate::machine::with;
use crate::output::{self, bytes, count};
use crate::settings::Settings;

/// Events of a file at most.
const MAX_EVENTS: usize = 50_000;
/// Bytes of payload of a file, about.
const MAX_BYTES: usize = 64 << 20;

/// Write old events that were processed into Parquet files, from where the last archive ended
///
/// A file holds up to 50,000 events of a partition: TOPIC/partition=0/FIRST-END.parquet. Archive more often than
/// log.retention deletes.
#[derive(Args, Debug)]
pub(crate) struct Archive {
    /// Where to: a directory, or `s3://BUCKET/PREFIX`, which is reached as backup.s3 says
    #[arg(long, value_name = "URL")]
    to: String,

    /// The age of the events in days
    #[arg(long, value_name = "DAYS", default_value_t = 1)]
    older_than_days: u16,
}

/// What was archived.
#[derive(Debug, Default, Serialize)]
struct ArchivedLog {
    files: u64,
    events: u64,
    bytes: u64,
    /// Events that were deleted before they were archived.
    missed: u64,
}

impl Archive {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        if settings.log.kind == LogKind::Kafka {
            bail!("the log is in Kafka: keep its topic for longer there, or in tiered storage");
        }
        with(settings, async |machine| {
            let (store, topic) = (&machine.store, machine.settings.log.topic.as_str());
            let files = Files::open(&machine.settings.backup, &self.to, true)?;
            let before = Utc::now() - TimeDelta::days(self.older_than_days.into());
            let mut archived = ArchivedLog::default();
            for extent in segments::old_extents(store, topic, before).await? {
                archive(store, topic, &files, extent, &mut archived).await?;
            }
            if global.json {
                return output::print_json(&archived);
            }
            let ArchivedLog { files: written, events, bytes: size, missed } = archived;
            output::print(&format!(
                "{} in {}, {}, to {}{}",
                count(events, "event"),
                count(written, "file"),
                bytes(size),
                files.name(),
                if missed == 0 {
                    String::new()
                } else {
                    format!("; {} deleted before they were archived: archive more often", count(missed, "event"))
                }
            ))
        })
        .await
    }
}

/// Archives what a partition has beyond the last file of it.
async fn archive(
    store: &store::Store,
    topic: &str,
    files: &Files,
    extent: OldExtent,
    archived: &mut ArchivedLog,
) -> Result<()> {
    let OldExtent { partition, first, end } = extent;
    let directory = format!("{topic}/partition={partition}");
    let last = files.list(&directory).await?.iter().filter_map(|path| end_of(path)).max();
    let mut next = first.max(last.unwrap_or(first));
    archived.missed += (next - last.unwrap_or(next)).unsigned_abs();
    while next < end {
        let mut events = segments::read(store, topic, partition, next, MAX_EVENTS, MAX_BYTES).await?;
        events.retain(|(position, _)| *position < end);
        let Some(to) = events.last().map(|(position, _)| position + 1) else { break };
        archived.events += u64::try_from(events.len())?;
        let encoded = tokio::task::spawn_blocking(move || file::encode(partition, &events));
        let encoded = encoded.await.context("the file could not be written")??;
        archived.bytes += u64::try_from(encoded.len())?;
        archived.files += 1;
        files.put(&format!("{directory}/{next:020}-{to:020}.parquet"), encoded).await?;
        next = to;
    }
    Ok(())
}

/// The position after the last event of a file, by its name.
fn end_of(path: &str) -> Option<i64> {
    path.strip_suffix(".parquet")?.rsplit_once('-')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_where_the_next_one_begins() {
        let path = format!("sei.events/partition=0/{:020}-{:020}.parquet", 5, 70);
        assert_eq!(end_of(&path), Some(70));
        assert_eq!(end_of("sei.events/partition=0/notes.txt"), None);
    }
}
