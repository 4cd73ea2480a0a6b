//! What happens, as server-sent events (WHATWG HTML, section 9.2).

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kernel::Right;
use kernel::strum::VariantNames;
use runtime::http::{Endless, KeptOpen};
use serde::{Deserialize, Serialize};

use crate::limits::Client;
use crate::live::{EventKind, Filter, Next, Start, Subscriber, Wanted};
use crate::problem::Problem;
use crate::questions::{Asked, Invalid, ServiceFilter};
use crate::scope::Scope;
use crate::{ApiState, reads, recheck};

/// The header by which a client says what it has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// After how many milliseconds a client comes back.
const RETRY_MS: u32 = 2_000;

/// What a subscriber asks for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct StreamQuestion {
    /// Kinds of events, separated by commas.
    kinds: Option<String>,
    services: ServiceFilter,
    /// The id of the last event that it has. The header `Last-Event-ID` goes before it.
    last_event_id: Option<String>,
}

/// What the first event says.
#[derive(Serialize)]
struct Ready<'a> {
    tenant: &'a str,
    demo: bool,
}

/// Why something is missing, or why the stream ends.
#[derive(Serialize)]
struct Reason<'a> {
    reason: &'a str,
    detail: &'a str,
}

/// Answers with events until one of the two sides ends it.
pub(super) async fn stream(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<StreamQuestion>,
    request: Request,
) -> Result<Response, Problem> {
    scope.access.check(Right::Read)?;
    let kinds = question.kinds.as_deref().map(kinds).transpose()?;
    // a name that nothing has would be sent nothing, for ever
    reads::asked_services(&state, &scope, &question.services).await?;
    let (head, _) = request.into_parts();
    let last = head.headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let last = last.or(question.last_event_id).filter(|id| !id.is_empty());
    let ServiceFilter { service, team } = question.services;
    let filter = Filter { kinds, service, team, access: scope.access.clone() };
    let start = last.map_or(Start::Now, Start::After);
    let wanted = Wanted { filter, start, recheck: recheck::of(&state, &head, &scope) };
    let place = state.hub().place(Client::of(&head.extensions))?;
    let kept_open = head.extensions.get::<KeptOpen>().cloned();
    let tenant = &scope.tenant.tenant;
    let subscriber = state.hub().subscribe(tenant, wanted, Some(place), kept_open).await?;
    let ready = Ready { tenant: tenant.as_str(), demo: scope.tenant.demo };
    let ready = serde_json::to_string(&ready).map_err(|error| Problem::fault(&error))?;
    Ok(respond(subscriber, ready))
}

fn kinds(text: &str) -> Result<BTreeSet<EventKind>, Invalid> {
    let expected = || format!("some of {}, separated by commas", EventKind::VARIANTS.join(", "));
    let kinds: Result<BTreeSet<EventKind>, _> = text.split(',').map(|kind| kind.trim().parse()).collect();
    kinds.map_err(|_| Invalid::value("kinds", text, expected()))
}

fn respond(subscriber: Subscriber, ready: String) -> Response {
    let frames = stream::unfold((subscriber, ready), |(mut subscriber, ready)| async move {
        let next = subscriber.next().await?;
        Some((Ok::<_, Infallible>(frame(&next, &ready)), (subscriber, ready)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // proxies that collect answers would hold events back
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Extension(Endless), Body::from_stream(frames)).into_response()
}

fn frame(next: &Next, ready: &str) -> Bytes {
    match next {
        Next::Ready(stands) => format!("retry: {RETRY_MS}\nevent: ready\nid: {stands}\ndata: {ready}\n\n").into(),
        Next::Message(message) => message.frame(),
        // a comment, and an id without data: the client comes back with it, and shows nothing
        Next::Beat(stands) => format!(":\nid: {stands}\n\n").into(),
        Next::Reset(reset, stands) => {
            let reason = reason(reset.as_str(), reset.detail());
            format!("event: reset\nid: {stands}\ndata: {reason}\n\n").into()
        }
        Next::End(end) => format!("event: dropped\ndata: {}\n\n", reason(end.as_str(), end.detail())).into(),
    }
}

fn reason(reason: &str, detail: &str) -> String {
    serde_json::to_string(&Reason { reason, detail }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::End;

    #[test]
    fn kinds_are_words_of_a_closed_list() {
        assert_eq!(kinds("lag, deployment").unwrap(), [EventKind::Deployment, EventKind::Lag].into());
        for bad in ["", "deployments", "lag,", "lag;source"] {
            let invalid = kinds(bad).unwrap_err();
            assert!(invalid.expected.contains("deployment, incident, metrics, source, lag"), "{bad}: {invalid:?}");
        }
    }

    #[test]
    fn what_is_no_event_of_the_feed_has_its_frame() {
        let text = |next| String::from_utf8(frame(&next, "{}").to_vec()).unwrap();
        assert_eq!(text(Next::Ready("1_2_".into())), "retry: 2000\nevent: ready\nid: 1_2_\ndata: {}\n\n");
        assert_eq!(text(Next::Beat("1_2_".into())), ":\nid: 1_2_\n\n");
        let dropped = text(Next::End(End::Slow));
        assert!(dropped.starts_with("event: dropped\ndata: {\"reason\":\"slow\",\"detail\":\"More"), "{dropped}");
    }
}
