//! The loop: read, normalize, write, go on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eventlog::{Batch, EventLog, Limit, LogReader, Position};
use runtime::telemetry::trace;
use runtime::{Operation, OperationOutcome, labels};
use store::{Store, StoreError, positions};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::backoff::{Backoff, Next};
use crate::batch::{Part, Prepared};
use crate::consumer::CONSUMER;
use crate::normalize::normalize;
use crate::retention::{self, Deleted, Retention};
use crate::{ProcessError, ProcessingSummary, Registry};

/// A batch: large enough that a transaction costs little an event, small enough to fit into memory
/// however much its events unfold.
const LIMIT: Limit = Limit { events: 5000, bytes: 8 << 20 };
/// How long one read of the log waits for something new.
const WAIT: Duration = Duration::from_millis(500);
/// How long a batch may still take once shutdown has begun. Then it is left to the next start.
const GRACE: Duration = Duration::from_secs(10);
/// How often lag is measured and positions that were reset are noticed.
const LAG_INTERVAL: Duration = Duration::from_secs(5);
/// How often the log is asked to let go of old events.
const TRIM: Duration = Duration::from_hours(1);
/// How long draining goes on while nothing works.
const RETRY_TIMEOUT: Duration = Duration::from_mins(1);

/// Reads the log and writes what its events become. Several may run at once, in one process or in many:
/// they share the partitions or get in each other's way, but each event still ends once.
pub struct Processor {
    store: Store,
    log: Arc<dyn EventLog>,
    registry: Registry,
    limit: Limit,
    reading: Reading,
    retention: Retention,
}

/// Whether the log can be read, as the last attempt found: for readiness.
#[derive(Clone, Debug, Default)]
pub struct Reading(Arc<Mutex<Option<String>>>);

impl Reading {
    /// What keeps the log from being read.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn found(&self, problem: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

/// How writing a batch ended.
enum Settled {
    Written(ProcessingSummary),
    /// Another process has moved the position.
    Moved,
    /// Not written, because shutdown has begun.
    Shutdown,
}

impl Processor {
    /// A processor of this log, which finds normalizers in `registry`.
    #[must_use]
    pub fn new(store: Store, log: Arc<dyn EventLog>, registry: Registry) -> Self {
        Self { store, log, registry, limit: LIMIT, reading: Reading::default(), retention: Retention::FOREVER }
    }

    /// The same that deletes what is too old.
    #[must_use]
    pub fn keeping(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// Whether it can read the log, from now on.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.reading.clone()
    }

    /// The same with batches of this size.
    #[must_use]
    pub fn with_limit(self, limit: Limit) -> Self {
        Self { limit, ..self }
    }

    /// Processes until shutdown. The batch in hand is finished if that does not take long; what is not
    /// written then is still in the log.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ProcessError> {
        let mut run = Run::new(self, &shutdown, None);
        let mut checked = Instant::now();
        let mut trimmed: Option<Instant> = None;
        let mut deleted = Deleted::default();
        while run.step().await?.is_some() {
            if checked.elapsed() >= LAG_INTERVAL {
                run.check_positions().await;
                checked = Instant::now();
            }
            if trimmed.is_none_or(|trimmed| trimmed.elapsed() >= TRIM) {
                retention::apply(&self.store, &*self.log, self.retention, &mut deleted).await;
                trimmed = Some(Instant::now());
            }
        }
        Ok(())
    }

    /// Processes what is in the log at the time of the call, and returns when it is written, by this
    /// processor or by another. Gives up when the log or the database stays away for about a minute.
    pub async fn drain(&self) -> Result<ProcessingSummary, ProcessError> {
        let shutdown = CancellationToken::new();
        let mut run = Run::new(self, &shutdown, Some(RETRY_TIMEOUT));
        let mut summary = ProcessingSummary::default();
        let ends = self.log.ends().await?;
        while !reached(&run.reader_stands(), &ends) && !reached(&self.stands().await?, &ends) {
            summary += run.step().await?.unwrap_or_default();
        }
        Ok(summary)
    }

