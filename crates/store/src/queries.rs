//! What the API reads: metric facts, services, repositories and findings, page by page.
//!
//! Each list has one total order and is read by keyset: a page starts after the last key of the one
//! before it, by an index, so that the thousandth page costs what the first does and rows that arrive
//! meanwhile neither repeat nor hide others. Nothing here computes a metric; `dora` does.

use chrono::{DateTime, TimeZone, Utc};
use kernel::{
    ChangeMetric, DeploymentKind, DeploymentMetric, DeploymentSource, Evidence, Finding, FindingKind, RepositoryId, Sha,
};
use serde::de::DeserializeOwned;
use sqlx::types::Json;

use crate::{Store, StoreError};

/// Which deployments; everything that is `None` is left open.
#[derive(Clone, Debug, Default)]
pub struct DeploymentFilter {
    /// Of this service.
    pub service: Option<String>,
    /// Of services that this team owns.
    pub team: Option<String>,
    /// Finished at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Finished before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only those that failed, or only those that did not.
    pub failed: Option<bool>,
}

/// Which changes; everything that is `None` is left open.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// Of this service.
    pub service: Option<String>,
    /// Of services that this team owns.
    pub team: Option<String>,
    /// Carried by this deployment.
    pub deployment: Option<String>,
    /// Deployed at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Deployed before this time.
    pub to: Option<DateTime<Utc>>,
}

/// A place in a list of deployments or changes, which is in the order of time, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeKey {
    /// When it finished, or was deployed.
    pub at: DateTime<Utc>,
    /// The service.
    pub service: String,
    /// The deployment's or the change's id.
    pub id: String,
}

impl TimeKey {
    /// The place of a deployment.
    #[must_use]
    pub fn of_deployment(row: &DeploymentMetric) -> Self {
        Self { at: row.finished_at, service: row.service.clone(), id: row.deployment.0.clone() }
    }

    /// The place of a change.
    #[must_use]
    pub fn of_change(row: &ChangeMetric) -> Self {
        Self { at: row.deployed_at, service: row.service.clone(), id: row.change.0.clone() }
    }
}

/// A service as it was computed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    /// Its name.
    pub name: String,
    /// The team that owns it, where declared.
    pub team: Option<String>,
    /// Which kind of deployment it is measured by; `None` where it has none.
    pub source: Option<String>,
    /// One sentence about what there is to measure, where that is not plain.
    pub statement: Option<String>,
    /// The repositories that its code lives in.
    pub repositories: Vec<String>,
    /// When its metrics were computed.
    pub computed_at: DateTime<Utc>,
    /// Its production deployments, failed attempts among them.
    pub deployments: i64,
    /// The changes, and commits outside of any change, that they carried.
    pub changes: i64,
    /// Its known commits.
    pub commits: i64,
    /// The history of a repository is cut off: its numbers are partial.
    pub partial: bool,
    /// When its last deployment finished.
    pub last_deployment_at: Option<DateTime<Utc>>,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRow {
    /// `host/owner/name`.
    pub id: String,
    /// As its owner writes it.
    pub name: String,
    /// Its address.
    pub url: Option<String>,
    /// The branch that changes go to.
    pub default_branch: Option<String>,
    /// Its history is cut off.
    pub partial: bool,
}

/// The half-open range of (time, service, id) that a page is cut out of, newest first.
struct Range {
    from: DateTime<Utc>,
    before: TimeKey,
}

impl Range {
    /// `to` and the place of the last row are both upper bounds: the lower of them is the one that counts.
    fn new(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, after: Option<&TimeKey>) -> Self {
        // No fact lies outside of 1970..2200 (`kernel::plausible_instant`).
        let epoch = DateTime::UNIX_EPOCH;
        let end = Utc.with_ymd_and_hms(2200, 1, 1, 0, 0, 0).single().unwrap_or(DateTime::<Utc>::MAX_UTC);
        let to = to.unwrap_or(end).min(end);
        let before = match after {
            Some(key) if key.at < to => key.clone(),
            _ => TimeKey { at: to, service: String::new(), id: String::new() },
        };
        Self { from: from.unwrap_or(epoch).max(epoch), before }
    }
}

macro_rules! select_deployments {
    ($rest:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            DeploymentRow,
            r#"select service, deployment, finished_at, source, repository, environment, name, sha, url, success,
                      previous, kind, commits, changes, failed, failed_by as "failed_by: Json<Vec<Evidence>>",
                      recovered_at, recovered_by as "recovered_by: Json<Evidence>", rework,
                      rework_by as "rework_by: Json<Vec<Evidence>>", counts
                 from deployment_metric "# + $rest,
            $($argument),+
        )
    };
}

macro_rules! select_changes {
    ($rest:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            ChangeRow,
            r#"select service, change, is_commit, deployment, deployed_at, repository, title, author, bot, commits,
                      started_at, opened_at, ready_at, first_review_at, approved_at, merged_at,
                      coding_us, pickup_us, review_us, approval_us, deploy_us, lead_time_us, excluded
                 from change_metric "# + $rest,
            $($argument),+
        )
    };
}

