//! Collecting what is new in a repository.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use eventlog::EventLog;
use gix::ThreadSafeRepository;
use kernel::{Envelope, Sha, Tenant};
use pull::progress::Progress;
use regex::Regex;
use serde_json::Value;
use store::Store;
use tokio::sync::mpsc;
use xxhash_rust::xxh3::xxh3_128;

use super::cursor::{self, Cursor, Wanted};
use super::error::GitError;
use super::location::Location;
use super::plan::{Plan, Standing};
use super::produce::{Encoded, Found};
use super::refs::Refs;
use super::summary::{self, CollectionSummary};
use super::walk::Walker;
use super::{mailmap_file, open, plan, produce};
use crate::mailmap::Mailmap;
use crate::page::PageRepository;
use crate::settings::GitSource;
use crate::{mailmap, normalize};

/// How long collecting one repository may take. The largest public ones take minutes.
const MAX_DURATION: Duration = Duration::from_hours(12);

/// Where a collection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectFrom {
    /// Where the last one ended.
    Cursor,
    /// At the beginning: everything is reported again, which changes no row that was right.
    Start,
}

/// Where what is collected goes.
pub struct CollectionTarget<'a> {
    /// The directory for clones of remote repositories; a local repository is only read.
    pub mirrors: &'a Path,
    /// Whose events they are.
    pub tenant: &'a Tenant,
    /// The log.
    pub log: &'a dyn EventLog,
    /// Receives the progress.
    pub progress: &'a dyn Progress,
}

/// Collects what is new in a repository and appends it to the event log.
///
/// `now` is the time of this observation. When this returns, the log has acknowledged everything and the cursor
/// is saved.
pub async fn collect(
    source: &GitSource,
    from: CollectFrom,
    target: &CollectionTarget<'_>,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<CollectionSummary, GitError> {
    let started = Instant::now();
    let whole = async {
        let opened = Opened::new(source, target).await?;
        let store = store.for_tenant(target.tenant);
        let key = opened.source();
        let cursor = match from {
            CollectFrom::Cursor => store::cursors::load(&store, &key).await?,
            CollectFrom::Start => None,
        };
        let (mut summary, cursor) = opened.append_new(cursor, target, now).await?;
        if let Some(cursor) = cursor {
            store::cursors::save(&store, &key, &cursor).await?;
        }
        summary.elapsed = started.elapsed();
        Ok(summary)
    };
    match tokio::time::timeout(MAX_DURATION, whole).await {
        Ok(collected) => collected,
        Err(_) => Err(GitError::TooLong { repository: shown(&source.url), hours: MAX_DURATION.as_secs() / 3_600 }),
    }
}

/// The same without a store: `cursor` is what the last collection returned. Returns the next cursor, if it
/// moved.
pub async fn collect_since(
    source: &GitSource,
    target: &CollectionTarget<'_>,
    cursor: Option<Value>,
    now: DateTime<Utc>,
) -> Result<(CollectionSummary, Option<Value>), GitError> {
    Opened::new(source, target).await?.append_new(cursor, target, now).await
}

/// Asks whether the repository of an address can be read with the credentials that there are. Changes nothing.
pub async fn reach(url: &str) -> Result<(), GitError> {
    match Location::parse(url)? {
        Location::Remote(remote) => super::mirror::reach(&remote).await,
        Location::Local(path) if path.join(".git").exists() || path.join("HEAD").is_file() => Ok(()),
        location @ Location::Local(_) => Err(GitError::Setting {
            repository: location.shown(),
            problem: "there is no git repository that this user may read".to_owned(),
        }),
    }
}

/// The address of a repository as it may be shown: without credentials.
#[must_use]
pub fn shown(url: &str) -> String {
    Location::parse(url).map_or_else(|_| "an address that can't be read".to_owned(), |location| location.shown())
}

/// What the names of git's sources begin with; the rest is an address, or of a cursor and of events the repository.
const SOURCE: &str = "git/";

/// The name of the source that has this address.
#[must_use]
pub fn source_name(url: &str) -> String {
    format!("{SOURCE}{}", shown(url))
}

/// The address that the name of a source of git's holds.
#[must_use]
pub fn source_address(name: &str) -> Option<&str> {
    name.strip_prefix(SOURCE)
}

