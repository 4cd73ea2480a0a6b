//! Group commit: what requests bring while one append is under way goes into the log together with the
//! next. Each request hears only of its own events, and only after the log acknowledged them.

use std::sync::Arc;

use eventlog::{EventLog, LogError};
use kernel::Envelope;
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
    /// Starts the task that appends. It ends when the appender is dropped, after what was handed to it.
    pub(super) fn start(log: Arc<dyn EventLog>, requests: usize) -> Self {
        let (queue, waiting) = mpsc::channel(requests.clamp(1, 1 << 16));
        tokio::spawn(run(log, waiting));
        Self(queue)
    }

    /// Appends events and returns when they are durable.
    pub(super) async fn append(&self, events: Vec<Envelope>) -> Result<(), Failed> {
        let (done, answer) = oneshot::channel();
        self.0.send(Waiting { events, done }).await.map_err(|_| Failed::Again)?;
        answer.await.unwrap_or(Err(Failed::Again))
    }
}

async fn run(log: Arc<dyn EventLog>, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut waiting, GROUP).await > 0 {
        let mut group = Vec::new();
        let mut bytes = 0;
        for request in waiting.drain(..) {
            bytes += request.events.iter().map(|event| event.data.len()).sum::<usize>();
            group.push(request);
            if bytes >= GROUP_BYTES {
                bytes = 0;
                append(&*log, std::mem::take(&mut group)).await;
            }
        }
        append(&*log, group).await;
    }
}

async fn append(log: &dyn EventLog, mut group: Vec<Waiting>) {
    // Who gave up was told to send again.
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
