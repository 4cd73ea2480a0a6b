//! The fields of GitLab's payloads that we use. One form reads a thing as webhooks report it and as the
//! API does, where they differ in little: `author_id` or `author`, a label as an object or as its title.

mod change;
mod common;
mod deployment;
mod issue;
mod pipeline;
mod project;
mod pulled;
mod push;

pub(super) use change::{MergeRequest, MergeRequestHook, Note, NoteHook};
pub(super) use common::{Project, User, titles};
pub(super) use deployment::{Deployment, DeploymentHook, Release, ReleaseHook};
pub(super) use issue::{Issue, IssueHook, StateEvent};
pub(super) use pipeline::{Job, JobHook, Pipeline, PipelineHook};
pub(super) use project::{About, Renamed};
pub(super) use pulled::Pulled;
pub(super) use push::{Commit, Push, StatedCommit};
