//! The operations of one WebSocket, each a task of its own.
//!
//! Promises: an operation costs who sends it as much as a request by `POST`, takes its turn with those, and may do what its
//! sender may do when it begins; the answers of one client that were not sent yet are bounded.

use std::collections::HashMap;
use std::time::Instant;

use async_graphql::{Request, Response, ServerError, Value};
use futures::StreamExt;
use runtime::panics;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::answer::{Answered, answer};
use super::dispatch::Dispatcher;
use super::persisted::Persisted;
use super::protocol::ToClient;
use super::reading::ReadRequest;
use super::refusal::refused_operation;
use super::schema::ApiSchema;
use super::subscription::{Ended, MISSED};
use super::{loads, order, reading};
use crate::ApiState;
use crate::access::Access;
use crate::limits::{Allowance, OpenRequest};
use crate::live::{End, Recheck};
use crate::problem::Problem;
use crate::scope::Scope;

/// Operations of one connection, at most.
const MOST: usize = 32;
/// The longest id, in bytes.
const ID: usize = 256;
/// The longest answer of a query, in bytes.
pub(super) const ANSWER: usize = 4 << 20;
/// Messages that wait to be sent. Those that wait behind them are in the ring of the tenant.
const WAITING: usize = 16;

/// Who asks, and what answers.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) state: ApiState,
    pub(super) schema: ApiSchema,
    pub(super) persisted: Persisted,
    pub(super) scope: Scope,
    /// What limits who asks, if anything does.
    pub(super) allowance: Option<Allowance>,
    /// What finds out again what may be seen, where that can change.
    pub(super) recheck: Option<Recheck>,
}

/// A message of an operation.
pub(super) struct Sent {
    id: String,
    /// Of the operation: an id may be used again.
    number: u64,
    is_last: bool,
    pub(super) text: String,
    /// The place of its request among those of its client, which it has until it is sent.
    _open: Option<OpenRequest>,
}

/// The operations that are not completed. They end when this is dropped.
pub(super) struct Operations {
    running: HashMap<String, (u64, AbortHandle)>,
    tasks: JoinSet<()>,
    next: u64,
    sender: mpsc::Sender<Sent>,
    ended: Ended,
}

impl Operations {
    pub(super) fn new() -> (Self, mpsc::Receiver<Sent>, mpsc::Receiver<End>) {
        let (sender, sent) = mpsc::channel(WAITING);
        let (ended, ends) = mpsc::channel(1);
        let ended = Ended(ended);
        (Self { running: HashMap::new(), tasks: JoinSet::new(), next: 0, sender, ended }, sent, ends)
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    /// Begins an operation, or says why not.
    pub(super) fn begin(&mut self, session: &Session, id: String, request: Request) -> Result<(), String> {
        while self.tasks.try_join_next().is_some() {}
        if id.len() > ID {
            return Err(format!("an id is longer than {ID} bytes"));
        }
        if self.running.len() >= MOST {
            return Err(format!("a connection has {MOST} operations at most; complete one, or open another"));
        }
        let number = self.next;
        self.next += 1;
        let operation = Operation { id: id.clone(), number, sender: self.sender.clone(), ended: self.ended.clone() };
        let task = self.tasks.spawn(operation.run(session.clone(), request));
        self.running.insert(id, (number, task));
        Ok(())
    }

    /// Ends an operation that its client has completed.
    pub(super) fn end(&mut self, id: &str) {
        if let Some((_, task)) = self.running.remove(id) {
            task.abort();
        }
    }

    /// Whether a message is of an operation that is not completed. With its last message it is.
    pub(super) fn take(&mut self, sent: &Sent) -> bool {
        let is_current = self.running.get(&sent.id).is_some_and(|(number, _)| *number == sent.number);
        if is_current && sent.is_last {
            self.running.remove(&sent.id);
        }
        is_current
    }
}

/// One operation.
struct Operation {
    id: String,
    number: u64,
    sender: mpsc::Sender<Sent>,
    ended: Ended,
}

impl Operation {
    async fn run(self, session: Session, request: Request) {
        match Box::pin(panics::caught(self.execute(session, request))).await {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => self.fail(refused_operation(&problem)).await,
            Err(panic) => {
                tracing::error!(panic, "an operation panicked: this is a fault of sei");
                let message = "This is a fault of the server; its log says more.";
                self.fail(ServerError::new(message, None)).await;
            }
        }
    }