/// Where the repository of an address is mirrored; `None` for a path, which is read where it is.
#[must_use]
pub fn mirror(url: &str, mirrors: &Path) -> Option<PathBuf> {
    match Location::parse(url).ok()? {
        Location::Local(_) => None,
        Location::Remote(remote) => Some(super::mirror::directory(mirrors, &remote)),
    }
}

/// The result of reading, when all pages are sent.
struct Reading {
    summary: CollectionSummary,
    /// The next cursor, if it moved.
    next: Option<Value>,
    /// The mailmap as an event's bytes, if it is another one.
    mailmap: Option<Vec<u8>>,
}

/// A repository, ready to be read.
struct Opened {
    /// As it may be shown.
    shown: String,
    repository: ThreadSafeRepository,
    identity: PageRepository,
    wanted: Wanted,
    tag_pattern: Regex,
    /// Of the mirror, until it has been read.
    _lock: Option<File>,
}

impl Opened {
    async fn new(source: &GitSource, target: &CollectionTarget<'_>) -> Result<Self, GitError> {
        let location = Location::parse(&source.url)?;
        let shown = location.shown();
        let tag_pattern = Regex::new(&source.tag_pattern).map_err(|error| GitError::Setting {
            repository: shown.clone(),
            problem: format!("`tag_pattern` is no regular expression: {error}"),
        })?;
        let (path, url, lock) = match location {
            Location::Local(path) => (path, None, None),
            Location::Remote(remote) => {
                let mirror = super::mirror::fetch(&remote, target.mirrors, target.progress).await?;
                (mirror.directory, Some(remote.url), Some(mirror.lock))
            }
        };
        let wanted = Wanted {
            tag_pattern: source.tag_pattern.clone(),
            line_counts: source.line_counts,
            deployment_branch: source.deployment_branch.clone().filter(|name| !name.is_empty()),
        };
        let configured = source.repository.clone();
        let opened = blocking(&shown, move |shown| {
            Self::open(shown, &path, configured.as_deref(), url.as_deref(), wanted, tag_pattern)
        });
        Ok(Self { _lock: lock, ..opened.await?? })
    }

    fn open(
        shown: String,
        path: &Path,
        configured: Option<&str>,
        url: Option<&str>,
        wanted: Wanted,
        tag_pattern: Regex,
    ) -> Result<Self, GitError> {
        let repository = open::open(path)?;
        let identity = open::identify(&repository.to_thread_local(), configured, url);
        Ok(Self { shown, repository, identity, wanted, tag_pattern, _lock: None })
    }

    /// The name of this source: of its cursor and its events.
    fn source(&self) -> String {
        format!("{SOURCE}{}", self.identity.id)
    }

    /// Appends what is new since the cursor.
    async fn append_new(
        self,
        cursor: Option<Value>,
        target: &CollectionTarget<'_>,
        now: DateTime<Utc>,
    ) -> Result<(CollectionSummary, Option<Value>), GitError> {
        let started = Instant::now();
        let source = self.source();
        let subject = self.identity.id.clone();
        let shown = self.shown.clone();
        target.progress.stage("Collecting commits", None);
        let (pages, mut received) = mpsc::channel(8);
        let cursor = cursor.and_then(|cursor| Cursor::read(cursor, &source));
        let reading = blocking(&shown, move |_| self.read(cursor.as_ref(), now, &pages));
        let event = |kind: &str, data: Vec<u8>| Envelope {
            id: format!("{:032x}", xxh3_128(&data)),
            source: source.clone(),
            kind: kind.to_owned(),
            subject: Some(subject.to_string()),
            time: now,
            tenant: target.tenant.clone(),
            key: subject.to_string(),
            content_type: "application/json".to_owned(),
            data: data.into(),
            traceparent: None,
        };
        let append = async {
            let mut batch: Vec<Encoded> = Vec::new();
            while received.recv_many(&mut batch, 8).await > 0 {
                let commits = batch.iter().map(|page| page.commits).sum();
                let events = batch.drain(..).map(|page| event(normalize::KIND, page.data));
                pull::append(target.log, events.collect()).await?;
                target.progress.advance(commits);
            }
            Ok(())
        };
        // when the log fails, its side of the channel is dropped, which ends the reading
        let (Reading { mut summary, next, mailmap }, ()) = tokio::try_join!(async { reading.await? }, append)?;
        if let Some(mailmap) = mailmap {
            pull::append(target.log, vec![event(mailmap::KIND, mailmap)]).await?;
        }
        summary.elapsed = started.elapsed();
        Ok((summary, next))
    }

