//! Spans of requests, where traces are exported.

use std::pin::Pin;

use http::{HeaderMap, Request, Response};
use kernel::TraceParent;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::body::Body;
use super::route::Route;
use crate::telemetry::trace;

/// The header by which a client states its span (W3C Trace Context).
const TRACEPARENT: &str = "traceparent";

/// The span of a request, part of the trace that its client states; none while no traces are exported.
pub(super) fn span<B>(request: &Request<B>) -> Span {
    let span = crate::exported_span!(
        "request",
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = request.method().as_str(),
        http.route = Empty,
        http.response.status_code = Empty,
    );
    if !span.is_disabled() {
        trace::follow(&span, stated(request.headers()));
    }
    span
}

/// The span that a client states.
fn stated(headers: &HeaderMap) -> Option<TraceParent> {
    headers.get(TRACEPARENT)?.to_str().ok()?.trim().parse().ok()
}

/// Answers within a span, which is among the extensions of the answer if it is exported.
pub(super) async fn answered(
    span: Span,
    method: http::Method,
    answered: Pin<Box<dyn Future<Output = Response<Body>> + Send>>,
) -> Response<Body> {
    let mut answer = answered.instrument(span.clone()).await;
    let status = answer.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    if let Some(Route(route)) = answer.extensions().get::<Route>() {
        span.record("http.route", route.as_str());
        trace::rename(&span, format!("{method} {route}"));
    }
    if let Some(parent) = trace::of(&span) {
        answer.extensions_mut().insert(parent);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_states_its_span_or_nothing_that_counts() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let of = |value: &str| {
            let request = Request::builder().header(TRACEPARENT, value).body(()).unwrap();
            stated(request.headers())
        };
        assert_eq!(of(text), text.parse().ok());
        assert_eq!(of("1; drop table"), None);
        assert_eq!(stated(&HeaderMap::new()), None);
    }

    #[test]
    fn there_is_no_span_while_no_traces_are_exported() {
        assert!(span(&Request::new(())).is_disabled());
    }
}
