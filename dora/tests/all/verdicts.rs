//! Which deployments failed, recovered and are rework where several environments, repositories, copies of commits
//! or reverts of reverts are in play. Cases counted by hand.

mod changes;
mod incidents;
mod reverts;
mod rollouts;

use kernel::Deployment;

use crate::build::{Computed, deploy, hours};

fn to(environment: &str, id: &str, commit: u32, hour: i64) -> Deployment {
    Deployment { environment: Some(environment.to_owned()), ..deploy(id, commit, hour) }
}

fn counted(computed: &Computed) -> Vec<&str> {
    computed.deployments.iter().filter(|row| row.counted).map(|row| row.deployment.as_str()).collect()
}

fn leads(computed: &Computed) -> Vec<(String, i64)> {
    let row = |row: &kernel::ChangeMetric| (row.title.clone(), row.lead_time_us.unwrap_or(-1) / hours(1));
    computed.changes.iter().map(row).collect()
}
