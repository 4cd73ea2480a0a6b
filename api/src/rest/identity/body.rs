//! Bodies of requests that change something, in JSON.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use kernel::{NameError, Role, Tenant, is_plain_json, is_private_key};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::names::{Name, TenantName};
use crate::identity::manage::Reach;
use crate::problem::Problem;

/// What is expected in place of keys that `serde_json` keeps to itself.
pub const OTHER_KEYS: &str = "Expected other names of fields than those that begin with `$serde_json::private::`.";

/// A body; one that is no JSON, not of this form, or holds what no database takes, is refused.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<Box<RawValue>>::from_request(request, state).await {
            Ok(Json(sent)) => of_json(sent.get()).map(Self),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(Problem::not_json("Send the body with content-type: application/json."))
            }
            Err(other) => Err(Problem::bad_body(other.status(), "Expected one JSON object.")),
        }
    }
}

/// Reads JSON that was sent.
pub fn of_json<T: DeserializeOwned>(sent: &str) -> Result<T, Problem> {
    let bad = |detail: &str| Problem::bad_body(StatusCode::BAD_REQUEST, detail);
    if !is_plain_json(sent) {
        return Err(bad(OTHER_KEYS));
    }
    of_value(serde_json::from_str(sent).map_err(|_| bad("Expected one JSON object."))?)
}

/// Reads what was sent; a text with the character U+0000 is refused, which no database takes.
pub fn of_value<T: DeserializeOwned>(sent: Value) -> Result<T, Problem> {
    let bad = |detail: String| Problem::bad_body(StatusCode::UNPROCESSABLE_ENTITY, detail);
    if holds_nul(&sent) {
        return Err(bad("Expected texts without the character U+0000, which no name and no id has.".to_owned()));
    }
    if holds_private_key(&sent) {
        return Err(bad(OTHER_KEYS.to_owned()));
    }
    serde_json::from_value(sent).map_err(|error| bad(error.to_string()))
}

fn holds_nul(sent: &Value) -> bool {
    match sent {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields.values().any(holds_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn holds_private_key(sent: &Value) -> bool {
    match sent {
        Value::Array(values) => values.iter().any(holds_private_key),
        Value::Object(fields) => fields.iter().any(|(name, field)| is_private_key(name) || holds_private_key(field)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Reads a body that has no other fields than these: with a limit that is misspelled it would give more than was meant.
pub fn of_fields<T: DeserializeOwned>(sent: Map<String, Value>, fields: &[&str]) -> Result<T, Problem> {
    let bad = |detail: String| Problem::bad_body(StatusCode::UNPROCESSABLE_ENTITY, detail);
    if let Some(unknown) = sent.keys().find(|name| !fields.contains(&name.as_str())) {
        return Err(bad(format!("There is no field `{unknown}`; expected some of {}.", fields.join(", "))));
    }
    of_value(Value::Object(sent))
}

/// What a token or a grant is for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReachBody {
    /// The role; `viewer` without it.
    #[schema(value_type = Option<Role>)]
    pub role: Option<String>,
    /// The tenant; all without it.
    #[schema(value_type = Option<TenantName>)]
    pub tenant: Option<String>,
    /// The teams that it is limited to, with those that are part of them; without them it is limited to none.
    #[serde(default)]
    #[schema(value_type = Vec<Name>, max_items = 100)]
    pub teams: Vec<String>,
}

impl ReachBody {
    /// What it names, if that can be.
    pub fn read(self) -> Result<Reach, Problem> {
        let role = self.role.map_or(Ok(Role::Viewer), |role| {
            role.parse()
                .map_err(|NameError { expected, .. }| Problem::parameter("role", &role, format!("one of {expected}")))
        })?;
        let tenant = self
            .tenant
            .map(|name| Tenant::new(&name).map_err(|_| Problem::parameter("tenant", &name, "the name of a tenant")));
        Ok(Reach { role, tenant: tenant.transpose()?, teams: self.teams })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_no_database_takes_is_refused() {
        let read = |text: &str| of_value::<Map<String, Value>>(serde_json::from_str(text).unwrap());
        assert!(read(r#"{"ids": ["a\\u0000", 1, null]}"#).is_ok(), "a backslash and letters");
        for bad in [r#"{"id": "a\u0000"}"#, r#"{"ids": [["a", "\u0000"]]}"#, r#"{"a": {"b": "\u0000"}}"#] {
            assert_eq!(read(bad).unwrap_err().status, 422, "{bad}");
        }
    }

    #[test]
    fn a_body_that_nests_in_its_texts_is_refused() {
        let key = "$serde_json::private::RawValue";
        let read = |text: &str| of_json::<Map<String, Value>>(text).unwrap_err().status;
        assert_eq!(read(&format!(r#"{{"name": {{"{key}": "[]"}}}}"#)), 400);
        assert_eq!(read(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))), 400);
        let parsed = Value::Object(Map::from_iter([(key.to_owned(), "[]".into())]));
        assert_eq!(of_value::<Map<String, Value>>(parsed).unwrap_err().status, 422);
    }

    #[test]
    fn a_limit_that_is_misspelled_is_refused() {
        let read = |text: &str| {
            let sent = serde_json::from_str::<Map<String, Value>>(text).unwrap();
            of_fields::<ReachBody>(sent, &["role", "tenant", "teams"])
        };
        assert_eq!(read(r#"{"teams": ["web"]}"#).unwrap().teams, ["web"]);
        for bad in [r#"{"team": ["web"]}"#, r#"{"teams": "web"}"#] {
            assert_eq!(read(bad).unwrap_err().status, 422, "{bad}");
        }
    }
}
