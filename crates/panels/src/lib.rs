//! The dashboards that BI tools show, each declared once in `dashboards/panels/*.toml`.
//!
//! Promises: a declaration that is wrong is refused, with its file and panel; a panel is one statement of SQL over the
//! views of `docs/analytics.md`, which is the same for all tools but for how they write the values of filters; panels
//! of a metric ask the function `metric_value`, so that their numbers are those of the API. How a tool stores a
//! dashboard is left to the crate that renders it; what several of them need for that, such as the form of YAML and ids that
//! follow from names, is here.

mod error;
mod files;
mod json;
mod load;
mod metric_sql;
mod model;
mod sql;
mod uuid;
mod yaml;

pub use error::PanelError;
pub use files::dashboards;
pub use json::{fields, set};
pub use load::title_of;
pub use metric_sql::By;
pub use model::{ColumnKind, Dashboard, Panel, PanelColumn, Show, Size};
pub use sql::{Dialect, Filter, Literals};
pub use uuid::uuid;
pub use yaml::yaml;
