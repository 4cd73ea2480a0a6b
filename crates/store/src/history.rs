//! What the engine reads: the facts of a service, each table once, in no order. Tables are streamed in
//! COPY's binary format, since decoding a million rows one value at a time takes longer than computing.
//! A fact reaches the caller as it is stored; what it means is the engine's.

use chrono::{DateTime, Utc};
use kernel::{
    Account, Change, ChangeId, ChangeState, Deployment, DeploymentId, Detail, Incident, IncidentId, Outcome,
    PipelineRun, Repository, RepositoryId, Review, ReviewState, Service, Sha, Version,
};
use sqlx::PgConnection;

mod kind;
pub mod search;
mod services;
mod unowned;

pub(crate) use services::repositories;
pub use services::{Services, services};
pub use unowned::{UnownedIncident, unowned_incidents};

use self::kind::source;
use crate::copy::{self, Tuple};
use crate::{StoreError, StoreTx};

/// A commit as it streams by.
#[derive(Clone, Debug)]
pub struct CommitRow<'a> {
    /// Where it is.
    pub repository: &'a str,
    /// Its id.
    pub sha: Sha,
    /// Its parents, first parent first; `None` where the source does not say.
    pub parents: Option<&'a [Sha]>,
    /// Who wrote it.
    pub author: Option<&'a str>,
    /// When it was written, microseconds since 1970.
    pub authored_us: i64,
    /// When it was committed, microseconds since 1970.
    pub committed_us: i64,
    /// The first line of its message.
    pub subject: &'a str,
    /// The branch that it was pushed to.
    pub branch: Option<&'a str>,
    /// The commits that it says it reverts.
    pub reverts: &'a [Sha],
    /// The directories that it changes files in; `None` if unknown.
    pub folders: Option<&'a [String]>,
    /// The commit that it was cherry-picked from.
    pub cherry_picked_from: Option<Sha>,
    /// Some of those directories stand for everything below them.
    pub folders_truncated: bool,
}

