//! What the API shows, once for REST and GraphQL. Views rename and change units (whole microseconds become
//! seconds); they compute nothing.

mod basis;
mod event;
mod explanation;
mod metric;
mod report;
mod rows;
mod words;

pub use basis::{Basis, Caveat};
pub use event::RawEvent;
pub use explanation::Explanation;
pub use metric::{Definition, MetricAnswer};
pub use report::Report;
pub use rows::{Change, Deployment, Finding, Repository, Service, TenantView};
pub use words::{
    Aggregation, CaveatCode, DeploymentKind, DeploymentSource, EvidenceSource, FindingKind, GroupKind, Interval, Level,
    MetricName, Rule, Slice, Unit, ValueName,
};

/// Whole microseconds as seconds.
fn seconds(microseconds: Option<i64>) -> Option<f64> {
    microseconds.map(|us| us as f64 / 1_000_000.0)
}
