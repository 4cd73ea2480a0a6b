//! `sei grafana`: dashboards as files that Grafana is provisioned with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::json;

use crate::cli::Global;
use crate::output;

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
        for file in &files {
            write(&directory.join(&file.path), &file.text)?;
        }
        if global.json {
            let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
            return output::print_json(&json!({ "directory": directory, "files": paths }));
        }
        output::print(&format!("wrote {} to {}", output::count(files.len(), "file"), directory.display()))
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).with_context(|| format!("can't make {}", directory.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("can't write {}", path.display()))
}
