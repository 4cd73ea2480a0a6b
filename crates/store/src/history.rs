//! What the engine reads: the facts of a service, each table once, in no order. Tables are streamed in
//! COPY's binary format, since decoding a million rows one value at a time takes longer than computing.
//! A fact reaches the caller as it is stored; what it means is the engine's.

use kernel::strum::VariantArray;
use kernel::{
    Account, Change, ChangeState, Deployment, DeploymentSource, Incident, Outcome, PipelineRun, Repository,
    RepositoryId, Review, Service, Sha,
};
use sqlx::PgConnection;

pub mod search;
mod services;
mod unowned;

pub(crate) use services::repositories;
pub use services::{Services, services};
pub use unowned::{UnownedIncident, unowned_incidents};

use crate::copy::{self, Tuple};
use crate::declared::{self, columns, list, literal};
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
    pub directories: Option<&'a [String]>,
    /// The commit that it was cherry-picked from.
    pub cherry_picked_from: Option<Sha>,
    /// Some of those directories stand for everything below them.
    pub directories_truncated: bool,
}

/// Which facts are of a service: its name, its repositories and what its incidents are part of. Set for the
/// transaction, read by every statement of this module. They are few of all that there are: settings have the planner
/// look them up rather than read whole tables, and leave other processors to who waits for an answer.
async fn choose(tx: &mut StoreTx, service: &Service) -> Result<(), StoreError> {
    let repositories: Vec<String> = service.repositories.iter().map(ToString::to_string).collect();
    let selectors: Vec<String> = service.claims().into_iter().chain([service.component()]).collect();
    sqlx::query!(
        "select set_config('sei.service', $1, true) as service,
                set_config('sei.repositories', $2::text[]::text, true) as repositories,
                set_config('sei.selectors', $3::text[]::text, true) as selectors,
                set_config('random_page_cost', '1.1', true) as page_cost,
                set_config('max_parallel_workers_per_gather', '0', true) as workers",
        service.name,
        &repositories,
        &selectors,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

const REPOSITORIES: &str = "any (current_setting('sei.repositories')::text[])";

/// Whose deployments these are: the service's that they name, else that of their repository.
const OF_SERVICE: &str = "(service = current_setting('sei.service') or service is null and repository = REPOSITORIES)";

/// What looks like the id of a commit, as the indexes of incidents have it.
const HEX: &str = "'^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$'";

/// The commits of one repository. They are most of what is read, so its name does not come with each of them.
const COMMITS: &str =
    "copy (select sha, parents, author, authored_at, committed_at, subject, branch, reverts, directories,
    cherry_picked_from, directories_truncated from commit where repository = current_setting('sei.repository'))
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
    for (statement, decode) in small() {
        copy::read(connection, &format!("copy ({}) to stdout (format binary)", filled(&statement)), |row| {
            each(decode(row)?);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// A statement with what its names in capitals stand for.
fn filled(statement: &str) -> String {
    let that_run = DeploymentSource::VARIANTS.iter().filter(|source| source.runs());
    statement
        .replace("OF_SERVICE", OF_SERVICE)
        .replace("REPOSITORIES", REPOSITORIES)
        .replace("HEX", HEX)
        .replace("SOURCES_THAT_RUN", &list(that_run.map(|source| literal(*source))))
        .replace("SUCCESS", &literal(Outcome::Success))
        .replace("MERGED", &literal(ChangeState::Merged))
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
        let directories = row.opt_texts()?;
        let cherry_picked_from = row.opt_sha()?;
        let directories_truncated = row.bool()?;
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
            directories: directories.as_deref(),
            cherry_picked_from,
            directories_truncated,
        }));
        Ok(())
    })
    .await?;
    Ok(())
}

type Decode = for<'a> fn(&mut Tuple<'a>) -> Result<Row<'static>, StoreError>;

/// When what runs ended: it took effect when it first ended with success, whatever was run again later.
const ENDED: [(&str, &str); 2] = [
    ("finished_at", "coalesce(succeeded_at, finished_at)"),
    ("outcome", "case when succeeded_at is not null then SUCCESS else outcome end"),
];

/// The same, where some only name a version.
const ENDED_IF_IT_RUNS: [(&str, &str); 2] = [
    (
        "finished_at",
        "case when source in (SOURCES_THAT_RUN) then coalesce(succeeded_at, finished_at)
              else finished_at end",
    ),
    (
        "outcome",
        "case when source in (SOURCES_THAT_RUN) and succeeded_at is not null then SUCCESS
              else outcome end",
    ),
];

/// An incident that a service claims is that service's, whatever it names itself.
const CLAIMED: [(&str, &str); 1] = [(
    "service",
    "coalesce((select s.name from service s
                          where s.incidents <> '{}' and not s.deleted and s.incidents && incident.selectors
                          order by s.name <> current_setting('sei.service') limit 1), incident.service)",
)];

/// The ids of the incidents of a service: as arrays, each looked up by its index. Joined, the planner would read all
/// incidents for each service.
const INCIDENTS: &str = "where not incident.deleted and incident.id = any (array(
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
                       where fixed_by_deployment ~ HEX))";

/// The deployments of a service.
const OURS: &str = "with ours as (
             select id, sha from deployment
             where not deleted
               and OF_SERVICE
             union all select id || '/deployment', sha from pipeline_run where repository = REPOSITORIES
         )";

/// The other tables: the statement by which each is read, and how.
fn small() -> [(String, Decode); 7] {
    [
        (
            format!("select {} from repository where id = REPOSITORIES", columns::<Repository>("repository", &[])),
            |row| declared::read(row).map(Row::Repository),
        ),
        (
            format!(
                "select {} from change where repository = REPOSITORIES and state = MERGED and not deleted",
                columns::<Change>("change", &[])
            ),
            |row| declared::read(row).map(Row::Change),
        ),
        (
            format!(
                "select {} from review join change on change.id = review.change
                 where change.repository = REPOSITORIES and change.state = MERGED and not change.deleted",
                columns::<Review>("review", &[])
            ),
            |row| declared::read(row).map(Row::Review),
        ),
        (
            format!(
                "select {} from pipeline_run where repository = REPOSITORIES",
                columns::<PipelineRun>("pipeline_run", &ENDED)
            ),
            |row| declared::read(row).map(Row::PipelineRun),
        ),
        (
            format!(
                "select {} from deployment where not deleted
                   and OF_SERVICE",
                columns::<Deployment>("deployment", &ENDED_IF_IT_RUNS)
            ),
            |row| declared::read(row).map(Row::Deployment),
        ),
        (format!("{OURS} select {} from incident {INCIDENTS}", columns::<Incident>("incident", &CLAIMED)), |row| {
            declared::read(row).map(Row::Incident)
        }),
        (format!("select {} from account where bot", columns::<Account>("account", &[])), |row| {
            declared::read(row).map(Row::Bot)
        }),
    ]
}
