//! A page of a list as an answer.

use axum::Json;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::envelope::Listing;
use crate::reads::Page;
use crate::scope::Scope;

/// A page in its envelope, with the address of the next one in the header `Link`.
pub(super) fn listing<T: Serialize>(uri: &Uri, scope: &Scope, page: Page<T>) -> Response {
    let next_cursor = page.next().map(str::to_owned);
    let link = next_cursor.as_deref().and_then(|cursor| next_link(uri, cursor));
    let mut response = Json(Listing {
        tenant: scope.tenant.tenant.to_string(),
        demo: scope.tenant.demo,
        data: page.rows.into_iter().map(|(_, row)| row).collect(),
        next_cursor,
    })
    .into_response();
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The same address with another cursor.
fn next_link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "cursor" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("cursor", cursor);
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())).ok()
}
