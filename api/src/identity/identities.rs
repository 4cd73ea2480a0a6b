//! Finds out who sends a request: by the UNIX socket, a session, an API token or an access token of an identity provider.
//!
//! Promises: a session that has ended, a token that was revoked, a user who was disabled and a grant that was taken back
//! are seen within a second; a token has nothing by groups of its owner that were stated longer ago than the settings say;
//! requests with the same secret ask the database together, and twice a second at most; what is known takes a bounded
//! amount of memory. What is not known is refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::TokenScope;
use runtime::kept::{Kept, Limits};
use runtime::telemetry::Occasionally;
use store::identity::tokens::{TokenOwner, UsableToken};
use store::identity::{SecretHash, grants, providers, sessions, tokens};
use store::{Store, StoreError};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::cookie::Cookie;
use super::credentials::{Claim, Credential, Shown};
use super::grants::{Grant, Grants};
use super::identified::{Identity, SessionKey};
use super::logins::{Begun, Origin};
use super::oidc::{ProviderSessions, Providers, Verified};
use super::person_link::PersonLink;
use super::principal::{Principal, PrincipalKind};
use super::secrets::{hash, is_meant_as_token, may_be_token};
use crate::problem::Problem;
use crate::settings::{ApiSettings, Login};

/// How long what is known is given without another look …
const FRESH: Duration = Duration::from_millis(450);
/// … and how long while one request looks.
const HELD: Duration = Duration::from_millis(900);
/// Secrets that are known at once.
const PLACES: usize = 4_096;
/// How many secrets are looked up at once: who sends made-up ones keeps no others from the database.
const LOOKUPS: usize = 2;
/// How long one statement may take, and how long a look with its waiting.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// How exact the times are when something was used last.
const SEEN_WITHIN: TimeDelta = TimeDelta::minutes(1);

static NOT_TOUCHED: Occasionally = Occasionally::new();

/// Who requests are from. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Identities(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    local: Arc<Identity>,
    anyone: Arc<Identity>,
    login: Login,
    providers: ProviderSessions,
    cookie: Cookie,
    /// Looks up secrets, and waits for no other read.
    looking: Store,
    /// Notes when they were used.
    writing: Store,
    known: Kept<SecretHash, Known>,
    lookups: Semaphore,
}

/// Whose a secret was when it was looked up; `None` of one that was taken back here.
#[derive(Clone, Debug)]
struct Known {
    identity: Option<Arc<Identity>>,
    /// When it ends, if it does.
    until: Option<Instant>,
    at: Instant,
}

impl Known {
    /// Whose a secret is that ends then.
    fn new(identity: Option<Arc<Identity>>, expires_at: Option<DateTime<Utc>>, at: Instant) -> Self {
        let left = expires_at.map(|expires_at| (expires_at - Utc::now()).to_std().unwrap_or_default());
        let now = Instant::now();
        Self { identity, until: left.map(|left| now.checked_add(left).unwrap_or(now)), at }
    }

    fn identity(&self) -> Option<Arc<Identity>> {
        self.identity.clone().filter(|_| self.until.is_none_or(|until| Instant::now() < until))
    }
}

impl Identities {
    /// By the settings, from a store that can write.
    pub(crate) fn new(store: &Store, settings: &ApiSettings) -> Self {
        Self(Arc::new(Inner {
            local: Identity::local().into(),
            anyone: Identity::anyone().into(),
            login: settings.login.clone(),
            providers: ProviderSessions::new(store, Providers::new(&settings.login.provider)),
            cookie: Cookie::of(&settings.server),
            looking: store.looking(STATEMENT_TIMEOUT),
            writing: store.clone(),
            known: Kept::new(Limits { size: PLACES, places: PLACES, size_of_place: |_| 0 }),
            lookups: Semaphore::new(LOOKUPS),
        }))
    }

    /// How the cookies of sessions are set.
    pub(crate) fn cookie(&self) -> &Cookie {
        &self.0.cookie
    }

    /// The identity providers, and the sessions that began there.
    pub(crate) fn providers(&self) -> &ProviderSessions {
        &self.0.providers
    }

