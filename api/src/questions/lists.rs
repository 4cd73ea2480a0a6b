//! What lists of what was computed are asked about.

use std::sync::Arc;

use chrono::Utc;
use chrono_tz::Tz;
use kernel::{DeploymentKind, DeploymentSource, FindingKind};
use serde::Deserialize;
use store::queries::{Cut, Listed, Order, Owners, RowFilter};
use utoipa::IntoParams;

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

/// Which rows a list has, and in which order.
pub type RowsAsked = (RowFilter, Order);

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
    /// Only these fields, separated by commas; those of a nested object with a dot. All without it.
    #[param(inline)]
    pub fields: Option<FieldListText>,
}

/// Which deployments are listed, by when they finished.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeploymentsQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only those that failed, or only those that did not.
    pub failed: Option<bool>,
    /// Only those that succeeded, or only failed attempts.
    pub success: Option<bool>,
    /// Only those that metrics count, or only the others.
    pub counted: Option<bool>,
    /// Only rework, or only the others.
    pub rework: Option<bool>,
    /// Only of this repository.
    pub repository: Option<String>,
    /// Only into this environment.
    pub environment: Option<String>,
    /// Only those that relate so to the ones before them.
    #[param(inline)]
    pub kind: Option<DeploymentKind>,
    /// Only those that this says took place.
    #[param(inline)]
    pub source: Option<DeploymentSource>,
    /// Only those with this text in their id or name.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `-finished_at` without it.
    #[param(inline)]
    pub sort: Option<DeploymentSort>,
}

/// Which changes are listed, by when they were deployed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only those that this deployment carried.
    pub deployment: Option<String>,
    /// Only of this repository.
    pub repository: Option<String>,
    /// Only by this account. It needs the right to see data about single persons.
    pub author: Option<String>,
    /// Only direct commits, or only the others.
    pub is_commit: Option<bool>,
    /// Only those with this text in their title or id.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `-deployed_at` without it.
    #[param(inline)]
    pub sort: Option<ChangeSort>,
}

/// Which findings are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindingsQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only of this kind.
    #[param(inline)]
    pub kind: Option<FindingKind>,
    /// Only those with this text in their subject or sentence.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `service` without it.
    #[param(inline)]
    pub sort: Option<FindingSort>,
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

/// The rows of a window, of what belongs to some services.
pub(super) fn rows(span: &Span, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowFilter, Invalid> {
    let (_, window) = span.window(time_zone, Utc::now())?;
    let (from, to) = window.map_or((None, None), |window| (window.from, window.to));
    Ok(RowFilter { from, to, ..RowFilter::of(owners) })
}

/// Adds columns that have to hold a text, where one is asked for.
pub(super) fn with_words<const N: usize>(
    mut filter: RowFilter,
    words: [(&'static str, Option<String>); N],
) -> RowFilter {
    filter.words.extend(words.into_iter().filter_map(|(column, word)| Some((column, vec![word?]))));
    filter
}

/// Adds columns that have to be true or false, where that is asked for.
fn with_flags<const N: usize>(mut filter: RowFilter, flags: [(&'static str, Option<bool>); N]) -> RowFilter {
    filter.flags.extend(flags.into_iter().filter_map(|(column, flag)| Some((column, flag?))));
    filter
}

impl DeploymentsQuestion {
    /// Returns which rows are asked for. Days are of `time_zone` unless the question names another; `owners` are the
    /// services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..rows(&self.span, owners, time_zone)? };
        let filter = with_flags(
            filter,
            [("failed", self.failed), ("success", self.success), ("counted", self.counted), ("rework", self.rework)],
        );
        let word = |word: &str| word.to_owned();
        let filter = with_words(
            filter,
            [
                ("repository", self.repository),
                ("environment", self.environment),
                ("kind", self.kind.map(|kind| word(kind.as_str()))),
                ("source", self.source.map(|source| word(source.as_str()))),
            ],
        );
        Ok((filter, order(self.sort.as_ref())?))
    }
}

impl ChangesQuestion {
    /// Returns which rows are asked for. Days are of `time_zone` unless the question names another; `owners` are the
    /// services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..rows(&self.span, owners, time_zone)? };
        let filter = with_flags(filter, [("is_commit", self.is_commit)]);
        let words = [("deployment", self.deployment), ("repository", self.repository), ("author", self.author)];
        Ok((with_words(filter, words), order(self.sort.as_ref())?))
    }
}

impl FindingsQuestion {
    /// Returns which rows are asked for; `owners` are the services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..RowFilter::of(owners) };
        let words = [("kind", self.kind.map(|kind| kind.as_str().to_owned()))];
        Ok((with_words(filter, words), order(self.sort.as_ref())?))
    }
}
