//! `sei person`: what is known of a person, for them to see, and taken out of everything that `sei` keeps.

mod arguments;
mod audited;
mod export;
mod found;
mod replace;
mod report;

use anyhow::Result;
use clap::{Args, Subcommand};
use store::pseudonyms::Treatment;

use self::arguments::{Identity, Replacement};
use crate::cli::{ForTenant, Global};
use crate::machine::with;
use crate::settings::Settings;

const EXAMPLES: &str = "\
Examples:
  sei person export ann@example.org > ann.ndjson        all that names the person, a JSON object a line
  sei person erase ann@example.org --dry-run            what would be replaced, and what would remain
  sei person erase github.com/ann --yes
  sei person pseudonymize github.com/ann --yes          keeps which accounts are one person's
  sei person reapply                                    once more, for raw events that came since

docs/privacy.md says what is found, what is replaced by what, and what remains where and until when.";

/// Export, erase or pseudonymize what is known of a person
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum PersonCommand {
    /// Print all that names the person as NDJSON
    Export(Identity),
    /// Replace what names the person everywhere, and forget which accounts are theirs; also their login and tokens
    Erase(Replacement),
    /// Replace what names the person everywhere; their accounts stay one person's, under other names
    Pseudonymize(Replacement),
    /// Replace all erased and pseudonymized people in what arrived since
    Reapply(Reapply),
}

#[derive(Args, Debug)]
pub(crate) struct Reapply {
    #[command(flatten)]
    tenant: ForTenant,
}

impl PersonCommand {
    pub(crate) async fn run(&self, settings: Settings, global: &Global) -> Result<()> {
        with(settings, async |machine| match self {
            Self::Export(who) => export::export(machine, who).await,
            Self::Erase(what) => replace::person(machine, what, Treatment::Erased, global).await,
            Self::Pseudonymize(what) => replace::person(machine, what, Treatment::Pseudonymized, global).await,
            Self::Reapply(Reapply { tenant }) => replace::everyone(machine, &tenant.tenant, global).await,
        })
        .await
    }
}
