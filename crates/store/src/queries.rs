//! What the API reads: metric facts, services, repositories and findings, page by page.
//!
//! Each list has one total order and is read by keyset: a page starts after the last key of the one
//! before it, by an index, so that the thousandth page costs what the first does and rows that arrive
//! meanwhile neither repeat nor hide others. Nothing here computes a metric; `dora` does.

use std::str::FromStr;

use chrono::{DateTime, TimeZone, Utc};
use kernel::{ChangeMetric, DeploymentMetric, Evidence, Finding, NameError, RepositoryId, Sha};
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

/// A cursor in a list of deployments or changes, which is in the order of time, newest first.
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
    /// The cursor of a deployment.
    #[must_use]
    pub fn of_deployment(row: &DeploymentMetric) -> Self {
        Self { at: row.finished_at, service: row.service.clone(), id: row.deployment.0.clone() }
    }

    /// The cursor of a change.
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
    /// Why it could not be computed last, if it could not: its numbers are those of before.
    pub error: Option<String>,
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
    /// `to` and the cursor of the last row are both upper bounds: the lower of them applies.
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

// Lists of some services are read service by service, each by the primary key, and merged. With `service =`
// PostgreSQL would rather walk the index on time and drop what others did, which for a service that is
// seldom deployed means all of it; a comparison of rows that begins with the service leaves it no choice.
// `before_at` and `before_id` are where the page begins for one service: after the last row's time for
// services that sort before its service, exactly at it for its own, before it for those after it.
macro_rules! select_deployments {
    ($rest:tt, $($argument:expr),+) => {
        sqlx::query_as!(
            DeploymentRow,
            r#"select m.service as "service!", m.deployment as "deployment!", m.finished_at as "finished_at!",
                      m.source as "source!", m.repository as "repository?", m.environment as "environment?",
                      m.name as "name?", m.sha as "sha?", m.url as "url?", m.success as "success!",
                      m.previous as "previous?", m.kind as "kind!", m.commits as "commits!", m.changes as "changes!",
                      m.failed as "failed!", m.failed_by as "failed_by!: Json<Vec<Evidence>>",
                      m.recovered_at as "recovered_at?", m.recovered_by as "recovered_by?: Json<Evidence>",
                      m.rework as "rework!", m.rework_by as "rework_by!: Json<Vec<Evidence>>", m.counts as "counts!",
                      m.rollout as "rollout?"
                 from "# + $rest,
            $($argument),+
        )
    };
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

/// Production deployments, newest first; at most `limit`, after `after`.
pub async fn deployments(
    store: &Store,
    filter: &DeploymentFilter,
    after: Option<&TimeKey>,
    limit: u32,
) -> Result<Vec<DeploymentMetric>, StoreError> {
    let Range { from, before } = Range::new(filter.from, filter.to, after);
    let among = among(store, filter.service.as_deref(), filter.team.as_deref()).await?;
    let limit = i64::from(limit);
    let rows = if let Some(among) = &among {
        select_deployments!(
            "(select one.among,
                     case when one.among < $3 then $2::timestamptz + interval '1 microsecond' else $2 end as before_at,
                     case when one.among = $3 then $4 else '' end as before_id
                from unnest($1::text[]) as one(among)) s
             cross join lateral (
                 select * from deployment_metric d
                  where (d.service, d.finished_at, d.deployment) < (s.among, s.before_at, s.before_id)
                    and (d.service, d.finished_at) >= (s.among, $5)
                    and ($6::boolean is null or d.failed = $6)
                  order by d.service desc, d.finished_at desc, d.deployment desc limit $7) m
             order by m.finished_at desc, m.service desc, m.deployment desc limit $7",
            among,
            before.at,
            before.service,
            before.id,
            from,
            filter.failed,
            limit
        )
        .fetch_all(store.pool())
        .await?
    } else {
        select_deployments!(
            "deployment_metric m
              where (m.finished_at, m.service, m.deployment) < ($1, $2, $3) and m.finished_at >= $4
                and ($5::boolean is null or m.failed = $5)
              order by m.finished_at desc, m.service desc, m.deployment desc limit $6",
            before.at,
            before.service,
            before.id,
            from,
            filter.failed,
            limit
        )
        .fetch_all(store.pool())
        .await?
    };
    rows.into_iter().map(TryInto::try_into).collect()
}

