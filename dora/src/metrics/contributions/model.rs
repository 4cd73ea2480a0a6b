//! The answer: parts with what they contributed.

use async_graphql::{ComplexObject, Enum, SimpleObject};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use strum::Display;
use utoipa::ToSchema;

use crate::metrics::model::{Aggregation, Definition, Slice};
use crate::metrics::window::Window;

kernel::closed_list! {
    /// What contributes to the change of a metric.
    #[derive(Default, Deserialize, Enum, ToSchema, Display)]
    pub enum ContributionBy: "part of a change" {
        /// Services; what belongs to several is a part of its own.
        #[default]
        Service,
        /// The teams that own services, without the teams that these are part of.
        Team,
        /// Repositories, or the projects of work items.
        Repository,
        /// Types of changes, kinds of work items, or severities.
        Type,
    }
}

impl ContributionBy {
    /// The slices that the parts are made of.
    pub(in crate::metrics) const fn slice(self) -> Slice {
        match self {
            // a service has one team at most, so that no part holds another
            Self::Service | Self::Team => Slice::Service,
            Self::Repository => Slice::Repository,
            Self::Type => Slice::Type,
        }
    }
}

kernel::closed_list! {
    /// How contributions are computed.
    #[derive(Enum, ToSchema)]
    pub enum ContributionMethod: "method of contributions" {
        /// The difference of each part's value. They add up.
        Difference,
        /// The change of each part's value, weighted, and the change of its weight. They add up.
        MixAndRate,
        /// How much less the whole would have changed if the part were as in the earlier window. They need not add up.
        Replacement,
    }
}

impl ContributionMethod {
    /// The one for metrics that are put together so; `None` where there is none.
    pub(in crate::metrics) const fn of(aggregation: Aggregation) -> Option<Self> {
        use Aggregation as A;
        Some(match aggregation {
            A::Count | A::PerDay | A::PerWeek | A::Sum | A::OpenAtDayEnd | A::TimeOpen | A::LatestSum => {
                Self::Difference
            }
            A::Mean | A::Rate | A::RatioOfSums | A::LatestMean => Self::MixAndRate,
            A::Median | A::P75 | A::P90 => Self::Replacement,
            A::AgeOfOpen | A::LargestShare | A::FewestWithHalf | A::ShareOfWhole => return None,
        })
    }
}

/// A part with what it contributed.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct Contribution {
    /// Its name, or several with commas; null for what is of none.
    #[schema(required)]
    pub part: Option<String>,
    /// Its value now.
    #[schema(required)]
    pub value: Option<f64>,
    /// That value for people.
    #[schema(required)]
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// Its value in the earlier window.
    #[schema(required)]
    pub before_value: Option<f64>,
    /// That value for people.
    #[schema(required)]
    pub before_text: Option<String>,
    /// How many observations are behind it.
    pub before_n: u64,
    /// What it contributed to the difference of the whole, in the metric's unit; null where that is not computed.
    #[schema(required)]
    pub contribution: Option<f64>,
    /// That for people.
    #[schema(required)]
    pub contribution_text: Option<String>,
    /// That as a share of the difference.
    #[schema(required)]
    pub share: Option<f64>,
    /// Of that, by the change of its weight among all; of `mix_and_rate`.
    #[schema(required)]
    pub mix: Option<f64>,
    /// Of that, by the change of its own value; of `mix_and_rate`.
    #[schema(required)]
    pub rate: Option<f64>,
}

/// A stage with what it contributed to the mean lead time.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct StageContribution {
    /// The metric of the stage.
    pub metric: String,
    /// Its title.
    pub title: String,
    /// Its median now, in seconds.
    #[schema(required)]
    pub median: Option<f64>,
    /// Its median in the earlier window.
    #[schema(required)]
    pub before_median: Option<f64>,
    /// The time spent in it now, per change, in seconds; of a change that has no such stage 0.
    #[schema(required)]
    pub mean: Option<f64>,
    /// The same in the earlier window.
    #[schema(required)]
    pub before_mean: Option<f64>,
    /// What it contributed to the difference of the mean lead time.
    #[schema(required)]
    pub contribution: Option<f64>,
}

/// What each stage contributed to the change of the mean lead time: means of stages add up, their medians do not.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
pub struct StageContributions {
    /// The mean lead time now, in seconds.
    #[schema(required)]
    pub mean: Option<f64>,
    /// The same in the earlier window.
    #[schema(required)]
    pub before_mean: Option<f64>,
    /// How much longer it is now.
    #[schema(required)]
    pub difference: Option<f64>,
    /// The stages, in their order.
    pub stages: Vec<StageContribution>,
    /// What is in no stage: of changes that were not reviewed the time between opened and merged.
    #[schema(required)]
    pub remainder: Option<f64>,
}

/// What contributed to the change of a metric between two windows.
#[derive(Clone, Debug, PartialEq, Serialize, SimpleObject, ToSchema)]
#[graphql(complex)]
pub struct Contributions {
    /// The metric.
    pub metric: Definition,
    /// The window.
    pub window: Window,
    /// The earlier window.
    pub compared: Window,
    /// The time zone in which days are cut.
    #[graphql(skip)]
    #[schema(value_type = String)]
    pub time_zone: Tz,
    /// What the parts are.
    pub by: ContributionBy,
    /// How contributions are computed.
    pub method: ContributionMethod,
    /// The value of the whole now.
    #[schema(required)]
    pub value: Option<f64>,
    /// That value for people.
    #[schema(required)]
    pub text: Option<String>,
    /// How many observations are behind it.
    pub n: u64,
    /// The value of the whole in the earlier window.
    #[schema(required)]
    pub before_value: Option<f64>,
    /// That value for people.
    #[schema(required)]
    pub before_text: Option<String>,
    /// How many observations are behind it.
    pub before_n: u64,
    /// How much more the value is now.
    #[schema(required)]
    pub difference: Option<f64>,
    /// That for people.
    #[schema(required)]
    pub difference_text: Option<String>,
    /// The difference as a share of the earlier value.
    #[schema(required)]
    pub change: Option<f64>,
    /// The parts, those that contributed most first.
    pub parts: Vec<Contribution>,
    /// What of the difference the contributions leave: 0 where they add up.
    #[schema(required)]
    pub remainder: Option<f64>,
    /// Of the lead time: what each stage contributed to the change of its mean.
    #[schema(required)]
    pub stages: Option<StageContributions>,
}

#[ComplexObject]
impl Contributions {
    /// The time zone in which days are cut.
    async fn time_zone(&self) -> &'static str {
        self.time_zone.name()
    }
}
