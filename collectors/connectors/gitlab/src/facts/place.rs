//! Projects, and the accounts that events mention.

use chrono::DateTime;
use connector::accounts::of_address;
use connector::versions::{address, inferred, moment, stated};
use kernel::{Account, AccountId, Fact, RejectReason, Rejection, Repository, RepositoryId, people};

use crate::wire;

/// The user that GitLab gives to what deleted users left behind.
const GHOST: &str = "ghost";

/// A project that facts are about.
pub(crate) struct Place {
    pub(crate) id: RepositoryId,
    /// The web address, without a slash at its end.
    pub(super) url: String,
    pub(super) default_branch: Option<String>,
}

impl Place {
    /// The project with this web address.
    pub(crate) fn at(url: &str, default_branch: Option<&str>) -> Result<Self, Rejection> {
        let url = url.trim_end_matches('/');
        let id = RepositoryId::from_url(url).ok_or_else(|| {
            Rejection::new(RejectReason::Schema, "project.web_url: expected https://host/group/project")
        })?;
        Ok(Self { id, url: url.to_owned(), default_branch: default_branch.map(str::to_owned) })
    }

    pub(crate) fn of(project: &wire::Project) -> Result<Self, Rejection> {
        Self::at(&project.web_url, project.default_branch.as_deref())
    }

    pub(super) fn page(&self, path: &str) -> String {
        format!("{}/-/{path}", self.url)
    }

    /// By number, which hooks name authors by and which outlives a change of the name.
    pub(super) fn account(&self, id: i64) -> AccountId {
        AccountId(format!("{}/user/{id}", self.id.host()))
    }

    /// Of a user, or of the number where only that is reported.
    pub(super) fn account_of(&self, user: Option<&wire::User>, id: Option<i64>) -> Option<AccountId> {
        let named = user.and_then(|user| user.id).or(id);
        named.map(|id| self.account(id)).or_else(|| {
            let name = user?.username.as_deref().filter(|name| !name.is_empty())?;
            Some(AccountId(format!("{}/{}", self.id.host(), name.to_lowercase())))
        })
    }

    /// Of a commit's author: GitLab's hidden addresses hold the number of the user.
    pub(super) fn git_account(&self, email: &str) -> Option<AccountId> {
        let email = address(email)?;
        let hidden = |local: &str| Some(self.account(local.split('-').next()?.parse().ok()?));
        Some(of_address(&email, self.id.host(), hidden))
    }

    pub(super) fn run(&self, id: i64) -> String {
        // A retry runs in the same pipeline.
        self.id.run(id, 1)
    }
}

/// The project as an event mentions it. What a clone says of it counts more.
pub(crate) fn repository(place: &Place) -> Fact {
    let name = place.url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let rank = i64::from(place.default_branch.is_some());
    Fact::Repository(Repository {
        url: Some(place.url.clone()),
        default_branch: place.default_branch.clone(),
        ..Repository::new(place.id.clone(), name.to_owned(), inferred(moment(DateTime::UNIX_EPOCH, rank)))
    })
}

/// An account as an event mentions it; `None` where it has no name. Mentions do not say when an account
/// last changed, so the one that reports more counts.
pub(crate) fn account(place: &Place, user: &wire::User) -> Option<Fact> {
    let name = user.username.clone().filter(|name| !name.is_empty())?;
    let email = user.email.as_deref().and_then(address);
    let rank = i64::from(email.is_some()) + 2 * i64::from(user.bot.is_some());
    Some(Fact::Account(Account {
        bot: user.bot == Some(true) || people::names_bot(&name) || name.eq_ignore_ascii_case(GHOST),
        name,
        email,
        ..Account::new(place.account_of(Some(user), None)?, stated(moment(DateTime::UNIX_EPOCH, rank)))
    }))
}

/// The author of a commit, where that is an address and no account. What a clone says of them counts more.
pub(crate) fn author(place: &Place, commit: &wire::Commit) -> Option<Fact> {
    let commit = &commit.stated;
    let id = place.git_account(commit.email()?)?;
    let email = id.as_str().strip_prefix("email/")?.to_owned();
    let name = commit.author.as_ref().and_then(|author| author.name.as_ref()).or(commit.author_name.as_ref());
    let name = name.cloned().unwrap_or_default();
    let version = inferred(DateTime::UNIX_EPOCH);
    let bot = people::is_bot(&id, &name);
    Some(Fact::Account(Account { bot, name, email: Some(email), ..Account::new(id, version) }))
}

impl wire::StatedCommit {
    pub(super) fn email(&self) -> Option<&str> {
        self.author.as_ref().and_then(|author| author.email.as_deref()).or(self.author_email.as_deref())
    }
}
