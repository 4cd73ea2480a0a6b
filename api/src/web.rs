//! The page and the GraphQL explorer: plain files of `dashboards/web`, part of the binary.

use axum::Router;
use axum::http::header;
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
        File { path: $path, kind: $kind, text: include_str!(concat!("../../dashboards/web/static/", $name)) }
    };
}

const HTML: &str = "text/html; charset=utf-8";

static FILES: &[File] = &[
    file!("/", "text/html; charset=utf-8", "index.html"),
    file!("/web/style.css", "text/css; charset=utf-8", "style.css"),
    file!("/web/login.css", "text/css; charset=utf-8", "login.css"),
    file!("/web/icon.svg", "image/svg+xml", "icon.svg"),
    file!("/web/app.js", "text/javascript; charset=utf-8", "app.js"),
    file!("/web/server.js", "text/javascript; charset=utf-8", "server.js"),
    file!("/web/choices.js", "text/javascript; charset=utf-8", "choices.js"),
    file!("/web/cards.js", "text/javascript; charset=utf-8", "cards.js"),
    file!("/web/chart.js", "text/javascript; charset=utf-8", "chart.js"),
    file!("/web/deployments.js", "text/javascript; charset=utf-8", "deployments.js"),
    file!("/web/detail.js", "text/javascript; charset=utf-8", "detail.js"),
    file!("/web/preview.js", "text/javascript; charset=utf-8", "preview.js"),
    file!("/web/format.js", "text/javascript; charset=utf-8", "format.js"),
    file!("/web/dom.js", "text/javascript; charset=utf-8", "dom.js"),
    file!("/web/explorer.js", "text/javascript; charset=utf-8", "explorer.js"),
    file!("/web/docs.js", "text/javascript; charset=utf-8", "docs.js"),
];

/// Routes of all files.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |router, file| router.route(file.path, get(async || answer(file.kind, file.text))))
}

/// The page that explores GraphQL.
pub fn explorer() -> Response {
    answer(HTML, include_str!("../../dashboards/web/static/explorer.html"))
}

/// The page that shows the description of REST.
pub fn docs() -> Response {
    answer(HTML, include_str!("../../dashboards/web/static/docs.html"))
}

/// A file. It is asked for each time, since an update of `sei` changes it.
fn answer(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
