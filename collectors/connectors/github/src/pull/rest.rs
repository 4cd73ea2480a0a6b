//! Pages that come by REST. Each row becomes what a webhook would have sent of it.
//!
//! Lists are asked for with what changed last first: a row that changes meanwhile moves to the front, and
//! what it pushes onto the next page is reported twice, and never left out.

use chrono::{DateTime, SecondsFormat, Utc};
use pull::parts::{Gap, Gaps};
use pull::{Ask, Missed, Page, PullError, Row, Unfinished, details};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::Api;
use super::pages::{self, Counted};

/// How a stream is listed.
struct List {
    /// Its path below the repository.
    path: &'static str,
    kind: &'static str,
    /// The field that a webhook has the row in.
    field: &'static str,
    /// The source itself leaves out what is older than `since`.
    filters: bool,
}

impl List {
    /// Whether a row belongs to it: GitHub's list of issues has the pull requests too.
    fn holds(&self, row: &Value) -> bool {
        self.field != "issue" || row.get("pull_request").is_none()
    }
}

fn of(stream: &str) -> List {
    let sorted = |path, kind, field, filters| List { path, kind, field, filters };
    match stream {
        "review_comments" => sorted(
            "pulls/comments?sort=updated&direction=desc",
            "github.pull.pull_request_review_comment",
            "comment",
            true,
        ),
        "code_scanning" => sorted(
            "code-scanning/alerts?sort=updated&direction=desc",
            "github.pull.code_scanning_alert",
            "alert",
            false,
        ),
        "dependabot" => {
            sorted("dependabot/alerts?sort=updated&direction=desc", "github.pull.dependabot_alert", "alert", false)
        }
        "secret_scanning" => sorted(
            "secret-scanning/alerts?sort=updated&direction=desc",
            "github.pull.secret_scanning_alert",
            "alert",
            false,
        ),
        _ => sorted("issues?state=all&sort=updated&direction=desc", "github.pull.issues", "issue", true),
    }
}

/// A page of a list whose rows know when they changed.
pub(super) async fn list(api: &Api, ask: &Ask<'_>) -> Result<Page, PullError> {
    let list = of(ask.stream.name);
    let first = || {
        let since = ask.since.filter(|_| list.filters);
        let since = since.map(|at| format!("&since={}", at.to_rfc3339_opts(SecondsFormat::Secs, true)));
        format!("repos/{}/{}&per_page=100{}", ask.stream.of, list.path, since.unwrap_or_default())
    };
    let path = ask.cursor_as()?.unwrap_or_else(first);
    let found = pages::get::<Vec<Value>>(api, &path).await?;
    let mut page = Page { next: found.next.map(Value::String), ..Page::default() };
    let mut gaps = Gaps::of(found.first, true, None);
    for row in found.rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                gaps.unreadable(error);
                continue;
            }
        };
        let changed = changed(&row);
        gaps.readable(changed);
        if !row.is_object() {
            // it is rejected with its reason
            page.rows.push(self::row(api, ask, list.kind, list.field, &row));
            continue;
        }
        if ask.since.is_some_and(|since| changed.is_some_and(|changed| changed < since)) {
            page.next = None;
            break;
        }
        page.newest = page.newest.max(changed);
        if list.holds(&row) {
            page.rows.push(self::row(api, ask, list.kind, list.field, &row));
        }
    }
    page.missed = gaps.missed(ask.stream.name, false);
    Ok(page)
}