    /// The session of a browser, whether or not it has ended.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<SecretHash> {
        self.0.cookie.secret(headers).map(hash)
    }

    /// The header that gives a browser the session that has begun. The one before is known no more.
    pub(crate) fn begun(&self, origin: &Origin, begun: &Begun) -> Option<HeaderValue> {
        if let Some(before) = &origin.before {
            self.forget(before);
        }
        self.0.cookie.set(&begun.cookie, self.0.login.lifetime)
    }

    /// Who sends a request, where nothing has to be asked or checked: what the request shows was looked up less than half a
    /// second ago, or says all. What is found for nearly all requests takes one look into memory and copies no secret.
    /// All others go through [`Self::identify`].
    pub(crate) fn known(&self, request: &Request) -> Option<Arc<Identity>> {
        let Inner { login, local, anyone, cookie, .. } = &*self.0;
        match Shown::of(request, cookie) {
            Shown::Local => Some(Arc::clone(local)),
            Shown::Nothing => (!login.enabled).then(|| Arc::clone(anyone)),
            Shown::Bearer(text) if may_be_token(text) => self.fresh(&hash(text)),
            Shown::Cookie(secret) if login.enabled && !is_guarded(request) => {
                let is_current = |identity: &Arc<Identity>| {
                    let session = identity.session.as_ref();
                    session.is_some_and(|session| session.refresh_at.is_none_or(|at| Utc::now() < at))
                };
                self.fresh(&hash(secret)).filter(is_current)
            }
            Shown::Bearer(_) | Shown::Cookie(_) => None,
        }
    }

    /// Whose a secret is that needs no other look.
    fn fresh(&self, hash: &SecretHash) -> Option<Arc<Identity>> {
        self.0.known.value(hash).filter(|known| known.at.elapsed() < FRESH)?.identity()
    }

    /// What is looked at of a request.
    pub(crate) fn claim(&self, request: &Request) -> Claim {
        Claim::of(request, &self.0.cookie)
    }

    /// Whether only the database or a provider's key can say who sent a request: it may be a guess.
    pub(crate) fn is_unknown(&self, claim: &Claim) -> bool {
        let is_unknown = |hash: &SecretHash| self.0.known.value(hash).is_none_or(|known| known.identity().is_none());
        match &claim.credential {
            Credential::Session(hash, _) | Credential::Token(hash) => is_unknown(hash),
            Credential::Bearer(token) => is_unknown(&hash(token)),
            Credential::Local | Credential::Provider(_) | Credential::Nothing => false,
        }
    }

    /// Who sends a request.
    pub(crate) async fn identify(&self, claim: Claim) -> Result<Arc<Identity>, Problem> {
        let inner = &self.0;
        let without =
            || if inner.login.enabled { Err(Problem::unauthenticated()) } else { Ok(Arc::clone(&inner.anyone)) };
        match &claim.credential {
            Credential::Local => Ok(Arc::clone(&inner.local)),
            Credential::Nothing => without(),
            // a cookie of before means nothing where no login is asked for, nor do the tokens that a proxy may send
            Credential::Session(..) | Credential::Bearer(_) | Credential::Provider(_) if !inner.login.enabled => {
                without()
            }
            Credential::Session(hash, cookie) => {
                let identity = self.look(hash, &claim.credential).await?;
                check_csrf(&identity, &claim)?;
                self.refreshed(identity, hash, cookie).await
            }
            Credential::Token(hash) => {
                let looked = self.look(hash, &claim.credential).await;
                let is_unknown = |problem: &Problem| problem.status() == StatusCode::UNAUTHORIZED;
                looked.map_err(|problem| if is_unknown(&problem) { Problem::unknown_token() } else { problem })
            }
            Credential::Bearer(token) if is_meant_as_token(token) => Err(Problem::unknown_token()),
            Credential::Bearer(token) => {
                let verified = inner.providers.providers.bearer(token).await;
                let verified = verified.map_err(|error| Problem::token(&error))?;
                self.look(&hash(token), &Credential::Provider(verified)).await
            }
            Credential::Provider(_) => Err(Problem::unauthenticated()),
        }
    }

    /// The same of a session, once its identity provider was asked again what the user may do, if that is due.
    async fn refreshed(
        &self,
        identity: Arc<Identity>,
        hash: &SecretHash,
        cookie: &str,
    ) -> Result<Arc<Identity>, Problem> {
        let refresh_at = identity.session.as_ref().and_then(|session| session.refresh_at);
        if refresh_at.is_none_or(|at| Utc::now() < at) {
            return Ok(identity);
        }
        if !self.0.providers.refresh(hash, cookie).await? {
            self.forget(hash);
            return Err(Problem::unauthenticated());
        }
        self.ask(hash, &Credential::Session(*hash, String::new())).await
    }

    /// Forgets whose a session is: it has ended.
    pub(crate) fn forget(&self, hash: &SecretHash) {
        self.0.known.put(hash, Known::new(None, None, Instant::now()), 1);
    }

    /// Whose a secret is, as it is known or as the database has it.
    async fn look(&self, hash: &SecretHash, credential: &Credential) -> Result<Arc<Identity>, Problem> {
        let known = &self.0.known;
        let refused = Problem::unauthenticated;
        let given = |within: Duration| known.value(hash).filter(|known| known.at.elapsed() < within);
        if let Some(known) = given(FRESH) {
            return known.identity().ok_or_else(refused);
        }
        let place = known.place(hash);
        let alone = match place.try_lock() {
            Ok(alone) => alone,
            // another request looks
            Err(_) => match given(HELD) {
                Some(known) => return known.identity().ok_or_else(refused),
                None => place.lock().await,
            },
        };
        if let Some(known) = given(FRESH) {
            return known.identity().ok_or_else(refused);
        }
        let identity = self.ask(hash, credential).await;
        drop(alone);
        known.give_up(hash, &place);
        identity
    }

    /// Whose a secret is, as the database has it.
    async fn ask(&self, hash: &SecretHash, credential: &Credential) -> Result<Arc<Identity>, Problem> {
        let (known, at) = (&self.0.known, Instant::now());
        let found = timeout(LOOK_TIMEOUT, self.find(credential)).await;
        let found = found.map_err(|_| Problem::too_slow(LOOK_TIMEOUT))??;
        if let Some((identity, expires_at)) = found {
            let identity = Arc::new(identity);
            known.put(hash, Known::new(Some(Arc::clone(&identity)), expires_at, at), 1);
            Ok(identity)
        } else {
            // what was known until now is known no more
            if known.value(hash).is_some() {
                known.put(hash, Known::new(None, None, at), 1);
            }
            Err(Problem::unauthenticated())
        }
    }

    /// Whose a secret is in the database, and when it ends.
    async fn find(&self, credential: &Credential) -> Result<Option<(Identity, Option<DateTime<Utc>>)>, StoreError> {
        let Ok(_turn) = self.0.lookups.acquire().await else { return Ok(None) };
        match credential {
            Credential::Session(hash, _) => self.of_session(hash).await,
            Credential::Token(hash) => self.of_token(hash).await,
            Credential::Provider(verified) => self.of_provider(verified).await,
            _ => Ok(None),
        }
    }

    async fn of_session(&self, hash: &SecretHash) -> Result<Option<(Identity, Option<DateTime<Utc>>)>, StoreError> {
        let Inner { looking, writing, login, .. } = &*self.0;
        let Some(session) = sessions::find(looking, hash, login.idle).await? else { return Ok(None) };
        let grants = granted(looking, &session.user_id, &session.groups).await?;
        if Utc::now() - session.last_seen_at > SEEN_WITHIN {
            noted(sessions::touch(writing, hash).await);
        }
        let key = SessionKey { hash: *hash, csrf: session.csrf, refresh_at: session.refresh_at };
        let person = PersonLink { user_id: Some(session.user_id.clone()), email: session.email }.into();
        let principal = Principal { kind: PrincipalKind::User, id: session.user_id, name: session.user_name };
        let identity = Identity { session: Some(key), person, ..Identity::new(principal, grants) };
        Ok(Some((identity, Some(session.expires_at))))
    }

    async fn of_token(&self, hash: &SecretHash) -> Result<Option<(Identity, Option<DateTime<Utc>>)>, StoreError> {
        let Inner { looking, writing, login, .. } = &*self.0;
        let Some(UsableToken { token, owner }) = tokens::find(looking, hash).await? else { return Ok(None) };
        let own = Grant { tenant: token.tenant, role: token.role, teams: token.teams.into_iter().collect() };
        let (mut has_stale_groups, mut person) = (false, PersonLink::default());
        let grants = match owner {
            Some(owner) => {
                let groups = current_groups(&owner, login.groups_max_age);
                has_stale_groups = groups.len() < owner.groups.len();
                let granted = granted(looking, &owner.id, groups).await?;
                person = PersonLink { user_id: Some(owner.id), email: owner.email };
                granted.narrowed_by(own)
            }
            None => Grants::new(vec![own]),
        };
        if token.last_used_at.is_none_or(|at| Utc::now() - at > SEEN_WITHIN) {
            noted(tokens::touch(writing, &token.id).await);
        }
        let principal = Principal { kind: PrincipalKind::Token, id: token.id, name: token.name };
        let (person, only_reads) = (person.into(), token.scope == TokenScope::Read);
        let identity = Identity { has_stale_groups, only_reads, person, ..Identity::new(principal, grants) };
        Ok(Some((identity, token.expires_at)))
    }

    /// A subject of an identity provider has what is granted to its groups and, if it has logged in before, to its user.
    async fn of_provider(&self, verified: &Verified) -> Result<Option<(Identity, Option<DateTime<Utc>>)>, StoreError> {
        let (looking, subject) = (&self.0.looking, &verified.subject);
        let user = providers::find(looking, &subject.issuer, &subject.id).await?;
        if user.as_ref().is_some_and(|user| user.is_disabled) {
            return Ok(None);
        }
        let user_id = user.map(|user| user.id);
        let stated = &verified.person;
        // no user has an empty id
        let grants = granted(looking, user_id.as_deref().unwrap_or_default(), &stated.groups).await?;
        let id = format!("{}:{}", subject.provider, subject.id);
        let principal = Principal { kind: PrincipalKind::Jwt, id, name: stated.name.clone() };
        let person = PersonLink { user_id, email: stated.email.clone().filter(|_| stated.email_verified) }.into();
        let identity = Identity { person, ..Identity::new(principal, grants) };
        Ok(Some((identity, Some(verified.expires_at))))
    }
}

