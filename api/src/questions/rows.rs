//! Questions about the rows of a list: each field is declared once, with what it asks of a row.

use std::sync::Arc;

use chrono::Utc;
use chrono_tz::Tz;
use store::queries::{Listed, Order, Owners, RowFilter};

use super::{Invalid, ServiceFilter, Span};

/// Which rows a list has, and in which order.
pub type RowsAsked = (RowFilter, Order);

/// How many words one field of words takes.
const WORDS: usize = 50;

/// A question about the rows of a list.
pub trait RowQuestion: Sized {
    /// The rows.
    type Row: Listed;

    /// When they took place.
    fn span(&self) -> Span {
        Span::default()
    }

    /// The services that they belong to.
    fn services(&self) -> ServiceFilter {
        ServiceFilter::default()
    }

    /// The name of the list and the account by which it is filtered: whose data it shows.
    fn account(&self) -> Option<(&'static str, &str)> {
        None
    }

    /// The deployment that they belong to.
    fn deployment(&self) -> Option<&str> {
        None
    }

    /// Their order.
    fn order(&self) -> Result<Order, Invalid> {
        Ok(Self::Row::LIST.default_order())
    }

    /// Adds what else is asked of them.
    fn add_to(self, filter: &mut RowFilter) -> Result<(), Invalid>;

    /// Returns which rows are asked for. Days are of `time_zone` unless the question names another; `owners` are the
    /// services that its names stand for.
    fn rows(self, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowsAsked, Invalid> {
        let (_, window) = self.span().window(time_zone, Utc::now())?;
        let (from, to) = window.map_or((None, None), |window| (window.from, window.to));
        let mut filter = RowFilter { from, to, ..RowFilter::of(owners) };
        let order = self.order()?;
        self.add_to(&mut filter)?;
        Ok((filter, order))
    }
}

/// Adds what a field asks of rows.
pub(crate) fn add<T>(
    filter: &mut RowFilter,
    value: T,
    ask: impl FnOnce(&mut RowFilter, T) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    ask(filter, value)
}

/// A column holds this text.
pub(crate) fn text(column: &'static str) -> impl FnOnce(&mut RowFilter, String) -> Result<(), Invalid> {
    move |filter, text| {
        filter.words.push((column, vec![text]));
        Ok(())
    }
}

/// A column holds this text, in upper or lower case.
pub(crate) fn text_in_any_case(column: &'static str) -> impl FnOnce(&mut RowFilter, String) -> Result<(), Invalid> {
    move |filter, text| {
        filter.folded.push((column, vec![text]));
        Ok(())
    }
}

/// A column holds this word of a closed list.
pub(crate) fn word<W: Into<&'static str>>(
    column: &'static str,
) -> impl FnOnce(&mut RowFilter, W) -> Result<(), Invalid> {
    move |filter, word| {
        filter.words.push((column, vec![word.into().to_owned()]));
        Ok(())
    }
}

/// A column holds one of these texts, 50 at most; `name` is the field's.
pub(crate) fn texts(
    name: &'static str,
    column: &'static str,
) -> impl FnOnce(&mut RowFilter, Vec<String>) -> Result<(), Invalid> {
    move |filter, texts| {
        filter.words.push((column, bounded(name, texts)?));
        Ok(())
    }
}

/// A column holds one of these texts, 50 at most, in upper or lower case; `name` is the field's.
pub(crate) fn texts_in_any_case(
    name: &'static str,
    column: &'static str,
) -> impl FnOnce(&mut RowFilter, Vec<String>) -> Result<(), Invalid> {
    move |filter, texts| {
        filter.folded.push((column, bounded(name, texts)?));
        Ok(())
    }
}

fn bounded(name: &'static str, texts: Vec<String>) -> Result<Vec<String>, Invalid> {
    if texts.len() > WORDS {
        return Err(Invalid::value(name, texts.len().to_string(), format!("at most {WORDS} words")));
    }
    Ok(texts)
}

/// A column holds one of these words of a closed list.
pub(crate) fn words<W: Into<&'static str>>(
    name: &'static str,
    column: &'static str,
) -> impl FnOnce(&mut RowFilter, Vec<W>) -> Result<(), Invalid> {
    move |filter, words| {
        let words = words.into_iter().map(|word| word.into().to_owned()).collect();
        texts(name, column)(filter, words)
    }
}

