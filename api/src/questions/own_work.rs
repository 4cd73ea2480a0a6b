//! Whose own work is asked for.

use serde::Deserialize;
use utoipa::IntoParams;

/// Whose own work is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OwnWorkQuestion {
    /// An account of the person; the person who asks without it. Of another person it needs the right to see data about
    /// single persons.
    pub account: Option<String>,
}
