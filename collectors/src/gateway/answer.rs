//! What the gateway answers: a status that says whether to send again, and a small JSON object.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connector::problem::FactProblem;
use connector::webhook::Refusal;
use kernel::IgnoreReason;
use serde_json::json;

/// An answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// The number of durable events.
    Accepted(usize),
    /// Nothing of use, on purpose.
    Ignored(IgnoreReason),
    /// The request cannot be understood.
    Bad(&'static str),
    /// Not authenticated; no word on why.
    Unauthenticated,
    /// Not allowed to post events, with what to do about it.
    NoAccess(&'static str),
    /// No such source is configured.
    NotFound,
    /// The body did not come in time.
    Slow,
    /// The body, or what it inflates to, is larger than this many bytes.
    TooLarge(usize),
    /// The log takes no event as large as one of these.
    TooLargeForLog,
    /// A media type or content encoding that is not taken, with what is.
    Unsupported(&'static str),
    /// Facts that are none.
    Unprocessable(Vec<FactProblem>),
    /// Try again, after a moment.
    Busy(&'static str),
}

/// Seconds after which it is worth to try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

impl Answer {
    /// The program ends before the request was read.
    pub(super) const INTERRUPTED: Self = Self::Busy("the request was interrupted");

    /// What it is, in words that do not depend on the request.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Ignored(_) => "ignored",
            Self::Bad(problem) | Self::Busy(problem) => problem,
            Self::Unauthenticated | Self::NoAccess(_) => "not authenticated",
            Self::NotFound => "no such webhook is configured",
            Self::Slow => "the body did not arrive in time",
            Self::TooLarge(_) => "the body is too large",
            Self::TooLargeForLog => "the event log refuses an event of this size",
            Self::Unsupported(_) => "not taken in this form",
            Self::Unprocessable(_) => "some facts can't be read",
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let error = |status, error: &str, hint: Option<&str>| {
            let body = match hint {
                Some(hint) => json!({ "error": error, "hint": hint }),
                None => json!({ "error": error }),
            };
            (status, Json(body)).into_response()
        };
        match self {
            Self::Accepted(events) => (StatusCode::ACCEPTED, Json(json!({ "accepted": events }))).into_response(),
            Self::Ignored(reason) => (StatusCode::OK, Json(json!({ "ignored": reason.as_str() }))).into_response(),
            Self::Bad(problem) => error(StatusCode::BAD_REQUEST, problem, None),
            Self::Unauthenticated => error(StatusCode::UNAUTHORIZED, "not authenticated", None),
            Self::NoAccess(hint) => {
                let mut response = error(StatusCode::UNAUTHORIZED, "not authenticated", Some(hint));
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                response
            }
            Self::NotFound => {
                let hint = "configure it as a [[source]] with this connector and name, and [source.webhook]; without a \
                            name the address means `main`";
                error(StatusCode::NOT_FOUND, "no such webhook is configured", Some(hint))
            }
            Self::Slow => error(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time", None),
            Self::TooLarge(limit) => {
                let hint = format!("at most {limit} bytes (events.body_limit), also after inflation");
                error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large", Some(&hint))
            }
            Self::TooLargeForLog => {
                error(StatusCode::PAYLOAD_TOO_LARGE, "the event log refuses an event of this size", None)
            }
            Self::Unsupported(hint) => error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not taken in this form", Some(hint)),
            Self::Unprocessable(facts) => {
                let hint = "nothing was stored; `sei schema` prints what a fact looks like";
                let body = json!({ "error": "some facts can't be read", "hint": hint, "facts": facts });
                (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
            }
            Self::Busy(problem) => {
                let mut response = error(StatusCode::SERVICE_UNAVAILABLE, problem, Some("send it again in a moment"));
                response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
                response
            }
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unauthenticated => Self::Unauthenticated,
            Refusal::Incomplete(problem) => Self::Bad(problem),
            Refusal::Unprocessable(facts) => Self::Unprocessable(facts),
        }
    }
}
