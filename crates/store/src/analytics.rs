//! What BI tools read: the schema `analytics_<tenant>` of each tenant, and `analytics` over all of them.
//!
//! Promises: views have stable names and columns, each with a comment; all of it is made from the declarations of facts,
//! metric facts and metrics, and again by every migration that changes them; the rows of a view are those that the role
//! may see that asks. Formulas stay in the engine: it writes what each metric observed, and SQL only aggregates.

mod code_views;
mod custom_state;
mod daily;
mod delivery_views;
mod document;
mod event_views;
mod make;
mod metric_views;
mod observations;
mod organization_views;
mod owners;
mod planning_views;
mod roles;
mod schema_name;
mod scram;
mod state;
mod view;
mod views;

pub use custom_state::{CustomState, custom_states, keep_custom, save_custom};
pub use daily::{DailyRow, Outdated, OutdatedDays, outdated, settle, write_daily};
pub use document::{dbt, document};
pub(crate) use make::{digest, leave_out, make, make_all};
pub use observations::{ChunkOfObservations, ObservationRow, SubjectRow, Touched, keep_chunks, tidy, write_chunk};
pub use owners::{MetricRow, OwnedRepository, OwnedService, OwnerRows, OwningTeam, write_metrics, write_owners};
pub(crate) use roles::{ANALYTICS_GROUP, forget_tenant};
pub use roles::{AnalyticsRole, Granted, NewRole, grant, hide_people, is_role_name, is_used, list, revoke};
pub use schema_name::{ALL_TENANTS, schema_of};
pub use state::{Refresh, State, begin, save};
pub use view::{View, ViewColumn};
pub use views::views;
