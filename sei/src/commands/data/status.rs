//! What `sei data status` shows: tables by kind of data, and when the disk is full.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use eventlog::settings::LogKind;
use runtime::duration;
use serde::Serialize;
use store::sizes::{DataKind, Sizes, TableSize};

use crate::output::{self, bytes};
use crate::settings::Settings;

/// Tenants that are looked at.
pub(super) const MAX_TENANTS: usize = 1_000;
/// Growth is not computed from less.
const MIN_OBSERVED: TimeDelta = TimeDelta::hours(1);
/// A disk that is full later than in this is not full in sight.
const IN_SIGHT_DAYS: f64 = 3_650.0;
/// Smaller parts are left out of the table for people.
const MIN_SHOWN_BYTES: u64 = 100_000;

/// The tenant, the kind of data and, of facts, the table.
type Group = (Option<String>, DataKind, Option<String>);

/// How much of what there is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct DataStatus {
    at: DateTime<Utc>,
    /// Since when growth is counted.
    since: DateTime<Utc>,
    database_bytes: u64,
    /// `None` where it is not known.
    free_bytes: Option<u64>,
    /// `None` where it was not observed for long enough.
    bytes_per_day: Option<f64>,
    /// `None` where it is not in sight.
    full_at: Option<DateTime<Utc>>,
    parts: Vec<DataPart>,
}

/// One kind of data of a tenant, or of what all tenants use; facts by their kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct DataPart {
    tenant: Option<String>,
    kind: DataKind,
    /// Of facts, which.
    fact: Option<String>,
    /// About.
    rows: u64,
    bytes: u64,
    index_bytes: u64,
    bytes_per_row: Option<u64>,
    /// Rows that were added less those that were deleted.
    rows_per_day: Option<f64>,
    bytes_per_day: Option<f64>,
    oldest: Option<DateTime<Utc>>,
    newest: Option<DateTime<Utc>>,
    retention: String,
}

impl DataStatus {
    pub(super) fn new(sizes: &Sizes, settings: &Settings, free_bytes: Option<u64>) -> Self {
        let observed = sizes.at - sizes.since;
        let days = (observed >= MIN_OBSERVED).then(|| observed.num_seconds() as f64 / 86_400.0);
        let mut groups: BTreeMap<Group, Vec<&TableSize>> = BTreeMap::new();
        for table in &sizes.tables {
            let is_fact = matches!(table.kind, DataKind::Facts | DataKind::Details);
            let fact = is_fact.then(|| table.table.clone());
            groups.entry((table.tenant.as_ref().map(ToString::to_string), table.kind, fact)).or_default().push(table);
        }
        let part = |((tenant, kind, fact), tables): (Group, Vec<&TableSize>)| DataPart {
            tenant,
            fact,
            ..DataPart::of(kind, &tables, days, retention(kind, settings))
        };
        let mut parts: Vec<DataPart> = groups.into_iter().map(part).collect();
        parts.sort_by_key(|part| Reverse(part.bytes));
        let bytes_per_day: Option<f64> = days.map(|_| parts.iter().filter_map(|part| part.bytes_per_day).sum());
        Self {
            at: sizes.at,
            since: sizes.since,
            database_bytes: sizes.database_bytes.unsigned_abs(),
            free_bytes,
            bytes_per_day,
            full_at: full_at(sizes.at, free_bytes, bytes_per_day),
            parts,
        }
    }

    pub(super) fn text(&self) -> String {
        let day = |at: Option<DateTime<Utc>>| at.map_or("–".to_owned(), |at| at.format("%Y-%m-%d").to_string());
        let mut lines = vec![self.summary()];
        let headings = ["tenant", "data", "rows", "size", "a row", "a day", "oldest", "newest", "kept"];
        let mut table = output::table(&headings);
        let shown = self.parts.iter().filter(|part| part.bytes >= MIN_SHOWN_BYTES);
        for part in shown {
            table.add_row([
                part.tenant.clone().unwrap_or_else(|| "(all)".to_owned()),
                part.fact.as_ref().map_or(part.kind.as_str().replace('_', " "), |fact| format!("fact {fact}")),
                part.rows.to_string(),
                bytes(part.bytes),
                part.bytes_per_row.map_or("–".to_owned(), bytes),
                part.bytes_per_day.map_or("–".to_owned(), growth),
                day(part.oldest),
                day(part.newest),
                part.retention.clone(),
            ]);
        }
        lines.push(format!("\n{table}"));
        let others: Vec<&DataPart> = self.parts.iter().filter(|part| part.bytes < MIN_SHOWN_BYTES).collect();
        if !others.is_empty() {
            let all: u64 = others.iter().map(|part| part.bytes).sum();
            lines.push(format!("\nbeside these {} in small parts (--json lists them)", bytes(all)));
        }
        lines.join("\n")
    }

    fn summary(&self) -> String {
        let size = format!("the database has {}", bytes(self.database_bytes));
        let grows = self
            .bytes_per_day
            .map_or("its growth is known an hour after statistics began".to_owned(), |bytes_per_day| {
                format!("{} a day since {}", growth(bytes_per_day), self.since.format("%Y-%m-%d"))
            });
        let full = match (self.free_bytes, self.full_at) {
            (None, _) => "the free room is not known (--free-bytes)".to_owned(),
            (Some(free), None) => format!("{} free, full not within ten years", bytes(free)),
            (Some(free), Some(at)) => format!("{} free, full about {}", bytes(free), at.format("%Y-%m-%d")),
        };
        format!("{size}, {grows}; {full}")
    }
}

