//! Which form an answer takes: JSON, or CSV or NDJSON where an address has rows. `Accept` chooses, and 406 says what is
//! offered when it takes none of them. Rows are narrowed here to the fields that are asked for.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::Right;
use serde_json::Value;

use super::accept::{accept, choose};
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
