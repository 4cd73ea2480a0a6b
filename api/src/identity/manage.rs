//! Tokens, grants, users and links, as the API and the command line change them: each change is one transaction, with its
//! entry of the audit log.

use std::time::Duration;

use kernel::{Role, Tenant, TokenScope};
use serde_json::json;
use store::audit::{self, Action, Actor, Entry};
use store::identity::grants::{self, GrantRow, Grantee, NewGrant};
use store::identity::links;
use store::identity::tokens::{self, ApiToken};
use store::identity::users::{self, User};
use store::{Store, StoreError, StoreTx};

use super::secrets::{self, NoRandomness};
use crate::problem::Problem;

/// Characters of a name of a token or a team, at most.
pub(crate) const NAME_CHARS: usize = 200;
/// Teams of a token or a grant, at most.
const TEAMS: usize = 100;
/// Tokens of a user that can be used, at most.
pub const TOKENS: i64 = 100;

/// Why what an administrator has is not taken away.
const LAST_ADMINISTRATOR: &str = "There would be no administrator of all tenants: grant `admin` for all tenants to another \
                                  user first, or make one by `sei admin link`.";

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No secret can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// What it names is not there.
    #[error("there is no {what} `{id}`")]
    NotThere {
        /// What: `user`, `token`, `grant`, `tenant`.
        what: &'static str,
        /// What it was called.
        id: String,
    },
    /// No administrator of all tenants would be left.
    #[error("{}", LAST_ADMINISTRATOR)]
    LastAdministrator,
    /// The owner of a token has as many as a user may have.
    #[error("The user has {TOKENS} tokens that can be used, and may have no more. Revoke some first.")]
    TooManyTokens,
    /// A value can't be used.
    #[error("`{name}` is `{found}`; expected {expected}")]
    Invalid {
        /// Of what.
        name: &'static str,
        /// The value.
        found: String,
        /// What was expected.
        expected: String,
    },
}

impl From<ManageError> for Problem {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::Store(error) => error.into(),
            ManageError::Randomness(error) => Self::fault(&error),
            ManageError::NotThere { what, id } => Self::not_found(what, &id),
            ManageError::LastAdministrator => Self::conflict(LAST_ADMINISTRATOR),
            ManageError::TooManyTokens => Self::conflict(error.to_string()),
            ManageError::Invalid { name, found, expected } => Self::parameter(name, &found, expected),
        }
    }
}

/// What a token or a grant is for.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The tenant; `None` for all.
    pub tenant: Option<Tenant>,
    /// The role.
    pub role: Role,
    /// The teams that it is limited to; empty for none.
    pub teams: Vec<String>,
}

impl Reach {
    /// Fails for a tenant that is not there, and for names that no team has.
    async fn check(&self, store: &Store) -> Result<(), ManageError> {
        for team in &self.teams {
            check_name("team", team)?;
        }
        if self.teams.len() > TEAMS {
            let found = format!("a list of {}", self.teams.len());
            return Err(ManageError::Invalid { name: "teams", found, expected: format!("{TEAMS} or fewer") });
        }
        let Some(tenant) = &self.tenant else { return Ok(()) };
        let is_there = store.tenants().await?.iter().any(|known| known.tenant == *tenant);
        if is_there { Ok(()) } else { Err(ManageError::NotThere { what: "tenant", id: tenant.to_string() }) }
    }

    fn detail(&self) -> serde_json::Value {
        json!({ "role": self.role, "teams": self.teams })
    }

    /// An entry about something with this reach.
    fn entry(&self, actor: &Actor, action: Action, subject: &str) -> Entry {
        let entry = Entry::new(actor.clone(), action, subject);
        match &self.tenant {
            Some(tenant) => entry.of(tenant),
            None => entry,
        }
    }
}

/// Fails for a text that is no name.
pub(super) fn check_name(name: &'static str, text: &str) -> Result<(), ManageError> {
    let chars = text.chars().count();
    if chars > 0 && chars <= NAME_CHARS && text.trim() == text && !text.contains(char::is_control) {
        return Ok(());
    }
    let expected = format!("1 to {NAME_CHARS} characters, without spaces at the ends");
    Err(ManageError::Invalid { name, found: text.chars().take(NAME_CHARS).collect(), expected })
}

