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

/// What a request shows of who sends it, as it stands in its headers.
#[derive(Clone, Copy)]
pub(super) enum Shown<'r> {
    /// `Authorization: Bearer …`, which counts before a cookie.
    Bearer(&'r str),
    /// The cookie of a session.
    Cookie(&'r str),
    /// It came over the UNIX socket, from the server's own user.
    Local,
    /// Nothing.
    Nothing,
}

impl<'r> Shown<'r> {
    /// That of a request.
    pub(super) fn of(request: &'r Request, cookie: &Cookie) -> Self {
        let headers = request.headers();
        match bearer(headers) {
            Some(text) => Self::Bearer(text),
            None => match cookie.secret(headers) {
                Some(secret) => Self::Cookie(secret),
                None if Peer::of(request.extensions()).is_local() => Self::Local,
                None => Self::Nothing,
            },
        }
    }
}

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
    /// That of a request.
    pub(super) fn of(request: &Request, cookie: &Cookie) -> Self {
        let headers = request.headers();
        let credential = match Shown::of(request, cookie) {
            Shown::Bearer(text) if is_token(text) => Credential::Token(hash(text)),
            Shown::Bearer(text) => Credential::Bearer(text.to_owned()),
            Shown::Cookie(secret) => Credential::Session(hash(secret), secret.to_owned()),
            Shown::Local => Credential::Local,
            Shown::Nothing => Credential::Nothing,
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
