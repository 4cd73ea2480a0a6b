//! The messages of `graphql-transport-ws`.

use async_graphql::{Response, ServerError};
use kernel::is_plain_json;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a client sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    /// It begins. The payload may say who it is.
    ConnectionInit {
        #[serde(default)]
        payload: Option<Value>,
    },
    /// It asks whether the server is there.
    Ping {},
    /// It is there.
    Pong {},
    /// It subscribes, by an id of its choice.
    Subscribe { id: String, payload: Box<async_graphql::Request> },
    /// It wants nothing more of a subscription.
    Complete { id: String },
}

impl FromClient {
    /// Reads a message; `None` if it is not one.
    pub(super) fn read(text: &str) -> Option<Self> {
        is_plain_json(text).then(|| serde_json::from_str(text).ok()).flatten()
    }
}

/// What is sent to it.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToClient<'a> {
    ConnectionAck,
    Pong,
    Next { id: &'a str, payload: &'a Response },
    Error { id: &'a str, payload: Vec<ServerError> },
    Complete { id: &'a str },
}

impl ToClient<'_> {
    pub(super) fn text(&self) -> String {
        // these types have no keys that are no texts
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_protocol() {
        for (text, expected) in [
            (r#"{"type":"connection_init"}"#, true),
            (r#"{"type":"connection_init","payload":{"authorization":"Bearer x"}}"#, true),
            (r#"{"type":"ping","payload":{"a":1}}"#, true),
            (
                r#"{"type":"subscribe","id":"1","payload":{"query":"subscription { lag { consumers { events } } }"}}"#,
                true,
            ),
            (
                r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":{"a":1},"operationName":null}}"#,
                true,
            ),
            (r#"{"type":"complete","id":"1"}"#, true),
            (r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#, false),
            (r#"{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}"#, false),
            (r#"{"type":"start","id":"1"}"#, false),
            (r#"{"id":"1"}"#, false),
            ("[]", false),
            (r#"{"type":"connection_init","payload":{"$serde_json::private::RawValue":"[]"}}"#, false),
            ("", false),
        ] {
            assert_eq!(FromClient::read(text).is_some(), expected, "{text}");
        }
        assert_eq!(ToClient::ConnectionAck.text(), r#"{"type":"connection_ack"}"#);
        assert_eq!(ToClient::Complete { id: "1" }.text(), r#"{"type":"complete","id":"1"}"#);
    }
}
