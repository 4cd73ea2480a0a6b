//! The reading half of an import: runs on a thread of its own and hands over batches.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use connector::json::JsonProblem;
use connector::problem::At;
use connector_generic::{self as generic, Form, elements};
use connector_gharchive as gharchive;
use flate2::bufread::MultiGzDecoder;
use kernel::{Envelope, IgnoreReason, NotStored};
use tokio::sync::mpsc;

use super::options::{ImportFormat, ImportOptions};
use super::problem::ImportProblem;

/// Problems that a summary lists, at most.
pub(super) const MAX_PROBLEMS: usize = 100;

/// The largest line or element, in bytes.
const MAX_ELEMENT: u64 = 32 << 20;

/// Events in one append, at most.
const BATCH: usize = 2000;

/// Bytes of payload in one append, about.
const BATCH_BYTES: usize = 4 << 20;

/// What the reading thread hands over.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) events: Vec<Envelope>,
    pub(super) ignored: BTreeMap<IgnoreReason, u64>,
    pub(super) rejected: u64,
    pub(super) problems: Vec<ImportProblem>,
    /// Bytes of the file (as it lies on disk) since the batch before.
    pub(super) bytes: u64,
}

/// Reads a file to its end, or to the first problem that cannot be passed over.
pub(super) fn read(
    file: impl Read + 'static,
    path: &Path,
    options: &ImportOptions,
    batches: &mpsc::Sender<Batch>,
) -> Result<(), ImportProblem> {
    let bytes = Arc::new(AtomicU64::new(0));
    let problem =
        |(at, JsonProblem { path: field, problem })| ImportProblem { file: path.to_owned(), at, path: field, problem };
    let file = BufReader::with_capacity(1 << 16, Counted { file, bytes: Arc::clone(&bytes) });
    let unreadable = |error: &std::io::Error| problem((At::Line(1), elements::unreadable(error)));
    let mut text = plain(file).map_err(|error| unreadable(&error))?;
    let first = elements::first_byte(&mut text).map_err(|error| unreadable(&error))?;
    let form = if first == Some(b'[') { Form::Json } else { form(path, options.format) };
    let mut reader = Reader { options, batches, bytes, batch: Batch::default(), size: 0, clock: Clock::default() };
    let mut stopped = None;
    let end = elements(text, form, MAX_ELEMENT, |at, text| match text.and_then(|text| reader.element(text)) {
        Ok(more) => more,
        Err(found) if options.keep_going => reader.reject(problem((at, found))),
        Err(found) => {
            stopped = Some(problem((at, found)));
            false
        }
    });
    reader.hand_over();
    match stopped {
        Some(problem) => Err(problem),
        None => end.map_err(problem),
    }
}

/// `*.json` holds JSON; anything else, and archives whatever their name, a fact or event a line.
fn form(path: &Path, format: ImportFormat) -> Form {
    let is = |path: &Path, wanted| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    let inner = if is(path, "gz") { Path::new(path.file_stem().unwrap_or_default()) } else { path };
    if format == ImportFormat::Facts && is(inner, "json") { Form::Json } else { Form::Lines }
}

/// The text of a file, inflated if it is gzip, of any number of members. A pipe may give its bytes one by one.
fn plain(mut file: impl BufRead + 'static) -> std::io::Result<Box<dyn BufRead>> {
    let mut head = Vec::new();
    (&mut file).take(2).read_to_end(&mut head)?;
    let is_gzip = head == [0x1f, 0x8b];
    let whole = Cursor::new(head).chain(file);
    Ok(if is_gzip { Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(whole))) } else { Box::new(whole) })
}

struct Reader<'a> {
    options: &'a ImportOptions,
    batches: &'a mpsc::Sender<Batch>,
    bytes: Arc<AtomicU64>,
    batch: Batch,
    size: usize,
    clock: Clock,
}

impl Reader<'_> {
    /// Takes a line or element; false when the receiver wants no more.
    fn element(&mut self, text: &str) -> Result<bool, JsonProblem> {
        let tenant = &self.options.tenant;
        let now = self.clock.next();
        let event = match self.options.format {
            ImportFormat::Facts => generic::envelope(text, "generic/import", tenant, now)?,
            ImportFormat::GhArchive => {
                let line = Bytes::copy_from_slice(text.trim().as_bytes());
                match gharchive::envelope(&line, tenant, now) {
                    Ok(event) => event,
                    Err(NotStored::Ignored(reason)) => {
                        *self.batch.ignored.entry(reason).or_default() += 1;
                        return Ok(true);
                    }
                    Err(NotStored::Rejected(reject)) => {
                        return Err(JsonProblem { path: ".".to_owned(), problem: reject.detail });
                    }
                }
            }
        };
        self.size += event.data.len();
        self.batch.events.push(event);
        let full = self.batch.events.len() >= BATCH || self.size >= BATCH_BYTES;
        Ok(!full || self.hand_over())
    }

    fn reject(&mut self, problem: ImportProblem) -> bool {
        self.batch.rejected += 1;
        if self.batch.problems.len() < MAX_PROBLEMS {
            self.batch.problems.push(problem);
        }
        true
    }

    /// Hands the batch over; false when the receiver is gone.
    fn hand_over(&mut self) -> bool {
        self.batch.bytes = self.bytes.swap(0, Ordering::Relaxed);
        self.size = 0;
        self.batches.blocking_send(std::mem::take(&mut self.batch)).is_ok()
    }
}

/// The time, a microsecond later at each call: a later line is a later version.
#[derive(Default)]
struct Clock(Option<DateTime<Utc>>);

impl Clock {
    fn next(&mut self) -> DateTime<Utc> {
        // Microseconds are what the database keeps.
        let now = DateTime::from_timestamp_micros(Utc::now().timestamp_micros()).unwrap_or_default();
        let next = match self.0 {
            Some(last) if last >= now => last.checked_add_signed(TimeDelta::microseconds(1)).unwrap_or(last),
            _ => now,
        };
        self.0 = Some(next);
        next
    }
}

/// Counts the bytes of a file as they lie on disk.
struct Counted<R> {
    file: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use kernel::Tenant;

    use super::*;

    /// A pipe whose writer writes byte by byte.
    struct ByteByByte(Cursor<Vec<u8>>);

    impl Read for ByteByByte {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = buffer.len().min(1);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn a_pipe_that_gives_a_byte_at_a_time_is_read_as_a_file_is() {
        let fact = r#"{"fact":"team","name":"payments","version":{"at":"2026-02-03T10:00:00Z"}}"#;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(fact.as_bytes()).unwrap();
        let options = ImportOptions { format: ImportFormat::Facts, tenant: Tenant::default(), keep_going: false };
        for bytes in [fact.as_bytes().to_vec(), gzip.finish().unwrap(), format!("[{fact}]").into_bytes()] {
            let (batches, mut ready) = mpsc::channel(2);
            read(ByteByByte(Cursor::new(bytes)), Path::new("facts.ndjson"), &options, &batches).unwrap();
            assert_eq!(ready.try_recv().unwrap().events.len(), 1);
        }
    }
}
