//! Changes that reached production.

use chrono::{DateTime, Utc};
use kernel::ChangeMetric;
use sqlx::postgres::PgRow;

use super::page::{Range, TimeKey};
use super::row::Row;
use crate::{Store, StoreError, StoreTx};

/// Which changes; everything that is `None` is left open.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// Of these services.
    pub services: Option<Vec<String>>,
    /// Carried by this deployment.
    pub deployment: Option<String>,
    /// Deployed at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Deployed before this time.
    pub to: Option<DateTime<Utc>>,
}

macro_rules! select_changes {
    ($rest:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            ChangeRow,
            r#"select m.service as "service!", m.change as "change!", m.is_commit as "is_commit!",
                      m.deployment as "deployment!", m.deployed_at as "deployed_at!", m.repository as "repository!",
                      m.title as "title!", m.author as "author?", m.bot as "bot!", m.commits as "commits!",
                      m.started_at as "started_at?", m.opened_at as "opened_at?", m.ready_at as "ready_at?",
                      m.first_review_at as "first_review_at?", m.approved_at as "approved_at?",
                      m.merged_at as "merged_at?", m.coding_us as "coding_us?", m.pickup_us as "pickup_us?",
                      m.review_us as "review_us?", m.approval_us as "approval_us?", m.deploy_us as "deploy_us?",
                      m.lead_time_us as "lead_time_us?", m.excluded as "excluded!"
                 from "# + $rest,
            $($argument),+
        )
    };
}

/// Changes (and direct commits) that reached production, newest deployment first; at most
/// `limit`, after `after`.
pub async fn changes(
    store: &Store,
    filter: &ChangeFilter,
    after: Option<&TimeKey>,
    limit: u32,
) -> Result<Vec<ChangeMetric>, StoreError> {
    let Range { from, before } = Range::new(filter.from, filter.to, after);
    let limit = i64::from(limit);
    let rows = if let Some(deployment) = &filter.deployment {
        // What one deployment carried has one time: either all of it is in the window or nothing, and the rest
        // of the order is the order.
        let mut rows = select_changes!(
            "change_metric m
              where m.deployment = $1 and ($2 = '' or (m.service, m.change) < ($2, $3))
                and ($4::text[] is null or m.service = any($4))
              order by m.service desc, m.change desc limit $5",
            deployment,
            before.service,
            before.id,
            filter.services.as_deref(),
            limit
        )
        .fetch_all(store.pool())
        .await?;
        rows.retain(|row| {
            filter.from.is_none_or(|from| row.deployed_at >= from) && filter.to.is_none_or(|to| row.deployed_at < to)
        });
        rows
    } else if let Some(among) = &filter.services {
        select_changes!(
            "(select one.among,
                     case when one.among < $3 then $2::timestamptz + interval '1 microsecond' else $2 end as before_at,
                     case when one.among = $3 then $4 else '' end as before_id
                from unnest($1::text[]) as one(among)) s
             cross join lateral (
                 select * from change_metric c
                  where (c.service, c.deployed_at, c.change) < (s.among, s.before_at, s.before_id)
                    and (c.service, c.deployed_at) >= (s.among, $5)
                  order by c.service desc, c.deployed_at desc, c.change desc limit $6) m
             order by m.deployed_at desc, m.service desc, m.change desc limit $6",
            among,
            before.at,
            before.service,
            before.id,
            from,
            limit
        )
        .fetch_all(store.pool())
        .await?
    } else {
        select_changes!(
            "change_metric m
              where (m.deployed_at, m.service, m.change) < ($1, $2, $3) and m.deployed_at >= $4
              order by m.deployed_at desc, m.service desc, m.change desc limit $5",
            before.at,
            before.service,
            before.id,
            from,
            limit
        )
        .fetch_all(store.pool())
        .await?
    };
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The rows of changes of some services.
pub(crate) async fn of_changes(
    tx: &mut StoreTx,
    services: &[String],
    changes: &[String],
) -> Result<Vec<ChangeMetric>, StoreError> {
    let rows = select_changes!(
        "change_metric m where m.change = any($2) and m.service = any($1) and not m.is_commit",
        services,
        changes
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

#[derive(sqlx::FromRow)]
struct ChangeRow {
    service: String,
    change: String,
    is_commit: bool,
    deployment: String,
    deployed_at: DateTime<Utc>,
    repository: String,
    title: String,
    author: Option<String>,
    bot: bool,
    commits: i32,
    started_at: Option<DateTime<Utc>>,
    opened_at: Option<DateTime<Utc>>,
    ready_at: Option<DateTime<Utc>>,
    first_review_at: Option<DateTime<Utc>>,
    approved_at: Option<DateTime<Utc>>,
    merged_at: Option<DateTime<Utc>>,
    coding_us: Option<i64>,
    pickup_us: Option<i64>,
    review_us: Option<i64>,
    approval_us: Option<i64>,
    deploy_us: Option<i64>,
    lead_time_us: Option<i64>,
    excluded: bool,
}

impl From<ChangeRow> for ChangeMetric {
    fn from(row: ChangeRow) -> Self {
        Self {
            service: row.service,
            change: row.change.into(),
            is_commit: row.is_commit,
            deployment: row.deployment.into(),
            deployed_at: row.deployed_at,
            repository: row.repository.into(),
            title: row.title,
            author: row.author.map(Into::into),
            bot: row.bot,
            commits: row.commits,
            started_at: row.started_at,
            opened_at: row.opened_at,
            ready_at: row.ready_at,
            first_review_at: row.first_review_at,
            approved_at: row.approved_at,
            merged_at: row.merged_at,
            coding_us: row.coding_us,
            pickup_us: row.pickup_us,
            review_us: row.review_us,
            approval_us: row.approval_us,
            deploy_us: row.deploy_us,
            lead_time_us: row.lead_time_us,
            excluded: row.excluded,
        }
    }
}

impl Row for ChangeMetric {
    fn columns() -> String {
        "t.service, t.change, t.is_commit, t.deployment, t.deployed_at, t.repository, t.title, t.author, t.bot, \
         t.commits, t.started_at, t.opened_at, t.ready_at, t.first_review_at, t.approved_at, t.merged_at, t.coding_us, \
         t.pickup_us, t.review_us, t.approval_us, t.deploy_us, t.lead_time_us, t.excluded"
            .to_owned()
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        Ok(<ChangeRow as sqlx::FromRow<'_, PgRow>>::from_row(row)?.into())
    }
}
