//! All providers of the settings: logins, refreshes, logouts and access tokens for the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use runtime::kept::{Kept, Limits};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::claims::{Expected, LogoutClaims};
use super::error::ProviderError;
use super::jwt::Unverified;
use super::pending::{Asking, Pending};
use super::person::Person;
use super::provider::{Provider, Tokens};
use super::seal;
use super::token_error::TokenError;
use crate::settings::LoginProvider;

/// The most verified tokens that are kept.
const VERIFIED: usize = 4_096;
/// How long one is kept at most: a key that its issuer has withdrawn verifies nothing after that.
const KEPT: TimeDelta = TimeDelta::minutes(5);

/// The providers. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Providers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// By name; for one that can't be used, why.
    by_name: BTreeMap<String, Result<Provider, String>>,
    verified: Kept<[u8; 32], (Arc<Verified>, DateTime<Utc>)>,
}

/// A subject of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The name of the provider.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// What it calls the subject.
    pub id: String,
}

/// Who an access token is of.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    pub subject: Subject,
    pub person: Person,
    /// From when the token is refused.
    pub expires_at: DateTime<Utc>,
}

/// A login that has begun: where its browser is sent, and what the cookie holds that it comes back with.
pub(crate) struct Away {
    pub address: Url,
    pub cookie: String,
}

/// What a provider answers to a login, in the address that it sends the browser to.
#[derive(Deserialize)]
pub(crate) struct Callback {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// Someone has logged in.
pub(crate) struct LoggedIn {
    pub subject: Subject,
    pub person: Person,
    /// The session at the provider.
    pub sid: Option<String>,
    pub tokens: SessionTokens,
    pub return_to: String,
}

/// The tokens of a session, kept encrypted.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct SessionTokens {
    refresh: Option<String>,
    /// A hint at whose session is ended by a logout.
    id: Option<String>,
}

impl SessionTokens {
    fn new(tokens: Tokens, before: Option<&Self>) -> Self {
        let before = before.cloned().unwrap_or_default();
        Self { refresh: tokens.refresh_token.or(before.refresh), id: tokens.id_token.or(before.id) }
    }

    /// Encrypts them for the cookie of the session.
    pub(crate) fn seal(&self, cookie: &str) -> Option<Vec<u8>> {
        seal::seal(cookie, &serde_json::to_vec(self).ok()?)
    }

    /// Those of a cookie; none where they can't be read.
    pub(crate) fn open(cookie: &str, sealed: Option<&[u8]>) -> Self {
        let plain = sealed.and_then(|sealed| seal::open(cookie, sealed));
        plain.and_then(|plain| serde_json::from_slice(&plain).ok()).unwrap_or_default()
    }
}

/// What a provider says of a session that was refreshed.
pub(crate) struct Refreshed {
    /// What is stated about the user now; `None` where nothing is.
    pub person: Option<Person>,
    pub tokens: SessionTokens,
}

impl Providers {
    /// Those of the settings.
    pub(crate) fn new(settings: &[LoginProvider]) -> Self {
        let by_name = settings.iter().map(|one| (one.name.clone(), Provider::new(one))).collect();
        let limits = Limits { size: VERIFIED, places: VERIFIED, size_of_place: |_| 0 };
        Self(Arc::new(Inner { by_name, verified: Kept::new(limits) }))
    }

    fn get(&self, name: &str) -> Result<&Provider, ProviderError> {
        match self.0.by_name.get(name) {
            Some(Ok(provider)) => Ok(provider),
            Some(Err(why)) => Err(ProviderError::Unavailable { provider: name.to_owned(), why: why.clone() }),
            None => Err(ProviderError::Unknown(name.to_owned())),
        }
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.by_name.keys().map(String::as_str)
    }

    /// Whether sessions of an issuer may go on: whether the settings still name the provider with it.
    pub(crate) fn knows(&self, name: &str, issuer: &str) -> bool {
        self.get(name).is_ok_and(|provider| provider.settings.issuer == issuer)
    }

