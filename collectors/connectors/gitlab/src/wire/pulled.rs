//! What our own pull puts together.

use connector::json;
use serde::Deserialize;

use super::change::Note;
use super::common::Project;
use super::issue::StateEvent;
use super::push::Commit;

/// A row as our own pull composed it: GitLab's answer, and the project that it is about.
#[derive(Deserialize)]
pub(crate) struct Pulled<T> {
    pub(crate) project: Project,
    pub(crate) row: T,
    /// The tier of a deployment's environment.
    pub(crate) tier: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) notes: Vec<Note>,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) commits: Vec<Commit>,
    #[serde(default, deserialize_with = "json::list")]
    pub(crate) states: Vec<StateEvent>,
}
