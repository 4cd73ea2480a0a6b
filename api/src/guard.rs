//! What every answer and every request must respect, whatever its route: a page of another site must not
//! reach a server under a name of its own (DNS rebinding), nothing may be framed, sniffed or loaded from
//! elsewhere, and no name or id holds what no database takes.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use runtime::http::Hosts;

use crate::problem::Problem;

/// Fails for a request to a host that this server does not go by, and for an address that holds the character U+0000, in
/// the path or a parameter.
pub fn check(hosts: &Hosts, request: &Request) -> Result<(), Problem> {
    hosts.check(request).map_err(|asked| Problem::wrong_host(&asked))?;
    let uri = request.uri();
    if uri.path().contains("%00") {
        return Err(Problem::nul("the path"));
    }
    let Some(query) = uri.query().filter(|query| query.contains("%00")) else { return Ok(()) };
    let named =
        url::form_urlencoded::parse(query.as_bytes()).find(|(name, value)| name.contains('\0') || value.contains('\0'));
    Err(Problem::nul(&named.map_or_else(|| "the query".to_owned(), |(name, _)| name.replace('\0', "�"))))
}

/// Says why, where only a status would: the method is another, or nothing is there.
pub async fn say_why(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    match response.status() {
        // the router adds the methods that it takes, in `Allow`
        StatusCode::METHOD_NOT_ALLOWED => Problem::method_not_allowed(method.as_str()).into_response(),
        StatusCode::NOT_FOUND if !response.headers().contains_key(header::CONTENT_TYPE) => {
            Problem::no_route(&path).into_response()
        }
        _ => response,
    }
}

/// What a page may load and do.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
);

/// Puts the policy of the page on an answer, unless it has one of its own; the server adds the headers that every answer
/// has.
pub fn add_policy(response: &mut Response) {
    response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(POLICY);
}
