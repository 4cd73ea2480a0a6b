//! Whose way to production is asked for.

use dora::JourneyKind;
use serde::Deserialize;
use utoipa::IntoParams;

/// Whose way to production is asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JourneyQuestion {
    /// What it is.
    #[param(inline)]
    pub kind: JourneyKind,
    /// Its id, as a search and lists have it: `<repository>#<number>` of a change, `<repository>@<sha>` of a commit.
    pub id: String,
}
