//! What the API reads: metric facts, services, repositories and findings, page by page.
//!
//! Each list has one total order and is read by keyset: a page starts after the last key of the one
//! before it, by an index, so that the thousandth page costs what the first does and rows that arrive
//! meanwhile neither repeat nor hide others. Nothing here computes a metric; `dora` does.

mod changes;
mod deployments;
mod known;
mod page;

pub(crate) use changes::of_changes;
pub use changes::{ChangeFilter, carried, changes};
pub use deployments::{DeploymentFilter, deployments};
pub use known::{FindingKey, RepositoryRow, ServiceRow, findings, repositories, services};
pub use page::TimeKey;
