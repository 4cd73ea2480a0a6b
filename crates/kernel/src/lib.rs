//! The vocabulary of `sei`: the envelope that every event travels in, the domain facts that events
//! become, their identities, and the closed lists of reasons why an event did not become a fact.
//!
//! Pure by promise: nothing here does I/O, knows a database, a broker or a clock. Everything else in
//! the workspace may depend on this crate; it depends on none of it.

// `closed_list!` names this crate wherever it is used, here too
extern crate self as kernel;

mod access;
mod closed_list;
pub mod difference;
mod envelope;
mod facts;
mod ids;
mod metric_facts;
pub mod near;
mod outcome;
mod own_event;
pub mod people;
mod plain_json;
mod projects;
pub mod pseudonyms;
mod search;
mod secret;
mod selectors;
mod tags;
mod target_bound;
mod team_line;
mod time;
mod trace_parent;

pub use access::{Right, Role, TokenScope};
pub use closed_list::{NameError, word};
pub use envelope::{Envelope, TENANT_NAMES, Tenant, TenantError};
pub use facts::*;
pub use ids::{AccountId, ChangeId, DeploymentId, IncidentId, RepositoryId, Sha, ShaError, WorkItemId};
pub use metric_facts::*;
pub use outcome::{EventOutcome, IgnoreReason, NotStored, RejectReason, Rejection};
pub use own_event::{event_of_fact, own_event};
pub use plain_json::{is_plain_json, is_private_key, plain_json};
pub use projects::{project_names, project_names_in_sql};
pub use search::{SearchKind, commit_ids};
pub use secret::Secret;
pub use selectors::{SELECTOR_FORMS, incident_selector};
#[doc(hidden)]
pub use strum;
pub use tags::VERSION_TAGS;
pub use target_bound::TargetBound;
pub use team_line::team_line;
pub use time::{
    EARLIEST_AUTHOR_TIME, NotATime, NotATimeZone, TimeOrDay, clamp_instant, midnight, plausible_instant, time_zone,
};
pub use trace_parent::{NotATraceParent, TraceParent};
