//! The rules of the computation on cases counted by hand, and on random histories against a slow and
//! obvious implementation.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_range_loop,
    clippy::too_many_lines,
    reason = "a test that can't go on says so by panicking, and the reference is plain on purpose"
)]

mod build;
mod counted;
mod devlake;
mod properties;
mod random;
mod reference;
mod regressions;
mod rules;
mod verdicts;
