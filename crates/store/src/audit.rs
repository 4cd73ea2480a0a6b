//! The audit log: who did what, append-only and hash-chained.
//!
//! Promises: an entry is written in the transaction of what it is about, or not at all; ids have no gaps and follow the
//! order of commits, since the row of `audit_head` is locked from when an entry is added until that commits; each entry
//! holds the hash of the one before it, so that a later change of any of them is found by [`verify`]. Who may read it is
//! left to the API.
//!
//! That the newest entries were deleted, together with the end of the chain, is found only by those who kept the hash
//! of one of them elsewhere: `sei audit verify` prints it, and takes it.

mod append;
mod entry;
mod retention;
mod settings;
mod verify;

pub(crate) use append::add;
pub use append::{record, record_alone};
pub use entry::{Action, Actor, ActorKind, Entry, Recorded};
pub use retention::{RETAIN_BATCH, retain};
pub use settings::note_settings;
pub use verify::{Broken, ChainEnd, VerifiedChain, verify};

use chrono::{DateTime, Utc};
use kernel::Tenant;
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder};

use self::entry::{COLUMNS, Row};
use crate::text::clean;
use crate::{Store, StoreError};

/// Which entries are listed.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only those about this tenant.
    pub tenant: Option<Tenant>,
    /// With those of the tenant also those that belong to no tenant.
    pub of_no_tenant: bool,
    /// Only those of the actor with this id.
    pub actor: Option<String>,
    /// Only those of this action.
    pub action: Option<Action>,
    /// Only those about this subject.
    pub subject: Option<String>,
    /// Only those from then on.
    pub from: Option<DateTime<Utc>>,
    /// Only those before then.
    pub to: Option<DateTime<Utc>>,
}

/// In which order entries are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// Entries after the one with the id `after`, at most `limit`.
pub async fn list(
    store: &Store,
    filter: &AuditFilter,
    order: Order,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<Recorded>, StoreError> {
    let mut statement = QueryBuilder::<Postgres>::new(format!("select {COLUMNS} from audit where true"));
    let (next, direction) = match order {
        Order::Newest => (" and id < ", " order by id desc limit "),
        Order::Oldest => (" and id > ", " order by id limit "),
    };
    if let Some(after) = after {
        statement.push(next).push_bind(after);
    }
    if let Some(tenant) = &filter.tenant {
        statement.push(" and (tenant = ").push_bind(tenant.to_string());
        statement.push(if filter.of_no_tenant { " or tenant is null)" } else { ")" });
    }
    if let Some(actor) = &filter.actor {
        statement.push(" and actor_id = ").push_bind(clean(actor).into_owned());
    }
    if let Some(action) = filter.action {
        statement.push(" and action = ").push_bind(action.as_str());
    }
    if let Some(subject) = &filter.subject {
        statement.push(" and subject = ").push_bind(clean(subject).into_owned());
    }
    if let Some(from) = filter.from {
        statement.push(" and at >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        statement.push(" and at < ").push_bind(to);
    }
    statement.push(direction).push_bind(i64::from(limit));
    let rows: Vec<Row> = statement.build_query_as().fetch_all(store.pool()).await?;
    rows.into_iter().map(Recorded::try_from).collect()
}

/// Entries about the store's tenant, or about none, that say what an actor did who has one of these ids or names, or whose
/// texts match one of these patterns of `like`, in lower case: after the one with the id `after`, at most `limit`, the oldest
/// first.
pub async fn naming(
    store: &Store,
    actors: &[String],
    patterns: &[String],
    after: i64,
    limit: u32,
) -> Result<Vec<Recorded>, StoreError> {
    let statement = format!(
        "select {COLUMNS} from audit
          where id > $1 and (tenant is null or tenant = $2)
            and (lower(actor_id) = any ($3) or lower(actor_name) = any ($3)
                 or lower(subject) like any ($4) or lower(detail::text) like any ($4))
          order by id limit $5"
    );
    let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
        .bind(after)
        .bind(store.tenant().as_str())
        .bind(actors)
        .bind(patterns)
        .bind(i64::from(limit))
        .fetch_all(store.pool())
        .await?;
    rows.into_iter().map(Recorded::try_from).collect()
}
