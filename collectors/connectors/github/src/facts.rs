//! GitHub's entities → facts, shared by webhooks, pulls and imports of recorded events.
//!
//! GitHub's times have seconds, and two events of one entity within one second are common (opened and labeled, closed
//! and reopened). `moment` puts a rank of the entity's state into the microseconds of `version.at`, so that the later
//! state wins whatever order the events come in.

mod change;
mod deployment;
mod issue;
mod place;
mod push;
mod run;

pub use change::{change, comment, mentioned_change, review};
pub use deployment::{deployment, deployment_after, release};
pub use issue::issue;
pub use place::{Place, account, author, moved, moved_organization, repository};
pub use push::{commit, tag};
pub use run::{pipeline_run, task_run};
