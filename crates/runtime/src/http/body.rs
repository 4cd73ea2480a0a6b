//! Bodies of answers, and the answers that a server gives by itself.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

/// Why the rest of a body does not come.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    whole(status, Bytes::new())
}

/// An answer of a media type.
pub(crate) fn text(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    let mut answer = whole(status, text.into());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// A problem (RFC 9457).
pub(crate) fn problem(status: StatusCode, name: &str, title: &str, detail: &str) -> Response<Body> {
    let problem = serde_json::json!({
        "type": format!("urn:sei:problem:{name}"),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
    });
    text(status, "application/problem+json", problem.to_string())
}

fn whole(status: StatusCode, bytes: Bytes) -> Response<Body> {
    let mut answer = Response::new(Full::new(bytes).map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    answer
}