    /// Begins a login.
    pub(crate) async fn begin(&self, name: &str, return_to: String, uri: &str) -> Result<Away, ProviderError> {
        let provider = self.get(name)?;
        let metadata = provider.metadata().await?;
        let pending = Pending::new(name, return_to).map_err(|_| ProviderError::NoRandomness)?;
        let settings = &provider.settings;
        let asking = Asking { client_id: &settings.client_id, redirect_uri: uri, scopes: &settings.scopes };
        let address = pending.address(&metadata.authorization_endpoint, asking);
        Ok(Away { address, cookie: pending.to_cookie() })
    }

    /// Ends a login that this browser has begun, as its cookie says.
    pub(crate) async fn complete(
        &self,
        name: &str,
        callback: Callback,
        cookie: Option<&str>,
        uri: &str,
    ) -> Result<LoggedIn, ProviderError> {
        let provider = self.get(name)?;
        let pending = cookie.and_then(Pending::from_cookie).ok_or(ProviderError::NotBegun)?;
        if pending.provider != name || !pending.is_answered_by(&callback.state) {
            return Err(ProviderError::NotBegun);
        }
        let metadata = provider.metadata().await?;
        // RFC 9207: otherwise the answer of one provider could be taken for that of another
        match &callback.iss {
            Some(issuer) if *issuer != provider.settings.issuer => {
                return Err(provider.not_accepted(TokenError::Wrong("iss")));
            }
            None if metadata.names_issuer => return Err(provider.not_accepted(TokenError::Missing("iss"))),
            _ => {}
        }
        let code = match (callback.error, callback.code) {
            (Some(error), _) => return Err(provider.refused(&error)),
            (None, Some(code)) => code,
            (None, None) => return Err(provider.refused("no_code")),
        };
        let tokens = provider.exchange(&code, &pending.verifier, uri).await?;
        let id_token = tokens.id_token.as_deref().ok_or(TokenError::Missing("id_token"));
        let id_token = id_token.map_err(|error| provider.not_accepted(error))?;
        let claims = provider.identify(id_token, Some(&pending.nonce)).await?;
        let subject = subject_of(provider, claims.subject().unwrap_or_default());
        let sid = claims.session().map(str::to_owned);
        let stated = provider.stated(&subject.id, Some(claims.others), &tokens).await?.unwrap_or_default();
        Ok(LoggedIn {
            person: person(provider, &stated, &subject.id),
            subject,
            sid,
            tokens: SessionTokens::new(tokens, None),
            return_to: pending.return_to,
        })
    }

    /// Asks what is stated about the user of a session now. `None` if the provider gave nothing to ask with.
    pub(crate) async fn refresh(
        &self,
        subject: &Subject,
        before: &SessionTokens,
    ) -> Result<Option<Refreshed>, ProviderError> {
        let provider = self.get(&subject.provider)?;
        let Some(token) = &before.refresh else { return Ok(None) };
        let tokens = provider.refresh(token).await?;
        let claims = match &tokens.id_token {
            Some(id_token) => Some(provider.identify(id_token, None).await?),
            None => None,
        };
        if claims.as_ref().is_some_and(|claims| claims.subject() != Ok(&subject.id)) {
            return Err(provider.not_accepted(TokenError::Wrong("sub")));
        }
        let stated = provider.stated(&subject.id, claims.map(|claims| claims.others), &tokens).await?;
        let person = stated.map(|stated| person(provider, &stated, &subject.id));
        Ok(Some(Refreshed { person, tokens: SessionTokens::new(tokens, Some(before)) }))
    }

    /// Whose sessions end, as a logout token says; with the issuer.
    pub(super) async fn logout(&self, name: &str, token: &str) -> Result<(String, LogoutClaims), ProviderError> {
        let provider = self.get(name)?;
        let not_accepted = |error| provider.not_accepted(error);
        let unverified = Unverified::read(token).map_err(not_accepted)?;
        if unverified.kind().is_some_and(|kind| !matches!(&*kind, "logout+jwt" | "jwt")) {
            return Err(not_accepted(TokenError::Wrong("typ")));
        }
        let claims = provider.verify(&unverified).await?;
        let claims = claims.check_logout(provider.as_client(), Utc::now()).map_err(not_accepted)?;
        Ok((provider.settings.issuer.clone(), claims))
    }

