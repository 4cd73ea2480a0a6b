//! GitLab's entities → facts, for webhooks and pulls alike.
//!
//! Webhooks and the API tell the same thing with other words, so whatever one of them leaves out is made
//! from what both have: addresses from the project's, accounts from the number of the user (hooks name
//! authors by nothing else), times in whole seconds. Among versions of one second the further state
//! counts; its rank goes into the microseconds of `version.at`.

mod change;
mod deployment;
mod issue;
mod pipeline;
mod place;
mod push;

pub(super) use change::{approval, change, mentioned_change, ready_by_hook, ready_by_notes, review};
pub(super) use deployment::{deployment_of_hook, deployment_of_row, release};
pub(super) use issue::{issue, state_event};
pub(super) use pipeline::{job_of_hook, pipeline_run, task_run};
pub(super) use place::{Place, account, author, repository};
pub(super) use push::{commit, tag};
