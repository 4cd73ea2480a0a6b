//! What metrics are made from: rows with what they are about. Times are microseconds since 1970.

mod authors;
mod changes;
mod delivery;
mod planning;
mod quality;
mod row;
mod runs;
mod subject;

pub(super) use authors::Author;
pub(super) use changes::{Change, Deployed, Review};
pub(super) use delivery::{Deployment, FirstDeployment, Incident};
pub(super) use planning::{InSprint, Item, Sprint};
pub(super) use quality::{Measure, Vulnerability};
pub(super) use row::{Micros, Row};
pub(super) use runs::{RUN_US, Run};
pub(super) use subject::{About, Entry, EntryRef, Key, Name, Subject};
