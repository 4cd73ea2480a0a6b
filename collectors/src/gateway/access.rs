//! Who may post events: who has a token, and programs of this user over the UNIX socket; everyone only where the
//! settings say so.
//!
//! The address of the peer is no reason: a proxy on this machine has that of loopback for all of its clients, and
//! a page in a browser on this machine has it, whichever site made it ask.

use axum::http::request::Parts;
use connector::webhook;
use kernel::Secret;
use runtime::http::Peer;

use super::answer::Answer;

/// Who may post.
pub(super) enum Access {
    /// Requests with one of these tokens, or over the socket.
    Tokens(Vec<Secret>),
    /// Everyone.
    Everyone,
}

impl Access {
    /// Lets a request through or says why not.
    pub(super) fn check(&self, request: &Parts) -> Result<(), Answer> {
        let Self::Tokens(tokens) = self else { return Ok(()) };
        if Peer::of(&request.extensions).is_local() || webhook::bearer::fits(&request.headers, tokens) {
            return Ok(());
        }
        Err(Answer::NoAccess(if tokens.is_empty() {
            "no token is configured: post over the UNIX socket (curl --unix-socket .sei/sei.sock http://localhost/v1/events), \
             or configure events.tokens"
        } else {
            "send `Authorization: Bearer` with one of events.tokens"
        }))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> Parts {
        let request =
            headers.iter().fold(Request::post("/v1/events"), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn nothing_but_a_token_or_the_setting_lets_in_what_comes_over_the_network() {
        let tokens = || ["old", "new"].iter().filter_map(|text| Secret::new(text.as_bytes())).collect();
        let some = Access::Tokens(tokens());
        for value in ["Bearer old", "bearer new"] {
            assert!(some.check(&request(&[("authorization", value)])).is_ok(), "{value}");
        }
        let here = ("host", "localhost");
        let cases: [&[(&str, &str)]; 5] = [
            &[here],
            &[here, ("authorization", "Bearer ")],
            &[here, ("authorization", "old")],
            &[here, ("authorization", "Basic old")],
            &[here, ("authorization", "Bearer old"), ("authorization", "Bearer old")],
        ];
        for headers in cases {
            assert!(some.check(&request(headers)).is_err(), "{headers:?}");
            assert!(Access::Tokens(Vec::new()).check(&request(headers)).is_err(), "{headers:?}");
            assert!(Access::Everyone.check(&request(headers)).is_ok(), "{headers:?}");
        }
    }
}
