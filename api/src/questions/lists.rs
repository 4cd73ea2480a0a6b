//! What lists of what was computed are asked about.

use kernel::{ChangeMetric, DeploymentMetric, Finding, FindingKind};
use serde::Deserialize;
use store::queries::{Cut, Listed, Order};
use utoipa::IntoParams;

use super::columns::{DeployedChangeColumns, DeploymentColumns};
use super::rows::{row_question, search, word};
use super::sorting::{ChangeSort, DeploymentSort, FindingSort, order};
use super::text::{Text, read};
use super::{Cursor, FieldList, Invalid, LIMIT, RowLimit, ServiceFilter, Span};
use crate::cursor::{self, ListPosition};
use crate::reads::{Part, Section};

/// A number of rows, as it was given.
pub type RowLimitText = Text<RowLimit>;
/// A cursor, as it was given.
pub type CursorText = Text<Cursor>;
/// A list of fields, as it was given.
pub type FieldListText = Text<FieldList>;

/// Which page of a list is asked for that is read forward.
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

/// Which page of a list is asked for, and which fields of its rows. GraphQL has Relay's `first` and `after` instead.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListPage {
    /// Rows on a page, 1 to 200; 50 without it.
    #[param(inline)]
    pub limit: Option<RowLimitText>,
    /// `next_cursor` of the page before.
    #[param(inline)]
    pub cursor: Option<CursorText>,
    /// Rows before this cursor; the link `prev` of an answer has it.
    #[param(inline)]
    pub before: Option<CursorText>,
    /// Only these fields, separated by commas; those of a nested object with a dot. All without it. Rows lack the others
    /// then, also those that their schema requires: it describes whole rows.
    #[param(inline)]
    pub fields: Option<FieldListText>,
}

row_question! {
    /// Which deployments are listed, by when they finished.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    DeploymentsQuestion of DeploymentMetric {
        within {
            #[param(ignore)]
            span: Span,
            #[param(ignore)]
            services: ServiceFilter,
        }
        shared {
            #[param(ignore)]
            columns: DeploymentColumns,
        }
        columns {
            /// Only those with this text in their id or name.
            search: String => search(),
        }
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `-finished_at` without it.
            #[param(inline)]
            by DeploymentSort => order,
        }
    }
}

row_question! {
    /// Which changes are listed, by when they were deployed.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    ChangesQuestion of ChangeMetric {
        within {
            #[param(ignore)]
            span: Span,
            #[param(ignore)]
            services: ServiceFilter,
        }
        shared {
            #[param(ignore)]
            columns: DeployedChangeColumns,
        }
        columns {
            /// Only those with this text in their title or id.
            search: String => search(),
        }
        account columns.author of "changes",
        deployment columns.deployment,
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `-deployed_at` without it.
            #[param(inline)]
            by ChangeSort => order,
        }
    }
}

row_question! {
    /// Which findings are listed.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    FindingsQuestion of Finding {
        within {
            #[param(ignore)]
            services: ServiceFilter,
        }
        columns {
            /// Only of this kind.
            #[param(inline)]
            kind: FindingKind => word("kind"),
            /// Only those with this text in their subject or sentence.
            search: String => search(),
        }
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `service` without it.
            #[param(inline)]
            by FindingSort => order,
        }
    }
}

/// Of which fact raw events are listed.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuestion {
    /// The id of the fact, as evidence and rows have it.
    pub fact: String,
}

/// The number of rows on a page.
fn limit(given: Option<&RowLimitText>) -> Result<u32, Invalid> {
    Ok(read("limit", given)?.map_or(LIMIT, |RowLimit(limit)| limit))
}

impl Page {
    /// Returns the part of a list that the page is.
    pub(crate) fn part<P: ListPosition>(&self) -> Result<Part<P>, Invalid> {
        Part::after("cursor", self.cursor.as_ref().map(Text::as_str), limit(self.limit.as_ref())?)
    }
}

impl ListPage {
    /// Returns the part of a short list that the page is.
    pub(crate) fn section<P: ListPosition>(&self) -> Result<Section<P>, Invalid> {
        let (after, before) = (self.cursor.as_ref().map(Text::as_str), self.before.as_ref().map(Text::as_str));
        Section::between((after, before), limit(self.limit.as_ref())?)
    }

    /// Returns the cut of a list of these rows that the page is.
    pub(crate) fn cut<T: Listed>(&self, order: Order) -> Result<Cut, Invalid> {
        let position = |name: &str, given: &Option<CursorText>| {
            given.as_ref().map(|text| cursor::position::<T>(order, name, text.as_str())).transpose()
        };
        if let (Some(_), Some(before)) = (&self.cursor, &self.before) {
            return Err(Invalid::contradiction("before", before.as_str(), "no `before` beside `cursor`"));
        }
        let (after, before) = (position("cursor", &self.cursor)?, position("before", &self.before)?);
        Ok(Cut { from_end: before.is_some(), after, before, limit: limit(self.limit.as_ref())? })
    }
}
