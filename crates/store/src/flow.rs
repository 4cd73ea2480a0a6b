//! What flow, review, CI, planning and quality metrics are made from: facts in a window, few columns of
//! many rows, as they are stored. Times are microseconds since 1970. What they mean is the engine's.

use chrono::{DateTime, Utc};
use kernel::{DeploymentKind, EARLIEST_AUTHOR_TIME, Outcome, StatusCategory};

use crate::copy::{self, Tuple};
use crate::metric_rows::{RULES, Rules};
use crate::tables::COUNTED_COMMITS;
use crate::{StoreError, StoreTx};

/// A span of time `[from, to)` that facts are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
}

/// Which rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those that a span is about.
    Span(Span),
    /// All of them.
    All,
    /// All of these repositories, projects or services.
    Owners(Vec<String>),
}

impl Part {
    /// The condition of a statement: in a span `in_span`, else that the column is one of the owners.
    fn condition(&self, in_span: &str, owner: &str) -> String {
        match self {
            Self::Span(_) => in_span.to_owned(),
            Self::All => "true".to_owned(),
            Self::Owners(_) => format!("{owner} = any (current_setting('sei.owners')::text[])"),
        }
    }
}

/// A change that was open in the span or ended in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeRow {
    /// Its id.
    pub id: String,
    /// Where it is merged to.
    pub repository: String,
    /// Who opened it.
    pub author: Option<String>,
    /// Who wrote its commits, where they are known: authors and co-authors.
    pub writers: Vec<String>,
    /// The branch that it comes from.
    pub branch: Option<String>,
    /// Its title.
    pub title: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// The earliest author time of the commits that its source lists.
    pub first_commit: Option<i64>,
    /// The start of its lead time, where it was deployed.
    pub started: Option<i64>,
    /// When it was opened.
    pub opened: Option<i64>,
    /// When it stopped to be a draft.
    pub ready: Option<i64>,
    /// When it was merged.
    pub merged: Option<i64>,
    /// When it was closed without a merge.
    pub closed: Option<i64>,
    /// Lines added.
    pub additions: Option<i64>,
    /// Lines deleted.
    pub deletions: Option<i64>,
}

/// A review of, or a comment on, one of those changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReviewRow {
    /// The change.
    pub change: String,
    /// Who.
    pub reviewer: Option<String>,
    /// When.
    pub at: i64,
}

/// A change or commit that was deployed in the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeployedRow {
    /// The service.
    pub service: String,
    /// Its repository.
    pub repository: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// Who wrote its commits.
    pub writers: Vec<String>,
    /// The branch that it comes from.
    pub branch: Option<String>,
    /// Its title.
    pub title: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// When it was deployed.
    pub deployed: i64,
    /// Lead time.
    pub lead_time: Option<i64>,
    /// Its stages: coding, pickup, review, approval, deploy.
    pub stages: [Option<i64>; 5],
}

/// A production deployment that finished in the span, or recovered in it, or was not recovered before it.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are columns")]
pub struct DeploymentRow {
    /// The service.
    pub service: String,
    /// The repository whose code it is.
    pub repository: Option<String>,
    /// When it finished.
    pub finished: i64,
    /// It counts as a deployment.
    pub counts: bool,
    /// Its outcome is success.
    pub success: bool,
    /// How it relates to the one before it.
    pub kind: DeploymentKind,
    /// It is counted with another deployment of the same rollout.
    pub in_rollout: bool,
    /// It failed.
    pub failed: bool,
    /// When service was restored.
    pub recovered: Option<i64>,
    /// It repaired rather than advanced.
    pub rework: bool,
    /// The rules that say so.
    pub rules: Rules,
}

/// An incident that was open in the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncidentRow {
    /// The service.
    pub service: String,
    /// As its source has it.
    pub severity: Option<String>,
    /// When it was noticed.
    pub detected: i64,
    /// When service was restored.
    pub resolved: Option<i64>,
    /// Detected → resolved.
    pub restore: Option<i64>,
    /// When the deployment finished that it failed.
    pub failed_deployment: Option<i64>,
}

