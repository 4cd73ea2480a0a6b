//! The rows of a table as `copy … to stdout (format binary)` sends them, in blocks of whole rows.

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use sqlx::PgConnection;

use super::shape::CatalogTable;
use crate::StoreError;
use crate::copy::SIGNATURE;

/// Bytes that are read before rows are handed out.
const BLOCK: usize = 256 << 10;
/// The header: the signature, flags, and the length of an extension, which PostgreSQL never sends.
const HEADER: usize = SIGNATURE.len() + 8;

/// Whole rows, one after the other.
#[derive(Debug, Default)]
pub struct RowBlock {
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    start: usize,
    key_end: usize,
    end: usize,
}

impl RowBlock {
    /// All rows without what is between them, which is nothing.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Each row with its beginning, which ends with its primary key.
    pub fn rows(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.rows.iter().filter_map(|Row { start, key_end, end }| {
            Some((self.bytes.get(*start..*key_end)?, self.bytes.get(*start..*end)?))
        })
    }
}

/// The rows of a table.
pub struct Rows<'c> {
    answers: BoxStream<'c, Result<Bytes, sqlx::Error>>,
    buffer: Vec<u8>,
    keys: usize,
    is_begun: bool,
    is_ended: bool,
}

/// Begins to read a table.
pub(super) async fn read<'c>(connection: &'c mut PgConnection, table: &CatalogTable) -> Result<Rows<'c>, StoreError> {
    let answers = connection.copy_out_raw(&table.copy_out()).await?;
    Ok(Rows { answers, buffer: Vec::new(), keys: table.shape.keys, is_begun: false, is_ended: false })
}

impl Rows<'_> {
    /// The next rows; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<RowBlock>, StoreError> {
        loop {
            let until = self.buffer.len() + BLOCK;
            let mut is_over = false;
            while self.buffer.len() < until && !is_over {
                match self.answers.try_next().await? {
                    Some(bytes) => self.buffer.extend_from_slice(&bytes),
                    None => is_over = true,
                }
            }
            let block = self.take()?;
            if !block.is_empty() {
                return Ok(Some(block));
            }
            if is_over {
                let torn = || StoreError::Unreadable("COPY's binary format ends within a row".to_owned());
                return if self.is_ended { Ok(None) } else { Err(torn()) };
            }
        }
    }

    /// Cuts the whole rows off what was read.
    fn take(&mut self) -> Result<RowBlock, StoreError> {
        let begin = if self.is_begun { 0 } else { HEADER };
        if self.buffer.len() < begin {
            return Ok(RowBlock::default());
        }
        if !self.is_begun && !self.buffer.starts_with(SIGNATURE) {
            return Err(StoreError::Unreadable("COPY's binary format begins with another header".to_owned()));
        }
        self.is_begun = true;
        let (mut rows, mut at) = (Vec::new(), begin);
        let mut after = begin;
        while !self.is_ended {
            match scan(&self.buffer, at, self.keys) {
                Scanned::Row { key_end, end } => {
                    rows.push(Row { start: at - begin, key_end: key_end - begin, end: end - begin });
                    (at, after) = (end, end);
                }
                Scanned::End(end) => {
                    self.is_ended = true;
                    after = end;
                }
                Scanned::Partial => break,
            }
        }
        let rest = self.buffer.split_off(after);
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(at);
        bytes.drain(..begin);
        Ok(RowBlock { bytes, rows })
    }
}

/// What stands at a place.
#[derive(Debug, PartialEq, Eq)]
enum Scanned {
    Row { key_end: usize, end: usize },
    End(usize),
    Partial,
}

/// The row that begins at a place: a number of fields, and each of them with its length before it.
fn scan(bytes: &[u8], start: usize, keys: usize) -> Scanned {
    let Some(fields) = number(bytes, start).map(i16::from_be_bytes) else { return Scanned::Partial };
    let mut at = start + 2;
    let Ok(fields) = usize::try_from(fields) else { return Scanned::End(at) };
    let mut key_end = at;
    for field in 1..=fields {
        let Some(length) = number(bytes, at).map(i32::from_be_bytes) else { return Scanned::Partial };
        // null has the length -1
        at += 4 + usize::try_from(length).unwrap_or_default();
        if field == keys {
            key_end = at;
        }
    }
    if at > bytes.len() { Scanned::Partial } else { Scanned::Row { key_end, end: at } }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt, stream};

    use super::*;

    /// A row of texts.
    fn row(fields: &[Option<&str>]) -> Vec<u8> {
        let mut row = i16::try_from(fields.len()).unwrap().to_be_bytes().to_vec();
        for field in fields {
            crate::copy::put(&mut row, field.map(str::as_bytes)).unwrap();
        }
        row
    }

    fn sent(rows: &[Vec<u8>]) -> Vec<u8> {
        let mut sent = SIGNATURE.to_vec();
        sent.extend([0; 8]);
        sent.extend(rows.concat());
        sent.extend((-1_i16).to_be_bytes());
        sent
    }

    /// All rows with their keys, when they come in pieces of a length.
    /// A key and its row.
    type Keyed = (Vec<u8>, Vec<u8>);

    fn read_in_pieces(sent: &[u8], length: usize) -> Result<Vec<Keyed>, StoreError> {
        let pieces: Vec<_> = sent.chunks(length).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let answers = stream::iter(pieces).boxed();
        let mut rows = Rows { answers, buffer: Vec::new(), keys: 1, is_begun: false, is_ended: false };
        let mut all = Vec::new();
        while let Some(block) = rows.next().now_or_never().unwrap()? {
            assert_eq!(block.rows().map(|(_, row)| row.len()).sum::<usize>(), block.bytes().len());
            all.extend(block.rows().map(|(key, row)| (key.to_vec(), row.to_vec())));
        }
        Ok(all)
    }

    #[test]
    fn rows_are_whole_however_they_arrive() {
        let big = "x".repeat(2 * BLOCK);
        let rows = [row(&[Some("a"), None]), row(&[Some("b"), Some("")]), row(&[Some("c"), Some(&big)])];
        for length in [1, 7, 1000, 1 << 20] {
            let read = read_in_pieces(&sent(&rows), length).unwrap();
            assert_eq!(read.iter().map(|(_, row)| row.clone()).collect::<Vec<_>>(), rows, "{length}");
            let keys: Vec<u8> = read.iter().filter_map(|(key, _)| key.last().copied()).collect();
            assert_eq!(keys, b"abc");
        }
        assert!(read_in_pieces(&sent(&[]), 5).unwrap().is_empty());
    }

    #[test]
    fn what_ends_too_early_is_an_error() {
        let whole = sent(&[row(&[Some("a"), Some("b")])]);
        for cut in 0..whole.len() {
            assert!(read_in_pieces(whole.get(..cut).unwrap(), 3).is_err(), "{cut}");
        }
    }
}
