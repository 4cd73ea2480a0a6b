//! Which accounts are bots.

use std::collections::BTreeSet;

use store::{StoreTx, flow};

use crate::settings::{self, Compat};
use crate::{DoraError, Options};

/// Accounts that are bots, by what their source says, their name or the settings.
pub(crate) struct Bots {
    known: BTreeSet<String>,
    options: Options,
}

impl Bots {
    /// Reads which accounts their sources say are bots.
    pub async fn read(tx: &mut StoreTx, settings: &settings::Dora) -> Result<Self, DoraError> {
        Self::of(flow::bots(tx).await?, settings)
    }

    /// Those that are known to be bots, and those that the settings name.
    pub fn of(known: impl IntoIterator<Item = String>, settings: &settings::Dora) -> Result<Self, DoraError> {
        Ok(Self { known: known.into_iter().collect(), options: Options::new(settings)? })
    }

    pub fn is(&self, account: &str) -> bool {
        self.known.contains(account) || self.options.names_bot(account)
    }

    /// Whose rules are followed.
    pub const fn rules(&self) -> Compat {
        self.options.compat
    }
}