/// A run of a pipeline that finished in the span, or shortly before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunRow {
    /// The code that it ran on.
    pub repository: Option<String>,
    /// The pipeline.
    pub name: String,
    /// The commit that it ran on, in hex.
    pub sha: Option<String>,
    /// It ran for the default branch of its repository.
    pub default_branch: bool,
    /// 1 for the first attempt.
    pub attempt: i64,
    /// When it was asked for.
    pub queued: i64,
    /// When it began.
    pub started: Option<i64>,
    /// When it ended.
    pub finished: i64,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// A work item that was there in the span and not done before it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRow {
    /// Its id.
    pub id: String,
    /// The project, or the repository that it is in.
    pub project: String,
    /// As the source has it: `story`, `bug`.
    pub kind: Option<String>,
    /// Where it stands.
    pub category: StatusCategory,
    /// Who works on it.
    pub assignee: Option<String>,
    /// When it was written down.
    pub created: i64,
    /// When work on it began first, as the source says.
    pub started: Option<i64>,
    /// When it was finished last, as the source says.
    pub done: Option<i64>,
    /// Closed as won't do, duplicate or not planned.
    pub canceled: bool,
    /// Story points.
    pub points: Option<f64>,
    /// Its labels.
    pub labels: Vec<String>,
}

/// A work item's way from one status to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransitionRow {
    /// The work item.
    pub item: String,
    /// When.
    pub at: i64,
    /// The status that it had, and its category if the source reports it.
    pub from: (Option<String>, Option<StatusCategory>),
    /// The status that it got, and its category if the source reports it.
    pub to: (String, Option<StatusCategory>),
}

/// What a status means.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusRow {
    /// The tracker that has it.
    pub tracker: String,
    /// Its name.
    pub name: String,
    /// What it means.
    pub category: StatusCategory,
}

/// A sprint that ended in the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SprintRow {
    /// Its id.
    pub id: String,
    /// The board that it is on.
    pub board: Option<String>,
    /// When it began.
    pub started: i64,
    /// When it was completed, or planned to end.
    pub ended: i64,
}

/// A work item that was put into one of those sprints, or taken out of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryRow {
    /// The sprint.
    pub sprint: String,
    /// The work item.
    pub item: String,
    /// When.
    pub at: i64,
    /// Put in; otherwise taken out.
    pub added: bool,
    /// The item's story points.
    pub points: Option<f64>,
    /// When the item was finished last, unless it was canceled.
    pub done: Option<i64>,
    /// The item's project.
    pub project: Option<String>,
}

/// A vulnerability that was open in the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VulnerabilityRow {
    /// The repository.
    pub repository: Option<String>,
    /// Its severity.
    pub severity: String,
    /// When it was found.
    pub opened: i64,
    /// When it was fixed.
    pub fixed: Option<i64>,
    /// When it was dismissed.
    pub dismissed: Option<i64>,
}

/// A measure of code.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasureRow {
    /// The repository.
    pub repository: Option<String>,
    /// The source's project.
    pub project: String,
    /// What was measured.
    pub metric: String,
    /// The measure.
    pub value: f64,
    /// When.
    pub at: i64,
}

/// How many lines an account changed in a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuthorRow {
    /// The repository.
    pub repository: String,
    /// Who.
    pub author: String,
    /// Lines added and deleted.
    pub lines: i64,
    /// Commits.
    pub commits: i64,
}

async fn choose(tx: &mut StoreTx, part: &Part) -> Result<(), StoreError> {
    match part {
        Part::All => {}
        Part::Span(span) => {
            sqlx::query!(
                "select set_config('sei.from', $1::timestamptz::text, true) as first,
                        set_config('sei.to', $2::timestamptz::text, true) as last",
                span.from,
                span.to,
            )
            .fetch_one(tx.connection())
            .await?;
        }
        Part::Owners(owners) => {
            sqlx::query!("select set_config('sei.owners', $1::text[]::text, true) as owners", owners)
                .fetch_one(tx.connection())
                .await?;
        }
    }
    Ok(())
}

