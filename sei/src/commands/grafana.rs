//! `sei grafana`: dashboards as files that Grafana is provisioned with.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::Global;
use crate::exported;

const EXAMPLES: &str = "\
Examples:
  sei grafana export /etc/grafana/sei        the files; docs/grafana.md says how Grafana finds them
  sei analytics grant grafana --tenant main  the role that Grafana logs in as; prints its password";

/// Write dashboards as files that Grafana is provisioned with
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum GrafanaCommand {
    /// Write data sources, dashboards and alerts into a directory, over those that are there
    Export {
        /// The directory; it is made if it is not there
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

impl GrafanaCommand {
    pub(crate) fn run(&self, global: &Global) -> Result<()> {
        let Self::Export { directory } = self;
        let files = grafana::files()?;
        exported::write_all(directory, &files, None)?;
        exported::report(global, directory, &files)
    }
}
