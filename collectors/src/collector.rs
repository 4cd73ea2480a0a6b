//! Collecting the configured sources: once, or by their schedules. Counts each attempt and keeps what it
//! came to, so that `sei status` and monitors see which source is behind and why.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use chrono_tz::Tz;
use connector::Connector;
use connector_git::{self as git, GitError, GitSource};
use eventlog::EventLog;
use futures::FutureExt;
use kernel::Tenant;
use pull::progress::Progress;
use pull::{self, PullTarget};
use runtime::settings::Source;
use runtime::{labels, panics};
use store::source_state::{self, Attempt};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::first_attempt::{Counted, noted};
use crate::ready::Ready;
use crate::scheduler::{Job, Times};
use crate::sources::{self, ConfiguredRepository, SourceError};

/// Makes what shows the progress of a source of this name.
pub type ShowProgress = dyn Fn(&str) -> Box<dyn Progress> + Send + Sync;

/// What collecting needs.
#[derive(Clone)]
pub struct Collector {
    /// The database, for cursors and states.
    pub store: Store,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The directory for clones of remote git repositories.
    pub mirrors: PathBuf,
    /// Shows how far it has come.
    pub progress: Arc<ShowProgress>,
    /// Where the days that sources are pulled since begin.
    pub time_zone: Tz,
}

impl Collector {
    /// Collects a git repository.
    pub async fn git(
        &self,
        source: &GitSource,
        from: git::CollectFrom,
        tenant: &Tenant,
    ) -> Result<git::CollectionSummary, GitError> {
        let began = Utc::now();
        let (start, name) = (Instant::now(), git::source_name(&source.url));
        let progress = Counted::new((self.progress)(&name));
        let target = git::CollectionTarget { mirrors: &self.mirrors, tenant, log: &*self.log, progress: &progress };
        let collecting = Box::pin(async {
            // its cursors need its tables
            self.store.ensure_tenant(tenant).await?;
            git::collect(source, from, &target, &self.store, began).await
        });
        let collecting = collecting.instrument(span_of(&name, tenant));
        let store = self.store.for_tenant(tenant);
        let collected = noted(&store, &name, (began, &progress), panics::caught(collecting)).await;
        let collected = collected.unwrap_or_else(|message| Err(GitError::Ended(message)));
        let attempt = Attempt {
            began,
            fetched: collected.as_ref().map_or(0, |summary| signed(summary.commits)),
            error: collected.as_ref().err().map(|error| words(error)),
            problems: Vec::new(),
            complete: collected.is_ok(),
            budget_left: None,
            budget_resets_at: None,
        };
        self.keep(git::Git.name(), &name, tenant, &attempt, start).await;
        collected
    }

    /// Pulls a source.
    pub async fn pull(&self, ready: &Ready, from: pull::PullFrom) -> pull::PullSummary {
        let began = Utc::now();
        let (start, name, connector) = (Instant::now(), &ready.source.name, ready.connector.name());
        let progress = Counted::new((self.progress)(name));
        let tenant = &ready.source.tenant;
        let store = self.store.for_tenant(tenant);
        let target = PullTarget {
            source: name,
            connector,
            tenant,
            since: ready.source.since.map(|day| kernel::midnight(day, self.time_zone)),
            log: &*self.log,
            cursors: &store,
            progress: &progress,
        };
        let pulling = async {
            match self.store.ensure_tenant(tenant).await {
                Ok(()) => pull::run(&*ready.puller, from, &target, began).await,
                Err(error) => pull::PullSummary::failed(name, words(&error)),
            }
        };
        let pulling = pulling.instrument(span_of(name, tenant));
        let pulled = Box::pin(noted(&store, name, (began, &progress), panics::caught(pulling))).await;
        let summary = pulled.unwrap_or_else(|message| pull::PullSummary::broken_off(name, &message));
        let budget = ready.puller.budget();
        let attempt = Attempt {
            began,
            fetched: signed(summary.rows),
            error: summary.failure().map(|error| runtime::redact(&error).into_owned()),
            problems: summary.warnings().iter().map(|warning| runtime::redact(warning).into_owned()).collect(),
            complete: !summary.incomplete && summary.failure().is_none(),
            budget_left: budget.map(|left| signed(left.remaining)),
            budget_resets_at: budget.and_then(|left| left.resets_at),
        };
        self.keep(connector, name, tenant, &attempt, start).await;
        summary
    }

    /// The sources of the settings as jobs. `git_at_once` says whether git repositories are collected as
    /// soon as the jobs run; what is pulled always is. A running collection ends with the shutdown where
    /// it is: what was not acknowledged is collected again.
    pub fn jobs(
        &self,
        sources: &[Source],
        git_at_once: bool,
        shutdown: &CancellationToken,
    ) -> Result<Vec<Job>, SourceError> {
        let repositories = sources::repositories(sources)?;
        let git = repositories.into_iter().map(|repository| self.git_job(repository, git_at_once, shutdown));
        let pulls = sources::pulled(sources).map(|source| self.pull_job(source, shutdown));
        git.chain(pulls).collect()
    }

