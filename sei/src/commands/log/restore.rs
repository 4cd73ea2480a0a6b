//! `sei log restore`.

use anyhow::{Context, Result};
use backup::Files;
use bytes::Bytes;
use clap::Args;
use kernel::TimeOrDay;
use serde_json::json;

use super::file;
use crate::cli::Global;
use crate::machine::with;
use crate::output::{self, count};
use crate::settings::Settings;

/// Append archived events to the log again, to be processed again
///
/// Rows that came of them before are as they were after that: a version of a thing replaces no newer one. People who were
/// erased since stay erased.
#[derive(Args, Debug)]
pub(crate) struct RestoreLog {
    /// Where from: a directory, or `s3://BUCKET/PREFIX`, which is reached as backup.s3 says
    #[arg(long, value_name = "URL")]
    from: String,

    /// Only events that were received since this day of `dora.time_zone`, or this time
    #[arg(long, value_name = "TIME")]
    since: Option<TimeOrDay>,
}

impl RestoreLog {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| {
            let log = machine.log().await?;
            let files = Files::open(&machine.settings.backup, &self.from, false)?;
            let since = self.since.map(|since| since.within(machine.settings.dora.time_zone));
            let (mut read, mut restored) = (0_u64, 0_u64);
            for path in files.list(log.topic()).await? {
                // a directory may hold other files
                if !path.ends_with(".parquet") {
                    continue;
                }
                let content = Bytes::from(files.get(&path).await?);
                let decoded = tokio::task::spawn_blocking(move || file::decode(content));
                let mut events = decoded.await?.with_context(|| format!("`{path}` can't be read"))?;
                events.retain(|event| since.is_none_or(|since| event.time >= since));
                read += 1;
                restored += u64::try_from(events.len())?;
                log.append(events).await?;
            }
            if global.json {
                return output::print_json(&json!({ "files": read, "events": restored }));
            }
            let (events, files) = (count(restored, "event"), count(read, "file"));
            output::print(&format!("{events} of {files} appended again; the processor reads them"))
        })
        .await
    }
}
