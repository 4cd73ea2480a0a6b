//! GitLab's entities → facts, for webhooks and pulls alike.
//!
//! Webhooks and the API report the same thing in different forms. What one of them leaves out is derived from what both
//! have: addresses from the project's address, accounts from the number of the user (hooks identify authors by nothing
//! else), times in whole seconds. Among versions of one second the later state wins; its rank is put into the
//! microseconds of `version.at`.

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
