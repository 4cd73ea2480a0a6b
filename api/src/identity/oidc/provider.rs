//! One provider: what it publishes, and what is asked of it.

use std::sync::Arc;

use chrono::Utc;
use kernel::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::claims::{Claims, Expected};
use super::client::ProviderClient;
use super::error::ProviderError;
use super::jwt::Unverified;
use super::keys::Keys;
use super::metadata::Metadata;
use super::person::{find, with_more};
use super::published::Published;
use super::token_error::TokenError;
use crate::settings::LoginProvider;

/// The longest refresh token or ID token that is kept, in bytes.
const LONGEST: usize = 8 * 1024;

/// A provider of the settings.
#[derive(Debug)]
pub(super) struct Provider {
    pub settings: LoginProvider,
    secret: Option<Secret>,
    client: ProviderClient,
    metadata: Published<Metadata>,
    keys: Published<Keys>,
}

/// What a code or a refresh token was exchanged for.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "providers name them so")]
pub(super) struct Tokens {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    pub id_token: Option<String>,
    #[serde(default)]
    pub refresh_token: Option<String>,
}

impl Tokens {
    /// The same, without what is too long to be kept.
    fn bounded(self) -> Self {
        let short = |token: Option<String>| token.filter(|token| token.len() <= LONGEST);
        Self { id_token: self.id_token, refresh_token: short(self.refresh_token), ..self }
    }
}

/// The error of an endpoint (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct OauthError {
    error: String,
}

impl Provider {
    /// One of the settings; the error says in words what it lacks.
    pub(super) fn new(settings: &LoginProvider) -> Result<Self, String> {
        let read = |secret| runtime::secret::read(secret).map_err(|error| format!("client_secret: {error}"));
        Ok(Self {
            secret: settings.client_secret.as_ref().map(read).transpose()?,
            client: ProviderClient::new(settings.ca_file.as_deref(), settings.timeout)?,
            settings: settings.clone(),
            metadata: Published::default(),
            keys: Published::default(),
        })
    }

    pub(super) fn unavailable(&self, why: String) -> ProviderError {
        ProviderError::Unavailable { provider: self.settings.name.clone(), why }
    }

    pub(super) fn refused(&self, why: &str) -> ProviderError {
        ProviderError::Refused { provider: self.settings.name.clone(), why: code(why) }
    }

    pub(super) fn not_accepted(&self, error: TokenError) -> ProviderError {
        ProviderError::Token { provider: self.settings.name.clone(), error }
    }

    /// For whom its ID and logout tokens are.
    pub(super) fn as_client(&self) -> Expected<'_> {
        Expected { issuer: &self.settings.issuer, audience: &self.settings.client_id }
    }

    /// What it says of itself.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let fetch = async {
            let address = Metadata::address(&self.settings.issuer).ok_or("its issuer is not a URL")?;
            Metadata::read(&self.client.get(&address).await?.success()?, &self.settings.issuer)
        };
        self.metadata.get(fetch).await.map_err(|why| self.unavailable(why))
    }

    async fn fetch_keys(&self) -> Result<Keys, String> {
        let metadata = self.metadata().await.map_err(|error| error.to_string())?;
        Keys::read(&self.client.get(&metadata.jwks_uri).await?.success()?)
    }

    /// What a token claims, if one of its keys has signed it.
    pub(super) async fn verify(&self, token: &Unverified<'_>) -> Result<Claims, ProviderError> {
        let keys = self.keys.get(self.fetch_keys()).await.map_err(|why| self.unavailable(why))?;
        let claims = match keys.verify(token) {
            // it may have been made a moment ago
            Err(TokenError::UnknownKey) => self.keys.later_than(keys, self.fetch_keys()).await.verify(token),
            verified => verified,
        };
        claims.map_err(|error| self.not_accepted(error))
    }

    /// What an ID token claims: of a login with this nonce, or of a refresh without one.
    pub(super) async fn identify(&self, token: &str, nonce: Option<&str>) -> Result<Claims, ProviderError> {
        let unverified = Unverified::read(token).map_err(|error| self.not_accepted(error))?;
        let claims = self.verify(&unverified).await?;
        let checked = claims.check_identity(self.as_client(), nonce, Utc::now());
        checked.map_err(|error| self.not_accepted(error))?;
        Ok(claims)
    }

    /// Exchanges the code of a login.
    pub(super) async fn exchange(&self, code: &str, verifier: &str, uri: &str) -> Result<Tokens, ProviderError> {
        let grant =
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", uri), ("code_verifier", verifier)];
        self.tokens(&grant).await
    }

    /// Exchanges a refresh token.
    pub(super) async fn refresh(&self, token: &str) -> Result<Tokens, ProviderError> {
        self.tokens(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn tokens(&self, grant: &[(&str, &str)]) -> Result<Tokens, ProviderError> {
        let metadata = self.metadata().await?;
        let id = self.settings.client_id.as_str();
        let secret_text = self.secret.as_ref().and_then(Secret::expose_str);
        let mut form = grant.to_vec();
        let credentials = match (&self.secret, secret_text) {
            (Some(secret), _) if metadata.takes_basic_authentication() => Some((id, secret)),
            (_, Some(secret)) => {
                form.extend([("client_id", id), ("client_secret", secret)]);
                None
            }
            _ => {
                form.push(("client_id", id));
                None
            }
        };
        let answer = self.client.post(&metadata.token_endpoint, &form, credentials).await;
        let answer = answer.map_err(|why| self.unavailable(why))?;
        if answer.status.is_success() {
            return answer.json().map(Tokens::bounded).map_err(|why| self.unavailable(why));
        }
        let error = if answer.status.is_client_error() { answer.json::<OauthError>().ok() } else { None };
        Err(match error {
            Some(OauthError { error }) if error == "invalid_grant" => self.refused(&error),
            Some(OauthError { error }) => self.unavailable(format!("it answered {}: {}", answer.status, code(&error))),
            None => self.unavailable(format!("it answered {}", answer.status)),
        })
    }

    /// What is stated about a subject: by the claims of an ID token and, where they list no groups, by what the provider
    /// answers to an access token. `None` where it states nothing.
    pub(super) async fn stated(
        &self,
        subject: &str,
        claims: Option<Map<String, Value>>,
        tokens: &Tokens,
    ) -> Result<Option<Map<String, Value>>, ProviderError> {
        let has_groups = claims.as_ref().is_some_and(|claims| find(claims, &self.settings.groups_claim).is_some());
        let metadata = self.metadata().await?;
        let (Some(endpoint), Some(token), false) = (&metadata.userinfo_endpoint, &tokens.access_token, has_groups)
        else {
            return Ok(claims);
        };
        let more = self.user_info(endpoint, token).await.map_err(|why| self.unavailable(why))?;
        // OpenID Connect Core 1.0, section 5.3.2: otherwise it may be about another user
        if more.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(self.not_accepted(TokenError::Wrong("sub")));
        }
        Ok(Some(with_more(claims.unwrap_or_default(), more)))
    }

    async fn user_info(&self, endpoint: &Url, token: &str) -> Result<Map<String, Value>, String> {
        let answer = self.client.get_with(endpoint, token).await?;
        if answer.status.is_success() { answer.json() } else { Err(format!("its userinfo answered {}", answer.status)) }
    }
}

/// An error code as it may be shown: what a provider or a stranger sends may be anything.
fn code(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    text.chars().filter(|letter| is_plain(*letter)).take(60).collect()
}