/// Reads rows of a statement in which `$FROM` and `$TO` stand for the span.
async fn rows<T>(
    tx: &mut StoreTx,
    part: &Part,
    statement: &str,
    decode: impl Fn(&mut Tuple<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    choose(tx, part).await?;
    let statement = statement
        .replace("$FROM", "current_setting('sei.from')::timestamptz")
        .replace("$TO", "current_setting('sei.to')::timestamptz");
    let mut found = Vec::new();
    copy::read(tx.connection(), &format!("copy ({statement}) to stdout (format binary)"), |row| {
        found.push(decode(row)?);
        Ok(())
    })
    .await?;
    Ok(found)
}

fn text(row: &mut Tuple<'_>) -> Result<String, StoreError> {
    Ok(row.text()?.to_owned())
}

fn opt_text(row: &mut Tuple<'_>) -> Result<Option<String>, StoreError> {
    Ok(row.opt_text()?.map(str::to_owned))
}

/// The changes that are asked for, without those all of whose commits came with other changes.
fn changes_of(part: &Part) -> String {
    let in_span = "(c.opened_at < $TO and coalesce(c.merged_at, c.closed_at, 'infinity') >= $FROM
                    or c.opened_at is null and c.merged_at >= $FROM and c.merged_at < $TO)";
    format!(
        "not c.deleted and {}
         and not exists (select from finding f where f.kind = 'duplicate_change' and f.subject = c.id)",
        part.condition(in_span, "c.repository")
    )
}

/// Who wrote the commits of a change.
const WRITERS: &str = "array(select distinct who from commit k, unnest(k.co_authors || k.author) as who
                             where k.repository = c.repository and who is not null
                               and k.sha = any (c.commits || c.merge_sha || c.head_sha))";

/// A change that is known only from git, and only by the commit that it was squashed to: when it began was not seen.
const SQUASHED: &str = "c.opened_at is null and cardinality(c.commits) = 0 and m.commits <= 1
                        and not exists (select from commit k where k.repository = c.repository
                                        and k.sha = c.merge_sha and cardinality(k.parents) > 1)";

/// Changes that were open in the span or ended in it.
pub async fn changes(tx: &mut StoreTx, part: &Part) -> Result<Vec<ChangeRow>, StoreError> {
    let deployed = part.condition("deployed_at >= $FROM", "repository");
    let statement = format!(
        "select c.id, c.repository, c.author, {WRITERS}, c.source_branch, c.title, c.labels,
                (select min(k.authored_at) from commit k
                 where k.repository = c.repository and k.sha = any (c.commits)
                   and k.authored_at >= '{EARLIEST_AUTHOR_TIME}' and k.authored_at < now()),
                case when not ({SQUASHED}) then m.started_at end, c.opened_at, c.ready_at, c.merged_at,
                case when c.merged_at is null then c.closed_at end, c.additions, c.deletions
         from change c
         left join (select change, min(started_at) as started_at, max(commits) as commits from change_metric
                    where {deployed} and not is_commit group by change) m on m.change = c.id
         where {}",
        changes_of(part)
    );
    rows(tx, part, &statement, |row| {
        Ok(ChangeRow {
            id: text(row)?,
            repository: text(row)?,
            author: opt_text(row)?,
            writers: row.texts()?,
            branch: opt_text(row)?,
            title: text(row)?,
            labels: row.texts()?,
            first_commit: row.opt_micros()?,
            started: row.opt_micros()?,
            opened: row.opt_micros()?,
            ready: row.opt_micros()?,
            merged: row.opt_micros()?,
            closed: row.opt_micros()?,
            additions: row.opt_i64()?,
            deletions: row.opt_i64()?,
        })
    })
    .await
}

