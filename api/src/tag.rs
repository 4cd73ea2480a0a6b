//! `ETag` and `If-None-Match`: a client that has an answer already gets 304 instead of it.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use runtime::http::Endless;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// Names what is answered to `GET` and `HEAD` by a hash of its bytes. The name is weak, since the same answer may be
/// sent compressed.
pub async fn add_etag(request: Request, next: Next) -> Response {
    let names = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = if_none_match(request.headers());
    let response = next.run(request).await;
    // what has no end can't be named
    let names = names && response.extensions().get::<Endless>().is_none();
    if names && response.status() == StatusCode::OK {
        tagged(response).await.map_or_else(IntoResponse::into_response, |tagged| unless_known(&known, tagged))
    } else {
        response
    }
}

async fn tagged(response: Response) -> Result<Response, Problem> {
    let (mut head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| Problem::fault(&error))?;
    let tag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes)));
    let tag = HeaderValue::try_from(tag).map_err(|error| Problem::fault(&error))?;
    head.headers.insert(header::ETAG, tag);
    Ok(Response::from_parts(head, Body::from(bytes)))
}

/// The tags of what the client has.
pub(crate) fn if_none_match(headers: &HeaderMap) -> Vec<HeaderValue> {
    headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect()
}

/// An answer, or 304 where the client has it.
pub(crate) fn unless_known(known: &[HeaderValue], mut response: Response) -> Response {
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    if response.status() != StatusCode::OK || !tag.is_some_and(|tag| is_known(known, tag)) {
        return response;
    }
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::CONTENT_ENCODING);
    *response.body_mut() = Body::empty();
    response
}

/// Whether one of the names is this one, weakly or not.
fn is_known(known: &[HeaderValue], tag: &str) -> bool {
    let strong = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let tag = strong(tag);
    let known = known.iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).map(str::trim).any(|known| known == "*" || strong(known) == tag)
}
