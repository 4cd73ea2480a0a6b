//! Facts: whatever order versions arrive in, the row is the same; only what really changed becomes stale.

mod invalidations;
pub(super) mod parts;
mod versions;
mod written;
