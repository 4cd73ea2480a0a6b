//! An OpenID Connect provider in the process of the test, which does what the test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::unique;
use tokio::net::TcpListener;

/// The client that it knows.
pub(crate) const CLIENT: &str = "sei";
pub(crate) const SECRET: &str = "a-secret-of-the-tests";
/// The audience of its access tokens.
pub(crate) const AUDIENCE: &str = "sei-api";

/// A key that signs.
pub(crate) struct Key {
    pub(crate) id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(crate) fn new() -> Self {
        Self::named(unique("key"))
    }

    pub(crate) fn named(id: String) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { id, pair }
    }

    /// The point of its public part.
    pub(crate) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn published(&self) -> Value {
        let (x, y) = self.public()[1..].split_at(32);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": text(x), "y": text(y) })
    }

    /// A token that it signs.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as("JWT", claims)
    }

    /// A token of a type that it signs.
    pub(crate) fn sign_as(&self, kind: &str, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": kind, "kid": self.id });
        let signed = unsigned(&header, claims);
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Header and claims of a token.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// It answers nothing at all.
    Silent,
    /// It answers 500.
    Broken,
    /// It knows no code and no refresh token any more.
    Refusing,
}

/// Makes the ID token of a login out of its claims.
type Forge = Box<dyn Fn(&Behavior, Value) -> String + Send>;

/// What it has and does.
pub(crate) struct Behavior {
    pub(crate) issuer: String,
    /// The first one signs, all are published.
    pub(crate) keys: Vec<Key>,
    pub(crate) mood: Mood,
    pub(crate) groups: Vec<&'static str>,
    /// The ID token, if it is another than usual.
    pub(crate) forge: Option<Forge>,
    /// The issuer that answers of logins name.
    pub(crate) named: Option<String>,
    /// Whether ID tokens list groups, or only what `/userinfo` answers.
    pub(crate) groups_in_token: bool,
    codes: HashMap<String, HashMap<String, String>>,
    refresh_tokens: Vec<String>,
    /// How often its keys were read.
    pub(crate) keys_read: u32,
}

impl Behavior {
    /// The claims of an ID token.
    pub(crate) fn claims(&self, nonce: Option<&str>) -> Value {
        let now = Utc::now().timestamp();
        let mut claims = json!({
            "iss": self.issuer, "sub": "7", "aud": CLIENT, "exp": now + 300, "iat": now, "sid": "s1", "name": "Ada",
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        if self.groups_in_token {
            claims["groups"] = json!(self.groups);
        }
        claims
    }

    /// The claims of an access token.
    pub(crate) fn access_claims(&self) -> Value {
        let now = Utc::now().timestamp();
        json!({
            "iss": self.issuer, "sub": "7", "aud": AUDIENCE, "exp": now + 300, "iat": now, "scope": "openid",
            "groups": self.groups, "name": "Ada",
        })
    }

    /// The claims of a logout token.
    pub(crate) fn logout_claims(&self) -> Value {
        let now = Utc::now().timestamp();
        let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        json!({
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": unique("jti"), "events": events,
            "sub": "7", "sid": "s1",
        })
    }

    /// A token of claims, signed as usual.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.keys[0].sign(claims)
    }

    fn tokens(&mut self, nonce: Option<&str>) -> Response {
        let claims = self.claims(nonce);
        let id_token = self.forge.as_ref().map_or_else(|| self.sign(&claims), |forge| forge(self, claims.clone()));
        let refresh_token = unique("refresh");
        self.refresh_tokens = vec![refresh_token.clone()];
        Json(json!({
            "access_token": "an access token", "token_type": "Bearer", "id_token": id_token, "refresh_token": refresh_token,
        }))
        .into_response()
    }
}

/// A provider that runs until the test ends. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Issuer(Arc<Mutex<Behavior>>);

impl Issuer {
    /// A provider with a user in one group, `admins`.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = Behavior {
            issuer,
            keys: vec![Key::new()],
            mood: Mood::Well,
            groups: vec!["admins"],
            forge: None,
            named: None,
            groups_in_token: true,
            codes: HashMap::new(),
            refresh_tokens: Vec::new(),
            keys_read: 0,
        };
        let this = Self(Arc::new(Mutex::new(state)));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/jwks", get(keys))
            .route("/userinfo", get(user_info))
            .layer(axum::middleware::from_fn_with_state(this.clone(), moody))
            .with_state(this.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        this
    }

    /// What it has and does.
    pub(crate) fn state(&self) -> MutexGuard<'_, Behavior> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn url(&self) -> String {
        self.state().issuer.clone()
    }

    /// The claims of an ID token.
    pub(crate) fn identity(&self) -> Value {
        self.state().claims(Some("nonce"))
    }

    /// The claims of an access token.
    pub(crate) fn access(&self) -> Value {
        self.state().access_claims()
    }
}

async fn moody(
    State(issuer): State<Issuer>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let mood = issuer.state().mood;
    match mood {
        Mood::Silent => std::future::pending().await,
        Mood::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => next.run(request).await,
    }
}

async fn metadata(State(issuer): State<Issuer>) -> Json<Value> {
    let issuer = issuer.url();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(issuer): State<Issuer>) -> Json<Value> {
    let mut state = issuer.state();
    state.keys_read += 1;
    Json(json!({ "keys": state.keys.iter().map(Key::published).collect::<Vec<_>>() }))
}

/// Logs in every user.
async fn authorize(State(issuer): State<Issuer>, Query(asked): Query<HashMap<String, String>>) -> Redirect {
    assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
    assert!(asked["scope"].split(' ').any(|scope| scope == "openid"), "{asked:?}");
    let mut state = issuer.state();
    let code = unique("code");
    let named = state.named.clone().unwrap_or_else(|| state.issuer.clone());
    let back = [("code", code.as_str()), ("state", &asked["state"]), ("iss", &named)];
    let back = url::Url::parse_with_params(&asked["redirect_uri"], back).unwrap();
    state.codes.insert(code, asked);
    Redirect::to(back.as_str())
}

async fn token(State(issuer): State<Issuer>, headers: HeaderMap, body: String) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    if headers.get(header::AUTHORIZATION).is_none_or(|found| *found != expected) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let mut state = issuer.state();
    if state.mood == Mood::Refusing {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    if form["grant_type"] == "refresh_token" {
        return if state.refresh_tokens.contains(&form["refresh_token"]) {
            state.tokens(None)
        } else {
            refused(StatusCode::BAD_REQUEST, "invalid_grant")
        };
    }
    // a code is good once
    let Some(asked) = state.codes.remove(&form["code"]) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    assert_eq!((asked["code_challenge_method"].as_str(), &asked["code_challenge"]), ("S256", &challenge));
    assert_eq!(asked["redirect_uri"], form["redirect_uri"]);
    state.tokens(Some(&asked["nonce"]))
}

fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

async fn user_info(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|found| found != "Bearer an access token") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "sub": "7", "name": "Ada", "groups": issuer.state().groups })).into_response()
}
