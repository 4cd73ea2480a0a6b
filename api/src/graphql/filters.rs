//! Which rows lists are asked for, and in which order. What is left out is left open.

mod delivery;
mod inputs;
mod sorts;
mod work;

pub(super) use delivery::{DeployedChangesFilter, DeploymentsFilter, IncidentsFilter, PipelineRunsFilter};
pub(super) use inputs::asked;
pub(super) use work::{
    ChangesFilter, FindingsFilter, RepositoriesFilter, ServicesFilter, SprintsFilter, TeamsFilter,
    VulnerabilitiesFilter, WorkItemsFilter,
};
