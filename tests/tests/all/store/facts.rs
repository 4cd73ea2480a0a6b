//! Facts: whatever order versions arrive in, the row is the same; only what really changed becomes stale.

pub(super) mod parts;
mod stale;
mod versions;
mod written;
