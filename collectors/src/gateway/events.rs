//! `POST /v1/events`: our own facts, as JSON or NDJSON. All of a request are taken or none.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use chrono::Utc;
use connector::webhook::Destination;
use connector_generic as generic;
use kernel::Tenant;
use runtime::panics;
use tokio::time::Instant;

use super::answer::Answer;
use super::body;
use super::state::{GatewayState, Inner};

pub(super) async fn events(State(state): State<GatewayState>, request: Request) -> Answer {
    receive(&state, request).await.unwrap_or_else(|refused| {
        state.0.events.refused(&refused);
        refused
    })
}

async fn receive(state: &GatewayState, request: Request) -> Result<Answer, Answer> {
    let gateway: &Inner = &state.0;
    let deadline = Instant::now() + gateway.settings.server.timeout;
    let (parts, body) = request.into_parts();
    gateway.access.check(&parts)?;
    check_tenant(&parts, &gateway.events.tenant)?;
    let form = generic::form(&body::media_type(&parts.headers))
        .ok_or(Answer::Unsupported("send application/json or application/x-ndjson"))?;
    let body = body::read(&parts.headers, body, &gateway.bounds(&parts.extensions, deadline)).await?;
    let key = parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let (owner, bytes) = (state.clone(), body.bytes.clone());
    // Megabytes of facts take a while to check; other requests go on meanwhile.
    let read = panics::blocking(move || {
        let source = &owner.0.events;
        let to = Destination { source: &source.name, tenant: &source.tenant, received: Utc::now(), canceled: &[] };
        generic::envelopes(&bytes, form, key.as_deref(), &to)
    });
    let events = read.await.ok_or(Answer::INTERRUPTED)?.map_err(Answer::Unprocessable)?;
    gateway.append(&gateway.events, events, deadline).await
}

/// Fails where the sender names another tenant than that of all facts that are posted: there they would be missed.
fn check_tenant(request: &Parts, tenant: &Tenant) -> Result<(), Answer> {
    let headers = request.headers.get_all("sei-tenant").iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let parameters = url::form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes());
    let parameters = parameters.filter(|(name, _)| name == "tenant").map(|(_, value)| value);
    if headers.chain(parameters).any(|named| named != tenant.as_str()) {
        return Err(Answer::Bad(
            "facts that are posted here are of the tenant `main`; for another one configure a [[source]] of the connector \
             `generic` with its `tenant`",
        ));
    }
    Ok(())
}
