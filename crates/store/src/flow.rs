//! What flow, review, CI, planning and quality metrics are made from: facts in a window, few columns of
//! many rows, as they are stored. Times are microseconds since 1970. What they mean is the engine's.

mod change;
mod ci;
mod code;
mod delivery;
mod planning;
mod read;

pub use change::{ChangeRow, ReviewRow, WriterRow, bots, changes, reviews, writers};
pub use ci::{RunRow, runs};
pub use code::{
    AuthorRow, MeasureRow, ReachedCommit, VulnerabilityRow, authors, measures, reached_commits, vulnerabilities,
};
pub use delivery::{
    DeployedRow, DeploymentRow, FirstDeploymentRow, IncidentRow, deployed, deployments, first_deployments, incidents,
    writers_of_deployed,
};
pub(crate) use planning::CATEGORY_OF_STEP;
pub use planning::{
    EntryRow, ItemRow, SprintRow, StatusRow, TransitionRow, entries, items, sprints, statuses, transitions,
};
pub(crate) use read::rows;
pub use read::{ReadPart, Span};
