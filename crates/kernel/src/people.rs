//! Who is who: which accounts are one human's, computed from the accounts themselves and from what was stated
//! of them. The only place where accounts are joined, a pure function: the order of its input never matters.
//!
//! Accounts are joined by
//!
//! - an address that both have. Addresses that many share (`noreply@…`, names of machines) join no accounts, and
//!   neither are people joined with programs that commit in their name;
//! - a login, within one source: an address that a forge made up for a login is that login's;
//! - a person's facts: from configuration, a `.mailmap`, `sei people`, or sent in. One that is `separate`
//!   outweighs all else that speaks of its accounts.
//!
//! The same login at two sources joins no accounts: it can be two humans.

mod bots;
pub mod statements;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use bots::{NamedBots, is_bot, mark_bots, names_bot};

use crate::{Account, AccountId, Person};

/// The origin of statements by `sei people`.
pub const SEI_PEOPLE: &str = "people";

/// The origin of what the settings declare.
pub const CONFIGURED: &str = "configuration";

/// What the origin of a `.mailmap`'s persons begins with; the repository follows.
pub const MAILMAP: &str = "mailmap ";

/// A human, or a program, with the accounts that are theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JoinedPerson {
    /// Their name, from a statement; otherwise from one of the accounts.
    pub name: String,
    /// A program: all of its accounts are.
    pub bot: bool,
    /// The accounts, in order.
    pub accounts: Vec<AccountId>,
    /// The addresses of the accounts, in order.
    pub emails: Vec<String>,
    /// Why they are joined, in order; empty for an account that stands alone.
    pub because: Vec<JoinReason>,
}

/// Why accounts are joined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum JoinReason {
    /// They have this address.
    Address {
        /// In lower case.
        address: String,
    },
    /// One has an address that the source of the other made up for its login.
    Login {
        /// The account of that login.
        account: AccountId,
    },
    /// A statement says so.
    Stated {
        /// See [`Person::origin`].
        origin: String,
        /// See [`Person::name`].
        name: String,
    },
}

/// Joins accounts. `accounts` are those that are known, each once; those that persons name are added to
/// them. Persons are given with those that are deleted, which say nothing.
#[must_use]
pub fn join(accounts: &[Account], persons: &[Person]) -> Vec<JoinedPerson> {
    let persons: Vec<&Person> = persons.iter().filter(|person| !person.deleted).collect();
    let mut known: BTreeMap<&AccountId, Option<&Account>> =
        accounts.iter().map(|known| (&known.id, Some(known))).collect();
    for id in persons.iter().flat_map(|person| &person.accounts) {
        known.entry(id).or_default();
    }
    let members: Vec<Member<'_>> = known.into_iter().map(|(id, account)| Member::new(id, account)).collect();
    let places: BTreeMap<&str, usize> =
        members.iter().enumerate().map(|(at, member)| (member.id.as_str(), at)).collect();
    let mut claims = addresses(&members);
    claims.extend(logins(&members, &places));
    claims.extend(stated(&persons, &members, &places));
    let separate: BTreeSet<usize> =
        claims.iter().filter(|claim| claim.separate).flat_map(|claim| &claim.named).copied().collect();
    let mut sets = Sets((0..members.len()).collect());
    for claim in &mut claims {
        let named = &claim.named;
        let own = |at: &usize| claim.separate && named.contains(at);
        claim.members = claim.members.iter().copied().filter(|at| own(at) || !separate.contains(at)).collect();
        for pair in claim.members.iter().zip(claim.members.iter().skip(1)) {
            sets.unite(*pair.0, *pair.1);
        }
    }
    gather(&members, &claims, &mut sets)
}

/// An account on its way to its human.
struct Member<'a> {
    id: &'a AccountId,
    name: &'a str,
    address: Option<String>,
    bot: bool,
}

impl<'a> Member<'a> {
    fn new(id: &'a AccountId, account: Option<&'a Account>) -> Self {
        let own = id.as_str().strip_prefix("email/");
        let address = account.and_then(|account| account.email.as_deref()).or(own);
        Self {
            id,
            name: account.map_or("", |account| account.name.trim()),
            address: address.map(str::to_lowercase),
            bot: account.is_some_and(|account| account.bot) || names_bot(id.as_str()),
        }
    }
}

/// That accounts are one human's.
struct Claim {
    because: JoinReason,
    members: BTreeSet<usize>,
    /// The members that a person names, by their own ids.
    named: BTreeSet<usize>,
    separate: bool,
}

impl Claim {
    fn plain(because: JoinReason, members: BTreeSet<usize>) -> Self {
        Self { because, members, named: BTreeSet::new(), separate: false }
    }
}

fn addresses(members: &[Member<'_>]) -> Vec<Claim> {
    let mut sharing: BTreeMap<(&str, bool), BTreeSet<usize>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        if let Some(address) = member.address.as_deref().filter(|address| is_personal(address)) {
            sharing.entry((address, member.bot)).or_default().insert(at);
        }
    }
    let claim = |((address, _), members): ((&str, bool), _)| {
        Claim::plain(JoinReason::Address { address: address.to_owned() }, members)
    };
    sharing.into_iter().map(claim).collect()
}