/// Which facts are of a service: its name, its repositories and what its incidents are part of. Set for the
/// transaction, read by every statement of this module.
async fn choose(tx: &mut StoreTx, service: &Service) -> Result<(), StoreError> {
    let repositories: Vec<String> = service.repositories.iter().map(ToString::to_string).collect();
    let selectors: Vec<String> = service.claims().into_iter().chain([service.component()]).collect();
    sqlx::query!(
        "select set_config('sei.service', $1, true) as service,
                set_config('sei.repositories', $2::text[]::text, true) as repositories,
                set_config('sei.selectors', $3::text[]::text, true) as selectors",
        service.name,
        &repositories,
        &selectors,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

const REPOSITORIES: &str = "any (current_setting('sei.repositories')::text[])";

/// What looks like the id of a commit, as the indexes of incidents have it.
const HEX: &str = "'^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$'";

/// The commits of one repository. They are most of what is read, so its name does not come with each of them.
const COMMITS: &str = "copy (select sha, parents, author, authored_at, committed_at, subject, branch, reverts, folders,
    cherry_picked_from, folders_truncated from commit where repository = current_setting('sei.repository'))
    to stdout (format binary)";

/// What streams by.
#[derive(Debug)]
pub enum Row<'a> {
    /// A commit.
    Commit(CommitRow<'a>),
    /// A repository.
    Repository(Repository),
    /// A change.
    Change(Change),
    /// A review.
    Review(Review),
    /// A run of a pipeline.
    PipelineRun(PipelineRun),
    /// A deployment.
    Deployment(Deployment),
    /// An incident: of the service, or one that names a deployment or change of it.
    Incident(Incident),
    /// An account that is a bot.
    Bot(Account),
}

/// Reads everything that is known about a service: by its repositories, what names the service, and the incidents
/// that it claims.
pub async fn read(tx: &mut StoreTx, service: &Service, mut each: impl FnMut(Row<'_>)) -> Result<(), StoreError> {
    choose(tx, service).await?;
    let connection = tx.connection();
    for repository in &service.repositories {
        read_commits(connection, repository, &mut each).await?;
    }
    for (statement, decode) in SMALL {
        let statement = statement.replace("REPOSITORIES", REPOSITORIES).replace("HEX", HEX);
        copy::read(connection, &format!("copy ({statement}) to stdout (format binary)"), |row| {
            each(decode(row)?);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn read_commits(
    connection: &mut PgConnection,
    repository: &RepositoryId,
    each: &mut impl FnMut(Row<'_>),
) -> Result<(), StoreError> {
    let repository = repository.as_str();
    sqlx::query!("select set_config('sei.repository', $1, true) as repository", repository)
        .fetch_one(&mut *connection)
        .await?;
    let (mut parents, mut reverts) = (Vec::new(), Vec::new());
    copy::read(connection, COMMITS, |row| {
        let sha = row.sha()?;
        let known = row.shas(&mut parents)?;
        let (author, authored_us, committed_us) = (row.opt_text()?, row.micros()?, row.micros()?);
        let (subject, branch) = (row.text()?, row.opt_text()?);
        row.shas(&mut reverts)?;
        let folders = row.opt_texts()?;
        let cherry_picked_from = row.opt_sha()?;
        let folders_truncated = row.bool()?;
        each(Row::Commit(CommitRow {
            repository,
            sha,
            parents: known.then_some(&parents),
            author,
            authored_us,
            committed_us,
            subject,
            branch,
            reverts: &reverts,
            folders: folders.as_deref(),
            cherry_picked_from,
            folders_truncated,
        }));
        Ok(())
    })
    .await?;
    Ok(())
}

type Decode = for<'a> fn(&mut Tuple<'a>) -> Result<Row<'a>, StoreError>;

/// The other tables: what is read of each, and how.
const SMALL: [(&str, Decode); 7] = [
    ("select id, name, default_branch, partial from repository where id = REPOSITORIES", repository),
    (
        "select id, repository, number, title, url, author, source_branch, target_branch, head_sha, merge_sha, commits,
                opened_at, ready_at, merged_at, labels, reverts
         from change where repository = REPOSITORIES and state = 'merged' and not deleted",
        change,
    ),
    (
        "select review.id, review.change, review.reviewer, review.state, review.submitted_at
         from review join change on change.id = review.change
         where change.repository = REPOSITORIES and change.state = 'merged' and not change.deleted",
        review,
    ),
    (
        // what ended with success once took effect then, whatever was run again later
        "select id, repository, name, sha, branch, tag, pull_request, attempt, queued_at, started_at,
                coalesce(succeeded_at, finished_at),
                case when succeeded_at is not null then 'success' else outcome end, url
         from pipeline_run where repository = REPOSITORIES",
        pipeline_run,
    ),
    (
        "select id, source, repository, service, environment, production, rollout, sha, name, started_at,
                case when source in ('deployment', 'pipeline', 'cdevents') then coalesce(succeeded_at, finished_at)
                     else finished_at end,
                case when source in ('deployment', 'pipeline', 'cdevents') and succeeded_at is not null then 'success'
                     else outcome end,
                url
         from deployment
         where not deleted
           and (service = current_setting('sei.service') or service is null and repository = REPOSITORIES)",
        deployment,
    ),
    (
        // Ids as arrays, each looked up by its index: joined, the planner would read all incidents for each service.
        "with ours as (
             select id, sha from deployment
             where not deleted
               and (service = current_setting('sei.service') or service is null and repository = REPOSITORIES)
             union all select id || '/deployment', sha from pipeline_run where repository = REPOSITORIES
         )
         -- an incident that a service claims is that service's, whatever it names itself
         select id,
                coalesce((select s.name from service s
                          where s.incidents <> '{}' and not s.deleted and s.incidents && incident.selectors
                          order by s.name <> current_setting('sei.service') limit 1), service),
                repository, title, severity, detected_at, acknowledged_at, resolved_at,
                caused_by_deployment, caused_by_change, external_cause, fixed_by_deployment, url, selectors
         from incident
         where not deleted and id = any (array(
             select id from incident where service = current_setting('sei.service')
             union all select id from incident where selectors && current_setting('sei.selectors')::text[]
             union all select id from incident where service is null and repository = REPOSITORIES
             union all select id from incident where caused_by_deployment = any (array(select id from ours))
             union all select id from incident where fixed_by_deployment = any (array(select id from ours))
             union all select incident.id from change join incident on caused_by_change = change.id
                       where change.repository = REPOSITORIES
             -- the indexes are of what looks like a commit; the case keeps what does not from being decoded first
             union all select incident.id from incident
                       join commit on commit.repository = REPOSITORIES
                                  and commit.sha = case when caused_by_deployment ~ HEX
                                                        then decode(caused_by_deployment, 'hex') end
                       where caused_by_deployment ~ HEX
             union all select incident.id from incident
                       join commit on commit.repository = REPOSITORIES
                                  and commit.sha = case when fixed_by_deployment ~ HEX
                                                        then decode(fixed_by_deployment, 'hex') end
                       where fixed_by_deployment ~ HEX
             -- of some commits only what was deployed is known
             union all select incident.id from incident
                       join ours on ours.sha = case when caused_by_deployment ~ HEX
                                                    then decode(caused_by_deployment, 'hex') end
                       where caused_by_deployment ~ HEX
             union all select incident.id from incident
                       join ours on ours.sha = case when fixed_by_deployment ~ HEX
                                                    then decode(fixed_by_deployment, 'hex') end
                       where fixed_by_deployment ~ HEX))",
        incident,
    ),
    ("select id, name from account where bot", bot),
];

/// What is not read of a fact, since nothing in the computation depends on it.
fn unversioned() -> Version {
    Version { detail: Detail::default(), at: DateTime::<Utc>::default() }
}

fn repository<'a>(row: &mut Tuple<'a>) -> Result<Row<'a>, StoreError> {
    Ok(Row::Repository(Repository {
        id: row.text()?.into(),
        name: row.text()?.to_owned(),
        url: None,
        default_branch: row.opt_text()?.map(Into::into),
        partial: row.bool()?,
        version: unversioned(),
    }))
}

fn change<'a>(row: &mut Tuple<'a>) -> Result<Row<'a>, StoreError> {
    Ok(Row::Change(Change {
        id: row.text()?.into(),
        repository: row.text()?.into(),
        number: row.opt_i64()?,
        title: row.text()?.to_owned(),
        url: row.opt_text()?.map(Into::into),
        state: ChangeState::Merged,
        author: row.opt_text()?.map(Into::into),
        source_branch: row.opt_text()?.map(Into::into),
        target_branch: row.opt_text()?.map(Into::into),
        head_sha: row.opt_sha()?,
        merge_sha: row.opt_sha()?,
        commits: {
            let mut commits = Vec::new();
            row.shas(&mut commits)?;
            commits
        },
        opened_at: row.opt_time()?,
        ready_at: row.opt_time()?,
        merged_at: row.opt_time()?,
        closed_at: None,
        additions: None,
        deletions: None,
        labels: row.texts()?,
        reverts: row.opt_text()?.map(ChangeId::from),
        deleted: false,
        version: unversioned(),
    }))
}

fn review<'a>(row: &mut Tuple<'a>) -> Result<Row<'a>, StoreError> {
    Ok(Row::Review(Review {
        id: row.text()?.to_owned(),
        change: row.text()?.into(),
        reviewer: row.opt_text()?.map(Into::into),
        state: match row.text()? {
            "approved" => ReviewState::Approved,
            "changes_requested" => ReviewState::ChangesRequested,
            "dismissed" => ReviewState::Dismissed,
            _ => ReviewState::Commented,
        },
        submitted_at: row.time()?,
        version: unversioned(),
    }))
}