/// Reviews and comments of those changes, oldest first.
pub async fn reviews(tx: &mut StoreTx, part: &Part) -> Result<Vec<ReviewRow>, StoreError> {
    let statement = format!(
        "select r.change, r.reviewer, r.submitted_at
         from review r join change c on c.id = r.change where {} order by r.submitted_at, r.id",
        changes_of(part)
    );
    rows(tx, part, &statement, |row| Ok(ReviewRow { change: text(row)?, reviewer: opt_text(row)?, at: row.micros()? }))
        .await
}

/// Accounts that are bots.
pub async fn bots(tx: &mut StoreTx) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!("select id from account where bot order by id").fetch_all(tx.connection()).await?)
}

/// Changes and commits that were deployed in the span and count for lead time; who wrote their commits only where
/// that is asked for.
pub async fn deployed(tx: &mut StoreTx, part: &Part, with_writers: bool) -> Result<Vec<DeployedRow>, StoreError> {
    let writers = if with_writers { WRITERS } else { "'{}'::text[]" };
    let statement = format!(
        "select m.service, m.repository, m.author,
                case when c.id is not null then {writers} else '{{}}'::text[] end, c.source_branch, m.title,
                coalesce(c.labels, '{{}}'), m.deployed_at, m.lead_time_us, m.coding_us, m.pickup_us, m.review_us,
                m.approval_us, m.deploy_us
         from change_metric m left join change c on c.id = m.change
         where {} and not m.excluded",
        part.condition("m.deployed_at >= $FROM and m.deployed_at < $TO", "m.service")
    );
    rows(tx, part, &statement, |row| {
        Ok(DeployedRow {
            service: text(row)?,
            repository: text(row)?,
            author: opt_text(row)?,
            writers: row.texts()?,
            branch: opt_text(row)?,
            title: text(row)?,
            labels: row.texts()?,
            deployed: row.micros()?,
            lead_time: row.opt_i64()?,
            stages: [row.opt_i64()?, row.opt_i64()?, row.opt_i64()?, row.opt_i64()?, row.opt_i64()?],
        })
    })
    .await
}

/// Production deployments that finished in the span, and failed ones that were open in it; oldest first.
pub async fn deployments(tx: &mut StoreTx, part: &Part) -> Result<Vec<DeploymentRow>, StoreError> {
    let statement = format!(
        "select service, repository, finished_at, counts, success, kind, rollout is not null, failed, recovered_at,
                rework, {RULES}
         from deployment_metric
         where {}
         order by finished_at, deployment",
        part.condition(
            "finished_at < $TO
             and (finished_at >= $FROM or failed and (recovered_at is null or recovered_at >= $FROM))",
            "service"
        )
    );
    rows(tx, part, &statement, |row| {
        Ok(DeploymentRow {
            service: text(row)?,
            repository: opt_text(row)?,
            finished: row.micros()?,
            counts: row.bool()?,
            success: row.bool()?,
            kind: row.word()?,
            in_rollout: row.bool()?,
            failed: row.bool()?,
            recovered: row.opt_micros()?,
            rework: row.bool()?,
            rules: Rules::read(row)?,
        })
    })
    .await
}

/// When the code of a repository was deployed first for a service, over all time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FirstDeploymentRow {
    /// The service.
    pub service: String,
    /// The repository.
    pub repository: Option<String>,
    /// When, of the deployments that count.
    pub at: i64,
}

/// The first deployments of services, of each of their repositories, before the end of the span.
pub async fn first_deployments(tx: &mut StoreTx, part: &Part) -> Result<Vec<FirstDeploymentRow>, StoreError> {
    let statement = format!(
        "select service, repository, min(finished_at) from deployment_metric
         where counts and {} group by service, repository",
        part.condition("finished_at < $TO", "service")
    );
    rows(tx, part, &statement, |row| {
        Ok(FirstDeploymentRow { service: text(row)?, repository: opt_text(row)?, at: row.micros()? })
    })
    .await
}

