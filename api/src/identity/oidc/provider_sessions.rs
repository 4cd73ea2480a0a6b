//! Sessions that begin with a login at a provider, and go on as long as it has nothing against that.
//!
//! Promises: what a user is granted by groups is no older than [`REFRESH`] and one request, where the provider gives a
//! refresh token; a session ends when the provider refuses to refresh it, when it says so by a logout token, when the
//! settings name it no more, and when it has not answered for [`LONGEST_SILENCE`]. When the provider has ended the last
//! session of a user, the user's tokens have nothing by groups.

use std::time::Duration;

use axum::http::StatusCode;
use chrono::{TimeDelta, Utc};
use store::Store;
use store::audit::{self, Action, Actor, ActorKind, Entry};
use store::identity::providers::{self, EndedSession, NewProviderSession, ProviderSession, Stated};
use store::identity::users::{self, NewUser};
use store::identity::{SecretHash, sessions};
use url::Url;

use super::error::ProviderError;
use super::person::Person;
use super::providers::{LoggedIn, Providers, SessionTokens, Subject};
use crate::identity::logins::{Begun, Logins, Origin};
use crate::identity::secrets;
use crate::problem::Problem;

/// How often a provider is asked what a user may do, while requests come.
const REFRESH: Duration = Duration::from_mins(5);
/// How long one request may be at that before another one tries.
const HOLD: Duration = Duration::from_secs(30);
/// After this time without an answer a session ends.
const LONGEST_SILENCE: TimeDelta = TimeDelta::hours(1);

/// Those sessions. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ProviderSessions {
    pub providers: Providers,
    store: Store,
}

impl ProviderSessions {
    /// In a store that can write.
    pub(crate) fn new(store: &Store, providers: Providers) -> Self {
        Self { providers, store: store.clone() }
    }

    /// Begins a session of who has logged in.
    pub(crate) async fn begin(&self, logins: &Logins, logged_in: LoggedIn, origin: Origin) -> Result<Begun, Problem> {
        let LoggedIn { subject, person, sid, tokens, .. } = logged_in;
        let id = secrets::id().map_err(|error| Problem::fault(&error))?;
        let new = NewUser { id: &id, login_name: None, name: &person.name, email: person.email.as_deref() };
        let mut tx = self.store.begin().await?;
        let known = providers::find_or_create(&mut tx, &subject.issuer, &subject.id, new).await?;
        if known.is_disabled {
            let actor = Actor { name: Some(person.name), ..Actor::new(ActorKind::User, &known.id) };
            let entry = Entry::new(actor, Action::LoginRefused, &known.id);
            audit::record(&mut tx, &entry.from_address(origin.address.map(|address| address.to_string()))).await?;
            tx.commit().await?;
            return Err(Problem::login(StatusCode::FORBIDDEN, "An administrator has disabled your account."));
        }
        providers::set_stated(&mut tx, &known.id, stated(&person)).await?;
        let user = users::get(&mut tx, &known.id).await?;
        let user = user.ok_or_else(|| Problem::not_found("user", &known.id))?;
        let begun = logins.begin(&mut tx, &user, "provider", origin).await?;
        let sealed = tokens.seal(&begun.cookie);
        let session = NewProviderSession {
            session: &secrets::hash(&begun.cookie),
            provider: &subject.provider,
            issuer: &subject.issuer,
            subject: &subject.id,
            sid: sid.as_deref(),
            tokens: sealed.as_deref(),
            refresh_after: REFRESH,
        };
        providers::begin_session(&mut tx, session).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// Asks the provider about a session if that is due. `false` if the session has ended by that.
    ///
    /// It goes on if this is dropped: of some providers a refresh token is good once, so the next one must not get lost.
    pub(crate) async fn refresh(&self, hash: &SecretHash, cookie: &str) -> Result<bool, Problem> {
        let Some(session) = providers::take_due(&self.store, hash, HOLD).await? else { return Ok(true) };
        let (this, hash, cookie) = (self.clone(), *hash, cookie.to_owned());
        let refreshed = tokio::spawn(async move { this.refresh_now(&hash, &cookie, session).await });
        refreshed.await.map_err(|error| Problem::fault(&error))?
    }

    async fn refresh_now(&self, hash: &SecretHash, cookie: &str, session: ProviderSession) -> Result<bool, Problem> {
        let before = SessionTokens::open(cookie, session.tokens.as_deref());
        let ProviderSession { provider, issuer, subject, user_id, refreshed_at, .. } = session;
        let subject = Subject { provider, issuer, id: subject };
        let known = self.providers.knows(&subject.provider, &subject.issuer);
        let result = if known {
            self.providers.refresh(&subject, &before).await
        } else {
            Err(ProviderError::Unknown(subject.provider))
        };
        match result {
            Ok(refreshed) => {
                let mut tx = self.store.begin().await?;
                if let Some(person) = refreshed.as_ref().and_then(|refreshed| refreshed.person.as_ref()) {
                    providers::set_stated(&mut tx, &user_id, stated(person)).await?;
                }
                let tokens = refreshed.map_or(before, |refreshed| refreshed.tokens).seal(cookie);
                providers::set_refreshed(&mut tx, hash, tokens.as_deref(), REFRESH).await?;
                tx.commit().await?;
                Ok(true)
            }
            Err(error @ ProviderError::Unavailable { .. }) if Utc::now() - refreshed_at < LONGEST_SILENCE => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a session could not be refreshed");
                Ok(true)
            }
            Err(error) => {
                tracing::info!(error = &error as &dyn std::error::Error, "a session ends, as it can't be refreshed");
                let is_silent = matches!(error, ProviderError::Unavailable { .. });
                let mut tx = self.store.begin().await?;
                let has_ended = sessions::end(&mut tx, hash).await?;
                if !is_silent {
                    providers::forget_groups(&mut tx, std::slice::from_ref(&user_id)).await?;
                }
                if has_ended {
                    let actor = Actor::new(ActorKind::User, &user_id);
                    audit::record(&mut tx, &Entry::new(actor, Action::Logout, user_id)).await?;
                }
                tx.commit().await?;
                Ok(false)
            }
        }
    }

