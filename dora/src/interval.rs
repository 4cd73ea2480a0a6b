//! The steps that a series is cut into.

use async_graphql::Enum;
use clap::ValueEnum;
use serde::Deserialize;
use strum::Display;
use utoipa::ToSchema;

kernel::closed_list! {
    /// The length of the steps of a series.
    #[derive(Deserialize, Enum, ToSchema, ValueEnum, Display)]
    #[value(rename_all = "snake_case")]
    pub enum Interval: "interval" {
        /// Local days: 23 to 25 hours.
        Day,
        /// ISO weeks: they begin on Monday.
        Week,
        /// Calendar months.
        Month,
        /// Calendar quarters.
        Quarter,
        /// Calendar years.
        Year,
    }
}
