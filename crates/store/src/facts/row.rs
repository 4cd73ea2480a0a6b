//! What all tables of facts share: the version that a row holds and which of two wins, and what a write has changed.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use kernel::Fact;
use kernel::catalog::{FieldValue, Record};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::StoreError;

/// Rows that one statement writes at most.
pub(super) const CHUNK: usize = 20_000;

/// A fact as it can be stored, with the hash of its content.
pub(super) struct StorableFact<'a> {
    pub(super) fact: Cow<'a, Fact>,
    pub(super) digest: i64,
}

impl<'a> StorableFact<'a> {
    /// PostgreSQL's text takes every character but NUL: each becomes U+FFFD, ids included.
    pub(super) fn of(fact: &'a Fact) -> Result<Self, StoreError> {
        let json = serde_json::to_string(fact).map_err(unstorable)?;
        let digest = xxh3_64(json.as_bytes()).cast_signed();
        // JSON writes NUL so; the same six characters behind a backslash are rare and do no harm
        if !json.contains("\\u0000") {
            return Ok(Self { fact: Cow::Borrowed(fact), digest });
        }
        let mut value = serde_json::to_value(fact).map_err(unstorable)?;
        replace_nul(&mut value);
        Ok(Self { fact: Cow::Owned(serde_json::from_value(value).map_err(unstorable)?), digest })
    }
}

pub(super) fn unstorable(error: serde_json::Error) -> StoreError {
    StoreError::Data(sqlx::Error::Encode(Box::new(error)))
}

fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace('\0', "\u{FFFD}"),
        Value::Array(values) => values.iter_mut().for_each(replace_nul),
        Value::Object(fields) => fields.values_mut().for_each(replace_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A fact on its way into its table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) fact: &'a Fact,
    pub(super) record: &'a dyn Record,
    /// The bytes of the one or two columns that identify it.
    key: [&'a [u8]; 2],
    pub(super) completeness: i16,
    pub(super) version_at: DateTime<Utc>,
    pub(super) digest: i64,
}

impl<'a> Row<'a> {
    pub(super) fn new(StorableFact { fact, digest }: &'a StorableFact<'_>) -> Self {
        let record = fact.record();
        let version = record.version();
        let mut key = [[].as_slice(); 2];
        for (part, position) in key.iter_mut().zip(record.kind().key) {
            *part = match record.value(*position) {
                FieldValue::Text(text) => text.as_bytes(),
                FieldValue::Sha(bytes) => bytes,
                _ => &[],
            };
        }
        Self {
            fact,
            record,
            key,
            completeness: i16::from(version.completeness as u8),
            version_at: in_microseconds(version.at),
            digest: *digest,
        }
    }

    /// The text of the first column that identifies it.
    pub(super) fn id(&self) -> &'a str {
        let [first, _] = self.key;
        std::str::from_utf8(first).unwrap_or_default()
    }

    fn compare(&self, other: &Self) -> Ordering {
        (self.completeness, self.version_at, self.digest).cmp(&(other.completeness, other.version_at, other.digest))
    }
}

/// Whole microseconds, as the database has them, so that it and we agree on which is later.
pub(super) fn in_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// The best version of each thing, in order of the things' keys.
pub(super) fn best(mut rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    rows.sort_unstable_by(|a, b| a.key.cmp(&b.key).then_with(|| b.compare(a)));
    rows.dedup_by(|a, b| a.key == b.key);
    rows
}

/// What a write has changed in a table.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) rows: u64,
    pub(super) subjects: Vec<String>,
}

impl Changed {
    /// Adds rows that changed, and what has to be computed again.
    pub(super) fn add(&mut self, (rows, subjects): (i64, Vec<String>)) {
        self.rows += rows.unsigned_abs();
        self.subjects.extend(subjects);
    }

    /// Adds what was changed in another table.
    pub(super) fn append(&mut self, other: Self) {
        self.rows += other.rows;
        self.subjects.extend(other.subjects);
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Account, Completeness, Version};

    use super::*;

    #[test]
    fn the_best_version_of_each_thing_is_kept_whatever_the_order() {
        let account = |id: &str, completeness, seconds| {
            let version = Version { completeness, at: DateTime::from_timestamp(seconds, 0).unwrap() };
            Fact::Account(Account::new(id.into(), version))
        };
        let mut storables = [
            (account("a", Completeness::Inferred, 9), 9),
            (account("b", Completeness::Inferred, 0), 0),
            (account("a", Completeness::Reported, 2), 1),
            (account("a", Completeness::Reported, 2), 3),
            (account("a", Completeness::Reported, 1), 9),
        ]
        .map(|(fact, digest)| StorableFact { fact: Cow::Owned(fact), digest });
        for _ in 0..5 {
            storables.rotate_left(1);
            let kept: Vec<_> = best(storables.iter().map(Row::new).collect());
            let kept: Vec<_> = kept.iter().map(|row| (row.id(), row.digest)).collect();
            assert_eq!(kept, [("a", 3), ("b", 0)]);
        }
    }
}
