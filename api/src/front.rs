//! What every request passes first, in one step: each layer of a router costs a request about as much as an answer that
//! is in memory.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use runtime::http::Hosts;

use crate::answers::Answers;
use crate::cache::{self, Cache};
use crate::guard;

/// What that takes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub hosts: Hosts,
    pub answers: Answers,
    pub cache: Cache,
}

/// A middleware that answers requests which may be answered, from memory where it can, and counts the answers.
pub(crate) async fn pass(State(front): State<Front>, request: Request, next: Next) -> Response {
    let mut response = match guard::check(&front.hosts, &request) {
        Ok(()) => {
            let response = cache::recall(&front.cache, request, next).await;
            front.answers.count(Instant::now(), &response);
            response
        }
        Err(problem) => problem.into_response(),
    };
    guard::add_headers(&mut response);
    response
}
