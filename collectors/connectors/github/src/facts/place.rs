//! Repositories, and the accounts that events mention.

use chrono::{DateTime, Utc};
use connector::accounts::of_address;
use connector::versions::{inferred, stated};
use kernel::{Account, AccountId, Fact, Moved, RejectReason, Rejection, Repository, RepositoryId, people};

use crate::wire;

/// A repository that facts are about.
pub struct Place {
    pub id: RepositoryId,
    pub default_branch: Option<String>,
}

impl Place {
    /// Where the code of a payload's repository lives.
    pub fn of(repository: &wire::Repository) -> Result<Self, Rejection> {
        let named = || format!("https://github.com/{}", repository.full_name);
        let url = repository.html_url.clone().unwrap_or_else(named);
        let id = RepositoryId::from_url(&url).ok_or_else(|| {
            Rejection::new(RejectReason::Schema, "repository.html_url: expected https://host/owner/name")
        })?;
        Ok(Self { id, default_branch: repository.default_branch.clone() })
    }

    #[must_use]
    pub fn account_id(&self, login: &str) -> AccountId {
        AccountId(format!("{}/{}", self.id.host(), login.to_lowercase()))
    }

    /// The account of a commit's author. An address is used only where there is no login.
    #[must_use]
    pub fn git_account_id(&self, person: &wire::GitPerson) -> Option<AccountId> {
        let filled = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_lowercase)
        };
        if let Some(login) = filled(&person.username) {
            return Some(self.account_id(&login));
        }
        let email = filled(&person.email)?;
        let hidden = |local: &str| Some(self.account_id(local.split_once('+').map_or(local, |(_, login)| login)));
        Some(of_address(&email, self.id.host(), hidden))
    }
}

pub(super) fn text(value: Option<&String>) -> Option<String> {
    value.filter(|value| !value.is_empty()).cloned()
}

/// The repository as an event mentions it. What a clone or a pull says of it counts more.
#[must_use]
pub fn repository(place: &Place, repository: &wire::Repository) -> Fact {
    Fact::Repository(Repository {
        url: repository.html_url.clone().or_else(|| Some(format!("https://{}", place.id))),
        default_branch: repository.default_branch.clone(),
        ..Repository::new(
            place.id.clone(),
            text(Some(&repository.full_name)).unwrap_or_else(|| place.id.path().to_owned()),
            inferred(repository.updated_at.as_ref().and_then(wire::LooseTime::instant).unwrap_or_default()),
        )
    })
}

/// The repository under its old id, where the event says that it had another one. One that was created may have the
/// name of one that moved away.
#[must_use]
pub fn moved(place: &Place, event: &wire::RepositoryEvent, received: DateTime<Utc>) -> Option<Moved> {
    let (owner, name) = place.id.path().split_once('/')?;
    let old_name = event.changes.repository.as_ref().and_then(|change| change.name.as_ref()?.from.as_deref());
    let old_owner = event.changes.owner.as_ref().and_then(|change| change.from.as_ref());
    let old_owner = old_owner.and_then(|owner| owner.organization.as_ref().or(owner.user.as_ref()));
    let old_owner = old_owner.map(|owner| owner.login.as_str());
    if old_name.is_none() && old_owner.is_none() && *event.action != *"created" {
        return None;
    }
    let old = format!("{}/{}/{}", place.id.host(), old_owner.unwrap_or(owner), old_name.unwrap_or(name));
    let at = event.repository.updated_at.as_ref().and_then(wire::LooseTime::instant).unwrap_or(received);
    Some(Moved::new(old.to_lowercase(), place.id.to_string(), stated(at)))
}

/// All repositories of an organization, under its old name.
#[must_use]
pub fn moved_organization(organization: &wire::Organization, before: &str, received: DateTime<Utc>) -> Moved {
    let api = organization.url.as_deref().and_then(RepositoryId::from_url);
    let host = api.as_ref().map_or("github.com", RepositoryId::host);
    let host = host.strip_prefix("api.").unwrap_or(host);
    let id = |login: &str| format!("{host}/{login}").to_lowercase();
    Moved::new(id(before), id(&organization.login), stated(received))
}

/// An account as an event mentions it. Payloads do not say when an account last changed, so all its
/// versions have the same time: a mention never makes a row change.
#[must_use]
pub fn account(place: &Place, user: &wire::User) -> Fact {
    let id = place.account_id(&user.login);
    Fact::Account(Account {
        bot: user.kind.as_deref() == Some("bot") || people::names_bot(id.as_str()),
        name: user.login.clone(),
        ..Account::new(
            id,
            if user.kind.is_some() { stated(DateTime::UNIX_EPOCH) } else { inferred(DateTime::UNIX_EPOCH) },
        )
    })
}

/// The account of a commit's author, where the source names a login. A person or a bot, by the name only.
#[must_use]
pub fn author(place: &Place, person: &wire::GitPerson) -> Option<Fact> {
    let login = person.username.clone().filter(|login| !login.is_empty())?;
    Some(account(place, &wire::User { login, kind: None }))
}
