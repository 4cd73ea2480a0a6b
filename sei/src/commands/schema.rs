//! `sei schema`.

use anyhow::Result;
use clap::Args;

use crate::output;

/// Print the JSON Schema of the facts for POST /v1/events and `sei import`
#[derive(Args, Debug)]
pub(crate) struct Schema {}

impl Schema {
    pub(crate) fn run(&self) -> Result<()> {
        let Self {} = self;
        output::print_json(&connector_generic::schema())
    }
}
