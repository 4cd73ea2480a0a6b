//! The fields of GitHub's payloads that we use. Everything else is left unread, so that GitHub can add,
//! rename and retype what we do not need.

mod alert;
mod change;
mod common;
mod deployment;
mod issue;
mod push;
mod repository;
mod run;

pub use alert::{Advised, Advisory, Alert, AlertEvent, AlertRule, Package};
pub use change::{
    Base, CommentedIssue, Head, IssueCommentEvent, PullRequest, PullRequestEvent, Review, ReviewCommentEvent,
    ReviewEvent,
};
pub use common::{Comment, Label, LooseTime, Repository, User};
pub use deployment::{Deployment, DeploymentEvent, DeploymentStatus, DeploymentStatusEvent, Release, ReleaseEvent};
pub use issue::{Issue, IssueType, IssuesEvent};
pub use push::{Commit, GitPerson, HeadCommit, PushEvent};
pub use repository::{
    Before, NameChange, Organization, OrganizationChanges, OrganizationEvent, Owner, OwnerChange, RepositoryChanges,
    RepositoryEvent,
};
pub use run::{NamedRepository, Workflow, WorkflowJob, WorkflowJobEvent, WorkflowRun, WorkflowRunEvent};
