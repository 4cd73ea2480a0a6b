//! What browsers are shown: the web application and GraphiQL, if they were built before this crate, and the plain pages
//! that need no build: the page of REST, and the style of the login.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// A file of the application, with its compressed forms.
struct Built {
    path: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/application.rs"));

/// How the addresses of the application's pages begin. A test of the application holds that its router has no others.
const PAGES: &[&str] = &[
    "account",
    "admin",
    "boards",
    "changes",
    "deployments",
    "developer",
    "explore",
    "guide",
    "incidents",
    "items",
    "product",
    "releases",
    "runs",
    "search",
    "services",
    "sources",
    "teams",
    "vulnerabilities",
];

/// A file that needs no build.
struct Plain {
    name: &'static str,
    text: &'static str,
}

macro_rules! plain {
    ($name:literal) => {
        Plain { name: $name, text: include_str!(concat!("../../dashboards/web/static/", $name)) }
    };
}

/// What the plain pages load.
static PLAIN: &[Plain] = &[plain!("style.css"), plain!("login.css"), plain!("icon.svg"), plain!("docs.js")];

/// May be kept for good: its name changes with its content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Is asked for each time, since an update of `sei` changes it.
const REVALIDATED: &str = "no-cache";

/// Routes of the application's pages and of all files.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let router = Router::new()
        .route("/", get(application))
        .route("/web/{*name}", get(file))
        // a worker answers for what is below its own address
        .route("/worker.js", get(async |headers: HeaderMap| built("/worker.js", &headers)));
    PAGES.iter().fold(router, |router, name| {
        router.route(&format!("/{name}"), get(application)).route(&format!("/{name}/{{*rest}}"), get(application))
    })
}

/// GraphiQL, which explores GraphQL; or how to build it.
pub fn graphiql(headers: &HeaderMap) -> Response {
    page("/graphiql.html", headers)
}

/// The page that shows the description of REST.
pub fn docs() -> Response {
    html(include_str!("../../dashboards/web/static/docs.html"))
}

/// The application, whatever page of it is asked for; or how to build it.
async fn application(headers: HeaderMap) -> Response {
    page("/index.html", &headers)
}

/// A page of the build; or how to build it.
fn page(path: &str, headers: &HeaderMap) -> Response {
    find(path).map_or_else(
        || html(include_str!("../../dashboards/web/static/missing.html")),
        |file| file.answer(headers, REVALIDATED),
    )
}

/// A file of the application or of a plain page.
async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let plain = PLAIN.iter().find(|file| file.name == name);
    plain.map_or_else(|| built(&format!("/web/{name}"), &headers), |file| text(kind_of(file.name), file.text))
}

/// A file of the application.
fn built(path: &str, headers: &HeaderMap) -> Response {
    let Some(file) = find(path) else { return StatusCode::NOT_FOUND.into_response() };
    file.answer(headers, if is_hashed(path) { IMMUTABLE } else { REVALIDATED })
}

fn find(path: &str) -> Option<&'static Built> {
    BUILT.iter().find(|file| file.path == path)
}

/// Whether a name holds a hash of the content, as the build puts it before the ending: `index-zquAfCE_.js`.
fn is_hashed(path: &str) -> bool {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    stem.len().checked_sub(9).and_then(|at| stem.as_bytes().get(at)) == Some(&b'-')
}

impl Built {
    /// The file in a form that the client takes.
    fn answer(&'static self, asked: &HeaderMap, kept: &'static str) -> Response {
        let forms = [("br", self.brotli), ("gzip", self.gzip)];
        let form = forms
            .into_iter()
            .find_map(|(coding, bytes)| bytes.filter(|_| accepts(asked, coding)).map(|bytes| (coding, bytes)));
        let mut answer = form.map_or(self.plain, |(_, bytes)| bytes).into_response();
        let headers = answer.headers_mut();
        let mut put = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
        put(header::CONTENT_TYPE, kind_of(self.path));
        put(header::CACHE_CONTROL, kept);
        put(header::VARY, "accept-encoding");
        if let Some((coding, _)) = form {
            put(header::CONTENT_ENCODING, coding);
        }
        answer
    }
}

/// Whether a client takes a coding.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let is_taken = |part: &str| {
        let (name, quality) = part.split_once(';').unwrap_or((part, ""));
        let is_refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case(coding) && !is_refused
    };
    values.flat_map(|value| value.split(',')).any(is_taken)
}

/// The media type of a file.
fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

fn html(page: &'static str) -> Response {
    text("text/html; charset=utf-8", page)
}

fn text(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, REVALIDATED)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_hash_may_be_kept() {
        assert!(is_hashed("/web/index-zquAfCE_.js"));
        assert!(!is_hashed("/web/icon.svg"));
        assert!(!is_hashed("/index.html"));
        assert!(!is_hashed("/worker.js"));
    }

    #[test]
    fn a_coding_is_taken_unless_it_is_refused() {
        let headers = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            headers
        };
        assert!(accepts(&headers("gzip, deflate, br;q=0.9"), "br"));
        assert!(!accepts(&headers("gzip, br;q=0"), "br"));
        assert!(!accepts(&headers("gzip"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}
