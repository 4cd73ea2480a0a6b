//! What a server answers, and that it is counted.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Request, Response, StatusCode, header};
use kernel::TraceParent;

use super::body::{self, Body};
use super::received::Received;
use super::route::Route;
use super::{hosts, traced};

/// An answer, while it is made.
pub(super) type Answered = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

type First = dyn Fn(&Request<Received>) -> Option<Response<Body>> + Send + Sync;
type Others = dyn Fn(Request<Received>) -> Answered + Send + Sync;

/// What a server answers; by default nothing. Cheap to clone.
#[derive(Clone, Default)]
pub struct Routes {
    first: Option<Arc<First>>,
    others: Option<Arc<Others>>,
}

impl Routes {
    /// What answers every request.
    #[cfg(feature = "axum")]
    pub(super) fn new(others: impl Fn(Request<Received>) -> Answered + Send + Sync + 'static) -> Self {
        Self { first: None, others: Some(Arc::new(others)) }
    }

    /// These, after what answers some requests at once.
    pub(crate) fn after(
        self,
        first: impl Fn(&Request<Received>) -> Option<Response<Body>> + Send + Sync + 'static,
    ) -> Self {
        Self { first: Some(Arc::new(first)), ..self }
    }

    /// What is answered at once, and in place of all other answers that there is no room for more work.
    pub(super) fn at_once(&self) -> Self {
        let others = |_: Request<Received>| -> Answered { Box::pin(ready(no_room())) };
        Self { first: self.first.clone(), others: Some(Arc::new(others)) }
    }

    /// Answers a request, and counts it with the time up to the beginning of the answer. One that does not name one host
    /// is answered with 400.
    pub(super) fn answer(&self, request: Request<Received>) -> impl Future<Output = Response<Body>> + Send + use<> {
        let begun = Instant::now();
        let answered = self.answered(request);
        async move {
            let mut answer = answered.await;
            let route =
                answer.extensions_mut().remove::<Route>().map_or_else(|| "(none)".to_owned(), |Route(route)| route);
            let trace = answer.extensions_mut().remove::<TraceParent>();
            crate::metrics().answered(route, answer.status().as_u16(), begun.elapsed(), trace);
            answer
        }
    }

    fn answered(&self, request: Request<Received>) -> Answered {
        let at_once = match hosts::named_once(&request) {
            Ok(()) => self.first.as_ref().and_then(|first| first(&request)),
            Err(detail) => Some(hosts::refused(detail)),
        };
        match (at_once, &self.others) {
            (Some(answer), _) => Box::pin(ready(answer)),
            (None, Some(others)) => {
                let span = traced::span(&request);
                if span.is_disabled() {
                    return others(request);
                }
                let method = request.method().clone();
                Box::pin(traced::answered(span, method, others(request)))
            }
            (None, None) => Box::pin(ready(body::empty(StatusCode::NOT_FOUND))),
        }
    }
}

/// The answer while all connections are at work. Its client shall connect again.
fn no_room() -> Response<Body> {
    let detail = "All connections of this server are at work (server.connections). Try again in a moment.";
    let mut answer = body::problem(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail);
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}
