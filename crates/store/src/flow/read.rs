//! Which rows are read, and how: a statement is copied out of the database, row by row.

use chrono::{DateTime, Utc};

use crate::copy::{self, Tuple};
use crate::{StoreError, StoreTx};

/// A span of time `[from, to)` that facts are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
}

/// Which rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadPart {
    /// Those that a span is about.
    Span(Span),
    /// All of them.
    All,
    /// All of these repositories, projects or services, and of any of them the rows with these keys.
    Some {
        /// Repositories, projects or services; an empty one stands for rows without any.
        owners: Vec<String>,
        /// Ids of rows.
        keys: Vec<String>,
    },
}

/// The time that a row is about, as expressions of SQL. The engine holds the rows that it has in memory against windows
/// by the same ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent {
    /// An instant.
    At(&'static str),
    /// From an instant to another; null stands for an end that is not known yet.
    Between(&'static str, &'static str),
}

impl Extent {
    /// That it has a part in the span.
    fn meets_span(self) -> String {
        match self {
            Self::At(at) => format!("({at} >= $FROM and {at} < $TO)"),
            Self::Between(begin, end) => format!("({begin} < $TO and ({end} is null or {end} >= $FROM))"),
        }
    }
}

impl ReadPart {
    /// The condition of a statement: that one of the extents meets the span, or that the expressions are one of the owners
    /// or one of the keys, if rows have one. Rows without an extent are in every span.
    pub(crate) fn condition(&self, extents: &[Extent], owner: &str, key: Option<&str>) -> String {
        let is_owner = || format!("{owner} = any (current_setting('sei.owners')::text[])");
        match (self, key) {
            (Self::Span(_), _) if !extents.is_empty() => {
                let meet: Vec<String> = extents.iter().map(|extent| extent.meets_span()).collect();
                format!("({})", meet.join(" or "))
            }
            (Self::Span(_) | Self::All, _) => "true".to_owned(),
            (Self::Some { .. }, None) => is_owner(),
            // an index finds each by itself
            (Self::Some { owners, .. }, Some(key)) => {
                let is_key = format!("{key} = any (current_setting('sei.keys')::text[])");
                if owners.is_empty() { is_key } else { format!("({} or {is_key})", is_owner()) }
            }
        }
    }
}

/// Says in the settings of the transaction which rows are read, unless they say so already.
async fn choose(tx: &mut StoreTx, part: &ReadPart) -> Result<(), StoreError> {
    let settings = format!("{part:?}");
    if *part == ReadPart::All || tx.settings().as_ref() == Some(&settings) {
        return Ok(());
    }
    // given up halfway they say neither
    *tx.settings() = None;
    match part {
        ReadPart::All => {}
        ReadPart::Span(span) => {
            sqlx::query!(
                "select set_config('sei.from', $1::timestamptz::text, true) as first,
                        set_config('sei.to', $2::timestamptz::text, true) as last",
                span.from,
                span.to,
            )
            .fetch_one(tx.connection())
            .await?;
        }
        ReadPart::Some { owners, keys } => {
            // few of all rows, which indexes find; other processors are left to who waits for an answer
            sqlx::query!(
                "select set_config('sei.owners', $1::text[]::text, true) as owners,
                        set_config('sei.keys', $2::text[]::text, true) as keys,
                        set_config('random_page_cost', '1.1', true) as page_cost,
                        set_config('max_parallel_workers_per_gather', '0', true) as workers",
                owners,
                keys,
            )
            .fetch_one(tx.connection())
            .await?;
        }
    }
    *tx.settings() = Some(settings);
    Ok(())
}

/// Hands each row of a statement, in which `$FROM` and `$TO` stand for the span, to `each`.
pub(crate) async fn each(
    tx: &mut StoreTx,
    part: &ReadPart,
    statement: &str,
    each: impl FnMut(&mut Tuple<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    choose(tx, part).await?;
    let statement = statement
        .replace("$FROM", "current_setting('sei.from')::timestamptz")
        .replace("$TO", "current_setting('sei.to')::timestamptz");
    copy::read(tx.connection(), &format!("copy ({statement}) to stdout (format binary)"), each).await?;
    Ok(())
}

/// Reads the rows of a statement in which `$FROM` and `$TO` stand for the span.
pub(crate) async fn rows<T>(
    tx: &mut StoreTx,
    part: &ReadPart,
    statement: &str,
    decode: impl Fn(&mut Tuple<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    each(tx, part, statement, |row| {
        found.push(decode(row)?);
        Ok(())
    })
    .await?;
    Ok(found)
}

pub(super) fn text(row: &mut Tuple<'_>) -> Result<String, StoreError> {
    Ok(row.text()?.to_owned())
}

pub(super) fn opt_text(row: &mut Tuple<'_>) -> Result<Option<String>, StoreError> {
    Ok(row.opt_text()?.map(str::to_owned))
}
