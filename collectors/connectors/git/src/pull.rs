//! Reading repositories: `location` and `mirror` (or a local path) → `open` → `refs` compared with the `cursor` →
//! `plan` → `walk`, `brought` and `lines` → pages → the event log. The cursor moves only after the log has
//! acknowledged every page. A repository is only ever read; mirrors of remote ones are ours.

mod brought;
mod changes;
mod collect;
mod counts;
mod cursor;
mod effort;
mod error;
mod files;
mod graph;
mod inspect;
mod lines;
mod location;
mod mailmap_file;
mod mirror;
mod open;
mod pages;
mod plan;
mod produce;
mod raw;
mod refs;
mod renames;
mod summary;
mod walk;

pub use collect::{
    CollectFrom, CollectionTarget, collect, collect_since, mirror, reach, shown, source_address, source_name,
};
pub use error::GitError;
pub use location::repository_of;
pub use summary::CollectionSummary;
