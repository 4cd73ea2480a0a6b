//! How a WebSocket begins: its client says who it is, unless its request did.

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use kernel::Right;
use serde_json::Value;

use super::close_reason::CloseReason;
use super::operation::Session;
use super::schema::ApiSchema;
use crate::live::End;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::{ApiState, recheck, tenant};

/// A WebSocket whose client has not begun.
pub(super) struct Opening {
    pub(super) state: ApiState,
    pub(super) schema: ApiSchema,
    /// Of the request that opened it.
    pub(super) head: Parts,
    /// What its request may read; `None` where it does not say who sends it.
    pub(super) scope: Option<Scope>,
}

impl Opening {
    /// What the client may ask, who says in its first message who it is: `{"authorization": "Bearer …"}`.
    pub(super) async fn session(&mut self, payload: Option<&Value>) -> Result<Session, CloseReason> {
        if let Some(authorization) = authorization(payload) {
            let value = HeaderValue::from_str(authorization).map_err(|_| CloseReason::unauthorized())?;
            self.head.headers.insert(header::AUTHORIZATION, value);
            self.scope = Some(self.identified().await.map_err(|problem| refused(&problem))?);
        }
        let scope = self.scope.clone().ok_or_else(CloseReason::unauthorized)?;
        scope.access.check(Right::Read).map_err(|problem| refused(&problem))?;
        let recheck = recheck::of(&self.state, &self.head, &scope);
        Ok(Session { state: self.state.clone(), schema: self.schema.clone(), scope, recheck })
    }

    async fn identified(&mut self) -> Result<Scope, Problem> {
        let claim = recheck::claim(&self.state, &self.head);
        let identity = self.state.identities().identify(claim).await?;
        self.head.extensions.insert(identity);
        tenant::scope(&self.state, &self.head).await
    }
}

/// What a payload says in place of the header of this name.
fn authorization(payload: Option<&Value>) -> Option<&str> {
    let payload = payload?.as_object()?;
    let named = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    named.and_then(|(_, value)| value.as_str())
}

fn refused(problem: &Problem) -> CloseReason {
    match problem.status {
        401 => CloseReason::unauthorized(),
        403 | 404 => CloseReason::forbidden(),
        _ => CloseReason::of(End::Unavailable),
    }
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