    /// Writes a batch. What may pass is tried again; when the database refuses a value, the event that
    /// it is of is found by halving and rejected, and all others are written.
    async fn settle(&self, batch: Batch, backoff: &mut Backoff<'_>) -> Result<Settled, ProcessError> {
        let start = Instant::now();
        let mut summary = ProcessingSummary::default();
        let Batch { partition, from, to, events } = batch;
        let mut parts = vec![Part { partition, from, to, events: Arc::new(events) }];
        while let Some(part) = parts.pop() {
            let normalized = normalize(self.registry, &part.events).await?;
            let mut prepared = Prepared::new(part.clone(), normalized);
            let mut refused = false;
            loop {
                match self.write(&prepared).await {
                    Ok(written) => {
                        summary += written;
                        backoff.worked();
                        break;
                    }
                    Err(StoreError::PositionMoved { .. }) => return Ok(Settled::Moved),
                    Err(StoreError::Data(error)) if !refused => {
                        if let Some((first, second)) = part.halves() {
                            parts.extend([second, first]);
                            break;
                        }
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            log.position = part.from,
                            "the database refuses what an event became: it is rejected"
                        );
                        prepared = prepared.refused();
                        refused = true;
                    }
                    Err(error) => {
                        let is_transient = error.is_transient();
                        count(
                            if is_transient { OperationOutcome::Unavailable } else { OperationOutcome::Failed },
                            start,
                        );
                        match backoff.wait(error.into()).await? {
                            Next::Again => {}
                            Next::Shutdown => return Ok(Settled::Shutdown),
                        }
                    }
                }
            }
        }
        count(OperationOutcome::Ok, start);
        Ok(Settled::Written(summary))
    }

    /// Writes what a part became. A tenant that is new is made: its events must end somewhere.
    async fn write(&self, prepared: &Prepared) -> Result<ProcessingSummary, StoreError> {
        loop {
            match prepared.write(&self.store, self.log.topic()).await {
                Err(StoreError::UnknownTenant(tenant)) => {
                    tracing::info!(%tenant, "an event names a tenant that is new");
                    self.store.create_tenant(&tenant, false).await?;
                }
                written => return written,
            }
        }
    }

    /// Where the store says that the processor stands.
    async fn stands(&self) -> Result<Vec<Position>, StoreError> {
        let stands = positions::load(&self.store, CONSUMER, self.log.topic()).await?;
        Ok(stands.into_iter().map(|(partition, next)| Position { partition, next }).collect())
    }
}

/// One run of a processor.
struct Run<'a> {
    processor: &'a Processor,
    shutdown: &'a CancellationToken,
    backoff: Backoff<'a>,
    reader: Option<Box<dyn LogReader>>,
}

impl<'a> Run<'a> {
    fn new(processor: &'a Processor, shutdown: &'a CancellationToken, retry_timeout: Option<Duration>) -> Self {
        Self { processor, shutdown, backoff: Backoff::new(shutdown, retry_timeout), reader: None }
    }

    /// Reads and writes one batch, if one comes. `None` when shutdown has begun.
    async fn step(&mut self) -> Result<Option<ProcessingSummary>, ProcessError> {
        let read = tokio::select! {
            biased;
            () = self.shutdown.cancelled() => return Ok(None),
            read = Self::read(self.processor, &mut self.reader) => read,
        };
        self.processor.reading.found(read.as_ref().err().map(ToString::to_string));
        let batch = match read {
            Ok(Some(batch)) => batch,
            Ok(None) => {
                self.backoff.worked();
                return Ok(Some(ProcessingSummary::default()));
            }
            Err(error) => {
                return Ok(match self.backoff.wait(error).await? {
                    Next::Again => Some(ProcessingSummary::default()),
                    Next::Shutdown => None,
                });
            }
        };
        let position = Position { partition: batch.partition, next: batch.to };
        let span = span_of(&batch);
        let settled = tokio::select! {
            settled = self.processor.settle(batch, &mut self.backoff).instrument(span) => settled?,
            () = grace_is_over(self.shutdown) => Settled::Shutdown,
        };
        let Some(reader) = &mut self.reader else { return Ok(None) };
        match settled {
            Settled::Written(summary) => {
                reader.written(position);
                Ok(Some(summary))
            }
            Settled::Moved => {
                tracing::debug!(log.partition = position.partition, "another processor was first");
                reader.rewind(position.partition);
                Ok(Some(ProcessingSummary::default()))
            }
            Settled::Shutdown => Ok(None),
        }
    }

