//! How a long pull reports its progress. A terminal shows a bar, a service counts;
//! collectors know of neither.

/// Receives the progress of a collector.
pub trait Progress: Send + Sync {
    /// A new stage begins, of this number of units if that is known.
    fn stage(&self, name: &'static str, total: Option<u64>);

    /// This number of units more is to be expected in this stage than was known so far.
    fn expect(&self, _: u64) {}

    /// This number of units of the stage is done beyond those before.
    fn advance(&self, units: u64);
}

/// Reports nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &'static str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}