/// Incidents that were open in the span, and those that failed a deployment that finished in it.
pub async fn incidents(tx: &mut StoreTx, part: &Part) -> Result<Vec<IncidentRow>, StoreError> {
    let statement = format!(
        "select i.service, i.severity, i.detected_at, i.resolved_at, i.restore_us, d.finished_at
         from incident_metric i
         left join deployment_metric d on d.service = i.service and d.deployment = i.deployment and d.failed
         where {}",
        part.condition(
            "i.detected_at < $TO and (i.resolved_at is null or i.resolved_at >= $FROM)
             or i.resolved_at >= $FROM and i.resolved_at < $TO
             or d.finished_at >= $FROM and d.finished_at < $TO",
            "i.service"
        )
    );
    rows(tx, part, &statement, |row| {
        Ok(IncidentRow {
            service: text(row)?,
            severity: opt_text(row)?,
            detected: row.micros()?,
            resolved: row.opt_micros()?,
            restore: row.opt_i64()?,
            failed_deployment: row.opt_micros()?,
        })
    })
    .await
}

/// Runs of pipelines that finished in the span or in the 30 days before it, oldest first.
pub async fn runs(tx: &mut StoreTx, part: &Part) -> Result<Vec<RunRow>, StoreError> {
    let statement = format!(
        "select p.repository, p.name, encode(p.sha, 'hex'), coalesce(p.branch = r.default_branch, false), p.attempt,
                p.queued_at, p.started_at, p.finished_at, p.outcome
         from pipeline_run p left join repository r on r.id = p.repository
         where p.finished_at is not null and {} order by p.finished_at, p.id",
        part.condition("p.finished_at >= $FROM - interval '30 days' and p.finished_at < $TO", "p.repository")
    );
    rows(tx, part, &statement, |row| {
        Ok(RunRow {
            repository: opt_text(row)?,
            name: text(row)?,
            sha: opt_text(row)?,
            default_branch: row.bool()?,
            attempt: row.i64()?,
            queued: row.micros()?,
            started: row.opt_micros()?,
            finished: row.micros()?,
            outcome: row.opt_word()?,
        })
    })
    .await
}

/// Work items that were there in the span and not done before it.
pub async fn items(tx: &mut StoreTx, part: &Part) -> Result<Vec<ItemRow>, StoreError> {
    let statement = format!(
        "select id, project, kind, status_category, assignee, created_at, started_at, done_at, canceled, points, labels
         from work_item where not deleted and {}",
        part.condition("created_at < $TO and (done_at is null or done_at >= $FROM)", "project")
    );
    rows(tx, part, &statement, |row| {
        Ok(ItemRow {
            id: text(row)?,
            project: text(row)?,
            kind: opt_text(row)?,
            category: row.word()?,
            assignee: opt_text(row)?,
            created: row.micros()?,
            started: row.opt_micros()?,
            done: row.opt_micros()?,
            canceled: row.bool()?,
            points: row.opt_f64()?,
            labels: row.texts()?,
        })
    })
    .await
}

/// The transitions of those work items, oldest first.
pub async fn transitions(tx: &mut StoreTx, part: &Part) -> Result<Vec<TransitionRow>, StoreError> {
    let statement = format!(
        "select t.item, t.at, t.from_status, t.from_category, t.to_status, t.to_category
         from transition t join work_item w on w.id = t.item
         where not w.deleted and {} order by t.at, t.id",
        part.condition("w.created_at < $TO and (w.done_at is null or w.done_at >= $FROM)", "w.project")
    );
    rows(tx, part, &statement, |row| {
        Ok(TransitionRow {
            item: text(row)?,
            at: row.micros()?,
            from: (opt_text(row)?, row.opt_word()?),
            to: (text(row)?, row.opt_word()?),
        })
    })
    .await
}

/// What statuses mean.
pub async fn statuses(tx: &mut StoreTx) -> Result<Vec<StatusRow>, StoreError> {
    rows(tx, &Part::All, "select tracker, name, category from status order by id", |row| {
        Ok(StatusRow { tracker: text(row)?, name: text(row)?, category: row.word()? })
    })
    .await
}

