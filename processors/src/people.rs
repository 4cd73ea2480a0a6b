//! What is done about people once a day: those who did nothing for as long as the settings say are pseudonymized, and
//! those who were erased or pseudonymized before are replaced in the raw events that arrived since.
//!
//! Promises: people whom the settings or a team name, and those who log in, keep their names; so does a person whose name
//! or address another one has as well, as far as that goes. What fails is tried again an hour later.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use eventlog::settings::{Log, LogKind};
use kernel::AccountId;
use kernel::people::{CONFIGURED, JoinedPerson, join};
use kernel::pseudonyms::{Identifier, IdentifierKind, Needles, Tombstone, identifiers, is_pseudonymous, names_of};
use serde_json::json;
use store::audit::{self, Action, Actor, Entry};
use store::people::{self, Known};
use store::pseudonyms::{self, Treatment};
use store::segments::Rewrite;
use store::{Store, StoreError, computation_queue, facts};
use tokio_util::sync::CancellationToken;

use crate::{ProcessError, personal};

/// How often it is looked whether something is due …
const LOOK: Duration = Duration::from_hours(1);
/// … and after which time it is.
const DUE: TimeDelta = TimeDelta::hours(24);
/// What arrived may be marked with a time that is earlier than when it could be read.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// People of a tenant who are pseudonymized at once, at most: while their rows are replaced no event is processed.
const MOST: usize = 100;

/// Does that for the people of all tenants.
#[derive(Clone, Debug)]
pub struct PeopleKeeper {
    store: Store,
    log: Log,
    /// After which time without activity people are pseudonymized.
    retention: Option<Duration>,
}

/// A person who is to be pseudonymized.
struct Inactive<'k> {
    person: &'k JoinedPerson,
    identifiers: BTreeSet<Identifier>,
}

impl PeopleKeeper {
    /// On a database and a log.
    #[must_use]
    pub fn new(store: &Store, log: &Log, retention: Option<Duration>) -> Self {
        Self { store: store.clone(), log: log.clone(), retention }
    }

    /// Works until the end.
    pub(crate) async fn run(&self, end: CancellationToken) {
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                looked = self.look() => if let Err(error) = looked {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "people could not be pseudonymized, or not in raw events; it is tried again in an hour");
                },
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Does what is due. Fails with the first failure, after all tenants were tried.
    pub async fn look(&self) -> Result<(), ProcessError> {
        let mut failed = None;
        for info in self.store.tenants().await? {
            if let Err(error) = self.of_tenant(&self.store.for_tenant(&info.tenant)).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn of_tenant(&self, store: &Store) -> Result<(), ProcessError> {
        let now = Utc::now();
        let mut tx = store.begin().await?;
        let before = pseudonyms::reapplied_at(&mut tx).await?;
        tx.rollback().await?;
        if before.is_some_and(|before| now - before < DUE) {
            return Ok(());
        }
        let pseudonymized = match self.retention {
            Some(age) => pseudonymize(store, now, age).await?,
            None => 0,
        };
        if before.is_none() {
            // it may have been restored from a backup, with rows from before people were erased
            personal::reapply(store).await?;
        }
        let since = before.map(|before| before - OVERLAP).filter(|_| pseudonymized == 0);
        self.reapply(store, since).await?;
        let mut tx = store.begin().await?;
        pseudonyms::set_reapplied(&mut tx, now).await?;
        Ok(tx.commit().await?)
    }

    /// Replaces people in the raw events that were appended from a time on.
    async fn reapply(&self, store: &Store, since: Option<DateTime<Utc>>) -> Result<(), ProcessError> {
        // Kafka's log can't be written again
        if self.log.kind != LogKind::Embedded {
            return Ok(());
        }
        let mut tx = store.begin().await?;
        let known = pseudonyms::all(&mut tx).await?;
        tx.rollback().await?;
        if known.is_empty() {
            return Ok(());
        }
        let edit = personal::edit(known, Needles::of_anyone());
        let done = eventlog::personal::rewrite(&self.log, store, edit, Rewrite { since, dry_run: false }).await?;
        if done.rewritten > 0 {
            tracing::info!(tenant = %store.tenant(), events = done.rewritten, "people were replaced in raw events");
        }
        Ok(())
    }
}

/// Pseudonymizes people who did nothing for a time, those who did nothing for longest first. Returns how many.
async fn pseudonymize(store: &Store, now: DateTime<Utc>, age: Duration) -> Result<usize, ProcessError> {
    let before = TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age));
    let Some(before) = before else { return Ok(0) };
    let known = people::with_teams_and_users(store).await?;
    let joined = join(&known.accounts, &known.persons);
    let inactive = inactive(store, (&known, &joined), before).await?;
    if inactive.is_empty() {
        return Ok(0);
    }
    let all: BTreeSet<Identifier> = inactive.iter().flat_map(|one| one.identifiers.iter().cloned()).collect();
    let mut tx = store.begin().await?;
    // no computation writes what is replaced here
    computation_queue::stop_all(&mut tx).await?;
    let (pseudonyms, _) = pseudonyms::add(&mut tx, &all, Treatment::Pseudonymized).await?;
    let tables = personal::tables(&mut tx, &pseudonyms, &Needles::of(&all)).await?;
    let key = pseudonyms::key(&mut tx).await?;
    let (mut statements, mut subjects) = (Vec::new(), Vec::new());
    for Inactive { person, identifiers } in &inactive {
        let tombstones: Vec<_> = identifiers.iter().map(|identifier| key.tombstone(identifier, false)).collect();
        statements.extend(personal::still_joined(person, identifiers, &tombstones));
        subjects.extend(tombstones.first().map(Tombstone::pseudonym));
    }
    facts::write(&mut tx, &statements).await?;
    for subject in subjects {
        let entry = Entry::new(Actor::sei(), Action::PersonPseudonymized, subject).of(store.tenant());
        audit::record(&mut tx, &entry.with(json!({ "by": "retention.people" }))).await?;
    }
    let detail = json!({ "people": inactive.len(), "rows": personal::rows(&tables) });
    let entry = Entry::new(Actor::sei(), Action::RetentionApplied, "people").of(store.tenant());
    audit::record(&mut tx, &entry.with(detail)).await?;
    tx.commit().await?;
    tracing::info!(tenant = %store.tenant(), people = inactive.len(), "people who did nothing for long were pseudonymized");
    Ok(inactive.len())
}

