//! Who is meant, and whether it is meant.

use clap::Args;

use crate::cli::ForTenant;

/// Who is meant.
#[derive(Args, Debug)]
pub(crate) struct Identity {
    /// An account (host/login) or an e-mail address of the person, as `sei people` lists them
    pub identity: String,

    #[command(flatten)]
    pub tenant: ForTenant,
}

#[derive(Args, Debug)]
pub(crate) struct Replacement {
    #[command(flatten)]
    pub who: Identity,

    /// Show what would be replaced and what would remain, and replace nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,

    /// Confirm: needed on a terminal; what is replaced can't be restored
    #[arg(long)]
    pub yes: bool,
}