fn outcome(text: Option<&str>) -> Option<Outcome> {
    text.map(|text| match text {
        "success" => Outcome::Success,
        "failure" => Outcome::Failure,
        _ => Outcome::Neither,
    })
}

fn pipeline_run<'a>(row: &mut Tuple<'a>) -> Result<Row<'a>, StoreError> {
    Ok(Row::PipelineRun(PipelineRun {
        id: row.text()?.to_owned(),
        repository: row.opt_text()?.map(RepositoryId::from),
        name: row.text()?.to_owned(),
        sha: row.opt_sha()?,
        branch: row.opt_text()?.map(Into::into),
        tag: row.opt_text()?.map(Into::into),
        pull_request: row.bool()?,
        attempt: row.i64()?,
        queued_at: row.time()?,
        started_at: row.opt_time()?,
        finished_at: row.opt_time()?,
        outcome: outcome(row.opt_text()?),
        url: row.opt_text()?.map(Into::into),
        version: unversioned(),
    }))
}

fn deployment<'a>(row: &mut Tuple<'a>) -> Result<Row<'a>, StoreError> {
    let id: DeploymentId = row.text()?.into();
    let kind = row.text()?;
    let kind = source(kind).ok_or_else(|| StoreError::Unreadable(format!("{id} is a deployment of kind {kind}")))?;
    Ok(Row::Deployment(Deployment {
        id,
        source: kind,
        repository: row.opt_text()?.map(Into::into),
        service: row.opt_text()?.map(Into::into),
        environment: row.opt_text()?.map(Into::into),
        production: row.opt_bool()?,
        rollout: row.opt_text()?.map(Into::into),
        sha: row.opt_sha()?,
        name: row.opt_text()?.map(Into::into),
        started_at: row.opt_time()?,
        finished_at: row.opt_time()?,
        outcome: outcome(row.opt_text()?),
        url: row.opt_text()?.map(Into::into),
        deleted: false,
        version: unversioned(),
    }))
}

fn incident<'a>(row: &mut Tuple<'a>) -> Result<Row<'a>, StoreError> {
    Ok(Row::Incident(Incident {
        id: IncidentId::from(row.text()?),
        service: row.opt_text()?.map(Into::into),
        repository: row.opt_text()?.map(Into::into),
        title: row.text()?.to_owned(),
        severity: row.opt_text()?.map(Into::into),
        detected_at: row.time()?,
        acknowledged_at: row.opt_time()?,
        resolved_at: row.opt_time()?,
        caused_by_deployment: row.opt_text()?.map(Into::into),
        caused_by_change: row.opt_text()?.map(Into::into),
        external_cause: row.bool()?,
        fixed_by_deployment: row.opt_text()?.map(Into::into),
        url: row.opt_text()?.map(Into::into),
        selectors: row.texts()?,
        deleted: false,
        version: unversioned(),
    }))
}

fn bot<'a>(row: &mut Tuple<'a>) -> Result<Row<'a>, StoreError> {
    Ok(Row::Bot(Account {
        id: row.text()?.into(),
        name: row.text()?.to_owned(),
        bot: true,
        email: None,
        version: unversioned(),
    }))
}