    /// Where a browser is sent to end its session at the provider as well, if there is such an address.
    pub(crate) async fn logout_address(&self, name: &str, tokens: &SessionTokens, back_to: &str) -> Option<Url> {
        let provider = self.get(name).ok()?;
        let mut address = provider.metadata().await.ok()?.end_session_endpoint.clone()?;
        let mut query = address.query_pairs_mut();
        query.append_pair("client_id", &provider.settings.client_id);
        query.append_pair("post_logout_redirect_uri", back_to);
        if let Some(hint) = &tokens.id {
            query.append_pair("id_token_hint", hint);
        }
        drop(query);
        Some(address)
    }

    /// Who an access token is of. A token that was verified is remembered.
    pub(crate) async fn bearer(&self, token: &str) -> Result<Arc<Verified>, ProviderError> {
        let key: [u8; 32] = Sha256::digest(token).into();
        let now = Utc::now();
        if let Some((verified, until)) = self.0.verified.value(&key)
            && now < until
        {
            return Ok(verified);
        }
        let verified = Arc::new(self.verify(token).await?);
        self.0.verified.put(&key, (Arc::clone(&verified), verified.expires_at.min(now + KEPT)), 1);
        Ok(verified)
    }

    /// The providers with an issuer whose access tokens are accepted, with the audience that these have.
    fn of_issuer(&self, issuer: &str) -> Vec<(&Provider, &str)> {
        let usable = self.0.by_name.values().filter_map(|provider| provider.as_ref().ok());
        let of_issuer = usable.filter(|provider| provider.settings.issuer == issuer);
        of_issuer.filter_map(|provider| Some((provider, provider.settings.audience.as_deref()?))).collect()
    }

    async fn verify(&self, token: &str) -> Result<Verified, ProviderError> {
        let unverified = Unverified::read(token).map_err(ProviderError::Bearer)?;
        let issuer = unverified.named_issuer().map_err(ProviderError::Bearer)?;
        let of_issuer = self.of_issuer(&issuer);
        let first = of_issuer.first().ok_or(ProviderError::NoIssuer)?.0;
        let claims = first.verify(&unverified).await?;
        let is_for = |(_, audience): &&(&Provider, &str)| claims.is_for(audience);
        let for_api = of_issuer.iter().find(is_for).ok_or_else(|| first.not_accepted(TokenError::Wrong("aud")));
        let &(provider, audience) = for_api?;
        let not_accepted = |error| provider.not_accepted(error);
        // RFC 9068, section 4; those of before have no type of their own
        let is_typed = match unverified.kind().as_deref() {
            Some("at+jwt") => true,
            Some("jwt") | None => false,
            Some(_) => return Err(not_accepted(TokenError::Wrong("typ"))),
        };
        claims.check_access(Expected { issuer: &issuer, audience }, is_typed, Utc::now()).map_err(not_accepted)?;
        let subject = subject_of(provider, claims.subject().map_err(not_accepted)?);
        let expires_at = claims.expires_at().ok_or_else(|| not_accepted(TokenError::Wrong("exp")))?;
        Ok(Verified { person: person(provider, &claims.others, &subject.id), subject, expires_at })
    }
}

fn subject_of(provider: &Provider, id: &str) -> Subject {
    let settings = &provider.settings;
    Subject { provider: settings.name.clone(), issuer: settings.issuer.clone(), id: id.to_owned() }
}

fn person(provider: &Provider, claims: &serde_json::Map<String, serde_json::Value>, subject: &str) -> Person {
    Person::new(claims, subject, &provider.settings.name, &provider.settings.groups_claim)
}