/// A token, and its secret, which is shown once.
pub struct CreatedToken {
    /// The token.
    pub token: ApiToken,
    /// What programs send.
    pub secret: String,
}

/// Makes a token. What its owner is granted limits it, too.
pub async fn create_token(
    store: &Store,
    actor: &Actor,
    (name, owner_id): (&str, Option<&str>),
    reach: &Reach,
    scope: TokenScope,
    lifetime: Duration,
) -> Result<CreatedToken, ManageError> {
    check_name("name", name)?;
    reach.check(store).await?;
    let (id, secret) = (secrets::id()?, secrets::token()?);
    let new = tokens::NewToken {
        id: &id,
        name,
        hash: &secrets::hash(&secret),
        owner_id,
        tenant: reach.tenant.as_ref(),
        role: reach.role,
        teams: &reach.teams,
        scope,
        lifetime: Some(lifetime),
    };
    let mut tx = store.begin().await?;
    if let Some(owner_id) = owner_id
        && tokens::usable_of(&mut tx, owner_id).await? >= TOKENS
    {
        return Err(ManageError::TooManyTokens);
    }
    let token = tokens::create(&mut tx, new).await?;
    let entry = reach.entry(actor, Action::TokenCreated, &id);
    let detail = json!({ "name": name, "owner": owner_id, "role": reach.role, "teams": reach.teams, "scope": scope });
    audit::record(&mut tx, &entry.with(detail)).await?;
    tx.commit().await?;
    Ok(CreatedToken { token, secret })
}

/// Revokes a token. It is refused within a second.
pub async fn revoke_token(store: &Store, actor: &Actor, token: &ApiToken) -> Result<(), ManageError> {
    let mut tx = store.begin().await?;
    if !tokens::revoke(&mut tx, &token.id).await? {
        return Err(ManageError::NotThere { what: "token", id: token.id.clone() });
    }
    let entry = Entry::new(actor.clone(), Action::TokenRevoked, &token.id).with(json!({ "name": token.name }));
    let entry = if let Some(tenant) = &token.tenant { entry.of(tenant) } else { entry };
    audit::record(&mut tx, &entry).await?;
    Ok(tx.commit().await?)
}

/// Whether there were administrators of all tenants before a change: users, and groups of identity providers.
struct Administrators<'p> {
    were_there: bool,
    providers: &'p [String],
}

impl<'p> Administrators<'p> {
    /// Holds off other changes of them until the transaction ends.
    async fn hold(tx: &mut StoreTx, providers: &'p [String]) -> Result<Self, StoreError> {
        grants::hold_administrators(tx).await?;
        Ok(Self { were_there: grants::leaves_administrator(tx, providers).await?, providers })
    }

    /// Fails if the change leaves none.
    async fn check(&self, tx: &mut StoreTx) -> Result<(), ManageError> {
        if self.were_there && !grants::leaves_administrator(tx, self.providers).await? {
            return Err(ManageError::LastAdministrator);
        }
        Ok(())
    }
}

/// Fails for a group that no user can be in, by the names of the identity providers.
fn check_group(name: &str, providers: &[String]) -> Result<(), ManageError> {
    check_name("group", name)?;
    let known = |provider: &str| providers.iter().any(|known| known == provider);
    if name.split_once(':').is_some_and(|(provider, group)| known(provider) && !group.is_empty()) {
        return Ok(());
    }
    let expected = if providers.is_empty() {
        "`provider:group`, and the settings have no [[login.provider]]".to_owned()
    } else {
        format!("`provider:group` with one of the providers {}", providers.join(", "))
    };
    Err(ManageError::Invalid { name: "group", found: name.to_owned(), expected })
}