/// A column is true, or false.
pub(crate) fn flag(column: &'static str) -> impl FnOnce(&mut RowFilter, bool) -> Result<(), Invalid> {
    move |filter, flag| {
        filter.flags.push((column, flag));
        Ok(())
    }
}

/// Columns have a value, or have none, as a value of the field says.
pub(crate) fn present<T, const N: usize>(
    columns: impl FnOnce(T) -> [(&'static str, bool); N],
) -> impl FnOnce(&mut RowFilter, T) -> Result<(), Invalid> {
    move |filter, value| {
        filter.present.extend(columns(value));
        Ok(())
    }
}

/// A text is in one of the columns in which the list is searched.
pub(crate) fn search() -> impl FnOnce(&mut RowFilter, String) -> Result<(), Invalid> {
    |filter, text| {
        filter.search = Some(text);
        Ok(())
    }
}

/// Declares what rows of a list may be asked for by in every interface: each field with what it asks of a row.
macro_rules! row_columns {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$meta_of_column:meta])* $column:ident: $type:ty => $ask:expr,)+ }
    ) => {
        $(#[$meta])*
        pub struct $name {
            $(
                $(#[$meta_of_column])*
                pub $column: Option<$type>,
            )+
        }

        impl $name {
            /// Adds what is asked of rows.
            pub(crate) fn add_to(
                self,
                filter: &mut store::queries::RowFilter,
            ) -> Result<(), $crate::questions::Invalid> {
                $(
                    if let Some(value) = self.$column {
                        $crate::questions::rows::add(filter, value, $ask)?;
                    }
                )+
                Ok(())
            }
        }
    };
}

/// Declares a question about the rows of a list.
///
/// - `within`: `span` and `services`, where rows have a time and belong to services.
/// - `shared`: what may be asked in every interface (`row_columns!`).
/// - `columns`: what else may be asked, each with what it asks of a row.
/// - `account`: the field that names an account, with the name of the list.
/// - `deployment`: the field that names a deployment.
/// - `sort`: the type of the order, and how it is read.
macro_rules! row_question {
    (
        $(#[$meta:meta])*
        $name:ident of $row:ty {
            $(within { $($(#[$within_meta:meta])* $within:ident: $within_type:ty,)+ })?
            $(shared { $(#[$shared_meta:meta])* $shared:ident: $shared_type:ty, })?
            columns { $($(#[$meta_of_column:meta])* $column:ident: $type:ty => $ask:expr,)* }
            $(account $($account:ident).+ of $list:literal,)?
            $(deployment $($deployment:ident).+,)?
            $(sort { $(#[$sort_meta:meta])* by $sort:ty => $order:expr, })?
        }
    ) => {
        $(#[$meta])*
        pub struct $name {
            $($(
                $(#[$within_meta])*
                #[doc = "Its fields are those of the question."]
                pub $within: $within_type,
            )+)?
            $(
                $(#[$shared_meta])*
                #[doc = "Its fields are those of the question."]
                pub $shared: $shared_type,
            )?
            $(
                $(#[$meta_of_column])*
                pub $column: Option<$type>,
            )*
            $(
                $(#[$sort_meta])*
                pub sort: Option<$sort>,
            )?
        }

        impl $crate::questions::RowQuestion for $name {
            type Row = $row;

            $($(
                fn $within(&self) -> $within_type {
                    self.$within.clone()
                }
            )+)?

            $(
                fn account(&self) -> Option<(&'static str, &str)> {
                    Some(($list, self.$($account).+.as_deref()?))
                }
            )?

            $(
                fn deployment(&self) -> Option<&str> {
                    self.$($deployment).+.as_deref()
                }
            )?

            $(
                fn order(&self) -> Result<store::queries::Order, $crate::questions::Invalid> {
                    let order: fn(Option<&$sort>) -> Result<store::queries::Order, $crate::questions::Invalid> = $order;
                    order(self.sort.as_ref())
                }
            )?

            fn add_to(self, filter: &mut store::queries::RowFilter) -> Result<(), $crate::questions::Invalid> {
                $(
                    <$shared_type>::add_to(self.$shared, filter)?;
                )?
                $(
                    if let Some(value) = self.$column {
                        $crate::questions::rows::add(filter, value, $ask)?;
                    }
                )*
                Ok(())
            }
        }
    };
}

pub(crate) use {row_columns, row_question};
