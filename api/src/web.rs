//! The page and the GraphQL explorer: plain files of `dashboards/web`, part of the binary.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// One file: its path, its media type and its text.
struct File {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! file {
    ($path:literal, $kind:literal, $name:literal) => {
        File { path: $path, kind: $kind, text: include_str!(concat!("../../dashboards/web/", $name)) }
    };
}

const HTML: &str = "text/html; charset=utf-8";

static FILES: &[File] = &[
    file!("/", "text/html; charset=utf-8", "index.html"),
    file!("/web/style.css", "text/css; charset=utf-8", "style.css"),
    file!("/web/icon.svg", "image/svg+xml", "icon.svg"),
    file!("/web/app.js", "text/javascript; charset=utf-8", "app.js"),
    file!("/web/server.js", "text/javascript; charset=utf-8", "server.js"),
    file!("/web/choices.js", "text/javascript; charset=utf-8", "choices.js"),
    file!("/web/cards.js", "text/javascript; charset=utf-8", "cards.js"),
    file!("/web/chart.js", "text/javascript; charset=utf-8", "chart.js"),
    file!("/web/deployments.js", "text/javascript; charset=utf-8", "deployments.js"),
    file!("/web/detail.js", "text/javascript; charset=utf-8", "detail.js"),
    file!("/web/format.js", "text/javascript; charset=utf-8", "format.js"),
    file!("/web/dom.js", "text/javascript; charset=utf-8", "dom.js"),
    file!("/web/explorer.js", "text/javascript; charset=utf-8", "explorer.js"),
];

/// Routes of all files.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |router, file| {
        router.route(file.path, get(async |headers: HeaderMap| answer(&headers, file.kind, file.text)))
    })
}

/// The page that explores GraphQL.
pub async fn explorer(headers: HeaderMap) -> Response {
    answer(&headers, HTML, include_str!("../../dashboards/web/explorer.html"))
}

/// A file, or "not modified" for who has it. It is asked for each time, since an update of `sei` changes it.
fn answer(request: &HeaderMap, kind: &'static str, text: &'static str) -> Response {
    let tag = format!("\"{:016x}\"", fingerprint(text));
    let has_it = request.get(header::IF_NONE_MATCH).is_some_and(|has| has.as_bytes() == tag.as_bytes());
    let mut response = if has_it { StatusCode::NOT_MODIFIED.into_response() } else { text.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn fingerprint(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