/// The groups of the owner of a token, unless the identity provider stated them longer ago than `max_age`.
fn current_groups(owner: &TokenOwner, max_age: Duration) -> &[String] {
    let age = owner.groups_at.map(|at| (Utc::now() - at).to_std().unwrap_or_default());
    if age.is_some_and(|age| age <= max_age) { &owner.groups } else { &[] }
}

/// What is granted to a user.
async fn granted(store: &Store, user_id: &str, groups: &[String]) -> Result<Grants, StoreError> {
    let rows = grants::of_user(store, user_id, groups).await?;
    let grant =
        |row: grants::GrantRow| Grant { tenant: row.tenant, role: row.role, teams: row.teams.into_iter().collect() };
    Ok(Grants::new(rows.into_iter().map(grant).collect()))
}

/// When something was used last is not worth a refusal.
fn noted(result: Result<(), StoreError>) {
    if let Err(error) = result
        && let Some(more) = NOT_TOUCHED.pass()
    {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, not_logged = more, "when a session or token was used can't be noted");
    }
}

/// Whether a request needs more than the cookie of a session: see [`check_csrf`].
fn is_guarded(request: &Request) -> bool {
    !request.method().is_safe() || request.headers().contains_key(header::UPGRADE)
}

/// A request that a browser sends by itself, for a page of another site, knows nothing of the session. Pages can't send
/// headers with an upgrade: there the origin says all.
fn check_csrf(identity: &Identity, claim: &Claim) -> Result<(), Problem> {
    let repeats =
        |csrf: &str| claim.csrf.as_deref().is_some_and(|sent| bool::from(sent.as_bytes().ct_eq(csrf.as_bytes())));
    let is_own = || identity.session.as_ref().is_some_and(|session| repeats(&session.csrf));
    let is_allowed = match (claim.is_unsafe, claim.is_upgrade) {
        (true, _) => claim.is_same_origin && is_own(),
        (false, true) => claim.is_same_origin,
        (false, false) => true,
    };
    if is_allowed { Ok(()) } else { Err(Problem::csrf()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_known_no_more() {
        let ends = |in_secs: i64| {
            let expires_at = Utc::now() + TimeDelta::seconds(in_secs);
            Known::new(Some(Identity::local().into()), Some(expires_at), Instant::now()).identity().is_some()
        };
        assert_eq!([ends(-1), ends(0), ends(60)], [false, false, true]);
        assert!(Known::new(Some(Identity::local().into()), None, Instant::now()).identity().is_some());
        assert!(Known::new(None, None, Instant::now()).identity().is_none(), "it was taken back");
    }
}
