//! PostgreSQL's binary COPY format, both ways: the fastest way to move many rows. (Chapter "COPY" of its
//! manual, "Binary Format".)

use std::str::FromStr;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use kernel::{NameError, Sha};
use sqlx::PgConnection;

use crate::StoreError;
use crate::error::too_long;

pub(crate) const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// 2000-01-01, from which PostgreSQL counts, in microseconds since 1970.
const EPOCH_US: i64 = 946_684_800_000_000;
/// Bytes sent at once.
const CHUNK: usize = 1 << 20;

/// Runs `copy … to stdout (format binary)` and hands each row to `each`.
pub(crate) async fn read(
    connection: &mut PgConnection,
    statement: &str,
    mut each: impl FnMut(&mut Tuple<'_>) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let mut stream = connection.copy_out_raw(statement).await?;
    // what came, and how much of it is read
    let mut buffer: Vec<u8> = Vec::new();
    let mut begun = false;
    let mut count = 0_u64;
    while let Some(bytes) = stream.try_next().await? {
        buffer.extend_from_slice(&bytes);
        let mut rest = Tuple { rest: &buffer };
        if !begun {
            let Some(header) = rest.header() else { continue };
            header?;
            begun = true;
        }
        let mut read = buffer.len() - rest.rest.len();
        while let Some(mut tuple) = rest.tuple() {
            each(&mut tuple)?;
            count += 1;
            read = buffer.len() - rest.rest.len();
        }
        buffer.drain(..read);
    }
    tracing::trace!(rows = count, statement, "rows are read");
    Ok(count)
}

/// The fields of a row, to be read from left to right.
pub(crate) struct Tuple<'a> {
    rest: &'a [u8],
}

fn torn() -> StoreError {
    StoreError::Unreadable("a row in COPY's binary format ends too early".to_owned())
}

fn wrong(expected: &str) -> StoreError {
    StoreError::Unreadable(format!("a field in COPY's binary format is no {expected}"))
}