/// Grants a role. What is granted already stays as it is. A user is named by id or login name, a group by
/// `provider:group` with one of `providers`.
pub async fn add_grant(
    store: &Store,
    actor: &Actor,
    grantee: &Grantee,
    reach: &Reach,
    providers: &[String],
) -> Result<GrantRow, ManageError> {
    reach.check(store).await?;
    let id = secrets::id()?;
    let tenant = reach.tenant.as_ref();
    let mut tx = store.begin().await?;
    let grantee = match grantee {
        Grantee::User(name) => match users::hold(&mut tx, name).await? {
            Some(user) => Grantee::User(user.id),
            None => return Err(ManageError::NotThere { what: "user", id: name.clone() }),
        },
        Grantee::Group(name) => {
            check_group(name, providers)?;
            Grantee::Group(name.clone())
        }
    };
    let new = NewGrant { id: &id, grantee: &grantee, tenant, role: reach.role, teams: &reach.teams };
    let (grant, is_new) = grants::add(&mut tx, new).await?;
    if is_new {
        let entry = reach.entry(actor, Action::GrantAdded, &id);
        audit::record(&mut tx, &entry.with(json!({ "to": grantee_detail(&grantee), "gives": reach.detail() }))).await?;
    }
    tx.commit().await?;
    Ok(grant)
}

/// Takes a grant back. It gives nothing within a second. That of the last administrator stays: a user, or a group of one of
/// `providers`.
pub async fn remove_grant(
    store: &Store,
    actor: &Actor,
    grant: &GrantRow,
    providers: &[String],
) -> Result<(), ManageError> {
    let mut tx = store.begin().await?;
    let administrators = Administrators::hold(&mut tx, providers).await?;
    if !grants::remove(&mut tx, &grant.id).await? {
        return Err(ManageError::NotThere { what: "grant", id: grant.id.clone() });
    }
    administrators.check(&mut tx).await?;
    let detail = json!({ "to": grantee_detail(&grant.grantee), "gives": { "role": grant.role, "teams": grant.teams } });
    let entry = Entry::new(actor.clone(), Action::GrantRemoved, &grant.id).with(detail);
    let entry = if let Some(tenant) = &grant.tenant { entry.of(tenant) } else { entry };
    audit::record(&mut tx, &entry).await?;
    Ok(tx.commit().await?)
}

fn grantee_detail(grantee: &Grantee) -> serde_json::Value {
    match grantee {
        Grantee::User(id) => json!({ "user": id }),
        Grantee::Group(name) => json!({ "group": name }),
    }
}

/// Lets a user log in, or not; then its sessions and tokens end within a second. The last administrator, as
/// [`remove_grant`] has it, is not disabled.
pub async fn set_disabled(
    store: &Store,
    actor: &Actor,
    user: &User,
    disabled: bool,
    providers: &[String],
) -> Result<(), ManageError> {
    let mut tx = store.begin().await?;
    let administrators = Administrators::hold(&mut tx, providers).await?;
    if !users::set_disabled(&mut tx, &user.id, disabled).await? {
        return Err(ManageError::NotThere { what: "user", id: user.id.clone() });
    }
    administrators.check(&mut tx).await?;
    let action = if disabled { Action::UserDisabled } else { Action::UserEnabled };
    let entry = Entry::new(actor.clone(), action, &user.id);
    audit::record(&mut tx, &entry.with(json!({ "name": user.name }))).await?;
    Ok(tx.commit().await?)
}

/// Makes a link that is good for one login: of a user, or of a new administrator. Returns its secret.
pub async fn create_link(
    store: &Store,
    actor: &Actor,
    user: Option<&User>,
    lifetime: Duration,
) -> Result<String, ManageError> {
    let secret = secrets::secret()?;
    let user_id = user.map(|user| user.id.as_str());
    let mut tx = store.begin().await?;
    links::create(&mut tx, &secrets::hash(&secret), user_id, lifetime).await?;
    let subject = user_id.unwrap_or("a new administrator");
    audit::record(&mut tx, &Entry::new(actor.clone(), Action::LinkCreated, subject)).await?;
    tx.commit().await?;
    Ok(secret)
}
