//! Which form an answer takes: JSON, or CSV or NDJSON where an address has rows. `Accept` chooses, and 406 says what is
//! offered when it takes none of them. Rows are narrowed here to the fields that are asked for.

use std::borrow::Cow;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::Right;
use serde_json::Value;

use super::{csv, fields};
use crate::problem::Problem;
use crate::scope::Scope;

const JSON: &str = "application/json";
const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";

/// Answers in the form that is asked for, with the fields that are asked for.
pub async fn negotiate(request: Request, next: Next) -> Response {
    answered(request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(request: Request, next: Next) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let columns = path.and_then(csv::columns);
    let offered: &[&str] = if columns.is_some() { &[JSON, CSV, NDJSON] } else { &[JSON] };
    let form = match accept(request.headers()) {
        None => JSON,
        Some(accept) => {
            choose(offered, &accept).ok_or_else(|| Problem::not_acceptable(&accept, &offered.join(" or ")))?
        }
    };
    if form != JSON {
        // a file leaves the server with its client
        let scope = request.extensions().get::<Scope>();
        scope.ok_or_else(|| Problem::no_route(request.uri().path()))?.access.check(Right::Export)?;
    }
    let query = request.uri().query().unwrap_or_default();
    let asked = columns.map(|columns| fields::asked(columns, query)).transpose()?.flatten();
    let mut response = next.run(request).await;
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept, sei-tenant"));
    match columns {
        Some(columns) if response.status() == StatusCode::OK && (form != JSON || asked.is_some()) => {
            in_form(form, (columns, asked.as_deref()), response).await
        }
        _ => Ok(response),
    }
}

/// All that `Accept` says, in however many headers; `None` where it says nothing.
fn accept(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let values = headers.get_all(header::ACCEPT).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let all = values.reduce(|all, value| format!("{all},{value}").into())?;
    Some(all).filter(|all| !all.trim().is_empty())
}

/// The form that is wanted most, the first of those that are wanted alike.
fn choose(offered: &[&'static str], accept: &str) -> Option<&'static str> {
    let mut best = None;
    for form in offered {
        let quality = quality(accept, form);
        if quality > best.map_or(0, |(quality, _)| quality) {
            best = Some((quality, *form));
        }
    }
    best.map(|(_, form)| form)
}

/// How much a media type is wanted, in thousandths: what the most specific range that it is in says.
fn quality(accept: &str, offered: &str) -> u16 {
    let group = offered.split('/').next().unwrap_or_default();
    let mut found = (0, 0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specific = match name.as_str() {
            name if name == offered => 3,
            name if name.strip_suffix("/*") == Some(group) => 2,
            "*/*" => 1,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
        let weight = weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(1.0);
        if specific > found.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1000")]
            let thousandths = (weight * 1000.0) as u16;
            found = (specific, thousandths);
        }
    }
    found.1
}

/// An answer in JSON as it is asked for.
async fn in_form(
    form: &'static str,
    (columns, asked): (&[String], Option<&[String]>),
    response: Response,
) -> Result<Response, Problem> {
    let (mut head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| Problem::fault(&error))?;
    let mut answer: Value = serde_json::from_slice(&bytes).map_err(|error| Problem::fault(&error))?;
    let text = match form {
        CSV => csv::write(asked.unwrap_or(columns), &csv::rows(&answer)).map_err(|error| Problem::fault(&error))?,
        NDJSON => lines(asked, &csv::rows(&answer)).map_err(|error| Problem::fault(&error))?,
        _ => {
            if let (Some(asked), Some(Value::Array(rows))) = (asked, answer.get_mut("data")) {
                for row in rows {
                    *row = fields::of_row(row, asked);
                }
            }
            serde_json::to_vec(&answer).map_err(|error| Problem::fault(&error))?
        }
    };
    head.headers.remove(header::CONTENT_LENGTH);
    let media_type = if form == CSV { "text/csv; charset=utf-8" } else { form };
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    Ok(Response::from_parts(head, Body::from(text)))
}

/// Rows as JSON, one a line.
fn lines(asked: Option<&[String]>, rows: &[Value]) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::new();
    for row in rows {
        match asked {
            Some(asked) => serde_json::to_writer(&mut text, &fields::of_row(row, asked))?,
            None => serde_json::to_writer(&mut text, row)?,
        }
        text.push(b'\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_says_how_much_a_form_is_wanted() {
        for (accept, rows, json) in [
            ("*/*", Some(JSON), Some(JSON)),
            ("text/csv", Some(CSV), None),
            ("TEXT/CSV; charset=utf-8", Some(CSV), None),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(JSON), Some(JSON)),
            ("text/*, application/json;q=0.5", Some(CSV), Some(JSON)),
            ("application/json;q=0, */*;q=0.1", Some(CSV), None),
            ("application/x-ndjson, text/csv;q=0.9", Some(NDJSON), None),
            ("application/*", Some(JSON), Some(JSON)),
            ("application/xml", None, None),
        ] {
            assert_eq!(choose(&[JSON, CSV, NDJSON], accept), rows, "{accept}");
            assert_eq!(choose(&[JSON], accept), json, "{accept}");
        }
    }

    #[test]
    fn an_empty_accept_asks_for_nothing_in_particular() {
        let mut headers = HeaderMap::new();
        assert_eq!(accept(&headers), None);
        headers.append(header::ACCEPT, HeaderValue::from_static(" "));
        assert_eq!(accept(&headers), None);
        headers.append(header::ACCEPT, HeaderValue::from_static("text/csv"));
        assert_eq!(choose(&[JSON, CSV], &accept(&headers).unwrap()), Some(CSV));
    }
}
