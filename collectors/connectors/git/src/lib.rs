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
//! The way of a collection: `location` and `mirror` (or a local path) → `open` → `refs` compared
//! with the `cursor` → `plan` → `walk` and `lines` → `page` → the event log → `normalize`. The
//! cursor moves only after the log has acknowledged every page. A repository is only ever read; mirrors of
//! remote ones are ours.

#[cfg(feature = "pull")]
mod changes;
#[cfg(feature = "pull")]
mod collect;
#[cfg(feature = "pull")]
mod counts;
#[cfg(feature = "pull")]
mod cursor;
#[cfg(feature = "pull")]
mod effort;
#[cfg(feature = "pull")]
mod error;
#[cfg(feature = "pull")]
mod files;
#[cfg(feature = "pull")]
mod inspect;
#[cfg(feature = "pull")]
mod lines;
#[cfg(feature = "pull")]
mod location;
mod mailmap;
#[cfg(feature = "pull")]
mod mailmap_file;
mod message;
#[cfg(feature = "pull")]
mod mirror;
mod normalize;
#[cfg(feature = "pull")]
mod open;
mod page;
#[cfg(feature = "pull")]
mod pages;
#[cfg(feature = "pull")]
mod plan;
#[cfg(feature = "pull")]
mod produce;
#[cfg(feature = "pull")]
mod raw;
#[cfg(feature = "pull")]
mod refs;
#[cfg(feature = "pull")]
mod renames;
#[cfg(feature = "pull")]
mod walk;

#[cfg(feature = "pull")]
pub use collect::{DefaultBranch, From, Summary, Target, collect, collect_since, mirror, shown};
#[cfg(feature = "pull")]
pub use error::GitError;
#[cfg(feature = "pull")]
pub use location::repository_of;
pub use normalize::Git;
