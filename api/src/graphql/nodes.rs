//! The things of the graph that are facts: their own fields. The fields that lead to other things are in
//! [`super::fields`], so that the two ends of an edge need not know each other here.

mod code;
mod delivery;
mod organization;
mod planning;

pub(super) use code::{Account, Change, Review, Vulnerability};
pub(super) use delivery::{Environment, Incident, IncidentOfService, Job, PipelineRun, ReportedDeployment};
pub(super) use organization::{Me, Organization, Person, Source, Team};
pub(super) use planning::{Sprint, Transition, WorkItem};
