//! `sei log`: raw events of the embedded log, kept elsewhere as Parquet files and brought back from there.

mod archive;
mod file;
mod restore;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::Global;
use crate::settings::Settings;
use archive::Archive;
use restore::RestoreLog;

const EXAMPLES: &str = "\
Raw events are kept in the database for log.retention. Archived every day, they are kept elsewhere for longer, at a tenth of
the cost, and can be replayed.

Examples:
  sei log archive --to /mnt/archive
  sei log archive --to s3://events/sei --older-than-days 1      every night, by cron
  sei log restore --from s3://events/sei --since 2026-01-01     append them again: what is known changes nothing";

/// Archive raw events as Parquet files in a directory or in S3, and bring them back
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum LogCommand {
    /// Write old events that were processed into Parquet files, from where the last archive ended
    Archive(Archive),
    /// Append archived events to the log again, to be processed again
    Restore(RestoreLog),
}

impl LogCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        match self {
            Self::Archive(command) => command.run(settings, global).await,
            Self::Restore(command) => command.run(settings, global).await,
        }
    }
}
