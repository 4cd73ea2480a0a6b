//! What all tables of facts share: the picture that a row holds and which of two wins, columns out of
//! rows for `unnest`, and what a write has changed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{Fact, Sha, Version};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::{StoreError, stale};

/// Rows that one statement writes at most.
pub(super) const CHUNK: usize = 20_000;

/// A fact as it can be stored, with the hash of its content.
pub(super) struct Picture<'a> {
    pub(super) fact: Cow<'a, Fact>,
    pub(super) digest: i64,
}

impl<'a> Picture<'a> {
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
pub(super) struct Row<'a, T> {
    pub(super) fact: &'a T,
    pub(super) detail: i16,
    pub(super) version_at: DateTime<Utc>,
    pub(super) digest: i64,
}

impl<'a, T> Row<'a, T> {
    pub(super) fn new(fact: &'a T, version: Version, digest: i64) -> Self {
        // whole microseconds, as the database has them, so that it and we agree on which is later
        let version_at = DateTime::from_timestamp_micros(version.at.timestamp_micros()).unwrap_or(version.at);
        Self { fact, detail: i16::from(version.detail as u8), version_at, digest }
    }

    fn compare(&self, other: &Self) -> Ordering {
        (self.detail, self.version_at, self.digest).cmp(&(other.detail, other.version_at, other.digest))
    }
}

/// The best picture of each thing, in order of the things' keys.
pub(super) fn best<'a, T, K: Ord>(mut rows: Vec<Row<'a, T>>, key: impl Fn(&'a T) -> K) -> Vec<Row<'a, T>> {
    rows.sort_unstable_by(|a, b| key(a.fact).cmp(&key(b.fact)).then_with(|| b.compare(a)));
    rows.dedup_by(|a, b| key(a.fact) == key(b.fact));
    rows
}

/// The earliest time that any picture of a thing tells, by the thing's id, in whole microseconds, as the
/// database has them.
pub(super) struct Earliest<'a>(BTreeMap<&'a str, DateTime<Utc>>);

impl<'a> Earliest<'a> {
    pub(super) fn of<T>(
        rows: &[Row<'a, T>],
        id: impl Fn(&'a T) -> &'a str,
        time: impl Fn(&'a T) -> Option<DateTime<Utc>>,
    ) -> Self {
        let mut earliest = BTreeMap::new();
        for row in rows {
            if let Some(at) = time(row.fact) {
                let at = DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at);
                let known = earliest.entry(id(row.fact)).or_insert(at);
                *known = at.min(*known);
            }
        }
        Self(earliest)
    }

    pub(super) fn get(&self, id: &str) -> Option<DateTime<Utc>> {
        self.0.get(id).copied()
    }

    pub(super) fn ids(&self) -> Vec<&'a str> {
        self.0.keys().copied().collect()
    }

    pub(super) fn column(&self, ids: &[&str]) -> Vec<Option<DateTime<Utc>>> {
        ids.iter().map(|id| self.get(id)).collect()
    }
}

/// One column of rows.
pub(super) fn column<'a, T, C>(rows: &[Row<'a, T>], of: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(|row| of(row.fact)).collect()
}

/// The three columns that say which picture a row holds.
pub(super) fn versions<T>(rows: &[Row<'_, T>]) -> (Vec<i16>, Vec<DateTime<Utc>>, Vec<i64>) {
    (
        rows.iter().map(|row| row.detail).collect(),
        rows.iter().map(|row| row.version_at).collect(),
        rows.iter().map(|row| row.digest).collect(),
    )
}

/// Object ids as the text of an array of `bytea`: `unnest` would flatten an array of arrays.
pub(super) fn sha_array(shas: &[Sha]) -> String {
    let mut text = String::with_capacity(shas.len() * 48 + 2);
    text.push('{');
    for sha in shas {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str("\"\\\\x");
        for byte in sha.as_bytes() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text.push('"');
    }
    text.push('}');
    text
}

/// Texts as the text of an array of `text`.
pub(super) fn text_array<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut array = String::from("{");
    for text in texts {
        if array.len() > 1 {
            array.push(',');
        }
        array.push('"');
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                array.push('\\');
            }
            array.push(character);
        }
        array.push('"');
    }
    array.push('}');
    array
}

/// What a write has changed in a table.
#[derive(Default)]
pub(super) struct Changed {
    pub(super) rows: u64,
    pub(super) subjects: Vec<String>,
}

impl Changed {
    /// Adds rows that changed; what has to be computed again is `subjects`.
    pub(super) fn add(&mut self, rows: i64, subjects: impl IntoIterator<Item = String>) {
        self.rows += rows.unsigned_abs();
        self.subjects.extend(subjects);
    }
}

/// What has to be computed again when something of a repository or a service changed; everything when
/// neither is known.
pub(super) fn subjects(repository: Option<String>, service: Option<String>) -> Vec<String> {
    let service = service.map(|name| stale::service(&name));
    let subjects: Vec<String> = repository.into_iter().chain(service).collect();
    if subjects.is_empty() { vec![stale::EVERYTHING.to_owned()] } else { subjects }
}

/// What has to be computed again when an incident changed: what it belongs to (its repository, its service, what it
/// is part of at its source; everything when none is known), and what it names.
pub(super) fn incident_subjects(
    (repository, service): (Option<String>, Option<String>),
    selectors: &[String],
    names: [Option<String>; 3],
) -> Vec<String> {
    let of_names = names.into_iter().flatten().map(|name| stale::named(&name));
    let unknown = repository.is_none() && service.is_none();
    let own = if unknown && !selectors.is_empty() { Vec::new() } else { subjects(repository, service) };
    own.into_iter().chain(selectors.iter().map(|selector| stale::selector(selector))).chain(of_names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_written_so_that_postgresql_reads_them_back() {
        assert_eq!(text_array([]), "{}");
        assert_eq!(text_array(["a", "", "NULL", "\"\\,{}"]), r#"{"a","","NULL","\"\\,{}"}"#);
        assert_eq!(sha_array(&[]), "{}");
        let sha = Sha::from_bytes(&[0xab; 20]).unwrap();
        assert_eq!(sha_array(&[sha, sha]), format!(r#"{{"\\x{sha}","\\x{sha}"}}"#));
    }

    #[test]
    fn the_best_picture_of_each_thing_is_kept_whatever_the_order() {
        let row = |fact: &'static &'static str, detail, seconds, digest| Row {
            fact,
            detail,
            version_at: DateTime::from_timestamp(seconds, 0).unwrap(),
            digest,
        };
        let mut rows =
            [row(&"a", 0, 9, 9), row(&"b", 0, 0, 0), row(&"a", 1, 2, 1), row(&"a", 1, 2, 3), row(&"a", 1, 1, 9)];
        for _ in 0..5 {
            rows.rotate_left(1);
            let copies = rows.iter().map(|row| Row { ..*row }).collect();
            let kept: Vec<_> = best(copies, |name| name).iter().map(|row| (*row.fact, row.digest)).collect();
            assert_eq!(kept, [("a", 3), ("b", 0)]);
        }
    }
}