/// The people who did nothing from a time on, and whom nothing keeps.
async fn inactive<'k>(
    store: &Store,
    (known, joined): (&'k Known, &'k [JoinedPerson]),
    before: DateTime<Utc>,
) -> Result<Vec<Inactive<'k>>, StoreError> {
    let activity = people::last_activity(store).await?;
    let logins = people::login_addresses(store).await?;
    // of who did nothing that is known, when the account was reported
    let reported: HashMap<&AccountId, DateTime<Utc>> =
        known.accounts.iter().map(|account| (&account.id, account.version.at)).collect();
    let last = |person: &JoinedPerson| {
        let did = person.accounts.iter().filter_map(|id| activity.get(id)).max();
        did.or_else(|| person.accounts.iter().filter_map(|id| reported.get(id)).max()).copied()
    };
    let mut kept: BTreeSet<&AccountId> = known.members.iter().map(|member| &member.account).collect();
    kept.extend(known.users.iter().map(|(_, account)| account));
    let configured = || known.persons.iter().filter(|stated| stated.origin == CONFIGURED && !stated.deleted);
    kept.extend(configured().flat_map(|stated| &stated.accounts));
    let addresses: BTreeSet<&String> = configured().flat_map(|stated| &stated.emails).chain(&logins).collect();
    let is_kept = |person: &JoinedPerson| {
        person.bot
            || person.accounts.iter().all(is_pseudonymous)
            || person.accounts.iter().any(|id| kept.contains(id))
            || person.emails.iter().any(|address| addresses.contains(&address.to_lowercase()))
    };
    let mut gone: Vec<(DateTime<Utc>, &JoinedPerson)> = joined
        .iter()
        .filter(|&person| !is_kept(person))
        .filter_map(|person| Some((last(person).filter(|at| *at < before)?, person)))
        .collect();
    gone.sort_unstable_by_key(|(at, _)| *at);
    gone.truncate(MOST);
    let accounts: BTreeSet<&AccountId> = gone.iter().flat_map(|(_, person)| &person.accounts).collect();
    let others = names_of(&known.accounts, &known.persons, &accounts);
    let identified = |(_, person): (DateTime<Utc>, &'k JoinedPerson)| {
        let mut identifiers = identifiers(person, &known.accounts, &known.persons);
        identifiers.retain(|identifier| identifier.kind == IdentifierKind::Account || !others.contains(identifier));
        Inactive { person, identifiers }
    };
    Ok(gone.into_iter().map(identified).collect())
}
