//! Which work items are asked for with their times.

use async_graphql::{Enum, InputObject};
use dora::Slice;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{MetricQuestion, ServiceFilter, Span};

kernel::closed_list! {
    /// Which work items are asked for.
    #[derive(Default, Deserialize, Enum, ToSchema)]
    pub enum ItemTimesState: "state of work items with times" {
        /// Those that were done in the window: their cycle times.
        #[default]
        Done,
        /// Those that are in progress now: their ages.
        InProgress,
    }
}

/// Which work items are asked for with their times.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ItemTimesQuestion {
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Those that were done in the window, or those that are in progress now; `done` without it.
    #[param(inline)]
    pub state: Option<ItemTimesState>,
    /// Only of this project; the repository of an issue of a forge.
    pub project: Option<String>,
    /// Only of this kind, as the tracker has it, in upper or lower case.
    pub kind: Option<String>,
}

impl ItemTimesQuestion {
    /// Returns the question about the metric whose percentiles they are held against: of all kinds of the project.
    #[must_use]
    pub fn metric(&self) -> MetricQuestion {
        let by = self.project.as_ref().map(|_| Slice::Repository);
        let question = dora::Question { by, ..dora::Question::default() };
        MetricQuestion { span: self.span.clone(), services: self.services.clone(), question }
    }
}