    /// Ends the sessions that a logout token is about. Returns those that have ended.
    pub(crate) async fn end(&self, provider: &str, logout_token: &str) -> Result<Vec<EndedSession>, Problem> {
        let logout = self.providers.logout(provider, logout_token).await;
        let (issuer, claims) = logout.map_err(|error| Problem::provider(&error))?;
        let subject = match &claims.sub {
            Some(subject) => providers::find(&self.store, &issuer, subject).await?,
            None => None,
        };
        let mut tx = self.store.begin().await?;
        if !providers::use_logout_token(&mut tx, &issuer, &claims.jti, claims.expires_at).await? {
            return Err(Problem::login(StatusCode::BAD_REQUEST, "The logout token was used before."));
        }
        let ended = providers::end_sessions(&mut tx, &issuer, claims.sub.as_deref(), claims.sid.as_deref()).await?;
        // also of a user who has tokens and no session here
        let users = ended.iter().map(|session| session.user_id.clone()).chain(subject.map(|user| user.id));
        let users: Vec<String> = users.collect();
        providers::forget_groups(&mut tx, &users).await?;
        for session in &ended {
            let actor = Actor::new(ActorKind::User, &session.user_id);
            let entry = Entry::new(actor, Action::Logout, &session.user_id);
            audit::record(&mut tx, &entry.with(serde_json::json!({ "by": "provider" }))).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// What there is of a session that began at a provider; `None` of any other.
    pub(crate) async fn session(&self, hash: &SecretHash) -> Result<Option<ProviderSession>, Problem> {
        Ok(providers::session(&self.store, hash).await?)
    }

    /// Where the browser of a session goes to log out at its provider as well, if that is known.
    pub(crate) async fn logout_address(&self, session: &ProviderSession, cookie: &str, back_to: &str) -> Option<Url> {
        let tokens = SessionTokens::open(cookie, session.tokens.as_deref());
        self.providers.logout_address(&session.provider, &tokens, back_to).await
    }
}

fn stated(person: &Person) -> Stated<'_> {
    let Person { name, email, email_verified, groups } = person;
    Stated { name, email: email.as_deref(), email_verified: *email_verified, groups }
}
