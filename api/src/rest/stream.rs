//! What happens, as server-sent events (WHATWG HTML, section 9.2).

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use kernel::Right;
use kernel::strum::VariantNames;
use runtime::http::{Endless, KeptOpen};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use super::accept::{accept, choose};
use crate::limits::Client;
use crate::live::{
    DeploymentEvent, End, EventKind, Filter, IncidentEvent, LagEvent, MetricsEvent, Next, Reset, SourceEvent, Start,
    Subscriber, Wanted,
};
use crate::problem::Problem;
use crate::questions::{Asked, ForTenant, Parameter, ServiceFilter, Text};
use crate::scope::Scope;
use crate::{ApiState, reads, recheck};

/// The header by which a client says what it has.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// The form of a stream.
const EVENTS: &str = "text/event-stream";
/// After how many milliseconds a client comes back.
const RETRY_MS: u32 = 2_000;

/// What a subscriber asks for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StreamQuestion {
    /// Only these kinds of events, separated by commas; all without it.
    #[param(inline)]
    kinds: Option<KindsText>,
    #[param(ignore)]
    services: ServiceFilter,
    /// The id of the last event that the client has: goes on after it. The header `Last-Event-ID`, which browsers send by
    /// themselves, goes before it.
    last_event_id: Option<String>,
}

/// Kinds of events.
struct Kinds(BTreeSet<EventKind>);

/// Kinds of events, as they were given.
type KindsText = Text<Kinds>;

/// An event: what stands in its lines `event` and `data`. Its line `id` is where the stream stands after it.
#[derive(Serialize, ToSchema)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what is sent, which is put together once for all subscribers")]
enum StreamEvent {
    /// The stream has begun.
    Ready(Ready),
    /// A deployment is new, has another verdict, or is gone.
    Deployment(DeploymentEvent),
    /// An incident is new, has changed, or is gone.
    Incident(IncidentEvent),
    /// Metrics have other values than before.
    Metrics(MetricsEvent),
    /// A source works again, or does not.
    Source(SourceEvent),
    /// How many events of the log are not processed yet.
    Lag(LagEvent),
    /// Something was missed: ask for everything that you show. The stream goes on.
    Reset(Missed),
    /// The stream ends.
    Dropped(Ended),
}

/// What the first event says.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamReady)]
struct Ready {
    /// Whose events they are.
    tenant: String,
    /// Whether its data is made up.
    demo: bool,
}

/// Why something was missed.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamMissed)]
struct Missed {
    /// Why.
    reason: Reset,
    /// What to do about it.
    detail: &'static str,
}

/// Why a stream has ended.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamEnded)]
struct Ended {
    /// Why.
    reason: End,
    /// What to do about it.
    detail: &'static str,
}

/// What happens, as it happens: server-sent events.
///
/// The stream does not end by itself, and answers with a comment every 15 s where nothing happens. An event has the lines
/// `event`, `id` and `data`, which is JSON on one line. Who is limited to teams receives what is of their services only.
#[utoipa::path(
    get,
    path = "/api/v1/stream",
    operation_id = "stream",
    params(ForTenant, StreamQuestion, ServiceFilter),
    responses(
        (status = 200, description = "Events, one after the other.", body = StreamEvent, content_type = "text/event-stream"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stream(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    Asked(question): Asked<StreamQuestion>,
    request: Request,
) -> Result<Response, Problem> {
    scope.access.check(Right::Read)?;
    check_form(request.headers())?;
    let kinds = question.kinds.as_ref().map(|kinds| kinds.read("kinds")).transpose()?.map(|Kinds(kinds)| kinds);
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
    let ready = Ready { tenant: tenant.to_string(), demo: scope.tenant.demo };
    let ready = serde_json::to_string(&ready).map_err(|error| Problem::fault(&error))?;
    Ok(respond(subscriber, ready))
}

/// Fails for a client that takes no events.
fn check_form(headers: &HeaderMap) -> Result<(), Problem> {
    match accept(headers) {
        Some(asked) if choose(&[EVENTS], &asked).is_none() => Err(Problem::not_acceptable(&asked, EVENTS)),
        _ => Ok(()),
    }
}

impl Parameter for Kinds {
    const NAME: &'static str = "EventKinds";
    const TEXT: &'static str = "Kinds of events, separated by commas.";

    fn read(text: &str) -> Result<Self, String> {
        let kinds: Result<BTreeSet<EventKind>, _> = text.split(',').map(|kind| kind.trim().parse()).collect();
        kinds.map(Self).map_err(|_| format!("some of {}, separated by commas", EventKind::VARIANTS.join(", ")))
    }

    fn schema() -> RefOr<Schema> {
        let word = format!("({})", EventKind::VARIANTS.join("|"));
        let pattern = format!("^{word}(,{word})*$");
        RefOr::T(ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).into())
    }
}

fn respond(subscriber: Subscriber, ready: String) -> Response {
    let frames = stream::unfold((subscriber, ready), |(mut subscriber, ready)| async move {
        let next = subscriber.next().await?;
        Some((Ok::<_, Infallible>(frame(&next, &ready)), (subscriber, ready)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(EVENTS)),
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
            let missed = text(&Missed { reason: *reset, detail: reset.detail() });
            format!("event: reset\nid: {stands}\ndata: {missed}\n\n").into()
        }
        Next::End(end) => {
            format!("event: dropped\ndata: {}\n\n", text(&Ended { reason: *end, detail: end.detail() })).into()
        }
    }
}

fn text(data: &impl Serialize) -> String {
    serde_json::to_string(data).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_words_of_a_closed_list() {
        let Kinds(kinds) = Kinds::read("lag, deployment").unwrap();
        assert_eq!(kinds, [EventKind::Deployment, EventKind::Lag].into());
        for bad in ["", "deployments", "lag,", "lag;source"] {
            let expected = Kinds::read(bad).err().unwrap_or_default();
            assert!(expected.contains("deployment, incident, metrics, source, lag"), "{bad}: {expected}");
        }
    }

    #[test]
    fn who_takes_no_events_is_sent_none() {
        for (accept, is_taken) in [("*/*", true), ("text/event-stream", true), ("application/json", false)] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(check_form(&headers).is_ok(), is_taken, "{accept}");
        }
        assert!(check_form(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn what_is_no_event_of_the_feed_has_its_frame() {
        let framed = |next| String::from_utf8(frame(&next, "{}").to_vec()).unwrap();
        assert_eq!(framed(Next::Ready("1_2_".into())), "retry: 2000\nevent: ready\nid: 1_2_\ndata: {}\n\n");
        assert_eq!(framed(Next::Beat("1_2_".into())), ":\nid: 1_2_\n\n");
        let dropped = framed(Next::End(End::Slow));
        assert!(dropped.starts_with("event: dropped\ndata: {\"reason\":\"slow\",\"detail\":\"More"), "{dropped}");
    }
}
