//! Reading a request: its text, which it may state by a hash, and its document, within the limits of [`super::cost`].

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{ErrorExtensionValues, Request, ServerError};
use runtime::panics;

use super::cost;
use super::persisted::{self, Persisted};

/// A request that may be validated and, if it is valid, executed.
pub(super) struct ReadRequest {
    pub(super) request: Request,
    pub(super) document: ExecutableDocument,
}

impl ReadRequest {
    /// Whether it subscribes to something.
    pub(super) fn is_subscription(&self) -> bool {
        let operation = match &self.document.operations {
            DocumentOperations::Single(operation) => Some(operation),
            DocumentOperations::Multiple(operations) => {
                self.request.operation_name.as_deref().and_then(|name| operations.get(name))
            }
        };
        operation.is_some_and(|operation| operation.node.ty == OperationType::Subscription)
    }
}

/// Reads a request on a thread of its own: it takes time that other requests have, too. Returns `None` if the program ends.
pub(super) async fn read(request: Request, persisted: &Persisted) -> Option<Result<ReadRequest, Box<ServerError>>> {
    let persisted = persisted.clone();
    panics::blocking(move || read_now(request, &persisted)).await
}

fn read_now(mut request: Request, persisted: &Persisted) -> Result<ReadRequest, Box<ServerError>> {
    let hash = persisted.resolve(&mut request).map_err(not_resolved)?;
    let document = cost::read(&request.query, &request.variables);
    let document = document.map_err(|refused| Box::new(ServerError::new(refused.to_string(), None)))?;
    if let Some(hash) = hash {
        persisted.keep(hash, &request.query);
    }
    request.set_parsed_query(document.clone());
    Ok(ReadRequest { request, document })
}

#[expect(clippy::unnecessary_box_returns, reason = "errors of requests are boxed: they are large")]
fn not_resolved(refused: persisted::Refused) -> Box<ServerError> {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", refused.code());
    Box::new(ServerError { extensions: Some(extensions), ..ServerError::new(refused.to_string(), None) })
}
