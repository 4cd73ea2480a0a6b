//! `ETag` and `If-None-Match`: a client that has an answer already gets 304 instead of it.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// Names what is answered to `GET` and `HEAD` by a hash of its bytes. The name is weak, since the same answer may be
/// sent compressed.
pub async fn name(request: Request, next: Next) -> Response {
    let names = matches!(*request.method(), Method::GET | Method::HEAD);
    let asked = request.headers().clone();
    let response = next.run(request).await;
    if names && response.status() == StatusCode::OK {
        named(&asked, response).await.unwrap_or_else(IntoResponse::into_response)
    } else {
        response
    }
}

async fn named(asked: &HeaderMap, response: Response) -> Result<Response, Problem> {
    let (mut head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| Problem::fault(&error))?;
    let name = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes)));
    let tag = HeaderValue::try_from(format!("W/{name}")).map_err(|error| Problem::fault(&error))?;
    head.headers.insert(header::ETAG, tag);
    if !is_known(asked, &name) {
        return Ok(Response::from_parts(head, Body::from(bytes)));
    }
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, Body::empty()))
}

/// Whether the request has what is named so, weakly or not.
fn is_known(asked: &HeaderMap, name: &str) -> bool {
    let given = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == name)
}