/// What deployments of services carried, in one statement: `limit` changes of each at most, from the last id on.
pub async fn carried(
    store: &Store,
    services: &[String],
    deployments: &[String],
    limit: u32,
) -> Result<Vec<ChangeMetric>, StoreError> {
    let rows = select_changes!(
        "unnest($1::text[], $2::text[]) as one(service, deployment)
         cross join lateral (
             select * from change_metric c
              where c.deployment = one.deployment and c.service = one.service
              order by c.change desc limit $3) m
         order by m.service, m.deployment, m.change desc",
        services,
        deployments,
        i64::from(limit)
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
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
    let among = among(store, filter.service.as_deref(), filter.team.as_deref()).await?;
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
            among.as_deref(),
            limit
        )
        .fetch_all(store.pool())
        .await?;
        rows.retain(|row| {
            filter.from.is_none_or(|from| row.deployed_at >= from) && filter.to.is_none_or(|to| row.deployed_at < to)
        });
        rows
    } else if let Some(among) = &among {
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

/// The services that a list is about: this one, a team's, or the one if it is the team's; `None` for all.
async fn among(store: &Store, service: Option<&str>, team: Option<&str>) -> Result<Option<Vec<String>>, StoreError> {
    let of_team = services_of(store, team).await?;
    Ok(match (service, of_team) {
        (None, of_team) => of_team,
        (Some(service), None) => Some(vec![service.to_owned()]),
        (Some(service), Some(names)) => Some(names.into_iter().filter(|name| name == service).collect()),
    })
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
    let among = among(store, service, team).await?;
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
                  c.computed_at, c.deployments, c.changes, c.commits, c.partial, c.error,
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

/// A cursor in the list of findings: service, kind and subject.
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
    /// The cursor of a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self {
            service: finding.service.clone(),
            kind: finding.kind.as_str().to_owned(),
            subject: finding.subject.clone(),
        }
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
    rollout: Option<String>,
}

impl TryFrom<DeploymentRow> for DeploymentMetric {
    type Error = StoreError;
    fn try_from(row: DeploymentRow) -> Result<Self, StoreError> {
        Ok(Self {
            service: row.service,
            deployment: row.deployment.into(),
            finished_at: row.finished_at,
            source: word(&row.source)?,
            repository: row.repository.map(RepositoryId),
            environment: row.environment,
            name: row.name,
            sha: row.sha.map(|raw| object_id(&raw)).transpose()?,
            url: row.url,
            success: row.success,
            previous: row.previous.map(Into::into),
            kind: word(&row.kind)?,
            commits: row.commits,
            changes: row.changes,
            failed: row.failed,
            failed_by: row.failed_by.0,
            recovered_at: row.recovered_at,
            recovered_by: row.recovered_by.map(|json| json.0),
            rework: row.rework,
            rework_by: row.rework_by.0,
            counts: row.counts,
            rollout: row.rollout.map(Into::into),
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
        let kind = word(&row.kind)?;
        Ok(Self { service: row.service, kind, subject: row.subject, detail: row.detail })
    }
}

/// A closed list's value from its word.
fn word<T: FromStr<Err = NameError>>(word: &str) -> Result<T, StoreError> {
    word.parse().map_err(|error: NameError| StoreError::Unreadable(error.to_string()))
}

fn object_id(bytes: &[u8]) -> Result<Sha, StoreError> {
    Sha::from_bytes(bytes).map_err(|error| StoreError::Unreadable(format!("deployment_metric.sha: {error}")))
}
