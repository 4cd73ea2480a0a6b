//! `sei version`.

use anyhow::Result;
use clap::Args;

use crate::cli::Global;
use crate::output;

/// Print the version
#[derive(Args, Debug)]
pub(crate) struct Version {}

impl Version {
    pub(crate) fn run(&self, global: &Global) -> Result<()> {
        let Self {} = self;
        let version = env!("CARGO_PKG_VERSION");
        if global.json {
            output::print_json(&serde_json::json!({ "version": version }))
        } else {
            output::print(version)
        }
    }
}
