//! On which side of a target a metric should be.

use serde::Deserialize;

crate::closed_list! {
    /// On which side of a target's value it is met.
    #[derive(Deserialize)]
    #[cfg_attr(feature = "api", derive(async_graphql::Enum, utoipa::ToSchema))]
    pub enum TargetBound: "bound of a target" {
        /// At the value or below it.
        AtMost,
        /// At the value or above it.
        AtLeast,
    }
}
