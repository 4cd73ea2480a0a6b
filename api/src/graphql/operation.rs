//! The operations of one WebSocket, each a task of its own.

use std::collections::HashMap;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{Request, Response, ServerError};
use futures::StreamExt;
use runtime::panics;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::dispatch::Dispatcher;
use super::protocol::ToClient;
use super::schema::ApiSchema;
use super::subscription::{Ended, MISSED};
use super::{cost, loads, order};
use crate::ApiState;
use crate::access::Access;
use crate::live::{End, Recheck};
use crate::problem::Problem;
use crate::scope::Scope;

/// Operations of one connection, at most.
const MOST: usize = 32;
/// The longest id, in bytes.
const ID: usize = 256;
/// Messages that wait to be sent. Those that wait behind them are in the ring of the tenant.
const WAITING: usize = 16;

/// Who asks, and what answers.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) state: ApiState,
    pub(super) schema: ApiSchema,
    pub(super) scope: Scope,
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
        if let Err(panic) = panics::caught(self.execute(session, request)).await {
            tracing::error!(panic, "a subscription panicked: this is a fault of sei");
            self.fail("This is a fault of the server; its log says more.".to_owned()).await;
        }
    }

    async fn execute(&self, session: Session, mut request: Request) {
        // reading it takes time that other requests have, too
        let read = panics::blocking(move || {
            let document = cost::read(&request.query, &request.variables)?;
            request.set_parsed_query(document.clone());
            Ok::<_, cost::Refused>((request, document))
        });
        let (request, document) = match read.await {
            Some(Ok(read)) => read,
            Some(Err(refused)) => return self.fail(refused.to_string()).await,
            None => return self.fail("the server is busy".to_owned()).await,
        };
        if !is_subscription(&document, request.operation_name.as_deref()) {
            return self.fail("only subscriptions are answered here; ask queries by POST".to_owned()).await;
        }
        let Session { state, schema, scope, recheck } = session;
        let scope = match access(recheck.as_ref()).await {
            Ok(None) => scope,
            Ok(Some(access)) => scope.with_access(access),
            Err(problem) => return self.fail(problem.detail).await,
        };
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

    async fn fail(&self, message: String) {
        let payload = vec![ServerError::new(message, None)];
        self.send(&ToClient::Error { id: &self.id, payload }, true).await;
    }

    async fn send(&self, message: &ToClient<'_>, is_last: bool) {
        let sent = Sent { id: self.id.clone(), number: self.number, is_last, text: message.text() };
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

fn is_subscription(document: &ExecutableDocument, name: Option<&str>) -> bool {
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => name.and_then(|name| operations.get(name)),
    };
    operation.is_some_and(|operation| operation.node.ty == OperationType::Subscription)
}

/// Counts a stream that was ended because its client took nothing.
pub(super) fn count_slow() {
    let reason = End::Slow.as_str();
    runtime::metrics().streams_ended.get_or_create(&runtime::labels::StreamEnd { reason }).inc();
}
