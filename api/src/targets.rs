//! Targets: what a team, or the organization, has agreed a metric should be, and whether it is met.
//!
//! Promises: a target is about a metric that there is, and one that does not grow with the window; a team without one of
//! its own has that of the team that it is part of, and else that of the organization; whether it is met is decided by the
//! metric's own answer. Every change is one transaction, with its entry of the audit log.

mod agreed;
mod manage;
mod results;
mod rules;

pub(crate) use agreed::TARGETS_MAX;
pub use manage::{remove, set};
pub(crate) use results::{AskedTargets, TargetResult};
pub(crate) use rules::may_change;
pub use rules::{SentTarget, TargetRules};
