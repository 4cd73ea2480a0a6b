//! Group commit: what requests bring while one append is under way goes into the log together with the
//! next. Each request hears only of its own events, and only after the log acknowledged them.

use std::sync::Arc;
use std::time::Duration;

use eventlog::{EventLog, LogError};
use kernel::Envelope;
use runtime::panics;
use tokio::sync::{mpsc, oneshot};

/// Requests in one append, at most.
const GROUP: usize = 512;

/// Bytes of payload after which an append takes no further request.
const GROUP_BYTES: usize = 8 << 20;

/// Why events are not in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Send them again later.
    Again,
    /// The log will never take them.
    Refused,
}

struct Waiting {
    events: Vec<Envelope>,
    done: oneshot::Sender<Result<(), Failed>>,
}

/// Appends for all requests.
pub(super) struct Appender(mpsc::Sender<Waiting>);

impl Appender {
    /// Starts the task that appends. It ends when the appender is dropped, after what was handed to it. An append may
    /// take as long as a request: by then all that wait for it have been answered, and the next are not held up.
    pub(super) fn start(log: Arc<dyn EventLog>, requests: usize, timeout: Duration) -> Self {
        let (queue, waiting) = mpsc::channel(requests.clamp(1, 1 << 16));
        tokio::spawn(run(log, waiting, timeout));
        Self(queue)
    }

    /// Appends events and returns when they are durable.
    pub(super) async fn append(&self, events: Vec<Envelope>) -> Result<(), Failed> {
        let (done, answer) = oneshot::channel();
        self.0.send(Waiting { events, done }).await.map_err(|_| Failed::Again)?;
        answer.await.unwrap_or(Err(Failed::Again))
    }
}

async fn run(log: Arc<dyn EventLog>, mut queue: mpsc::Receiver<Waiting>, timeout: Duration) {
    let mut waiting = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut waiting, GROUP).await > 0 {
        let mut group = Vec::new();
        let mut bytes = 0;
        for request in waiting.drain(..) {
            bytes += request.events.iter().map(|event| event.data.len()).sum::<usize>();
            group.push(request);
            if bytes >= GROUP_BYTES {
                bytes = 0;
                guarded(&*log, std::mem::take(&mut group), timeout).await;
            }
        }
        guarded(&*log, group, timeout).await;
    }
}

/// Appends, and goes on whatever its outcome: requests without an answer are asked to send again.
async fn guarded(log: &dyn EventLog, group: Vec<Waiting>, timeout: Duration) {
    match tokio::time::timeout(timeout, panics::caught(append(log, group))).await {
        Ok(Ok(())) => {}
        Ok(Err(panic)) => tracing::error!(panic, "appending to the event log panicked: this is a fault of sei"),
        Err(_) => tracing::warn!("the event log did not take events within {timeout:?}"),
    }
}

async fn append(log: &dyn EventLog, mut group: Vec<Waiting>) {
    // A client that gave up was answered to send again.
    group.retain(|request| !request.done.is_closed());
    if group.is_empty() {
        return;
    }
    let events = group.iter().flat_map(|request| request.events.iter().cloned()).collect();
    match log.append(events).await {
        Ok(()) => answer(group, Ok(())),
        // One request's event must not cost the others theirs.
        Err(LogError::Refused(_)) if group.len() > 1 => {
            for request in group {
                let result = log.append(request.events.clone()).await.map_err(|error| failed(&error));
                answer(vec![request], result);
            }
        }
        Err(error) => {
            let result = Err(failed(&error));
            answer(group, result);
        }
    }
}

fn answer(group: Vec<Waiting>, result: Result<(), Failed>) {
    for request in group {
        // Who does not wait any more needs no answer.
        let _gone = request.done.send(result);
    }
}

fn failed(error: &LogError) -> Failed {
    let cause = std::error::Error::source(error);
    match error {
        LogError::Transient(_) | LogError::Saturated => {
            tracing::warn!(cause, "{error}");
            Failed::Again
        }
        LogError::Refused(_) => {
            tracing::warn!(cause, "{error}");
            Failed::Refused
        }
        LogError::Fatal(..) => {
            tracing::error!(cause, "{error}");
            Failed::Again
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use eventlog::{LogReader, Position};
    use futures::future::join_all;
    use kernel::Tenant;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    /// Remembers how many events each append had, and refuses those of the kind `bad`. One of the kind `broken` makes it
    /// panic, one of the kind `endless` is never taken.
    #[derive(Default)]
    struct Counting(Mutex<Vec<usize>>);

    #[async_trait]
    impl EventLog for Counting {
        async fn append(&self, events: Vec<Envelope>) -> Result<(), LogError> {
            // Others come to wait meanwhile.
            tokio::task::yield_now().await;
            self.0.lock().unwrap().push(events.len());
            assert!(events.iter().all(|event| event.kind != "broken"), "a broken log");
            if events.iter().any(|event| event.kind == "endless") {
                std::future::pending::<()>().await;
            }
            if events.iter().any(|event| event.kind == "bad") { Err(LogError::Refused("bad".into())) } else { Ok(()) }
        }
        async fn reader(&self, _: &str) -> Result<Box<dyn LogReader>, LogError> {
            Err(LogError::Saturated)
        }
        async fn ends(&self) -> Result<Vec<Position>, LogError> {
            Ok(Vec::new())
        }
        fn retention(&self) -> std::time::Duration {
            std::time::Duration::MAX
        }
        async fn trim(&self) -> Result<u64, LogError> {
            Ok(0)
        }
        fn topic(&self) -> &'static str {
            "counting"
        }
    }

    fn event(kind: &str) -> Envelope {
        Envelope {
            id: "1".into(),
            source: "github/main".into(),
            kind: kind.into(),
            subject: None,
            time: chrono::Utc::now(),
            tenant: Tenant::default(),
            key: "k".into(),
            content_type: "application/json".into(),
            data: bytes::Bytes::new(),
            traceparent: None,
        }
    }

    #[tokio::test]
    async fn requests_that_wait_together_are_appended_together() {
        let log = Arc::new(Counting::default());
        let appender = Appender::start(log.clone(), 100, TIMEOUT);
        let results = join_all((0..50).map(|_| appender.append(vec![event("good")]))).await;
        assert!(results.iter().all(Result::is_ok));
        let appends = log.0.lock().unwrap().clone();
        assert!(appends.len() <= 2 && appends.iter().sum::<usize>() == 50, "{appends:?}");
    }

    #[tokio::test]
    async fn a_refused_event_is_refused_alone() {
        let appender = Appender::start(Arc::new(Counting::default()), 100, TIMEOUT);
        let kinds = ["good", "bad", "good"];
        let results = join_all(kinds.map(|kind| appender.append(vec![event(kind)]))).await;
        assert_eq!(results, [Ok(()), Err(Failed::Refused), Ok(())]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_panics_or_never_answers_costs_one_append() {
        let appender = Appender::start(Arc::new(Counting::default()), 100, TIMEOUT);
        for kind in ["broken", "endless"] {
            assert_eq!(appender.append(vec![event(kind)]).await, Err(Failed::Again), "{kind}");
            assert_eq!(appender.append(vec![event("good")]).await, Ok(()), "after {kind}");
        }
    }
}
