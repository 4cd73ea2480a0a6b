//! Services that wait to be computed. Marks of new facts become entries in one transaction; an entry is deleted in the
//! transaction that writes what was computed, so none is lost. A service is computed by one worker at a time; workers
//! of several processes share the queue, and take no service that another computes.

use std::collections::BTreeSet;

use kernel::TraceParent;

use crate::{Store, StoreError, StoreTx, traces};

/// The channel on which a commit that added entries is announced; the payload is the tenant.
pub const CHANNEL: &str = "sei_computation_queue";

/// How many entries are read at once to find one whose service is free.
const ENTRIES_AT_ONCE: i64 = 128;

/// An entry that was taken: no other worker computes its service until the transaction ends.
#[derive(Debug)]
pub struct ClaimedService {
    /// In which to read, write and commit. The entry is back if it does not commit.
    pub tx: StoreTx,
    /// The service.
    pub service: String,
    /// The youngest of its entries that this stands for. Ids only grow from one commit to the next.
    pub id: i64,
    /// The spans that its entries come from, each once.
    pub traces: Vec<TraceParent>,
}

/// What there is to do.
#[derive(Debug)]
pub enum Next {
    /// A service to compute.
    Taken(Box<ClaimedService>),
    /// All services that wait are being computed by others; this is one of them.
    Busy(String),
    /// No service waits.
    Empty,
}

/// Adds services, and announces it when the transaction commits. The caller holds [`lock`], so that ids grow from one
/// commit to the next.
pub async fn push(tx: &mut StoreTx, services: &[String]) -> Result<(), StoreError> {
    if services.is_empty() {
        return Ok(());
    }
    let (tenant, traceparent) = (tx.tenant().to_string(), tx.traceparent());
    sqlx::query!(
        "with added as (
             insert into computation_queue (service, traceparent) select unnest($1::text[]), $4::text returning 1
         )
         select pg_notify($2, $3) from (select count(*) from added) as counted",
        services,
        CHANNEL,
        tenant,
        traceparent,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// One planner of a tenant at a time: waits until others have committed, and holds until this transaction ends.
pub async fn lock(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtext('sei: planning of computations'), hashtext($1)) is null as locked",
        tx.tenant().as_str(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// Waits until no service of the tenant is being computed, and lets none begin until this transaction ends.
pub async fn stop_all(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtext('sei: computations'), hashtext($1)) is null as locked",
        tx.tenant().as_str(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// Takes the service that waits longest and that no other worker computes.
pub async fn take(store: &Store) -> Result<Next, StoreError> {
    loop {
        let mut tx = store.begin().await?;
        join_all(&mut tx).await?;
        let service = match lock_first(&mut tx).await? {
            Found::Free(service) => service,
            Found::Busy(service) => {
                tx.rollback().await?;
                return Ok(Next::Busy(service));
            }
            Found::Nothing => {
                tx.rollback().await?;
                return Ok(Next::Empty);
            }
        };
        let entries =
            sqlx::query!("delete from computation_queue where service = $1 returning id, traceparent", service)
                .fetch_all(tx.connection())
                .await?;
        let traces = traces::of(entries.iter().map(|entry| entry.traceparent.as_deref()));
        match entries.into_iter().max_by_key(|entry| entry.id) {
            Some(entry) => return Ok(Next::Taken(Box::new(ClaimedService { tx, service, id: entry.id, traces }))),
            // another worker was done with it between the list and the lock
            None => tx.rollback().await?,
        }
    }
}

/// What was found in the queue.
enum Found {
    /// A service that no other worker computes; none does from here on.
    Free(String),
    /// Only services that others compute; this one waits longest.
    Busy(String),
    Nothing,
}

/// Locks the service that waits longest and that no other worker computes. Of a long queue no more is read than leads
/// to it.
async fn lock_first(tx: &mut StoreTx) -> Result<Found, StoreError> {
    let (mut busy, mut first, mut after) = (BTreeSet::new(), Found::Nothing, 0);
    loop {
        let page = sqlx::query!(
            "select id, service from computation_queue where id > $1 order by id limit $2",
            after,
            ENTRIES_AT_ONCE
        )
        .fetch_all(tx.connection())
        .await?;
        let Some(last) = page.last() else { return Ok(first) };
        after = last.id;
        for entry in page {
            if busy.contains(&entry.service) {
                continue;
            }
            if try_lock_service(tx, &entry.service).await? {
                return Ok(Found::Free(entry.service));
            }
            if busy.is_empty() {
                first = Found::Busy(entry.service.clone());
            }
            busy.insert(entry.service);
        }
    }
}

/// Locks those of the services that no worker computes; none does until this transaction ends.
pub async fn lock_free(tx: &mut StoreTx, services: &[String]) -> Result<BTreeSet<String>, StoreError> {
    join_all(tx).await?;
    let locked = sqlx::query_scalar!(
        r#"select service as "service!" from unnest($1::text[]) as service
           where pg_try_advisory_xact_lock(hashtext('sei: computation of a service'), hashtext($2 || '/' || service))"#,
        services,
        tx.tenant().to_string(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(locked.into_iter().collect())
}

/// Takes a service again whose transaction failed, with the entries up to an id; waits for the worker that has it.
pub async fn retake(store: &Store, service: &str, id: i64) -> Result<StoreTx, StoreError> {
    let mut tx = store.begin().await?;
    join_all(&mut tx).await?;
    lock_service(&mut tx, service).await?;
    sqlx::query!("delete from computation_queue where service = $1 and id <= $2", service, id)
        .execute(tx.connection())
        .await?;
    Ok(tx)
}

/// Waits until the worker that computes a service is done.
pub async fn wait(store: &Store, service: &str) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    lock_service(&mut tx, service).await?;
    tx.rollback().await
}

/// Takes part in computing until this transaction ends: [`stop_all`] waits for it.
async fn join_all(tx: &mut StoreTx) -> Result<(), StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtext('sei: computations'), hashtext($1)) is null as locked",
        tx.tenant().to_string(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

async fn lock_service(tx: &mut StoreTx, service: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtext('sei: computation of a service'), hashtext($1)) is null as locked",
        format!("{}/{service}", tx.tenant()),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

async fn try_lock_service(tx: &mut StoreTx, service: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtext('sei: computation of a service'), hashtext($1)) as "locked!""#,
        format!("{}/{service}", tx.tenant()),
    )
    .fetch_one(tx.connection())
    .await?)
}
