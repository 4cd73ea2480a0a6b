//! Projects.

use serde::Deserialize;

use super::common::{Project, When, lenient, nothing};

/// What every payload says of itself. System hooks name the event differently.
#[derive(Default, Deserialize)]
pub(crate) struct About {
    pub(crate) object_kind: Option<String>,
    pub(crate) event_name: Option<String>,
    #[serde(alias = "full_path")]
    pub(crate) path_with_namespace: Option<String>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) project: Option<Project>,
    #[serde(default = "nothing", deserialize_with = "lenient")]
    pub(crate) repository: Option<Homepage>,
}

/// The repository of a job's hook, which names no project.
#[derive(Deserialize)]
pub(crate) struct Homepage {
    pub(crate) homepage: Option<String>,
}

/// A project or a group that has another path now, or was created. It names no address.
#[derive(Deserialize)]
pub(crate) struct Renamed {
    #[serde(alias = "full_path")]
    pub(crate) path_with_namespace: String,
    #[serde(alias = "old_full_path")]
    pub(crate) old_path_with_namespace: Option<String>,
    pub(crate) updated_at: Option<When>,
}
