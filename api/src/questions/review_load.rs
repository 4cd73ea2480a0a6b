//! Whose load of reviews is asked for.

use async_graphql::InputObject;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ServiceFilter;

/// Whose load of reviews is asked for.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReviewLoadQuestion {
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
}
