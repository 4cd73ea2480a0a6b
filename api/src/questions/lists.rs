//! What lists are asked about.

use async_graphql::InputObject;
use chrono::Utc;
use chrono_tz::Tz;
use serde::Deserialize;
use store::queries::{ChangeFilter, DeploymentFilter};
use utoipa::IntoParams;

use super::text::{Text, read};
use super::{Cursor, Invalid, LIMIT, RowLimit, ServiceFilter, Span};
use crate::cursor::ListPosition;
use crate::reads::Part;

/// A number of rows, as it was given.
pub type RowLimitText = Text<RowLimit>;
/// A cursor, as it was given.
pub type CursorText = Text<Cursor>;

/// Which page of a list is asked for. GraphQL has Relay's `first` and `after` instead.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Rows on a page, 1 to 200; 50 without it.
    #[param(inline)]
    pub limit: Option<RowLimitText>,
    /// `next_cursor` of the page before.
    #[param(inline)]
    pub cursor: Option<CursorText>,
}

/// Which deployments are listed, by when they finished.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeploymentsQuestion {
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only those that failed, or only those that did not.
    pub failed: Option<bool>,
}

/// Which changes are listed, by when they were deployed.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuestion {
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[graphql(flatten)]
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only those that this deployment carried.
    pub deployment: Option<String>,
}

/// Which findings are listed.
#[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindingsQuestion {
    /// Only of this service.
    pub service: Option<String>,
}

/// Of which fact raw events are listed.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuestion {
    /// The id of the fact, as evidence and rows have it.
    pub fact: String,
}

impl Page {
    /// Returns the part of a list that the page is.
    pub(crate) fn part<P: ListPosition>(&self) -> Result<Part<P>, Invalid> {
        let limit = read("limit", self.limit.as_ref())?.map_or(LIMIT, |RowLimit(limit)| limit);
        Part::after("cursor", self.cursor.as_ref().map(Text::as_str), limit)
    }
}

impl FindingsQuestion {
    /// Returns the services that are asked for.
    #[must_use]
    pub fn services(&self) -> ServiceFilter {
        ServiceFilter { service: self.service.clone(), team: None }
    }
}

impl DeploymentsQuestion {
    /// Returns the filter of the store. Days are of `time_zone` unless the question names another; `services` are those
    /// that its names stand for.
    pub fn filter(self, services: Option<Vec<String>>, time_zone: Tz) -> Result<DeploymentFilter, Invalid> {
        let (_, window) = self.span.window(time_zone, Utc::now())?;
        let (from, to) = window.map_or((None, None), |window| (window.from, window.to));
        Ok(DeploymentFilter { services, from, to, failed: self.failed })
    }
}

impl ChangesQuestion {
    /// Returns the filter of the store. Days are of `time_zone` unless the question names another; `services` are those
    /// that its names stand for.
    pub fn filter(self, services: Option<Vec<String>>, time_zone: Tz) -> Result<ChangeFilter, Invalid> {
        let (_, window) = self.span.window(time_zone, Utc::now())?;
        let (from, to) = window.map_or((None, None), |window| (window.from, window.to));
        Ok(ChangeFilter { services, deployment: self.deployment, from, to })
    }
}
