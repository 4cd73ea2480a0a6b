//! A GitHub App: signs who it is, and exchanges that for tokens of an hour.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderValue;
use pull::{Client, OpenError, PullError};
use runtime::secret;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::Signer;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::options::Options;

/// An App and its installation.
pub(super) struct App {
    id: u64,
    installation: Option<u64>,
    signer: Box<dyn Signer>,
    token: Mutex<Option<Token>>,
}

#[derive(Clone, Deserialize)]
struct Token {
    token: String,
    expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

impl App {
    /// The App of the options, if they name one.
    pub(super) fn new(options: &Options) -> Result<Option<Self>, OpenError> {
        let Some(id) = options.app_id else { return Ok(None) };
        let wrong = |problem: String| OpenError::new("options.private_key", problem);
        let reference = options.private_key.as_ref();
        let reference = reference.ok_or_else(|| wrong("is not set; expected { file = \"app.pem\" }".to_owned()))?;
        let pem = secret::read(reference).map_err(|error| wrong(error.to_string()))?;
        let expected = || wrong("is no RSA private key in PEM form".to_owned());
        let key = PrivateKeyDer::from_pem_slice(pem.expose()).map_err(|_| expected())?;
        let key = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|_| expected())?;
        let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or_else(expected)?;
        Ok(Some(Self { id, installation: options.installation_id, signer, token: Mutex::default() }))
    }

    /// Whose budget it is: that of the installation.
    pub(super) fn identity(&self) -> Vec<u8> {
        let mut text = format!("app {}", self.id);
        if let Some(installation) = self.installation {
            // Writing to a String does not fail.
            let _infallible = write!(text, " at {installation}");
        }
        text.into_bytes()
    }

    /// A token of the installation, a new one before the old one expires. `installations` is the path of
    /// the list of them.
    pub(super) async fn token(&self, client: &Client, installations: &str) -> Result<String, PullError> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.expires_at - Utc::now() > TimeDelta::minutes(5)) {
            return Ok(token.token.clone());
        }
        let signed = self.signed(Utc::now())?;
        let installation = match self.installation {
            Some(installation) => installation,
            None => Self::only(client.get_as(installations, signed.clone()).await?.json()?)?,
        };
        let path = format!("{installations}/{installation}/access_tokens");
        let token: Token = client.post_as(&path, &json!({}), signed).await?.json()?;
        Ok(kept.insert(token).token.clone())
    }

    /// The only installation of an App that has one.
    fn only(found: Vec<Installation>) -> Result<u64, PullError> {
        let count = found.len();
        let [only] = found.try_into().map_err(|_| {
            PullError::Data(format!("the App has {count} installations; name one: options.installation_id"))
        })?;
        let Installation { id } = only;
        Ok(id)
    }

    /// A JSON Web Token (RS256) of nine minutes; GitHub takes ten at most. It begins a minute ago, for
    /// clocks that are not the same.
    fn signed(&self, now: DateTime<Utc>) -> Result<HeaderValue, PullError> {
        let claims = json!({ "iat": now.timestamp() - 60, "exp": now.timestamp() + 540, "iss": self.id.to_string() });
        let head = json!({ "alg": "RS256", "typ": "JWT" });
        let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let wrong = || PullError::Data("the App's key can't sign".to_owned());
        let signature = self.signer.sign(text.as_bytes()).map_err(|_| wrong())?;
        let token = format!("Bearer {text}.{}", URL_SAFE_NO_PAD.encode(signature));
        HeaderValue::from_str(&token).map_err(|_| wrong())
    }
}
