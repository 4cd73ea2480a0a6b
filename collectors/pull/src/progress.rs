//! How a long pull tells the outside how far it has come. A terminal shows a bar, a service counts;
//! collectors know of neither.

/// Told by a collector how far it has come.
pub trait Progress: Send + Sync {
    /// A new stage begins, of so many units if that is known.
    fn stage(&self, name: &'static str, total: Option<u64>);

    /// So many more units are to be expected in this stage than was known so far.
    fn expect(&self, _: u64) {}

    /// So many more units of the stage are done.
    fn advance(&self, units: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &'static str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}
