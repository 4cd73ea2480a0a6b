//! `POST /webhooks/{connector}[/{name}]`.

use axum::extract::{Path, Request, State};
use chrono::Utc;
use tokio::time::Instant;

use super::answer::Answer;
use super::{GatewayState, Inner, Source, body, ignored};
use crate::webhook::{Destination, RawRequest, Received};

/// The name that an address without one means.
const MAIN: &str = "main";

pub(super) async fn unnamed(state: State<GatewayState>, Path(connector): Path<String>, request: Request) -> Answer {
    named(state, Path((connector, MAIN.to_owned())), request).await
}

pub(super) async fn named(
    State(state): State<GatewayState>,
    Path(address): Path<(String, String)>,
    request: Request,
) -> Answer {
    match state.0.sources.get(&address) {
        Some(source) => receive(&state.0, source, request).await.unwrap_or_else(|refused| {
            tracing::info!(source.name = source.name, ?refused, "refused a request");
            refused
        }),
        None => Answer::NotFound,
    }
}

async fn receive(gateway: &Inner, source: &Source, request: Request) -> Result<Answer, Answer> {
    let webhook = source.connector.webhook().ok_or(Answer::NotFound)?;
    let deadline = Instant::now() + gateway.timeout;
    let (parts, body) = request.into_parts();
    if body::media_type(&parts.headers) != "application/json" {
        return Err(Answer::Unsupported("set the webhook's content type to application/json"));
    }
    let body = body::read(&parts.headers, body, gateway.body_limit, deadline).await?;
    let verified = webhook.verify(RawRequest { headers: parts.headers, body }, &source.secrets)?;
    let to = Destination { source: &source.name, tenant: &source.tenant, received: Utc::now() };
    match webhook.envelopes(&verified, &to)? {
        Received::Events(events) => gateway.append(source, events, deadline).await,
        Received::Ignored(reason) => Ok(ignored(source, reason)),
    }
}
