//! Metrics: every number of deliveries, changes, reviews, CI, planning, quality and security, and those that users
//! define. All are requested in one way and answered in one shape; the DORA report is made of such answers.
//!
//! The steps of a question: `plan` finds the metrics in the `registry`; `load` reads the `tables` that they need, each
//! once; a `view` selects the rows that the question is about; the functions of `delivery`, `flow`, `review`, `ci`,
//! `planning`, `quality`, `security` and `custom` turn rows into `observations`; a `grid` assigns these to cells of
//! slices and spans; `aggregate` summarizes each cell with polars (`frames`).

mod affected;
mod aggregate;
mod ask;
mod beginning;
mod calendar;
mod change_type;
mod chosen;
mod chunk;
mod ci;
mod compare;
mod contributions;
mod custom;
mod custom_observed;
mod delivery;
mod distribution;
mod flow;
mod frames;
mod grid;
mod held;
mod item_times;
mod load;
mod merge;
mod merged;
mod metric;
mod model;
mod movers;
mod observations;
mod observed;
mod ownership;
mod parallel;
mod plan;
mod planning;
mod quality;
mod reached;
mod registry;
mod review;
mod rows;
mod security;
mod slices;
mod spans;
mod tables;
#[cfg(test)]
mod tests;
mod unit;
mod versions;
mod view;
mod window;

pub use affected::{Dependents, Owners};
pub use ask::{ask, asked_services, distributions};
pub(crate) use calendar::Calendar;
pub use compare::{Compare, Comparison};
pub use contributions::{
    Contribution, ContributionBy, ContributionMethod, Contributions, StageContribution, StageContributions,
};
pub(crate) use custom_observed::{CustomKind, custom_kinds, span_of_year};
pub use distribution::{Bucket, Distribution, DistributionPart, Percentile};
pub(crate) use held::Rows;
pub(crate) use item_times::item_times;
pub(crate) use load::{Loader, Names, load};
pub use model::{
    Aggregation, AskedServices, Definition, Direction, MetricAnswer, MetricPart, MetricSettings, Point, Question,
    Slice, Value, ValueName,
};
pub use movers::{MOVER_METRICS, Mover, movers};
pub(crate) use observed::{Exporter, SOURCES, metric_rows, owner_rows, owners};
pub(crate) use ownership::{Filter, Ownership};
pub(crate) use parallel::computed;
pub(crate) use plan::Plan;
pub use plan::window_start;
pub use registry::definitions;
pub(crate) use tables::{Source, Tables};
pub use unit::Unit;
pub use versions::Versions;
pub use window::Window;
