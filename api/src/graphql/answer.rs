//! Answering a query, however it was sent: its cost is known before it runs, it takes its turn by that, and its fields are in
//! the order of the document.

use std::time::Instant;

use async_graphql::{Response, ServerError, value};
use runtime::{Operation, OperationOutcome};

use super::dispatch::Dispatcher;
use super::limits::{COMPLEXITY, TurnOf};
use super::reading::ReadRequest;
use super::schema::ApiSchema;
use super::{loads, order};
use crate::problem::Problem;
use crate::scope::Scope;
use crate::{ApiState, reads};

/// Errors of one answer, at most.
const ERRORS: usize = 20;

/// An answer, which may have errors.
pub(super) struct Answered {
    pub(super) response: Response,
    /// One of them is a fault of ours.
    pub(super) is_fault: bool,
}

/// Answers a query. An error says why it had no turn.
pub(super) async fn answer(
    state: ApiState,
    schema: &ApiSchema,
    scope: Scope,
    read: ReadRequest,
) -> Result<Answered, Problem> {
    let begun = Instant::now();
    let ReadRequest { request, document } = read;
    let scope = scope.sharing(state.graphql_reads());
    let turn = TurnOf::new(state.admission(), &scope);
    let dispatcher = Dispatcher::default();
    let loads = loads::loads(state.clone(), scope.clone(), &dispatcher);
    let request = request.data(state).data(scope).data(reads::budget()).data(turn.clone());
    let request = request.data(loads).data(dispatcher.clone());
    let (operation, variables) = (request.operation_name.clone(), request.variables.clone());
    let mut response = dispatcher.run(schema.execute(request)).await;
    order::restore(&mut response.data, &document, operation.as_deref(), &variables);
    if let Some(busy) = turn.refused() {
        Operation::Graphql.ended(OperationOutcome::Unavailable, begun.elapsed());
        return Err(busy);
    }
    if let Some(cost) = turn.cost() {
        response.extensions.insert("cost".to_owned(), value!({ "requested": cost, "limit": COMPLEXITY }));
    }
    let is_fault = response.errors.iter().any(is_fault);
    let outcome = if is_fault {
        OperationOutcome::Failed
    } else if response.errors.is_empty() {
        OperationOutcome::Ok
    } else {
        OperationOutcome::Refused
    };
    Operation::Graphql.ended(outcome, begun.elapsed());
    response.errors.truncate(ERRORS);
    Ok(Answered { response, is_fault })
}

/// Whether an error is a fault of ours.
fn is_fault(error: &ServerError) -> bool {
    let kind = error.extensions.as_ref().and_then(|extensions| extensions.get("type"));
    matches!(kind, Some(async_graphql::Value::String(kind)) if kind == Problem::FAULT)
}
