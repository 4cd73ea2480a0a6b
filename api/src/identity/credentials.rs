//! What a request says about who sends it.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use runtime::http::Peer;
use store::identity::SecretHash;

use super::cookie::Cookie;
use super::oidc::Verified;
use super::secrets::{hash, is_token};

/// The header in which requests that change something repeat the secret of their session.
pub(crate) const CSRF: &str = "sei-csrf";

/// By what a request is identified.
#[derive(Clone)]
pub(super) enum Credential {
    /// It came over the UNIX socket, from the server's own user.
    Local,
    /// The cookie of a session, and its hash.
    Session(SecretHash, String),
    /// An API token.
    Token(SecretHash),
    /// A bearer token of another form than ours: an identity provider may have signed it.
    Bearer(String),
    /// Such a token that was verified.
    Provider(Arc<Verified>),
    /// Nothing.
    Nothing,
}

/// What is looked at of a request to find out who sends it.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(super) credential: Credential,
    /// It can change something.
    pub(super) is_unsafe: bool,
    /// It opens a connection on which more is asked.
    pub(super) is_upgrade: bool,
    /// What it repeats of its session.
    pub(super) csrf: Option<String>,
    /// A page of this server has made a browser send it.
    pub(super) is_same_origin: bool,
}

impl Claim {
    /// That of a request. A token counts before a cookie.
    pub(super) fn of(request: &Request, cookie: &Cookie) -> Self {
        let headers = request.headers();
        let credential = match bearer(headers) {
            Some(text) if is_token(text) => Credential::Token(hash(text)),
            Some(text) => Credential::Bearer(text.to_owned()),
            None => match cookie.secret(headers) {
                Some(secret) => Credential::Session(hash(secret), secret.to_owned()),
                None if Peer::of(request.extensions()).is_local() => Credential::Local,
                None => Credential::Nothing,
            },
        };
        let is_unsafe = !request.method().is_safe();
        let is_session = matches!(credential, Credential::Session(..));
        let is_upgrade = headers.contains_key(header::UPGRADE);
        Self {
            is_unsafe,
            is_upgrade,
            csrf: headers.get(CSRF).and_then(|value| value.to_str().ok()).map(str::to_owned),
            is_same_origin: (is_unsafe || is_upgrade) && is_session && cookie.is_same_origin(headers, request.uri()),
            credential,
        }
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
