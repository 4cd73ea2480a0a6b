//! Logging in: by a name and a password, or by a link that is good for one login. Every way ends in [`Logins::begin`].
//!
//! Promises: a wrong name takes as long as a wrong password, and is answered in the same words; names and addresses that
//! fail too often wait; a login makes a new session and ends the one before; its entry of the audit log is in the same
//! transaction.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::Role;
use runtime::telemetry::Occasionally;
use serde_json::json;
use store::audit::{self, Action, Actor, ActorKind, Entry};
use store::identity::SecretHash;
use store::identity::grants::{self, Grantee, NewGrant};
use store::identity::links::{self, Link};
use store::identity::sessions::{self, NewSession};
use store::identity::users::{self, NewUser, User};
use store::{Store, StoreError, StoreTx};

use super::attempts::Attempts;
use super::manage::check_name;
use super::passwords::{Passwords, refusal};
use super::secrets;
use crate::problem::Problem;

/// What the audit log calls a name that no user has: who types a password in its place is not to find it there.
const UNKNOWN_NAME: &str = "a name that no user has";

static NOT_RECORDED: Occasionally = Occasionally::new();

/// Logs people in. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Logins(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    passwords: Passwords,
    attempts: Attempts,
    /// How long a session lasts.
    lifetime: Duration,
}

/// A session that has begun.
pub(crate) struct Begun {
    /// The secret of its cookie.
    pub cookie: String,
    /// What requests that change something repeat in a header.
    pub csrf: String,
}

/// Where a login comes from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin {
    /// The address of the client.
    pub address: Option<IpAddr>,
    /// The session that the browser had before, which ends.
    pub before: Option<SecretHash>,
}

/// A name and a password, as they were sent.
pub(crate) struct NameAndPassword {
    pub name: String,
    pub password: String,
}

impl Logins {
    /// Whose sessions last this long, in a store that can write.
    pub(crate) fn new(store: &Store, lifetime: Duration) -> Self {
        let (passwords, attempts) = (Passwords::new(), Attempts::new());
        Self(Arc::new(Inner { store: store.clone(), passwords, attempts, lifetime }))
    }