    async fn execute(&self, session: Session, request: Request) -> Result<(), Problem> {
        if let Some(allowance) = &session.allowance {
            allowance.take_one(Instant::now())?;
        }
        let read = match reading::read(request, &session.persisted).await {
            Some(Ok(read)) => read,
            Some(Err(refused)) => {
                self.fail(*refused).await;
                return Ok(());
            }
            None => return Err(Problem::too_many_requests()),
        };
        let scope = session.scope.clone().read_at(Instant::now());
        let scope = match access(session.recheck.as_ref()).await? {
            Some(access) => scope.with_access(access),
            None => scope,
        };
        if read.is_subscription() {
            self.subscribe(session, scope, read).await;
            Ok(())
        } else {
            self.answer(session, scope, read).await
        }
    }

    async fn subscribe(&self, session: Session, scope: Scope, read: ReadRequest) {
        let Session { state, schema, recheck, .. } = session;
        let ReadRequest { request, document } = read;
        let scope = scope.sharing(state.graphql_reads());
        let (name, variables) = (request.operation_name.clone(), request.variables.clone());
        let dispatcher = Dispatcher::default();
        let loads = loads::fresh(state.clone(), scope.clone(), &dispatcher);
        let request = request.data(state).data(scope).data(self.ended.clone()).data(loads).data(dispatcher.clone());
        let request = match recheck {
            Some(recheck) => request.data(recheck),
            None => request,
        };
        let mut responses = dispatcher.run(schema.execute_stream(request));
        let mut is_first = true;
        while let Some(mut response) = responses.next().await {
            if std::mem::take(&mut is_first) && is_refused(&response) {
                return self.send(&ToClient::Error { id: &self.id, payload: response.errors }, true).await;
            }
            order::restore(&mut response.data, &document, name.as_deref(), &variables);
            self.send(&ToClient::Next { id: &self.id, payload: &response }, false).await;
        }
        self.send(&ToClient::Complete { id: &self.id }, true).await;
    }

    /// Answers a query in the time that a request has.
    async fn answer(&self, session: Session, scope: Scope, read: ReadRequest) -> Result<(), Problem> {
        let Session { state, schema, allowance, .. } = session;
        let open = allowance.as_ref().map(Allowance::open).transpose()?;
        let timeout = state.settings().server.timeout;
        let answered = {
            let door = &state.admission().graphql_door;
            let _place = door.enter()?;
            tokio::time::timeout(timeout, answer(state.clone(), &schema, scope, read)).await
        };
        let Answered { response, is_fault } = answered.map_err(|_| Problem::too_slow(timeout))??;
        state.answers().add(Instant::now(), is_fault);
        if was_not_executed(&response) {
            self.send(&ToClient::Error { id: &self.id, payload: response.errors }, true).await;
            return Ok(());
        }
        let text = ToClient::Next { id: &self.id, payload: &response }.text();
        if text.len() > ANSWER {
            return Err(Problem::question(format!(
                "The answer has {} bytes, and at most {ANSWER} are sent over a WebSocket. Ask for fewer rows or fields, or \
                 by POST.",
                text.len()
            )));
        }
        self.send_text(text, open, false).await;
        self.send(&ToClient::Complete { id: &self.id }, true).await;
        Ok(())
    }

    async fn fail(&self, error: ServerError) {
        self.send(&ToClient::Error { id: &self.id, payload: vec![error] }, true).await;
    }

    async fn send(&self, message: &ToClient<'_>, is_last: bool) {
        self.send_text(message.text(), None, is_last).await;
    }

    async fn send_text(&self, text: String, open: Option<OpenRequest>, is_last: bool) {
        let sent = Sent { id: self.id.clone(), number: self.number, is_last, text, _open: open };
        // where the connection is gone, this task is too
        let _gone = self.sender.send(sent).await;
    }
}

/// What may be seen now, where that can change.
async fn access(recheck: Option<&Recheck>) -> Result<Option<Access>, Problem> {
    let Some(recheck) = recheck else { return Ok(None) };
    recheck.access().await?.map(Some).ok_or_else(Problem::unauthenticated)
}

/// Whether a subscription did not begin. One that has missed events goes on.
fn is_refused(response: &Response) -> bool {
    let kind = |error: &ServerError| error.extensions.as_ref().and_then(|extensions| extensions.get("type")).cloned();
    let is_missed = |error: &ServerError| kind(error) == Some(MISSED.into());
    !response.errors.is_empty() && !response.errors.iter().all(is_missed)
}

/// Whether a query was refused before anything of it was executed: it is not valid, or costs too much.
fn was_not_executed(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// Counts a stream that was ended because its client took nothing.
pub(super) fn count_slow() {
    let reason = End::Slow.as_str();
    runtime::metrics().streams_ended.get_or_create(&runtime::labels::StreamEnd { reason }).inc();
}