/// Whether an address is one human's, and not made up or shared by many.
fn is_personal(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let shared = matches!(local, "" | "noreply" | "no-reply" | "donotreply" | "root" | "none" | "nobody" | "unknown");
    let made_up = !domain.contains('.')
        || domain.starts_with("users.noreply.")
        || matches!(domain, "example.com" | "127.0.0.1")
        || [".local", ".localdomain", ".invalid", ".(none)"].iter().any(|ending| domain.ends_with(ending));
    !(shared || made_up)
}

fn logins(members: &[Member<'_>], places: &BTreeMap<&str, usize>) -> Vec<Claim> {
    let mut claims: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        let login = member.address.as_deref().and_then(|address| hidden_login(address, places));
        if let Some(login) = login.filter(|login| *login != at) {
            claims.entry(login).or_insert_with(|| [login].into()).insert(at);
        }
    }
    let account = |at: usize| members.get(at).map(|member| member.id.clone());
    claims
        .into_iter()
        .filter_map(|(login, members)| Some(Claim::plain(JoinReason::Login { account: account(login)? }, members)))
        .collect()
}

/// The account whose address a forge hides behind this one: `583231+octocat@users.noreply.github.com`,
/// `7-ann@users.noreply.gitlab.com`.
fn hidden_login(address: &str, places: &BTreeMap<&str, usize>) -> Option<usize> {
    let (local, host) = address.rsplit_once("@users.noreply.")?;
    let login = local.split_once('+').map_or(local, |(_, login)| login);
    let unnumbered = login.split_once('-').filter(|(number, _)| number.bytes().all(|digit| digit.is_ascii_digit()));
    let candidates = [Some(login), unnumbered.map(|(_, login)| login)];
    candidates.into_iter().flatten().find_map(|login| places.get(format!("{host}/{login}").as_str()).copied())
}

fn stated(persons: &[&Person], members: &[Member<'_>], places: &BTreeMap<&str, usize>) -> Vec<Claim> {
    let mut having: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        if let Some(address) = &member.address {
            having.entry(address).or_default().push(at);
        }
    }
    let claim = |person: &&Person| {
        let named: BTreeSet<usize> = person.accounts.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
        let addressed = person.emails.iter().filter_map(|email| having.get(email.to_lowercase().as_str())).flatten();
        Claim {
            because: JoinReason::Stated { origin: person.origin.clone(), name: person.name.clone() },
            members: addressed.copied().chain(named.iter().copied()).collect(),
            named,
            separate: person.separate,
        }
    };
    persons.iter().map(claim).collect()
}

/// Sets of places, joined by pointing to the least.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while let Some(up) = self.0.get(at).copied().filter(|up| *up != at) {
            // half the way for the next time
            let above = self.0.get(up).copied().unwrap_or(up);
            if let Some(place) = self.0.get_mut(at) {
                *place = above;
            }
            at = above;
        }
        at
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(place) = self.0.get_mut(one.max(other)) {
            *place = one.min(other);
        }
    }
}

/// What is known of one human, while it is gathered.
#[derive(Default)]
struct Gathered<'a> {
    members: Vec<&'a Member<'a>>,
    because: BTreeSet<&'a JoinReason>,
    /// Names and how little each counts.
    names: BTreeSet<(u8, &'a str)>,
}

fn gather(members: &[Member<'_>], claims: &[Claim], sets: &mut Sets) -> Vec<JoinedPerson> {
    let mut humans: BTreeMap<usize, Gathered<'_>> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        humans.entry(sets.root(at)).or_default().members.push(member);
    }
    for claim in claims {
        let root = claim.members.first().map(|first| sets.root(*first));
        let Some(human) = root.and_then(|root| humans.get_mut(&root)) else { continue };
        if claim.members.len() > 1 {
            human.because.insert(&claim.because);
        }
        if let JoinReason::Stated { origin, name } = &claim.because {
            human.names.insert(stated_name(origin, name));
        }
    }
    let mut joined: Vec<JoinedPerson> = humans
        .into_values()
        .map(|Gathered { members, because, names }| JoinedPerson {
            name: names.first().map_or_else(|| own_name(&members), |(_, name)| (*name).to_owned()),
            bot: members.iter().all(|member| member.bot),
            accounts: members.iter().map(|member| member.id.clone()).collect(),
            emails: members
                .iter()
                .filter_map(|member| member.address.clone())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            because: because.into_iter().cloned().collect(),
        })
        .collect();
    joined.sort_by(|a, b| (&a.name, &a.accounts).cmp(&(&b.name, &b.accounts)));
    joined
}

/// A name and how little it counts: by the order of those who say it.
fn stated_name<'a>(origin: &str, name: &'a str) -> (u8, &'a str) {
    match origin {
        SEI_PEOPLE => (0, name),
        CONFIGURED => (1, name),
        // a mailmap's persons have their address in their name, so that namesakes stay two
        _ if origin.starts_with(MAILMAP) => (3, name.split_once(" <").map_or(name, |(name, _)| name)),
        _ => (2, name),
    }
}

/// The name that most accounts have; of several the longest, which is the least likely to be a login.
fn own_name(members: &[&Member<'_>]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for member in members.iter().filter(|member| !member.name.is_empty()) {
        *counts.entry(member.name).or_default() += 1;
    }
    let best = counts.iter().max_by_key(|(name, count)| (**count, name.len(), std::cmp::Reverse(**name)));
    let first = || members.first().map_or("", |member| member.id.as_str());
    best.map_or_else(|| first().to_owned(), |(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests;
