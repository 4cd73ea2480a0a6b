//! What observations are made with.

use std::collections::BTreeMap;
use std::sync::Arc;

use store::StoreTx;
use store::analytics::ChunkOfObservations;
use store::flow::ReadPart;

use crate::DoraError;
use crate::compute::DeliveryRules;
use crate::metrics::{CustomKind, Exporter, Loader, Names, Ownership, Source, Tables, computed};
use crate::settings::Dora;

/// What observations are made with.
pub(super) struct Making<'m> {
    pub settings: &'m Dora,
    pub rules: DeliveryRules,
    /// The number of each metric.
    pub numbers: &'m BTreeMap<String, i16>,
    pub ownership: &'m Arc<Ownership>,
    /// What the numbers of keys are made with.
    pub salt: u64,
}

impl Making<'_> {
    /// Reads the rows of a source.
    pub async fn load(
        &self,
        tx: &mut StoreTx,
        names: &mut Names,
        of: (Source, &ReadPart),
    ) -> Result<Tables, DoraError> {
        let mut tables = load(tx, self.settings, names, of).await?;
        tables.ownership = Arc::clone(self.ownership);
        Ok(tables)
    }

    /// What the metrics of a kind of fact observed of a year, whose facts were read by a time of theirs.
    pub async fn custom(
        &self,
        kind: &CustomKind,
        tables: Tables,
        (at, year): (&'static str, i32),
    ) -> Result<Vec<ChunkOfObservations>, DoraError> {
        let (kind, numbers, rules, salt) = (kind.clone(), self.numbers.clone(), self.rules, self.salt);
        let made = move || {
            let exporter = Exporter { tables: &tables, rules, numbers: &numbers, salt };
            kind.chunks(&exporter, at, year)
        };
        computed("metrics of the settings", (), made).await
    }

    /// Makes observations of rows.
    pub fn exporter<'t>(&'t self, tables: &'t Tables) -> Exporter<'t> {
        Exporter { tables, rules: self.rules, numbers: self.numbers, salt: self.salt }
    }
}

/// Reads the rows of a source, by which ownership is not known yet.
pub(super) async fn load(
    tx: &mut StoreTx,
    settings: &Dora,
    names: &mut Names,
    (source, part): (Source, &ReadPart),
) -> Result<Tables, DoraError> {
    let part = part.clone();
    let mut loader = Loader { tx, settings, names, part, by_writers: true, tables: Tables::default() };
    loader.read(source).await?;
    Ok(loader.tables)
}
