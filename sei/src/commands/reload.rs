//! `sei reload`.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cli::Global;
use crate::directory::{DataDirectory, ReloadAnswer};
use crate::output;
use crate::settings::Settings;

/// Make the running `sei up` reload its settings
///
/// The same as SIGHUP, with an answer: which settings have changed, or why they can't be used and those from before
/// stay. All that have changed take effect, since `sei up` starts again in place. Its flags and environment variables
/// stay as they were: other ones need a restart.
#[derive(Args, Debug)]
pub(crate) struct Reload {}

/// How long the answer is waited for. One that is still starting reads its settings when it has started.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How often it is looked for.
const ASK: Duration = Duration::from_millis(20);

impl Reload {
    pub(crate) async fn run(&self, settings: &Settings, global: &Global) -> Result<()> {
        let Self {} = self;
        let path = &settings.data.directory;
        let no_process =
            || anyhow!("no `sei up` runs on the data directory `{}`; name its directory with --data", path.display());
        if !path.exists() {
            return Err(no_process());
        }
        let directory = DataDirectory::open(path)?;
        let process = directory.running()?.ok_or_else(no_process)?;
        // an answer that was not taken is of another time
        directory.take_reload_answer();
        kill(Pid::from_raw(process), Signal::SIGHUP).with_context(|| format!("process {process} can't be asked"))?;
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer(&directory)).await.ok();
        let words = match &answer {
            Some(ReloadAnswer { error: Some(error), .. }) => {
                bail!("process {process} keeps the settings from before, since the new ones can't be used: {error}")
            }
            None => "reads its settings again when it has started; its log says what it finds".to_owned(),
            Some(ReloadAnswer { changed, .. }) if changed.is_empty() => {
                "starts again; no setting has changed (flags and environment variables need a restart)".to_owned()
            }
            Some(ReloadAnswer { changed, .. }) => format!("starts again with what has changed: {}", changed.join(", ")),
        };
        if global.json {
            let changed = answer.map(|answer| answer.changed);
            return output::print_json(&serde_json::json!({ "process": process, "changed": changed }));
        }
        output::print(&format!("process {process} {words}"))
    }
}

async fn answer(directory: &DataDirectory) -> ReloadAnswer {
    loop {
        match directory.take_reload_answer() {
            Some(answer) => return answer,
            None => tokio::time::sleep(ASK).await,
        }
    }
}
