//! What decides what is computed of the same facts.

use xxhash_rust::xxh3::xxh3_64;

use crate::Options;

/// Changes when rows computed by an earlier version have to be computed again.
const ENGINE: u32 = 4;

/// A hash of all that decides what is computed of the same facts.
pub(super) fn digest(options: &Options) -> i64 {
    i64::from_ne_bytes(xxh3_64(format!("{ENGINE} {options:?}").as_bytes()).to_ne_bytes())
}