/// What earlier pulls skipped: rows of a list, the jobs of a run, or a run that had not ended.
pub(super) async fn again(api: &Api, ask: &Ask<'_>, key: &Value, jobs: bool) -> Result<Vec<Row>, PullError> {
    let Some(gap) = key.get("gap") else { return runs_again(api, ask, key, jobs).await };
    let gap = Gap::deserialize(gap).map_err(|error| PullError::Data(error.to_string()))?;
    if ask.stream.name != "runs" {
        let list = of(ask.stream.name);
        let path = format!("repos/{}/{}", ask.stream.of, list.path);
        let rows = pages::gap::<Vec<Value>>(api, &path, &gap, changed).await?;
        let rows = rows.iter().filter(|row| list.holds(row));
        return Ok(rows.map(|row| self::row(api, ask, list.kind, list.field, row)).collect());
    }
    let path = format!("repos/{}/actions/runs", ask.stream.of);
    let (mut page, mut with_jobs) = (Page::default(), Vec::new());
    for run in pages::gap::<Runs>(api, &path, &gap, |run| time(run, "created_at")).await? {
        with_jobs.extend(add_run(api, ask, &mut page, &run, false).filter(|_| jobs));
    }
    add_jobs(api, ask, with_jobs, &mut page).await?;
    match page.missed.pop() {
        Some(missed) => Err(missed.error),
        None => Ok(page.rows),
    }
}

/// A page of workflow runs.
#[derive(Deserialize)]
struct Runs {
    total_count: Option<u64>,
    workflow_runs: Vec<Value>,
}

impl Counted for Runs {
    fn rows(self) -> (Vec<Value>, Option<u64>) {
        (self.workflow_runs, self.total_count)
    }
}

/// A page of workflow runs, each with its jobs. The list is ordered by when runs were created, so that it
/// is read back further than what is new, and runs that have not changed are left out.
pub(super) async fn runs(api: &Api, ask: &Ask<'_>, jobs: bool) -> Result<Page, PullError> {
    let first = || format!("repos/{}/actions/runs?per_page=100", ask.stream.of);
    let path = ask.cursor_as()?.unwrap_or_else(first);
    let found = pages::get::<Runs>(api, &path).await?;
    let total = found.total.filter(|_| ask.since.is_none());
    let mut page = Page { next: found.next.map(Value::String), total, ..Page::default() };
    let mut gaps = Gaps::of(found.first, true, None);
    let mut with_jobs = Vec::new();
    for run in found.rows {
        let run = match run {
            Ok(run) => run,
            Err(error) => {
                gaps.unreadable(error);
                continue;
            }
        };
        gaps.readable(time(&run, "created_at"));
        let changed = time(&run, "updated_at");
        page.newest = page.newest.max(changed);
        // what changed lately is taken even if it began long ago, as it is on this page
        let began_before = ask.is_before(time(&run, "created_at"));
        if began_before {
            page.next = None;
        }
        let known = began_before && ask.is_before(changed) || changed.is_some_and(|changed| ask.is_known(changed));
        with_jobs.extend(add_run(api, ask, &mut page, &run, known).filter(|_| jobs));
    }
    page.missed = gaps.missed(ask.stream.name, false);
    add_jobs(api, ask, with_jobs, &mut page).await?;
    Ok(page)
}

/// Runs that had not ended when they were listed, such as those that waited for an approval.
pub(super) async fn unfinished_runs(
    api: &Api,
    ask: &Ask<'_>,
    unfinished: &[Unfinished],
    jobs: bool,
) -> Result<Page, PullError> {
    let (mut page, mut with_jobs) = (Page::default(), Vec::new());
    for Unfinished { id, .. } in unfinished {
        let run = api.details(&format!("repos/{}/actions/runs/{id}", ask.stream.of)).await;
        match run.and_then(|answer| answer.json::<Value>()) {
            Ok(run) => {
                let known = time(&run, "updated_at").is_some_and(|changed| ask.is_known(changed));
                with_jobs.extend(add_run(api, ask, &mut page, &run, known).filter(|_| jobs));
            }
            Err(PullError::Gone(_)) => page.finished.push(id.clone()),
            Err(error @ PullError::RateLimited(_)) => return Err(error),
            Err(error) => {
                page.missed.push(Missed { what: format!("run {id}"), key: json!({ "run": id }), error });
            }
        }
    }
    add_jobs(api, ask, with_jobs, &mut page).await?;
    Ok(page)
}