    fn git_job(
        &self,
        repository: ConfiguredRepository,
        at_once: bool,
        shutdown: &CancellationToken,
    ) -> Result<Job, SourceError> {
        let (name, timing) = (git::shown(&repository.source.url), &repository.timing);
        let times = Times::new(&timing.schedule, timing.time_zone, timing.jitter)
            .map_err(|error| SourceError::Schedule(name.clone(), error))?;
        let (this, repository, shutdown) = (self.clone(), Arc::new(repository), shutdown.clone());
        Ok(Job::new(name, times, at_once, move || {
            let (this, repository, shutdown) = (this.clone(), Arc::clone(&repository), shutdown.clone());
            async move {
                let source = &repository.source;
                let collected = this.git(source, git::CollectFrom::Cursor, &repository.tenant).boxed();
                match shutdown.run_until_cancelled(collected).await {
                    Some(Ok(summary)) if summary.changed => {
                        let (commits, changes) = (summary.commits, summary.changes);
                        tracing::info!(source.name = summary.repository.as_str(), commits, changes, "collected");
                        for warning in &summary.warnings {
                            tracing::warn!(
                                source.name = summary.repository.as_str(),
                                warning,
                                "found while collecting"
                            );
                        }
                    }
                    Some(Err(error)) => {
                        let error = words(&error);
                        tracing::error!(source.name = git::shown(&source.url), error, "could not be collected");
                    }
                    Some(Ok(_)) | None => {}
                }
            }
            .boxed()
        }))
    }

    fn pull_job(&self, source: &Source, shutdown: &CancellationToken) -> Result<Job, SourceError> {
        let name = source.full_name();
        let wrong = |error| SourceError::Open(name.clone(), error);
        let timing = sources::timing(source).map_err(wrong)?;
        let times = Times::new(&timing.schedule, timing.time_zone, timing.jitter)
            .map_err(|error| SourceError::Schedule(name.clone(), error))?;
        let ready = Arc::new(Ready::new(source).map_err(wrong)?);
        let (this, shutdown) = (self.clone(), shutdown.clone());
        Ok(Job::new(name, times, true, move || {
            let (this, ready, shutdown) = (this.clone(), Arc::clone(&ready), shutdown.clone());
            async move {
                let pulled = this.pull(&ready, pull::PullFrom::Cursor);
                let Some(summary) = shutdown.run_until_cancelled(Box::pin(pulled)).await else { return };
                for problem in &summary.problems {
                    let (stream, error) = (problem.stream.as_deref(), &problem.error);
                    if problem.expected {
                        tracing::debug!(source.name = summary.source, stream, error, "left out");
                    } else if problem.warning {
                        tracing::warn!(source.name = summary.source, stream, error, "skipped");
                    } else {
                        tracing::error!(source.name = summary.source, stream, error, "could not be pulled");
                    }
                }
                tracing::info!(source.name = summary.source, rows = summary.rows, pages = summary.pages, "pulled");
            }
            .boxed()
        }))
    }

    /// Counts an attempt and keeps what it came to. That the database does not take the latter is no
    /// reason to collect again.
    async fn keep(&self, connector: &'static str, name: &str, tenant: &Tenant, attempt: &Attempt, start: Instant) {
        let metrics = runtime::metrics();
        let ok = attempt.error.is_none();
        metrics.collections.get_or_create(&labels::Worked { connector, ok }).inc();
        metrics.collect_seconds.get_or_create(&labels::Connector { connector }).observe(start.elapsed().as_secs_f64());
        let label = labels::Source { source: name.to_owned(), tenant: tenant.to_string() };
        if ok {
            metrics.source_last_success.get_or_create(&label).set(Utc::now().timestamp());
        }
        if attempt.complete {
            metrics.source_complete_until.get_or_create(&label).set(attempt.began.timestamp());
        }
        if let Some(left) = attempt.budget_left {
            metrics.source_budget_left.get_or_create(&label).set(left);
        }
        let saved: Result<(), StoreError> = source_state::save(&self.store.for_tenant(tenant), name, attempt).await;
        if let Err(error) = saved {
            tracing::warn!(source.name = name, error = words(&error), "its state can't be kept");
        }
    }
}

/// The span of a collection. What is collected goes on with its trace.
fn span_of(name: &str, tenant: &Tenant) -> Span {
    runtime::exported_span!("collection", source.name = name, %tenant)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An error with its causes, as it may be shown.
fn words(error: &dyn std::error::Error) -> String {
    runtime::redact(&runtime::with_causes(error)).into_owned()
}
