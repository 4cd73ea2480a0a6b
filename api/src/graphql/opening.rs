//! How a WebSocket begins: its client says who it is, unless its request did.

use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use kernel::Right;
use serde_json::Value;

use super::close_reason::CloseReason;
use super::operation::Session;
use super::persisted::Persisted;
use super::schema::ApiSchema;
use crate::audit::Asker;
use crate::limits::{Allowance, Client};
use crate::live::{End, HubPlace};
use crate::problem::Problem;
use crate::scope::Scope;
use crate::{ApiState, recheck, tenant};

/// A WebSocket whose client has not begun.
pub(super) struct Opening {
    pub(super) state: ApiState,
    pub(super) schema: ApiSchema,
    pub(super) persisted: Persisted,
    /// Of the request that opened it.
    pub(super) head: Parts,
    /// What its request may read; `None` where it does not say who sends it.
    pub(super) scope: Option<Scope>,
    /// What limits the address that it came from.
    pub(super) by_address: Option<Allowance>,
}

/// A WebSocket whose client has begun.
pub(super) struct Begun {
    pub(super) session: Session,
    /// The place of a client that was identified by its first message; `None` where the request that opened it took one.
    pub(super) place: Option<HubPlace>,
}

impl Opening {
    /// What the client may ask, who says in its first message who it is: `{"authorization": "Bearer …"}`.
    pub(super) async fn begin(&mut self, payload: Option<&Value>) -> Result<Begun, CloseReason> {
        let mut place = None;
        if let Some(authorization) = authorization(payload) {
            let value = HeaderValue::from_str(authorization).map_err(|_| CloseReason::unauthorized())?;
            self.head.headers.insert(header::AUTHORIZATION, value);
            self.scope = Some(self.identified().await.map_err(|problem| self.refused(&problem))?);
            place = Some(self.state.hub().place(Client::of(&self.head.extensions)).map_err(|_| CloseReason::busy())?);
        }
        let scope = self.scope.clone().ok_or_else(|| self.refused(&Problem::unauthenticated()))?;
        scope.access.check(Right::Read).map_err(|problem| self.refused(&problem))?;
        let recheck = recheck::of(&self.state, &self.head, &scope);
        let allowance = self.state.limits().of(&self.head.extensions);
        let scope = scope.charged_to(allowance.clone());
        let (state, schema, persisted) = (self.state.clone(), self.schema.clone(), self.persisted.clone());
        Ok(Begun { session: Session { state, schema, persisted, scope, allowance, recheck }, place })
    }

    /// Finds out who begins, within what an address may guess.
    async fn identified(&mut self) -> Result<Scope, Problem> {
        let identities = self.state.identities();
        let claim = recheck::claim(&self.state, &self.head);
        let guesses = self.by_address.as_ref().filter(|_| identities.is_unknown(&claim));
        if let Some(allowance) = guesses {
            allowance.check(Instant::now())?;
        }
        let identity = identities.identify(claim).await.inspect_err(|problem| {
            if let Some(allowance) = guesses.filter(|_| problem.status() == StatusCode::UNAUTHORIZED) {
                allowance.penalize(Instant::now());
            }
        })?;
        self.head.extensions.insert(identity);
        tenant::scope(&self.state, &self.head).await
    }

    /// Why it is closed. That it was refused is recorded as of a request.
    fn refused(&self, problem: &Problem) -> CloseReason {
        if matches!(problem.status, 401 | 403) {
            let request = Request::from_parts(self.head.clone(), Body::empty());
            self.state.audit().note(&Asker::of(&request), problem.status(), None);
        }
        match problem.status {
            401 => CloseReason::unauthorized(),
            403 | 404 => CloseReason::forbidden(),
            429 => CloseReason::busy(),
            _ => CloseReason::of(End::Unavailable),
        }
    }
}

/// What a payload says in place of the header of this name.
fn authorization(payload: Option<&Value>) -> Option<&str> {
    let payload = payload?.as_object()?;
    let named = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    named.and_then(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payload_says_who_it_is_as_the_header_would() {
        for (payload, expected) in [
            (json!({ "authorization": "Bearer x" }), Some("Bearer x")),
            (json!({ "Authorization": "Bearer x" }), Some("Bearer x")),
            (json!({ "authorization": 1 }), None),
            (json!({ "token": "x" }), None),
            (json!("Bearer x"), None),
        ] {
            assert_eq!(authorization(Some(&payload)), expected, "{payload}");
        }
        assert_eq!(authorization(None), None);
    }
}