    /// A session for a name and its password. The error of a wrong one says not which of them is wrong.
    pub(crate) async fn by_password(&self, sent: NameAndPassword, from: Origin) -> Result<Begun, Problem> {
        let Inner { store, passwords, attempts, .. } = &*self.0;
        let NameAndPassword { name, password } = sent;
        check_name("name", &name)?;
        let attempt = match attempts.begin(&name, from.address, Instant::now()) {
            Ok(attempt) => attempt,
            Err(wait) => return Err(Problem::too_many_logins(wait)),
        };
        let found = users::with_password(store, &name).await?;
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
        let is_right = passwords.verify(password, hash).await?;
        let Some(user) = user.filter(|_| is_right) else {
            self.record_refusal(&name, from).await;
            return Err(Problem::wrong_login());
        };
        attempts.succeeded(attempt);
        let mut tx = store.begin().await?;
        let begun = self.begin(&mut tx, &user, "password", from).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// Whose password a link sets. `None` if the link is not good any more.
    pub(crate) async fn link(&self, secret: &str) -> Result<Option<Link>, Problem> {
        Ok(links::find(&self.0.store, &secrets::hash(secret)).await?)
    }

    /// A session for a link, which sets the name and the password of its user, or makes an administrator of that name.
    pub(crate) async fn by_link(&self, secret: &str, sent: NameAndPassword, from: Origin) -> Result<Begun, Problem> {
        let Inner { store, passwords, .. } = &*self.0;
        let NameAndPassword { name, password } = sent;
        check_name("name", &name)?;
        if let Some((found, expected)) = refusal(&password) {
            return Err(Problem::parameter("password", &found, expected));
        }
        // only for who has a link is a password hashed
        if self.link(secret).await?.is_none() {
            return Err(Problem::used_link());
        }
        let hash = passwords.hash(password).await?;
        let mut tx = store.begin().await?;
        let Some(link) = links::take(&mut tx, &secrets::hash(secret)).await? else { return Err(Problem::used_link()) };
        let id = match link.user_id {
            Some(id) => {
                sessions::end_all(&mut tx, &id).await?;
                id
            }
            None => new_administrator(&mut tx, &name).await?,
        };
        if !users::set_password(&mut tx, &id, &name, &hash).await? {
            return Err(Problem::parameter("name", &name, "a name that no other user has"));
        }
        let user = users::get(&mut tx, &id).await?.ok_or_else(Problem::used_link)?;
        let begun = self.begin(&mut tx, &user, "link", from).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// Begins a session of a user who was identified, and ends the one before. The audit log says `how`.
    pub(crate) async fn begin(
        &self,
        tx: &mut StoreTx,
        user: &User,
        how: &'static str,
        from: Origin,
    ) -> Result<Begun, Problem> {
        let fault = |error: secrets::NoRandomness| Problem::fault(&error);
        let begun = Begun { cookie: secrets::secret().map_err(fault)?, csrf: secrets::secret().map_err(fault)? };
        if let Some(before) = &from.before {
            sessions::end(tx, before).await?;
        }
        let (hash, csrf) = (&secrets::hash(&begun.cookie), begun.csrf.as_str());
        sessions::create(tx, NewSession { hash, user_id: &user.id, csrf, lifetime: self.0.lifetime }).await?;
        let actor = Actor { name: Some(user.name.clone()), ..Actor::new(ActorKind::User, &user.id) };
        let entry = Entry::new(actor, Action::Login, &user.id).with(json!({ "by": how }));
        audit::record(tx, &entry.from_address(text(from.address))).await?;
        Ok(begun)
    }

    /// Ends a session.
    pub(crate) async fn end(&self, actor: Actor, hash: &SecretHash, address: Option<IpAddr>) -> Result<(), Problem> {
        let mut tx = self.0.store.begin().await?;
        sessions::end(&mut tx, hash).await?;
        let subject = actor.id.clone();
        audit::record(&mut tx, &Entry::new(actor, Action::Logout, subject).from_address(text(address))).await?;
        Ok(tx.commit().await?)
    }

    /// Writes a refused login into the audit log: as many as [`Attempts`] lets pass, so a flood of them does not fill it.
    async fn record_refusal(&self, name: &str, from: Origin) {
        if let Err(error) = self.refusal(name, from).await
            && let Some(more) = NOT_RECORDED.pass()
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, not_logged = more, "a refused login can't be written into the audit log");
        }
    }

    async fn refusal(&self, name: &str, from: Origin) -> Result<(), StoreError> {
        let own_name = |user: User| user.login_name.filter(|own| own.to_lowercase() == name.to_lowercase());
        let known = users::find(&self.0.store, name).await?.and_then(own_name);
        let subject = known.as_deref().unwrap_or(UNKNOWN_NAME);
        let entry = Entry::new(Actor::new(ActorKind::Anonymous, "anyone"), Action::LoginRefused, subject);
        audit::record_alone(&self.0.store, &entry.from_address(text(from.address))).await?;
        Ok(())
    }
}

/// Makes a user of this name, who may do everything.
async fn new_administrator(tx: &mut StoreTx, name: &str) -> Result<String, Problem> {
    let fault = |error: secrets::NoRandomness| Problem::fault(&error);
    let (id, grant) = (secrets::id().map_err(fault)?, secrets::id().map_err(fault)?);
    users::create(tx, NewUser { id: &id, login_name: None, name, email: None }).await?;
    let grantee = Grantee::User(id.clone());
    let new = NewGrant { id: &grant, grantee: &grantee, tenant: None, role: Role::Admin, teams: &[] };
    grants::add(tx, new).await?;
    Ok(id)
}

fn text(address: Option<IpAddr>) -> Option<String> {
    address.map(|address| address.to_string())
}
