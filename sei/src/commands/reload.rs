//! `sei reload`.

use anyhow::{Context, Result, bail};
use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cli::Global;
use crate::folder::DataFolder;
use crate::output;
use crate::settings::Settings;

/// Make the running `sei up` reload its settings
///
/// The same as SIGHUP. `sei up` checks the settings first; invalid ones are logged and change nothing.
#[derive(Args, Debug)]
pub(crate) struct Reload {}

impl Reload {
    pub(crate) fn run(&self, settings: &Settings, global: &Global) -> Result<()> {
        let Self {} = self;
        let path = &settings.data.folder;
        let running = if path.exists() { DataFolder::open(path)?.running()? } else { None };
        let Some(process) = running else {
            bail!("no `sei up` runs on the data directory `{}`; name its directory with --data", path.display());
        };
        kill(Pid::from_raw(process), Signal::SIGHUP).with_context(|| format!("process {process} can't be asked"))?;
        if global.json {
            return output::print_json(&serde_json::json!({ "process": process }));
        }
        output::print(&format!("process {process} reads its settings again; its log says what it finds"))
    }
}