/// Sprints that ended in the span.
pub async fn sprints(tx: &mut StoreTx, part: &Part) -> Result<Vec<SprintRow>, StoreError> {
    let statement = format!(
        "select id, board, started_at, coalesce(completed_at, ends_at) from sprint
         where not deleted and started_at is not null and coalesce(completed_at, ends_at) is not null and {}",
        part.condition("coalesce(completed_at, ends_at) >= $FROM and coalesce(completed_at, ends_at) < $TO", "''")
    );
    rows(tx, part, &statement, |row| {
        Ok(SprintRow { id: text(row)?, board: opt_text(row)?, started: row.micros()?, ended: row.micros()? })
    })
    .await
}

/// What was put into those sprints and taken out of them, oldest first.
pub async fn entries(tx: &mut StoreTx, part: &Part) -> Result<Vec<EntryRow>, StoreError> {
    let statement = format!(
        "select e.sprint, e.item, e.at, e.added, w.points, case when not w.canceled then w.done_at end, w.project
         from sprint_entry e join sprint s on s.id = e.sprint
         left join work_item w on w.id = e.item and not w.deleted
         where not s.deleted and {} order by e.at, e.id",
        part.condition(
            "coalesce(s.completed_at, s.ends_at) >= $FROM and coalesce(s.completed_at, s.ends_at) < $TO",
            "''"
        )
    );
    rows(tx, part, &statement, |row| {
        Ok(EntryRow {
            sprint: text(row)?,
            item: text(row)?,
            at: row.micros()?,
            added: row.bool()?,
            points: row.opt_f64()?,
            done: row.opt_micros()?,
            project: opt_text(row)?,
        })
    })
    .await
}

/// Vulnerabilities that were open in the span.
pub async fn vulnerabilities(tx: &mut StoreTx, part: &Part) -> Result<Vec<VulnerabilityRow>, StoreError> {
    let statement = format!(
        "select repository, severity, opened_at, fixed_at, dismissed_at from vulnerability where not deleted and {}",
        part.condition("opened_at < $TO and coalesce(fixed_at, dismissed_at, 'infinity') >= $FROM", "''")
    );
    rows(tx, part, &statement, |row| {
        Ok(VulnerabilityRow {
            repository: opt_text(row)?,
            severity: text(row)?,
            opened: row.micros()?,
            fixed: row.opt_micros()?,
            dismissed: row.opt_micros()?,
        })
    })
    .await
}

/// Measures of code up to the end of the span: those in it, and of each project the last before it.
pub async fn measures(tx: &mut StoreTx, part: &Part) -> Result<Vec<MeasureRow>, StoreError> {
    let statement = match part {
        Part::Span(_) => {
            "select repository, project, metric, value, at from quality_measure
             where at >= $FROM and at < $TO
             union all
             (select distinct on (project, metric) repository, project, metric, value, at
              from quality_measure where at < $FROM order by project, metric, at desc)"
        }
        _ => "select repository, project, metric, value, at from quality_measure order by at, id",
    };
    rows(tx, part, statement, |row| {
        Ok(MeasureRow {
            repository: opt_text(row)?,
            project: text(row)?,
            metric: text(row)?,
            value: row.f64()?,
            at: row.micros()?,
        })
    })
    .await
}

/// Who changed how much in the year before the end of the span.
pub async fn authors(tx: &mut StoreTx, span: Span) -> Result<Vec<AuthorRow>, StoreError> {
    let statement = format!(
        "select repository, author,
                sum(coalesce(additions, 0) + coalesce(deletions, 0))::bigint, count(*)
         from commit
         where author is not null and authored_at >= $TO - interval '1 year' and authored_at < $TO
           and {COUNTED_COMMITS}
         group by 1, 2"
    );
    rows(tx, &Part::Span(span), &statement, |row| {
        Ok(AuthorRow { repository: text(row)?, author: text(row)?, lines: row.i64()?, commits: row.i64()? })
    })
    .await
}
