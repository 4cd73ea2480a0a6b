//! The git connector: reads the history of a repository and tells what it finds there.
//!
//! What git can tell: commits of all branches and tags with their parents, so which commits a deployment
//! carried; who wrote them and when; what lines they changed; changes that were merged by a merge commit or
//! squashed, when the message names them in a forge's words; what was reverted; version tags; the line of a
//! branch whose every merge is a deployment.
//!
//! What git cannot tell: when a change was opened, reviewed and approved; the first commit of a change that
//! was squashed (its branch is gone, and the squashed commit's author time is all that is left), so that lead
//! times of squashed changes begin late; changes that were rebased without a trace, which are commits
//! outside of any change; when a branch moved, so that a branch deployment is as old as its commit; whether
//! a deployment succeeded. A forge's own events say all of that, and win over what is inferred here.
//!
//! `pull` reads a repository into pages (`page`), which travel through the event log; `normalize` turns them into
//! facts.

mod mailmap;
mod message;
mod normalize;
mod page;
#[cfg(feature = "pull")]
mod pull;
#[cfg(feature = "pull")]
mod settings;

#[cfg(feature = "pull")]
pub use self::pull::{From, GitError, Summary, Target, collect, collect_since, mirror, repository_of, shown};
pub use normalize::Git;
#[cfg(feature = "pull")]
pub use settings::{GitSource, Options};
