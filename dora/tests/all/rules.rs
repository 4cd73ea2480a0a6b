//! Each rule of the definitions, on a case counted by hand.

mod changes;
mod deployments;
mod failures;
mod services;

use kernel::{Commit, DeploymentKind};

use crate::build::{Computed, commit};

fn kinds(computed: &Computed) -> Vec<DeploymentKind> {
    computed.deployments.iter().map(|row| row.kind).collect()
}

fn pushed(number: u32, hour: i64, branch: &str) -> Commit {
    Commit { parents: None, branch: Some(branch.to_owned()), ..commit(number, hour, &[]) }
}
