//! Dashboards for Apache Superset, as a bundle of files that it imports.
//!
//! Promises: the dashboards are those of the crate `panels`, with the same statements; the files hold no password, and
//! follow from the declarations and the target alone, so that they can be compared with those in `dashboards/superset`,
//! and an import replaces what an earlier one made.

mod archive;
mod bundle;
mod chart;
mod dashboard;
mod dataset;
mod error;
mod filters;
mod jinja;
mod names;
mod shown;
mod target;
mod units;

pub use archive::archive;
pub use bundle::{DIRECTORIES, METADATA, files};
pub use error::SupersetError;
pub use target::Target;