    async fn read(
        processor: &Processor,
        reader: &mut Option<Box<dyn LogReader>>,
    ) -> Result<Option<Batch>, ProcessError> {
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(processor.log.reader(CONSUMER).await?),
        };
        Ok(reader.next(processor.limit, WAIT).await?)
    }

    /// Where the reader stands: what is before that is written.
    fn reader_stands(&self) -> Vec<Position> {
        self.reader.as_ref().map(|reader| reader.stands()).unwrap_or_default()
    }

    /// Measures how much is left to do, and goes where the store says after a position was reset
    /// (a replay). All batches that were handed out are written at this point.
    async fn check_positions(&mut self) {
        let processor = self.processor;
        let checked = async { Ok::<_, ProcessError>((processor.stands().await?, processor.log.ends().await?)) };
        let (stored, ends) = match checked.await {
            Ok(checked) => checked,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the lag is not known");
                return;
            }
        };
        let stands = |partition| stored.iter().find(|at| at.partition == partition).map_or(0, |at| at.next);
        for Position { partition, next } in ends {
            let lag = next.saturating_sub(stands(partition));
            runtime::metrics().log_lag.get_or_create(&labels::Partition { partition }).set(lag);
        }
        if let Some(reader) = &mut self.reader {
            for at in reader.stands() {
                if at.next != stands(at.partition) {
                    reader.rewind(at.partition);
                }
            }
        }
    }
}

/// The span of a batch. It goes on with the trace of the first event that has one, and is linked to the others.
fn span_of(batch: &Batch) -> Span {
    let span = tracing::info_span!(
        "batch",
        otel.kind = Empty,
        otel.status_code = Empty,
        log.partition = batch.partition,
        log.position = batch.from,
        events = trace::number(batch.events.len()),
    );
    if trace::is_on() {
        span.record("otel.kind", "consumer");
        trace::follow(&span, batch.events.iter().filter_map(|(_, event)| event.traceparent));
    }
    span
}

/// Counts an attempt to write a batch that was read at this time, and marks its span if it failed.
fn count(outcome: OperationOutcome, start: Instant) {
    Operation::Batch.ended(outcome, start.elapsed());
    if outcome != OperationOutcome::Ok {
        Span::current().record("otel.status_code", "ERROR");
    }
}

/// Whether everything before `ends` is behind `stands`.
fn reached(stands: &[Position], ends: &[Position]) -> bool {
    let behind = |end: &Position| stands.iter().any(|at| at.partition == end.partition && at.next >= end.next);
    ends.iter().all(|end| end.next == 0 || behind(end))
}

/// Returns some time after shutdown has begun.
async fn grace_is_over(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_reached_when_each_partition_with_events_is() {
        let at = |partition, next| Position { partition, next };
        assert!(reached(&[], &[]) && reached(&[], &[at(0, 0)]));
        assert!(reached(&[at(1, 7), at(0, 3)], &[at(0, 3), at(1, 5), at(2, 0)]));
        assert!(!reached(&[at(1, 7), at(0, 3)], &[at(0, 4), at(1, 5)]) && !reached(&[], &[at(0, 1)]));
    }

    /// Roles are spawned; this has to compile.
    const _: fn(&'static Processor) = |processor| {
        fn spawn(_: impl Future + Send) {}
        spawn(processor.run(CancellationToken::new()));
        spawn(processor.drain());
    };
}
