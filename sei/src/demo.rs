//! An invented organization, for a first look and for benchmarks: teams, services, a year of changes,
//! reviews, deployments, incidents and work items.
//!
//! Promises: the same [`Demo`] gives the same facts, in the same order, whenever and wherever; facts
//! come as a stream, so that a million of commits need little memory; everything that it names is below
//! `demo.example`, so that it is not taken for real.

mod dice;
mod life;
mod names;
mod organization;
mod scale;
mod service;
mod surroundings;
mod targets;

use kernel::Fact;

use organization::Organization;
pub(crate) use scale::TENANT;
pub use scale::{Demo, Scale};
pub(crate) use targets::set_targets;

impl Demo {
    /// All its facts: first teams, accounts, services and repositories, then the history of one service
    /// after the other, each in about the order of time.
    pub fn facts(&self) -> impl Iterator<Item = Fact> + Send + use<> {
        let organization = Organization::new(self);
        let first = organization.facts();
        let histories = service::histories(self, organization);
        first.into_iter().chain(histories)
    }
}

#[cfg(test)]
mod tests;