impl<'a> Tuple<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    /// Steps over the header, or says that it is not all there.
    fn header(&mut self) -> Option<Result<(), StoreError>> {
        let signature = self.bytes(SIGNATURE.len())?;
        if signature != SIGNATURE {
            return Some(Err(wrong("header")));
        }
        self.bytes(4)?;
        let extension = u32::from_be_bytes(self.array()?);
        self.bytes(usize::try_from(extension).ok()?)?;
        Some(Ok(()))
    }

    /// Cuts off the next whole row; `None` when it is not all there, or was the last.
    fn tuple(&mut self) -> Option<Self> {
        let mut ahead = Tuple { rest: self.rest };
        let fields = i16::from_be_bytes(ahead.array()?);
        if fields < 0 {
            self.rest = ahead.rest;
            return None;
        }
        let begin = ahead.rest;
        for _ in 0..fields {
            ahead.field().ok()?;
        }
        let tuple = begin.get(..begin.len() - ahead.rest.len())?;
        self.rest = ahead.rest;
        Some(Tuple { rest: tuple })
    }

    fn field(&mut self) -> Result<Option<&'a [u8]>, StoreError> {
        let length = i32::from_be_bytes(self.array().ok_or_else(torn)?);
        // null has the length -1
        usize::try_from(length).ok().map(|length| self.bytes(length).ok_or_else(torn)).transpose()
    }

    fn fixed<const N: usize>(&mut self) -> Result<Option<[u8; N]>, StoreError> {
        self.field()?.map(|bytes| bytes.try_into().map_err(|_| wrong("number"))).transpose()
    }

    /// A text, or null.
    pub fn opt_text(&mut self) -> Result<Option<&'a str>, StoreError> {
        self.field()?.map(|bytes| std::str::from_utf8(bytes).map_err(|_| wrong("text"))).transpose()
    }

    /// A text.
    pub fn text(&mut self) -> Result<&'a str, StoreError> {
        self.opt_text()?.ok_or_else(|| wrong("text"))
    }

    /// The bytes of a `bytea`, or null.
    pub fn opt_bytes(&mut self) -> Result<Option<&'a [u8]>, StoreError> {
        self.field()
    }

    /// A word of a closed list, or null.
    pub fn opt_word<T: FromStr<Err = NameError>>(&mut self) -> Result<Option<T>, StoreError> {
        Ok(self.opt_text()?.map(str::parse).transpose()?)
    }

    /// A word of a closed list.
    pub fn word<T: FromStr<Err = NameError>>(&mut self) -> Result<T, StoreError> {
        self.opt_word()?.ok_or_else(|| wrong("word"))
    }

    /// A `bigint`, or null.
    pub fn opt_i64(&mut self) -> Result<Option<i64>, StoreError> {
        Ok(self.fixed()?.map(i64::from_be_bytes))
    }

    /// A `bigint`.
    pub fn i64(&mut self) -> Result<i64, StoreError> {
        self.opt_i64()?.ok_or_else(|| wrong("bigint"))
    }

    /// A `double precision`, or null.
    pub fn opt_f64(&mut self) -> Result<Option<f64>, StoreError> {
        Ok(self.fixed()?.map(f64::from_be_bytes))
    }

    /// A `double precision`.
    pub fn f64(&mut self) -> Result<f64, StoreError> {
        self.opt_f64()?.ok_or_else(|| wrong("double precision"))
    }

    /// A `boolean`, or null.
    pub fn opt_bool(&mut self) -> Result<Option<bool>, StoreError> {
        Ok(self.fixed::<1>()?.map(|byte| byte != [0]))
    }

    /// A `boolean`.
    pub fn bool(&mut self) -> Result<bool, StoreError> {
        Ok(self.fixed::<1>()?.ok_or_else(|| wrong("boolean"))? != [0])
    }

    /// A `timestamptz` in microseconds since 1970, or null.
    pub fn opt_micros(&mut self) -> Result<Option<i64>, StoreError> {
        Ok(self.opt_i64()?.map(|micros| micros.saturating_add(EPOCH_US)))
    }

    /// A `timestamptz` in microseconds since 1970.
    pub fn micros(&mut self) -> Result<i64, StoreError> {
        self.opt_micros()?.ok_or_else(|| wrong("timestamptz"))
    }

    /// A `timestamptz`, or null.
    pub fn opt_time(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let micros = self.opt_micros()?;
        micros.map(|micros| DateTime::from_timestamp_micros(micros).ok_or_else(|| wrong("timestamptz"))).transpose()
    }

    /// A `timestamptz`.
    pub fn time(&mut self) -> Result<DateTime<Utc>, StoreError> {
        self.opt_time()?.ok_or_else(|| wrong("timestamptz"))
    }

    /// An object id in a `bytea`, or null.
    pub fn opt_sha(&mut self) -> Result<Option<Sha>, StoreError> {
        self.field()?.map(|bytes| Sha::from_bytes(bytes).map_err(|_| wrong("object id"))).transpose()
    }

    /// An object id in a `bytea`.
    pub fn sha(&mut self) -> Result<Sha, StoreError> {
        self.opt_sha()?.ok_or_else(|| wrong("object id"))
    }

    /// The elements of an array of one dimension, or null: `each` is called for each.
    fn elements(&mut self, mut each: impl FnMut(&'a [u8]) -> Result<(), StoreError>) -> Result<bool, StoreError> {
        let Some(bytes) = self.field()? else { return Ok(false) };
        let mut array = Tuple { rest: bytes };
        let dimensions = u32::from_be_bytes(array.array().ok_or_else(torn)?);
        array.bytes(8).ok_or_else(torn)?;
        if dimensions == 0 {
            return Ok(true);
        }
        let count = u32::from_be_bytes(array.array().ok_or_else(torn)?);
        array.bytes(4).ok_or_else(torn)?;
        for _ in 0..count {
            each(array.field()?.ok_or_else(|| wrong("element"))?)?;
        }
        Ok(true)
    }

    /// Reads an array of object ids into `into`; `false` for null.
    pub fn shas(&mut self, into: &mut Vec<Sha>) -> Result<bool, StoreError> {
        into.clear();
        self.elements(|bytes| {
            into.push(Sha::from_bytes(bytes).map_err(|_| wrong("object id"))?);
            Ok(())
        })
    }

    /// An array of texts; empty for null.
    pub fn texts(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(self.opt_texts()?.unwrap_or_default())
    }

    /// An array of texts, or null.
    pub fn opt_texts(&mut self) -> Result<Option<Vec<String>>, StoreError> {
        let mut texts = Vec::new();
        let there = self.elements(|bytes| {
            texts.push(std::str::from_utf8(bytes).map_err(|_| wrong("text"))?.to_owned());
            Ok(())
        })?;
        Ok(there.then_some(texts))
    }
}

