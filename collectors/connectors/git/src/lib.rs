//! The git connector: reads the history of a repository.
//!
//! It knows from git: the commits of all branches and tags with their parents, authors, times and changed lines;
//! changes whose merge or squash commit names them in a forge's words; reverts; version tags; and the branch whose
//! merges are deployments.
//!
//! It does not know from git: when a change was opened, reviewed and approved; the first commit of a squashed change,
//! whose lead time therefore begins late; changes that were rebased without a trace, which are direct commits; when a
//! branch moved, so that a branch deployment is as old as its commit; whether a deployment succeeded. A forge's own
//! events report all of that, and win over what is inferred here.
//!
//! Order of a collection: `location` and `mirror` (or a local path), `open`, `refs` compared with the `cursor`, `plan`,
//! `walk` and `lines`, `page`, the event log, `normalize`. The cursor moves only after the log has acknowledged every
//! page. A repository is only read; mirrors of remote ones are ours.

mod mailmap;
mod message;
mod normalize;
mod page;
#[cfg(feature = "pull")]
mod pull;
#[cfg(feature = "pull")]
mod settings;

#[cfg(feature = "pull")]
pub use self::pull::{
    CollectFrom, CollectionSummary, CollectionTarget, GitError, collect, collect_since, mirror, reach, repository_of,
    shown, source_address, source_name,
};
pub use normalize::Git;
#[cfg(feature = "pull")]
pub use settings::{GitSource, Options};

/// The connector, as the registry lists it.
pub static CONNECTOR: Git = Git;
