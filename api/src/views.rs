//! What the API shows, once for REST, GraphQL and the command line's JSON, where that is not what the engine answers:
//! rows of the store with other names and units (whole microseconds become seconds). Views compute nothing.

mod audit;
mod boards;
mod dead_letters;
mod event;
mod event_counts;
mod explanation;
mod facts;
mod identity;
mod item_times;
mod mapping;
mod open_changes;
mod own_work;
mod people;
mod personal;
mod review_load;
mod rows;
mod search;
mod sources;
mod targets;

pub use audit::AuditEntry;
pub use boards::{BoardSummary, BoardView};
pub use dead_letters::{DeadLetterCountView, DeadLetterEvent, DeadLetterView, Replayed};
pub use event::RawEvent;
pub use event_counts::EventCountView;
pub use explanation::{Commit, Explanation};
pub(crate) use facts::state_of;
pub use facts::{IncidentView, PipelineRunView, ReviewView, SourceView, TeamView, VulnerabilityView, WorkItemView};
pub use identity::{CreatedTokenView, GrantView, Me, MeInTenant, OwnPerson, Reach, TokenView, UserView};
pub use item_times::{TimedItem, TimedItems};
pub use mapping::{MappedService, MappedTeam, ServiceChange, ServiceMapping, TeamChange, TeamMapping, Unmapped};
pub use open_changes::OpenChange;
pub use own_work::{OwnWork, ShippingChange, WaitingChange};
pub use people::{JoinedPersonView, PersonStatementView, join_reason};
pub(crate) use personal::Personal;
pub use review_load::{PersonReviewLoad, ReviewLoad, TeamReviewLoad};
pub use rows::{Change, Deployment, Evidence, Finding, Repository, Service, TenantView};
pub use search::SearchHit;
pub use sources::{RegisteredHookView, RegisteredHooksView, SourceCheckView, SourceRightView};
pub use targets::TargetView;

/// Whole microseconds as seconds.
pub(crate) fn seconds(microseconds: Option<i64>) -> Option<f64> {
    microseconds.map(|us| us as f64 / 1_000_000.0)
}