/// Rows on their way into a table by `copy … from stdin (format binary)`.
pub(crate) struct Rows {
    statement: String,
    buffer: Vec<u8>,
    count: u64,
}

impl Rows {
    /// For a table and its columns.
    pub fn new(table: &str, columns: &str) -> Self {
        let mut rows = Self {
            statement: format!("copy {table} ({columns}) from stdin (format binary)"),
            buffer: Vec::new(),
            count: 0,
        };
        rows.begin();
        rows
    }

    fn begin(&mut self) {
        self.buffer.extend_from_slice(SIGNATURE);
        self.buffer.extend_from_slice(&[0; 8]);
    }

    /// Begins a row with this number of fields.
    pub fn row(&mut self, fields: i16) {
        self.buffer.extend_from_slice(&fields.to_be_bytes());
        self.count += 1;
    }

    /// A field that is encoded already, or null.
    pub fn bytes(&mut self, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        put(&mut self.buffer, bytes)
    }

    /// Fields that are encoded already, each with its length before it.
    pub fn encoded(&mut self, fields: &[u8]) {
        self.buffer.extend_from_slice(fields);
    }

    /// Whether enough rows wait to be sent.
    pub fn is_full(&self) -> bool {
        self.buffer.len() >= 8 * CHUNK
    }

    /// Sends what waits. Returns how many rows that were.
    pub async fn flush(&mut self, connection: &mut PgConnection) -> Result<u64, StoreError> {
        let count = std::mem::take(&mut self.count);
        if count == 0 {
            return Ok(0);
        }
        self.buffer.extend_from_slice(&(-1_i16).to_be_bytes());
        let mut copy = connection.copy_in_raw(&self.statement).await?;
        for chunk in self.buffer.chunks(CHUNK) {
            copy.send(chunk).await?;
        }
        copy.finish().await?;
        self.buffer.clear();
        self.begin();
        Ok(count)
    }
}

/// Appends a field with its length before it, or null. One that is too long leaves nothing behind.
pub(crate) fn put(into: &mut Vec<u8>, field: Option<&[u8]>) -> Result<(), StoreError> {
    // null has the length -1
    let length = field.map_or(Ok(-1), |field| field_length(field.len()))?;
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(field.unwrap_or_default());
    Ok(())
}

/// The length of a field as COPY has it.
fn field_length(bytes: usize) -> Result<i32, StoreError> {
    i32::try_from(bytes).map_err(|_| too_long("a field in COPY's binary format", bytes, i32::MAX.cast_unsigned()))
}

/// A `timestamptz` as COPY has it.
pub(crate) fn time(at: DateTime<Utc>) -> [u8; 8] {
    (at.timestamp_micros() - EPOCH_US).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_longer_than_a_length_can_say_is_an_error_and_not_a_torn_row() {
        assert_eq!(field_length(i32::MAX as usize).unwrap(), i32::MAX);
        let error = field_length(i32::MAX as usize + 1).unwrap_err();
        assert!(
            matches!(&error, StoreError::Data(why) if why.to_string().contains("has 2147483648 bytes")),
            "{error:?}"
        );
    }

    #[test]
    fn a_field_is_read_as_it_was_put() {
        let mut row = Vec::new();
        for field in [Some(&b"ab"[..]), None, Some(&b""[..])] {
            put(&mut row, field).unwrap();
        }
        let mut read = Tuple { rest: &row };
        assert_eq!(read.opt_text().unwrap(), Some("ab"));
        assert_eq!(read.opt_text().unwrap(), None);
        assert_eq!(read.opt_text().unwrap(), Some(""));
        assert!(read.opt_text().is_err());
    }
}
