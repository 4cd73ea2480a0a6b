//! Which repositories and services have facts that no computation has seen yet. Marks are written in
//! the transaction that writes the facts and taken in the one that writes what was computed from them,
//! so none is lost and none is seen before its facts are.

use kernel::{Sha, TraceParent};

use crate::history::repositories;
use crate::{Store, StoreError, StoreTx, traces};

/// The channel on which a commit that marked something is announced; the payload is the tenant.
pub const CHANNEL: &str = "sei_invalidated";

/// The subject that stands for everything.
pub const EVERYTHING: &str = "*";

/// Before the name of a service, in the subject of facts that name only that.
pub(crate) const SERVICE: &str = "service:";

/// Before what an incident names as its cause or its fix: a deployment, a change or a commit. Whose it is, is only asked
/// when marks are taken: what is named may arrive before the incident, after it, or at the same time.
pub(crate) const NAMED: &str = "named:";

/// Before what incidents are part of at their source, such as `jira:SHOP`.
pub(crate) const SELECTOR: &str = "incident:";

/// Before the id of a change of which only the title is another now, and in the next line the title before. Whether any
/// verdict depends on it is only asked when marks are taken: what reverts it by its title may arrive at any time.
pub(crate) const TITLE: &str = "title:";

/// What was marked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Each subject once, in order.
    pub subjects: Vec<String>,
    /// Changes of which only the title is another.
    pub retitled: Vec<Retitled>,
    /// The spans that marks come from, each once.
    pub traces: Vec<TraceParent>,
}

/// A change of which only the title is another now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retitled {
    /// The change.
    pub change: String,
    /// Its title before.
    pub before: String,
}

/// The subject of facts that name only a service.
#[must_use]
pub fn service(name: &str) -> String {
    format!("{SERVICE}{name}")
}

/// The subject of incidents that are part of something at their source, such as `jira:SHOP`.
#[must_use]
pub fn selector(selector: &str) -> String {
    format!("{SELECTOR}{selector}")
}

/// Marks subjects, and announces it when the transaction commits.
pub async fn mark(tx: &mut StoreTx, subjects: &[String]) -> Result<(), StoreError> {
    if subjects.is_empty() {
        return Ok(());
    }
    let (tenant, traceparent) = (tx.tenant().to_string(), tx.traceparent());
    sqlx::query!(
        "with marks as (
             insert into invalidation (subject, traceparent) select unnest($1::text[]), $4::text returning 1
         )
         select pg_notify($2, $3) from (select count(*) from marks) as marked",
        subjects,
        CHANNEL,
        tenant,
        traceparent,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes all marks; ids that incidents name are replaced by their owners. The marks are
/// restored if the transaction does not commit.
/// Read the facts after this, in the same transaction. Marks that another transaction is taking are
/// left to it.
pub async fn take(tx: &mut StoreTx) -> Result<Marks, StoreError> {
    let taken = sqlx::query!(
        r#"with taken as (
               delete from invalidation where id in (select id from invalidation for update skip locked)
               returning subject, traceparent
           )
           select distinct subject as "subject!", traceparent from taken order by 1, 2"#
    )
    .fetch_all(tx.connection())
    .await?;
    let traces = traces::of(taken.iter().map(|mark| mark.traceparent.as_deref()));
    let mut subjects: Vec<String> = taken.into_iter().map(|mark| mark.subject).collect();
    subjects.dedup();
    let retitled = |subject: &String| {
        let (change, before) = subject.strip_prefix(TITLE)?.split_once('\n')?;
        Some(Retitled { change: change.to_owned(), before: before.to_owned() })
    };
    let retitled: Vec<Retitled> = subjects.iter().filter_map(retitled).collect();
    let subjects = subjects.into_iter().filter(|subject| !subject.starts_with(TITLE));
    let (named, mut subjects): (Vec<_>, Vec<_>) = subjects.partition(|subject| subject.starts_with(NAMED));
    let named: Vec<String> = named.iter().filter_map(|subject| Some(subject.strip_prefix(NAMED)?.to_owned())).collect();
    if !named.is_empty() {
        subjects.extend(owners(tx, &named).await?);
        subjects.sort_unstable();
        subjects.dedup();
    }
    Ok(Marks { subjects, retitled, traces })
}

/// The subjects of the deployments, changes and commits that have these ids.
async fn owners(tx: &mut StoreTx, ids: &[String]) -> Result<Vec<String>, StoreError> {
    let runs: Vec<String> = ids.iter().filter_map(|id| Some(id.strip_suffix("/deployment")?.to_owned())).collect();
    let shas: Vec<Vec<u8>> = ids.iter().filter_map(|id| Some(Sha::parse(id).ok()?.as_bytes().to_vec())).collect();
    let repositories: Vec<String> = if shas.is_empty() {
        Vec::new()
    } else {
        repositories(tx).await?.into_iter().map(|repository| repository.0).collect()
    };
    let owners = sqlx::query!(
        "select repository, service from deployment where id = any ($1)
         union select repository, service from deployment where sha = any ($3)
         union select repository, null from pipeline_run where id = any ($2)
         union select repository, null from pipeline_run where sha = any ($3)
         union select repository, null from change where id = any ($1)
         union select repository, null from commit where repository = any ($4) and sha = any ($3)",
        ids,
        &runs,
        &shas,
        &repositories,
    )
    .fetch_all(tx.connection())
    .await?;
    let subjects = owners
        .into_iter()
        .flat_map(|owner| owner.repository.into_iter().chain(owner.service.map(|name| service(&name))));
    Ok(subjects.collect())
}

/// Whether anything is marked or waits to be computed.
pub async fn any(store: &Store) -> Result<bool, StoreError> {
    let any = sqlx::query_scalar!(
        r#"select exists (select from invalidation) or exists (select from computation_queue) as "any!""#
    );
    Ok(any.fetch_one(store.pool()).await?)
}
