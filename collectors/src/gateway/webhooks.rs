//! `POST /webhooks/{connector}[/{name}[/…]]`.

use axum::extract::{Path, Request, State};
use chrono::Utc;
use connector::webhook::{Destination, RawRequest, Received, Webhook};
use runtime::panics;
use tokio::time::Instant;

use super::answer::Answer;
use super::body;
use super::state::{GatewayState, Inner, Source, ignored};

/// Bodies of this size take a while to hash and to read; other requests go on meanwhile.
const LARGE: usize = 1 << 20;

/// The name that an address without one means.
const MAIN: &str = "main";

pub(super) async fn unnamed(state: State<GatewayState>, Path(connector): Path<String>, request: Request) -> Answer {
    answer(&state, (connector, MAIN.to_owned()), String::new(), request).await
}

pub(super) async fn named(
    state: State<GatewayState>,
    Path(source): Path<(String, String)>,
    request: Request,
) -> Answer {
    answer(&state, source, String::new(), request).await
}

/// For sources that have several addresses below their name.
pub(super) async fn below(
    state: State<GatewayState>,
    Path((connector, name, path)): Path<(String, String, String)>,
    request: Request,
) -> Answer {
    answer(&state, (connector, name), path, request).await
}

/// Answers a request to a source, by its connector and name, at an address below these.
pub(super) async fn answer(state: &GatewayState, source: (String, String), path: String, request: Request) -> Answer {
    match state.0.sources.get_key_value(&source) {
        Some((key, source)) => receive(state, key, source, path, request).await.unwrap_or_else(|refused| {
            source.refused(&refused);
            refused
        }),
        None => Answer::NotFound,
    }
}

async fn receive(
    state: &GatewayState,
    key: &(String, String),
    source: &Source,
    path: String,
    request: Request,
) -> Result<Answer, Answer> {
    let gateway: &Inner = &state.0;
    let webhook = source.connector.webhook().filter(|webhook| webhook.has(&path)).ok_or(Answer::NotFound)?;
    let deadline = Instant::now() + gateway.settings.server.timeout;
    let (parts, body) = request.into_parts();
    if !webhook.takes(&body::media_type(&parts.headers)) {
        return Err(Answer::Unsupported("set the webhook's content type to application/json"));
    }
    let body = body::read(&parts.headers, body, &gateway.bounds(&parts.extensions, deadline)).await?;
    let request = RawRequest { path, headers: parts.headers, body: body.bytes.clone(), received: Utc::now() };
    let read = if request.body.len() < LARGE {
        read(source, webhook, request)
    } else {
        let (owner, key) = (state.clone(), key.clone());
        let read = panics::blocking(move || match owner.0.sources.get(&key) {
            Some(source) => read(source, webhook, request),
            None => Err(Answer::NotFound),
        });
        read.await.ok_or(Answer::INTERRUPTED)?
    };
    match read? {
        Received::Events(events) => gateway.append(source, events, deadline).await,
        Received::Ignored(reason) => Ok(ignored(source, reason)),
    }
}

/// Verifies a request, and reads it as far as its connector does here.
fn read(source: &Source, webhook: &dyn Webhook, request: RawRequest) -> Result<Received, Answer> {
    let received = request.received;
    let verified = webhook.verify(request, &source.secrets)?;
    let to = Destination { source: &source.name, tenant: &source.tenant, received, canceled: &source.canceled };
    Ok(webhook.envelopes(&verified, &to)?)
}