/// Production deployments, newest first; at most `limit`, after `after`.
pub async fn deployments(
    store: &Store,
    filter: &DeploymentFilter,
    after: Option<&TimeKey>,
    limit: u32,
) -> Result<Vec<DeploymentMetric>, StoreError> {
    let Range { from, before } = Range::new(filter.from, filter.to, after);
    let team = services_of(store, filter.team.as_deref()).await?;
    let limit = i64::from(limit);
    let rows = if let Some(service) = &filter.service {
        select_deployments!(
            "where service = $1 and (finished_at, deployment) < ($2, $3) and finished_at >= $4
                and ($5::boolean is null or failed = $5)
                and ($6::text[] is null or service = any($6))
              order by finished_at desc, deployment desc limit $7",
            service,
            before.at,
            before.id,
            from,
            filter.failed,
            team.as_deref(),
            limit
        )
        .fetch_all(store.pool())
        .await?
    } else {
        select_deployments!(
            "where (finished_at, service, deployment) < ($1, $2, $3) and finished_at >= $4
                and ($5::boolean is null or failed = $5)
                and ($6::text[] is null or service = any($6))
              order by finished_at desc, service desc, deployment desc limit $7",
            before.at,
            before.service,
            before.id,
            from,
            filter.failed,
            team.as_deref(),
            limit
        )
        .fetch_all(store.pool())
        .await?
    };
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Changes (and commits outside of any change) that reached production, newest deployment first; at most
/// `limit`, after `after`.
pub async fn changes(
    store: &Store,
    filter: &ChangeFilter,
    after: Option<&TimeKey>,
    limit: u32,
) -> Result<Vec<ChangeMetric>, StoreError> {
    let Range { from, before } = Range::new(filter.from, filter.to, after);
    let team = services_of(store, filter.team.as_deref()).await?;
    let limit = i64::from(limit);
    let rows = if let Some(deployment) = &filter.deployment {
        select_changes!(
            "where deployment = $1 and (deployed_at, service, change) < ($2, $3, $4) and deployed_at >= $5
                and ($6::text is null or service = $6)
                and ($7::text[] is null or service = any($7))
              order by deployed_at desc, service desc, change desc limit $8",
            deployment,
            before.at,
            before.service,
            before.id,
            from,
            filter.service.as_deref(),
            team.as_deref(),
            limit
        )
        .fetch_all(store.pool())
        .await?
    } else if let Some(service) = &filter.service {
        select_changes!(
            "where service = $1 and (deployed_at, change) < ($2, $3) and deployed_at >= $4
                and ($5::text[] is null or service = any($5))
              order by deployed_at desc, change desc limit $6",
            service,
            before.at,
            before.id,
            from,
            team.as_deref(),
            limit
        )
        .fetch_all(store.pool())
        .await?
    } else {
        select_changes!(
            "where (deployed_at, service, change) < ($1, $2, $3) and deployed_at >= $4
                and ($5::text[] is null or service = any($5))
              order by deployed_at desc, service desc, change desc limit $6",
            before.at,
            before.service,
            before.id,
            from,
            team.as_deref(),
            limit
        )
        .fetch_all(store.pool())
        .await?
    };
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The services of a team, and of the teams that are part of it; `None` where no team is asked for.
async fn services_of(store: &Store, team: Option<&str>) -> Result<Option<Vec<String>>, StoreError> {
    let Some(team) = team else { return Ok(None) };
    let names = sqlx::query_scalar!(
        "with recursive part(name) as (
             select $1::text union select t.name from team t join part on t.parent = part.name where not t.deleted
         )
         select s.name from service s where not s.deleted and s.team in (select name from part)",
        team
    )
    .fetch_all(store.pool())
    .await?;
    Ok(Some(names))
}

/// When the first production deployment finished: of a service, of a team's services, or of all.
pub async fn first_deployment_at(
    store: &Store,
    service: Option<&str>,
    team: Option<&str>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let among = match service {
        Some(service) => Some(vec![service.to_owned()]),
        None => services_of(store, team).await?,
    };
    let first = if let Some(services) = among {
        sqlx::query_scalar!(
            "select min(first.finished_at)
               from unnest($1::text[]) as s(name)
              join lateral (select m.service, m.finished_at from deployment_metric m
                             where (m.service, m.finished_at) >= (s.name, '-infinity')
                             order by m.service, m.finished_at limit 1) first on first.service = s.name",
            &services
        )
        .fetch_one(store.pool())
        .await?
    } else {
        sqlx::query_scalar!("select min(finished_at) from deployment_metric").fetch_one(store.pool()).await?
    };
    Ok(first)
}

/// Services by name, each with what was computed of it last; at most `limit`, after `after`. The last
/// deployment is asked for as the greatest row up to the service's end, which only the primary key can
/// answer: asked plainly, the planner walks the index of times through all other services.
pub async fn services(store: &Store, after: Option<&str>, limit: u32) -> Result<Vec<ServiceRow>, StoreError> {
    let rows = sqlx::query_as!(
        ServiceRow,
        r#"select c.service as name, s.team as "team?", c.source, c.statement, coalesce(s.repositories, array[c.service]) as "repositories!",
                  c.computed_at, c.deployments, c.changes, c.commits, c.partial,
                  d.finished_at as "last_deployment_at?"
             from computation c
             left join service s on s.name = c.service and not s.deleted
             left join lateral (select m.service, m.finished_at from deployment_metric m
                                 where (m.service, m.finished_at) <= (c.service, 'infinity')
                                 order by m.service desc, m.finished_at desc limit 1) d on d.service = c.service
            where c.service > $1
            order by c.service limit $2"#,
        after.unwrap_or_default(),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows)
}

/// Repositories by id; at most `limit`, after `after`.
pub async fn repositories(store: &Store, after: Option<&str>, limit: u32) -> Result<Vec<RepositoryRow>, StoreError> {
    let rows = sqlx::query_as!(
        RepositoryRow,
        "select id, name, url, default_branch, partial from repository where id > $1 order by id limit $2",
        after.unwrap_or_default(),
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows)
}

/// A place in the list of findings: service, kind and subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingKey {
    /// The service.
    pub service: String,
    /// The kind, as it is written in JSON.
    pub kind: String,
    /// What it is about.
    pub subject: String,
}