/// Notes whether a run has ended, and adds it unless it is `known`; its id, if it was added.
fn add_run(api: &Api, ask: &Ask<'_>, page: &mut Page, run: &Value, known: bool) -> Option<i64> {
    let id = run.get("id").and_then(Value::as_i64);
    if let Some((id, created)) = id.zip(time(run, "created_at")) {
        let ended = run.get("status").and_then(Value::as_str).is_none_or(|status| status == "completed");
        page.note(id.to_string(), created, ended);
    }
    if known {
        return None;
    }
    page.rows.push(row(api, ask, "github.pull.workflow_run", "workflow_run", run));
    id
}

/// Adds the jobs of runs.
async fn add_jobs(api: &Api, ask: &Ask<'_>, runs: Vec<i64>, page: &mut Page) -> Result<(), PullError> {
    let asked = runs.into_iter().map(|id| (format!("jobs of run {id}"), Value::from(id), jobs_of(api, ask, id)));
    let (rows, missed) = details(asked).await?;
    page.rows.extend(rows.into_iter().flatten());
    page.missed.extend(missed);
    Ok(())
}

/// What an earlier pull skipped: the jobs of a run, or a run that had not ended.
async fn runs_again(api: &Api, ask: &Ask<'_>, key: &Value, jobs: bool) -> Result<Vec<Row>, PullError> {
    let Some(id) = key.get("run").and_then(Value::as_str) else {
        return match key.as_i64() {
            Some(run) => jobs_of(api, ask, run).await,
            None => Ok(Vec::new()),
        };
    };
    let unfinished = [Unfinished { id: id.to_owned(), began: ask.began }];
    let mut page = unfinished_runs(api, ask, &unfinished, jobs).await?;
    match page.missed.pop() {
        Some(missed) => Err(missed.error),
        None => Ok(page.rows),
    }
}

/// The jobs of a run, of all its attempts.
async fn jobs_of(api: &Api, ask: &Ask<'_>, run: i64) -> Result<Vec<Row>, PullError> {
    #[derive(Deserialize)]
    struct Jobs {
        jobs: Vec<Value>,
    }
    let mut next = Some(format!("repos/{}/actions/runs/{run}/jobs?filter=all&per_page=100", ask.stream.of));
    let mut rows = Vec::new();
    while let Some(path) = next {
        let answer = match api.details(&path).await {
            // GitHub forgets a run's jobs before the run
            Err(PullError::Gone(_)) => return Ok(rows),
            answer => answer?,
        };
        next = answer.next_link();
        let Jobs { jobs } = answer.json()?;
        rows.extend(jobs.iter().map(|job| row(api, ask, "github.pull.workflow_job", "workflow_job", job)));
    }
    Ok(rows)
}

/// When a row of a list changed.
fn changed(row: &Value) -> Option<DateTime<Utc>> {
    time(row, "updated_at").or_else(|| time(row, "created_at"))
}

fn time(row: &Value, field: &str) -> Option<DateTime<Utc>> {
    row.get(field)?.as_str()?.parse().ok()
}

/// A row as a webhook would have sent it: with its repository around it, and without an action.
fn row(api: &Api, ask: &Ask<'_>, kind: &'static str, field: &str, row: &Value) -> Row {
    let repository = repository_of(row).unwrap_or_else(|| ask.stream.of.clone());
    let url = format!("{}/{repository}", api.web);
    let data = json!({
        "action": "",
        "repository": { "full_name": repository, "html_url": url },
        field: row,
    });
    Row {
        kind,
        subject: api.repository_id(&ask.stream.of),
        key: ask.stream.of.to_lowercase(),
        data: data.to_string().into(),
    }
}

/// The name of a row's repository, by the row's own address. A repository that was renamed is found by its old
/// name too, but what GraphQL and webhooks say of it has the new one.
fn repository_of(row: &Value) -> Option<String> {
    let (_, path) = row.get("url")?.as_str()?.split_once("/repos/")?;
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    Some(format!("{}/{}", parts.next()?, parts.next()?))
}
