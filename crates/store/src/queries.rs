//! What the API reads: metric facts, facts, services, repositories and findings, page by page.
//!
//! Each list has one total order and is read by keyset: a page starts after the last key of the one
//! before it, by an index, so that the thousandth page costs what the first does and rows that arrive
//! meanwhile neither repeat nor hide others. Nothing here computes a metric; `dora` does.

mod changes;
mod commit_changes;
mod deployments;
mod filter;
mod incidents;
mod items;
mod known;
mod listed;
mod lists;
mod mentions;
mod open_changes;
mod page;
mod placed;
mod position;
mod reviewers;
mod row;
mod search;
mod sort;
mod unreleased;
mod work;

pub(crate) use changes::of_changes;
pub use changes::{ChangeFilter, changes};
pub use commit_changes::changes_of_commits;
pub use deployments::{DeploymentFilter, deployments};
pub use filter::{Owners, RowFilter};
pub use items::items_done;
pub use known::{EnvironmentRow, FindingKey, RepositoryRow, ServiceRow, TeamRow, findings, services};
pub use listed::{ListOf, Listed, Parent};
pub use lists::{ParentKey, among, by_keys, count, count_among, list};
pub use mentions::changes_with_words;
pub use open_changes::{longest_open_first, open, open_changes};
pub use page::TimeKey;
pub use placed::Placed;
pub use position::Position;
pub use reviewers::review_counts;
pub use search::{FoundThing, SearchRank, SearchScope, SearchText, search};
pub use sort::{Cut, Order, Sort, SortType};
pub use unreleased::UnreleasedChange;
pub use work::{reviewed_open_changes, runs_of_commits};