    /// Reads what is new since the cursor into pages.
    fn read(
        self,
        old: Option<&Cursor>,
        now: DateTime<Utc>,
        pages: &mpsc::Sender<Encoded>,
    ) -> Result<Reading, GitError> {
        // a cause would show what is in the repository's files
        let broken = |problem: &str| GitError::Broken {
            repository: self.shown.clone(),
            problem: problem.to_owned(),
            cause: None,
        };
        let repository = self.repository.to_thread_local();
        let refs = Refs::read(&repository, |name, direct| old.and_then(|old| old.known_tag(name, direct)))
            .map_err(|_| broken("its branches and tags can't be listed"))?;
        let shallow = repository.shallow_commits().map_err(|_| broken("its `shallow` file is damaged"))?;
        let shallow: HashSet<_> = shallow.iter().flat_map(|commits| commits.iter().copied()).collect();
        let mut cut: Vec<String> = shallow.iter().map(ToString::to_string).collect();
        cut.sort_unstable();
        let mut walker = Walker::new(repository, shallow);
        if let Some((name, tip)) = &refs.default
            && !walker.is_commit(*tip)
        {
            return Err(GitError::Broken {
                repository: self.shown,
                problem: format!("the tip of its default branch `{name}`, {tip}, is missing or damaged"),
                cause: None,
            });
        }
        let mut identity = self.identity.clone();
        identity.default_branch = refs.default.as_ref().map(|(name, _)| name.clone());
        identity.default_branch_tip = refs.default.as_ref().and_then(|(_, tip)| Sha::from_bytes(tip.as_bytes()).ok());
        identity.partial = !cut.is_empty();
        let standing = Standing {
            repository: identity,
            refs: &refs,
            shallow: cut,
            mailmap: refs.default.as_ref().and_then(|(_, tip)| mailmap_file::find(walker.repository(), *tip)),
            wanted: &self.wanted,
            tag_pattern: &self.tag_pattern,
        };
        let mut plan = plan::plan(standing, old, &mut walker, now.timestamp_micros());
        walker.unreadable.clear();
        let found =
            if plan.changed { produce::produce(&self.repository, &mut walker, &plan, pages) } else { Found::default() };
        for id in &found.unreadable {
            plan.next.unreadable.push(id.to_string());
        }
        plan.next.unreadable.sort_unstable();
        plan.next.unreadable.dedup();
        let unwritten = |error: serde_json::Error| GitError::Broken {
            repository: self.shown.clone(),
            problem: "its refs can't be kept as JSON".to_owned(),
            cause: Some(error.into()),
        };
        let mailmap = changed_mailmap(&plan, old, walker.repository());
        let mailmap = mailmap.map(|mailmap| serde_json::to_vec(&mailmap)).transpose().map_err(unwritten)?;
        let next = (plan.moved || plan.changed).then(|| serde_json::to_value(&plan.next)).transpose();
        let next = next.map_err(unwritten)?;
        Ok(Reading { summary: summary::summary(&refs, plan, &found), next, mailmap })
    }
}

/// The mailmap, if it is not the one that was reported.
fn changed_mailmap(plan: &Plan, old: Option<&Cursor>, repository: &gix::Repository) -> Option<Mailmap> {
    let before = old.and_then(|old| old.mailmap.as_deref());
    let now = plan.next.mailmap.as_deref();
    let text = |hex: Option<&str>| mailmap_file::read(repository, cursor::parse(hex?)?);
    (before != now).then(|| Mailmap {
        repository: plan.frame.repository.id.clone(),
        observed: plan.frame.observed,
        before: text(before),
        now: text(now),
    })
}

/// Runs work that reads files on a thread for that. Should it panic on a damaged repository, that is an error.
async fn blocking<T: Send + 'static>(
    shown: &str,
    work: impl FnOnce(String) -> T + Send + 'static,
) -> Result<T, GitError> {
    let name = shown.to_owned();
    tokio::task::spawn_blocking(move || work(name)).await.map_err(|error| GitError::Broken {
        repository: shown.to_owned(),
        problem: "reading it came to an unexpected end".to_owned(),
        cause: Some(error.into()),
    })
}
