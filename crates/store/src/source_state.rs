//! How the last attempts to collect each source went, for people and monitors. Nothing depends on it:
//! where the next attempt begins is for cursors to say.

use chrono::{DateTime, Utc};

use crate::feed::{self, Kind, SourceHealth};
use crate::{Store, StoreError};

/// What an attempt to collect a source came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub began: DateTime<Utc>,
    /// Number of fetched rows, or commits.
    pub fetched: i64,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// What it went on past: things that could not be fetched.
    pub problems: Vec<String>,
    /// Whether all that the source had when it began was read.
    pub complete: bool,
    /// The remaining rate budget, if the source reports it.
    pub budget_left: Option<i64>,
    /// When that is renewed.
    pub budget_resets_at: Option<DateTime<Utc>>,
}

/// How a source stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// The connector and the configured name: `github/main`.
    pub source: String,
    /// When it was tried last.
    pub attempted_at: DateTime<Utc>,
    /// When it worked last.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// When the last attempt had begun that read everything: all that happened before is known.
    pub complete_until: Option<DateTime<Utc>>,
    /// Number of rows, or commits, that the last attempt fetched.
    pub fetched: i64,
    /// When it failed last.
    pub failed_at: Option<DateTime<Utc>>,
    /// Why, if it has not worked since.
    pub error: Option<String>,
    /// What the last attempt went on past: things that could not be fetched, and are asked for again.
    pub problems: Vec<String>,
    /// When one of its cursors was saved last.
    pub cursor_saved_at: Option<DateTime<Utc>>,
    /// The remaining rate budget, as last reported by the source.
    pub budget_left: Option<i64>,
    /// When that is renewed.
    pub budget_resets_at: Option<DateTime<Utc>>,
}

impl SourceState {
    /// How it stands; `None` while its first attempt runs.
    #[must_use]
    pub fn health(&self) -> Option<SourceHealth> {
        self.succeeded_at.or(self.failed_at)?;
        Some(match (&self.error, self.problems.is_empty()) {
            (Some(_), _) => SourceHealth::Failing,
            (None, false) => SourceHealth::Partial,
            (None, true) => SourceHealth::Ok,
        })
    }
}

impl Attempt {
    /// How the source stands after it.
    fn health(&self) -> SourceHealth {
        match (&self.error, self.problems.is_empty()) {
            (Some(_), _) => SourceHealth::Failing,
            (None, false) => SourceHealth::Partial,
            (None, true) => SourceHealth::Ok,
        }
    }
}

/// Keeps what an attempt came to. That a source stands otherwise than before is news.
pub async fn save(store: &Store, source: &str, attempt: &Attempt) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    sqlx::query!(
        "with before as (
             select case when error is not null then 'failing' when problems <> '{}' then 'partial' else 'ok' end as state
             from source_state where source = $1 and (succeeded_at is not null or failed_at is not null)
         )
         insert into feed (kind, subject, detail)
         select $2, $1, jsonb_build_object('state', $3::text, 'error', $4::text)
         where not exists (select from before where state = $3)",
        source,
        Kind::Source.as_str(),
        attempt.health().as_str(),
        attempt.error,
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into source_state as kept (source, attempted_at, succeeded_at, complete_until, fetched, failed_at, error,
                                           budget_left, budget_resets_at, problems)
         values ($1, now(), case when $4::text is null then now() end, case when $8::boolean then $2::timestamptz end,
                 $3, case when $4::text is not null then now() end, $4, $5, $6, $7)
         on conflict (source) do update set
             attempted_at = excluded.attempted_at,
             succeeded_at = coalesce(excluded.succeeded_at, kept.succeeded_at),
             complete_until = coalesce(excluded.complete_until, kept.complete_until),
             fetched = excluded.fetched,
             failed_at = coalesce(excluded.failed_at, kept.failed_at),
             error = excluded.error,
             budget_left = excluded.budget_left,
             budget_resets_at = excluded.budget_resets_at,
             problems = excluded.problems",
        source,
        attempt.began,
        attempt.fetched,
        attempt.error,
        attempt.budget_left,
        attempt.budget_resets_at,
        &attempt.problems,
        attempt.complete,
    )
    .execute(tx.connection())
    .await?;
    feed::prune(&mut tx).await?;
    tx.commit().await
}

/// Keeps how far the first attempt has come that does not end at once. What is known of one that has ended stays.
pub async fn note_first(store: &Store, source: &str, began: DateTime<Utc>, fetched: i64) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into source_state as kept (source, attempted_at, fetched) values ($1, $2, $3)
         on conflict (source) do update set attempted_at = excluded.attempted_at, fetched = excluded.fetched
         where kept.succeeded_at is null and kept.failed_at is null",
        source,
        began,
        fetched,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Every source that was ever tried, by name.
pub async fn all(store: &Store) -> Result<Vec<SourceState>, StoreError> {
    let states = sqlx::query_as!(
        SourceState,
        "select source, attempted_at, succeeded_at, complete_until, fetched, failed_at, error,
                (select max(saved_at) from cursor
                  where cursor.source = source_state.source or starts_with(cursor.source, source_state.source || '/'))
                    as cursor_saved_at,
                budget_left, budget_resets_at, problems
           from source_state order by source"
    );
    Ok(states.fetch_all(store.pool()).await?)
}