/// A number of bytes with its sign.
fn growth(bytes_per_day: f64) -> String {
    let sign = if bytes_per_day < 0.0 { "-" } else { "+" };
    // far below 2^52
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is positive, and a whole number is enough"
    )]
    let whole = bytes_per_day.abs().round() as u64;
    format!("{sign}{}", bytes(whole))
}

/// When nothing is free any more, if that is in sight.
fn full_at(at: DateTime<Utc>, free_bytes: Option<u64>, bytes_per_day: Option<f64>) -> Option<DateTime<Utc>> {
    let days = free_bytes? as f64 / bytes_per_day.filter(|grows| *grows > 0.0)?;
    if days > IN_SIGHT_DAYS {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "ten years are few seconds")]
    let seconds = (days * 86_400.0) as i64;
    at.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

/// How long a kind of data is kept, in words.
fn retention(kind: DataKind, settings: &Settings) -> String {
    let log = duration::format(settings.log.retention);
    match kind {
        DataKind::RawEvents if settings.log.kind == LogKind::Kafka => "in Kafka".to_owned(),
        DataKind::RawEvents | DataKind::LogPositions => log,
        DataKind::DeadLetters => {
            format!("{}, {} at most", duration::format(settings.log.rejected_retention), settings.log.rejected_limit)
        }
        DataKind::Audit => duration::format(settings.retention.audit),
        DataKind::EventCounts => duration::format(settings.retention.event_counts),
        DataKind::Sessions => "until they end".to_owned(),
        DataKind::Changes => "24h".to_owned(),
        DataKind::MetricRows | DataKind::Analytics => "as the facts".to_owned(),
        DataKind::Details => settings.retention.details.map_or("for ever".to_owned(), duration::format),
        DataKind::Facts | DataKind::Other => "for ever".to_owned(),
    }
}

impl DataPart {
    /// What these tables hold; growth within this number of days.
    fn of(kind: DataKind, tables: &[&TableSize], days: Option<f64>, retention: String) -> Self {
        let sum = |of: fn(&TableSize) -> i64| tables.iter().map(|table| of(table).max(0).unsigned_abs()).sum::<u64>();
        let (rows, all_bytes) = (sum(|table| table.rows), sum(|table| table.bytes));
        let grown = |table: &TableSize| {
            let per_row = if table.rows > 0 { table.bytes as f64 / table.rows as f64 } else { 0.0 };
            let rows = (table.added - table.deleted) as f64;
            (rows, rows * per_row)
        };
        let (grown_rows, grown_bytes) = tables
            .iter()
            .map(|table| grown(table))
            .fold((0.0, 0.0), |(rows, bytes), (more_rows, more_bytes)| (rows + more_rows, bytes + more_bytes));
        Self {
            tenant: None,
            kind,
            fact: None,
            rows,
            bytes: all_bytes,
            index_bytes: sum(|table| table.index_bytes),
            bytes_per_row: all_bytes.checked_div(rows),
            rows_per_day: days.map(|days| grown_rows / days),
            bytes_per_day: days.map(|days| grown_bytes / days),
            oldest: tables.iter().filter_map(|table| table.oldest).min(),
            newest: tables.iter().filter_map(|table| table.newest).max(),
            retention,
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Tenant;

    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + hours * 3_600, 0).unwrap()
    }

    fn table(name: &str, rows: i64, bytes: i64, (added, deleted): (i64, i64)) -> TableSize {
        TableSize {
            tenant: Some(Tenant::default()),
            table: name.to_owned(),
            kind: DataKind::of_table(name),
            rows,
            bytes,
            index_bytes: bytes / 4,
            added,
            deleted,
            oldest: None,
            newest: Some(at(0)),
        }
    }

    fn sizes(hours: i64, tables: Vec<TableSize>) -> Sizes {
        Sizes { at: at(hours), since: at(0), database_bytes: 10_000_000, tables }
    }

    #[test]
    fn growth_is_what_was_added_less_what_was_deleted_and_leads_to_the_day_the_disk_is_full() {
        let tables = vec![table("commit", 1_000, 1_000_000, (200, 100)), table("audit", 10, 10_000, (10, 10))];
        let status = DataStatus::new(&sizes(48, tables), &Settings::default(), Some(500_000));
        assert_eq!(status.bytes_per_day, Some(50_000.0), "100 rows of 1000 bytes in two days");
        assert_eq!(status.full_at, Some(at(48 + 240)));
        let commit = &status.parts[0];
        assert_eq!((commit.fact.as_deref(), commit.bytes_per_row), (Some("commit"), Some(1_000)));
        assert!(status.text().contains("fact commit") && status.text().contains("full about"), "{}", status.text());
    }

    #[test]
    fn what_was_observed_for_minutes_or_shrinks_says_nothing_about_the_future() {
        let tables = || vec![table("commit", 1_000, 1_000_000, (0, 100))];
        let shrinks = DataStatus::new(&sizes(48, tables()), &Settings::default(), Some(500_000));
        assert!(shrinks.full_at.is_none() && shrinks.bytes_per_day.is_some_and(|grows| grows < 0.0));
        let new = DataStatus::new(&sizes(0, tables()), &Settings::default(), None);
        assert_eq!((new.bytes_per_day, new.full_at), (None, None));
    }

    #[test]
    fn an_empty_table_has_no_bytes_per_row() {
        let status = DataStatus::new(&sizes(48, vec![table("commit", 0, 8_192, (0, 0))]), &Settings::default(), None);
        assert_eq!(status.parts[0].bytes_per_row, None);
    }
}