impl FindingKey {
    /// The place of a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self { service: finding.service.clone(), kind: word_of(finding.kind), subject: finding.subject.clone() }
    }
}

/// What the engine noticed about the data, by service, kind and subject; at most `limit`, after `after`.
pub async fn findings(
    store: &Store,
    service: Option<&str>,
    after: Option<&FindingKey>,
    limit: u32,
) -> Result<Vec<Finding>, StoreError> {
    let start = after.cloned().unwrap_or_default();
    let limit = i64::from(limit);
    let rows = if let Some(service) = service {
        sqlx::query_as!(
            FindingRow,
            "select service, kind, subject, detail from finding
              where service = $1 and (kind, subject) > ($2, $3)
              order by kind, subject limit $4",
            service,
            start.kind,
            start.subject,
            limit
        )
        .fetch_all(store.pool())
        .await?
    } else {
        sqlx::query_as!(
            FindingRow,
            "select service, kind, subject, detail from finding
              where (service, kind, subject) > ($1, $2, $3)
              order by service, kind, subject limit $4",
            start.service,
            start.kind,
            start.subject,
            limit
        )
        .fetch_all(store.pool())
        .await?
    };
    rows.into_iter().map(TryInto::try_into).collect()
}

#[expect(clippy::struct_excessive_bools, reason = "a row's columns")]
struct DeploymentRow {
    service: String,
    deployment: String,
    finished_at: DateTime<Utc>,
    source: String,
    repository: Option<String>,
    environment: Option<String>,
    name: Option<String>,
    sha: Option<Vec<u8>>,
    url: Option<String>,
    success: bool,
    previous: Option<String>,
    kind: String,
    commits: i32,
    changes: i32,
    failed: bool,
    failed_by: Json<Vec<Evidence>>,
    recovered_at: Option<DateTime<Utc>>,
    recovered_by: Option<Json<Evidence>>,
    rework: bool,
    rework_by: Json<Vec<Evidence>>,
    counts: bool,
}

impl TryFrom<DeploymentRow> for DeploymentMetric {
    type Error = StoreError;
    fn try_from(row: DeploymentRow) -> Result<Self, StoreError> {
        Ok(Self {
            service: row.service,
            deployment: row.deployment.into(),
            finished_at: row.finished_at,
            source: read_word::<DeploymentSource>(row.source)?,
            repository: row.repository.map(RepositoryId),
            environment: row.environment,
            name: row.name,
            sha: row.sha.and_then(|raw| Sha::from_bytes(&raw).ok()),
            url: row.url,
            success: row.success,
            previous: row.previous.map(Into::into),
            kind: read_word::<DeploymentKind>(row.kind)?,
            commits: row.commits,
            changes: row.changes,
            failed: row.failed,
            failed_by: row.failed_by.0,
            recovered_at: row.recovered_at,
            recovered_by: row.recovered_by.map(|json| json.0),
            rework: row.rework,
            rework_by: row.rework_by.0,
            counts: row.counts,
        })
    }
}

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

struct FindingRow {
    service: String,
    kind: String,
    subject: String,
    detail: String,
}

impl TryFrom<FindingRow> for Finding {
    type Error = StoreError;
    fn try_from(row: FindingRow) -> Result<Self, StoreError> {
        let kind = read_word::<FindingKind>(row.kind)?;
        Ok(Self { service: row.service, kind, subject: row.subject, detail: row.detail })
    }
}

/// A closed list's value from its word, as JSON and the database have it.
fn read_word<T: DeserializeOwned>(word: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| sqlx::Error::Decode(error.into()).into())
}

/// The word of a closed list's value.
fn word_of(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
