//! A page of a list: what it is asked for, and as an answer.

use axum::Json;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::queries::Cut;

use crate::ApiState;
use crate::envelope::Listing;
use crate::problem::Problem;
use crate::questions::{ListPage, RowQuestion, RowsAsked};
use crate::reads::{self, Page};
use crate::scope::Scope;

/// Which rows a question is about, and which of them the page has.
pub(super) async fn asked<Q: RowQuestion>(
    state: &ApiState,
    scope: &Scope,
    question: Q,
    page: &ListPage,
) -> Result<(RowsAsked, Cut), Problem> {
    let owners = reads::row_owners(state, scope, &question).await?;
    let asked = question.rows(owners, state.settings().dora.time_zone)?;
    let cut = page.cut::<Q::Row>(asked.1)?;
    Ok((asked, cut))
}

/// A page in its envelope, with the addresses of other pages.
pub(super) fn listing<T: Serialize>(uri: &Uri, scope: &Scope, page: Page<T>) -> Response {
    linked(uri, page, |data, next_cursor| Listing {
        tenant: scope.tenant.tenant.to_string(),
        demo: scope.tenant.demo,
        data,
        next_cursor,
    })
}

/// A page in an envelope, which is made of its rows and the cursor of the next page; with the addresses of the next page, of
/// the first and of the one before in the header `Link`.
pub(super) fn linked<T, E: Serialize>(
    uri: &Uri,
    page: Page<T>,
    envelope: impl FnOnce(Vec<T>, Option<String>) -> E,
) -> Response {
    let links = links(uri, (page.next(), page.previous()));
    let next_cursor = page.next().map(str::to_owned);
    let rows = page.rows.into_iter().map(|(_, row)| row).collect();
    let mut response = Json(envelope(rows, next_cursor)).into_response();
    if let Some(links) = links {
        response.headers_mut().insert(header::LINK, links);
    }
    response
}

/// The links of a page that stands between others.
fn links(uri: &Uri, (next, previous): (Option<&str>, Option<&str>)) -> Option<HeaderValue> {
    let link = |relation: &str, cursor| format!("<{}>; rel=\"{relation}\"", address(uri, cursor));
    let next = next.map(|cursor| link("next", Some(("cursor", cursor))));
    let first = previous.map(|_| link("first", None));
    let previous = previous.map(|cursor| link("prev", Some(("before", cursor))));
    let links: Vec<String> = [next, first, previous].into_iter().flatten().collect();
    if links.is_empty() { None } else { HeaderValue::from_str(&links.join(", ")).ok() }
}

/// The same address with another cursor, or without any.
fn address(uri: &Uri, cursor: Option<(&str, &str)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "cursor" && name != "before" {
            query.append_pair(&name, &value);
        }
    }
    if let Some((name, cursor)) = cursor {
        query.append_pair(name, cursor);
    }
    let query = query.finish();
    if query.is_empty() { uri.path().to_owned() } else { format!("{}?{query}", uri.path()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_is_asked_and_change_the_cursor() {
        let uri: Uri = "/api/v1/services?team=a%20b&cursor=x".parse().unwrap();
        let all = links(&uri, (Some("n"), Some("p"))).unwrap();
        assert_eq!(
            all,
            "</api/v1/services?team=a+b&cursor=n>; rel=\"next\", </api/v1/services?team=a+b>; rel=\"first\", \
             </api/v1/services?team=a+b&before=p>; rel=\"prev\""
        );
        assert_eq!(links(&uri, (None, None)), None);
        let plain: Uri = "/api/v1/services?before=x".parse().unwrap();
        assert_eq!(address(&plain, None), "/api/v1/services");
    }
}
