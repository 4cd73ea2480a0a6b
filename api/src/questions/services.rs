//! Which services are asked about.

use async_graphql::InputObject;
use clap::Args;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which services are asked about.
#[derive(Args, Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServiceFilter {
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Only services of this team, or of a team that is part of it.
    #[arg(long, value_name = "NAME")]
    pub team: Option<String>,
}

impl ServiceFilter {
    /// Returns the engine's question about these services.
    #[must_use]
    pub fn question(&self) -> dora::Question {
        dora::Question { service: self.service.clone(), team: self.team.clone(), ..dora::Question::default() }
    }
}
