//! Pulling from CircleCI's API v2. Pipelines are listed newest first, their workflows and jobs only one
//! pipeline and one workflow at a time: the API knows no other way that reaches further back than 90 days.
//! A pipeline's rows are put into the form that the webhook has.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use pull::parts;
use pull::{
    Ask, Client, Missed, OpenError, Opened, Page, Paged, Pull, PullError, Puller, RateLimit, Row, Stream, Unfinished,
    details, escaped, part,
};
use runtime::settings::{Findings, OptionsType, SecretRef, SourceOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{CircleCi, run_id};

const ADDRESS: &str = "https://circleci.com/api/v2";
/// How long after its pipeline began a workflow may be run again and still be seen by the next pull.
const OVERLAP: TimeDelta = TimeDelta::days(2);
/// How long a workflow may run or wait for an approval and still be asked for again. The API keeps no longer.
const LONGEST: TimeDelta = TimeDelta::days(90);
/// Pipelines that are asked for by their numbers at once.
const NUMBERED: i64 = 20;

impl Pull for CircleCi {
    fn options(&self) -> OptionsType {
        OptionsType::of::<Options>()
    }

    fn paged(&self) -> Option<&dyn Paged> {
        Some(self)
    }
}

impl Paged for CircleCi {
    fn open(&self, source: &Opened) -> Result<Box<dyn Puller>, OpenError> {
        let base = match &source.url {
            Some(url) => url.clone(),
            None => Url::parse(ADDRESS).map_err(|error| OpenError::new("url", error.to_string()))?,
        };
        let Options { projects, .. } = source.options()?;
        let client = Client::new(source, base)?.with_secret("circle-token", source.token()?.expose())?;
        Ok(Box::new(Projects { client, slugs: projects }))
    }
}

pull::pull_options! {
    /// CircleCI's API: workflows and jobs.
    struct Options {
        /// Projects, or whole organizations, by their slugs.
        #[schemars(example = ["gh/acme/shop", "bb/acme"])]
        projects: Vec<String>,
        /// A personal API token.
        #[schemars(example = SecretRef::Env("CIRCLECI_TOKEN".to_owned()))]
        token: SecretRef,
        /// The address of the API of a CircleCI server.
        #[serde(default)]
        #[schemars(example = &"https://circleci.example.com/api/v2")]
        url: Option<String>,
    }
}

impl SourceOptions for Options {
    fn check(&self, key: &str, findings: &mut Findings) {
        if self.projects.is_empty() {
            findings.error(format!("{key}.projects"), "none", "slugs such as `gh/acme` or `gh/acme/shop`");
        }
        for (nth, slug) in self.projects.iter().enumerate() {
            if !matches!(slug.split('/').count(), 2 | 3) || slug.split('/').any(str::is_empty) {
                let expected = "a slug such as `gh/acme` or `gh/acme/shop`";
                findings.error(format!("{key}.projects.{nth}"), runtime::settings::shown(slug), expected);
            }
        }
    }
}

struct Projects {
    client: Client,
    slugs: Vec<String>,
}

/// A page of a list.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct List<T> {
    #[serde(default, deserialize_with = "connector::json::list")]
    items: Vec<T>,
    next_page_token: Option<String>,
}

/// Where a page begins.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Cursor {
    /// An earlier version kept the token only.
    Token(String),
    /// With the lowest number of a pipeline on the pages before.
    After { token: String, number: i64 },
    /// Below this number, one by one: the list broke off there.
    Below { number: i64 },
}

/// Pipelines, where the next ones begin, and what could not be fetched.
type Pipelines = (Vec<Value>, Option<Cursor>, Vec<Missed>);

/// The part of a pipeline that is looked at here.
#[derive(Deserialize)]
struct Created {
    id: String,
    created_at: DateTime<Utc>,
}

#[async_trait]
impl Puller for Projects {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        Ok(self
            .slugs
            .iter()
            .map(|slug| Stream::new("pipelines", slug).overlapping(OVERLAP).ending_within(LONGEST))
            .collect())
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let at: Option<Cursor> = ask.cursor_as()?;
        let (pipelines, next, missed) = match at {
            Some(Cursor::Below { number }) => self.below(ask, number).await?,
            at => self.listed(ask, at.as_ref()).await?,
        };
        let (mut reached, mut page) = (false, Page { missed, ..Page::default() });
        let mut found = Vec::new();
        for pipeline in pipelines {
            let Ok(created) = part::<Created>(&pipeline) else {
                // it is rejected with its reason
                page.rows.push(row("circleci.workflow", &ask.stream.of, &json!({ "pipeline": pipeline })));
                continue;
            };
            page.newest = page.newest.max(Some(created.created_at));
            // Newest first: what follows is older.
            if ask.is_before(Some(created.created_at)) {
                reached = true;
                break;
            }
            found.push((created, pipeline));
        }
        self.add(found, &mut page).await?;
        page.next = next.filter(|_| !reached).map(|next| json!(next));
        Ok(page)
    }

    async fn unfinished(&self, _: &Ask<'_>, unfinished: &[Unfinished]) -> Result<Page, PullError> {
        let (mut page, mut pipelines) = (Page::default(), Vec::new());
        let asked = unfinished.iter().map(|Unfinished { id, .. }| {
            (format!("pipeline {id}"), json!({ "id": id }), async move { Ok((id, self.pipeline(id).await?)) })
        });
        let (found, missed) = details(asked).await?;
        page.missed = missed;
        for (id, pipeline) in found {
            match pipeline {
                Some(pipeline) => pipelines.push((part(&pipeline)?, pipeline)),
                None => page.finished.push(id.clone()),
            }
        }
        self.add(pipelines, &mut page).await?;
        Ok(page)
    }

    async fn again(&self, ask: &Ask<'_>, key: &Value) -> Result<Vec<Row>, PullError> {
        #[derive(Deserialize)]
        struct Id {
            id: String,
        }
        let numbered = match (key.get("id"), key.get("number").and_then(Value::as_i64)) {
            (None, Some(number)) => {
                let Some(pipeline) = self.numbered(&ask.stream.of, number).await? else { return Ok(Vec::new()) };
                Some(pipeline)
            }
            _ => None,
        };
        let key = numbered.as_ref().unwrap_or(key);
        let Id { id } = part(key)?;
        // of one that had not ended only the id was kept
        let pipeline = if key.get("created_at").is_some() { Some(key.clone()) } else { self.pipeline(&id).await? };
        let Some(pipeline) = pipeline else { return Ok(Vec::new()) };
        Ok(self.rows(&id, pipeline, found).await?.0)
    }

    fn budget(&self) -> Option<RateLimit> {
        self.client.left()
    }
}

/// Where the pipelines of a project are listed, or of all projects of an organization.
fn listed(slug: &str) -> String {
    let parts: Vec<String> = slug.split('/').map(escaped).collect();
    match parts.as_slice() {
        [_, _] => format!("pipeline?org-slug={}", parts.join("%2F")),
        _ => format!("project/{}/pipeline", parts.join("/")),
    }
}

/// Whether a slug names a project, whose pipelines are numbered, and not an organization.
fn is_project(slug: &str) -> bool {
    slug.split('/').count() == 3
}

impl Projects {
    /// A page of a project's pipelines. One that can't be had has no token of the page behind it; from there on the
    /// pipelines are asked for by their numbers.
    async fn listed(&self, ask: &Ask<'_>, at: Option<&Cursor>) -> Result<Pipelines, PullError> {
        let (token, below) = match at {
            Some(Cursor::Token(token)) => (Some(token.as_str()), None),
            Some(Cursor::After { token, number }) => (Some(token.as_str()), Some(*number)),
            Some(Cursor::Below { .. }) | None => (None, None),
        };
        let list: List<Value> = match (self.list(&self.client, &listed(&ask.stream.of), token).await, below) {
            (Err(error), Some(number)) if parts::may_be_of_a_row(&error) && is_project(&ask.stream.of) => {
                return self.below(ask, number).await.map_err(parts::first_of(error));
            }
            (list, _) => list?,
        };
        let numbers = list.items.iter().filter_map(|pipeline| pipeline.get("number")?.as_i64());
        let lowest = numbers.chain(below).min();
        let next = list.next_page_token.map(|token| match lowest {
            Some(number) => Cursor::After { token, number },
            None => Cursor::Token(token),
        });
        Ok((list.items, next, Vec::new()))
    }

    /// Pipelines of a project below a number.
    async fn below(&self, ask: &Ask<'_>, number: i64) -> Result<Pipelines, PullError> {
        let lowest = number.saturating_sub(NUMBERED).max(1);
        let asked = (lowest..number).rev().map(|number| {
            (format!("pipeline number {number}"), json!({ "number": number }), self.numbered(&ask.stream.of, number))
        });
        let (found, missed) = details(asked).await?;
        match missed.first() {
            Some(first) if found.is_empty() => Err(first.error.clone()),
            _ => {
                let found: Vec<Value> = found.into_iter().flatten().collect();
                // below numbers of which none is there, what was there is gone
                let goes_on = lowest > 1 && !(found.is_empty() && missed.is_empty());
                Ok((found, goes_on.then_some(Cursor::Below { number: lowest }), missed))
            }
        }
    }

    /// A pipeline of a project by its number; `None` if there is none.
    async fn numbered(&self, slug: &str, number: i64) -> Result<Option<Value>, PullError> {
        match self.client.for_details().get(&format!("{}/{number}", listed(slug))).await {
            Err(PullError::Gone(_)) => Ok(None),
            answer => answer?.json().map(Some),
        }
    }

    /// A pipeline, if it is still there.
    async fn pipeline(&self, id: &str) -> Result<Option<Value>, PullError> {
        match self.client.for_details().get(&format!("pipeline/{}", escaped(id))).await {
            Err(PullError::Gone(_)) => Ok(None),
            answer => answer?.json().map(Some),
        }
    }

    /// Adds the workflows of pipelines and their jobs, and notes which pipelines have one that has not ended.
    async fn add(&self, pipelines: Vec<(Created, Value)>, page: &mut Page) -> Result<(), PullError> {
        let asked = pipelines.into_iter().map(|(created, pipeline)| {
            let (what, key) = (format!("pipeline {}", created.id), pipeline.clone());
            let rows = async move {
                let (rows, ended) = self.rows(&created.id, pipeline, std::convert::identity).await?;
                Ok((created, rows, ended))
            };
            (what, key, rows)
        });
        let (found, missed) = details(asked).await?;
        for (created, rows, ended) in found {
            page.note(created.id, created.created_at, ended);
            page.rows.extend(rows);
        }
        page.missed.extend(missed);
        Ok(())
    }

    async fn list<T: serde::de::DeserializeOwned>(
        &self,
        client: &Client,
        path: &str,
        page: Option<&str>,
    ) -> Result<List<T>, PullError> {
        let path = match page {
            Some(token) => {
                format!("{path}{}page-token={}", if path.contains('?') { '&' } else { '?' }, escaped(token))
            }
            None => path.to_owned(),
        };
        client.get(&path).await?.json()
    }

    /// All pages of a short list.
    async fn all(&self, path: &str) -> Result<Vec<Value>, PullError> {
        let client = self.client.for_details();
        let mut items = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let list: List<Value> = self.list(&client, path, page.as_deref()).await?;
            items.extend(list.items);
            if list.next_page_token.is_none() || list.next_page_token == page {
                return Ok(items);
            }
            page = list.next_page_token;
        }
    }

    /// The workflows of a pipeline and their jobs, and whether all workflows have ended. `listed` decides about a list that
    /// the source doesn't have.
    async fn rows(
        &self,
        id: &str,
        pipeline: Value,
        listed: fn(Listed) -> Listed,
    ) -> Result<(Vec<Row>, bool), PullError> {
        let (mut rows, mut ended) = (Vec::new(), true);
        for workflow in listed(self.all(&format!("pipeline/{id}/workflow")).await)? {
            let Some(id) = workflow.get("id").and_then(Value::as_str).map(str::to_owned) else { continue };
            let status = workflow.get("status").and_then(Value::as_str);
            ended &= !matches!(super::outcome(status), Ok(None));
            let jobs = listed(self.all(&format!("workflow/{id}/job")).await)?;
            let key = run_id(&id);
            rows.push(row("circleci.workflow", &key, &json!({"pipeline": pipeline, "workflow": workflow})));
            let job = |job| json!({"pipeline": pipeline, "workflow": workflow, "job": job});
            rows.extend(jobs.iter().filter(|job| is_run(job)).map(|one| row("circleci.job", &key, &job(one))));
        }
        Ok((rows, ended))
    }
}

fn row(kind: &'static str, key: &str, data: &Value) -> Row {
    Row { kind, subject: Some(key.to_owned()), key: key.to_owned(), data: data.to_string().into() }
}

/// An approval is a job that a person does.
fn is_run(job: &Value) -> bool {
    job.get("type").and_then(Value::as_str) != Some("approval")
}

/// Rows of a short list.
type Listed = Result<Vec<Value>, PullError>;

/// A list that the source didn't have when it was asked for again was deleted: it is empty.
fn found(rows: Listed) -> Listed {
    match rows {
        Err(PullError::Gone(_)) => Ok(Vec::new()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::{Path, Query};
    use axum::routing::get;
    use connector::Connector;
    use pull::PullFrom;
    use pull::testing::{Memory, client, opened};

    use super::*;

    fn api() -> Router {
        let pipelines = async |Query(query): Query<std::collections::BTreeMap<String, String>>| {
            let page: i64 = query.get("page-token").map_or(0, |token| token.trim_matches('+').parse().unwrap());
            let items: Vec<Value> = (0..20)
                .map(|row| 100 - page * 20 - row)
                .map(|number| {
                    let created = DateTime::from_timestamp(1_760_000_000 + number * 86_400, 0).unwrap();
                    json!({
                        "id": format!("p{number}"), "number": number, "project_slug": "gh/acme/shop",
                        "created_at": created,
                        "vcs": {"target_repository_url": "https://github.com/Acme/Shop", "branch": "main",
                                "revision": "9fceb02d0ae598e95dc970b74767f19372d61af8"},
                    })
                })
                .collect();
            let next = (page < 4).then(|| format!("+{}+", page + 1));
            axum::Json(json!({"items": items, "next_page_token": next}))
        };
        let workflows = async |Path(id): Path<String>| match id.as_str() {
            "p7" => Err(http::StatusCode::NOT_FOUND),
            _ => Ok(axum::Json(json!({"next_page_token": null, "items": [{
                "id": format!("w-{id}"), "name": "ship", "status": "success",
                "created_at": "2026-02-03T08:00:00Z", "stopped_at": "2026-02-03T08:05:00Z",
            }]}))),
        };
        let jobs = async |Path(id): Path<String>| {
            axum::Json(json!({"next_page_token": null, "items": [
                {"id": format!("j-{id}"), "name": "test", "status": "success", "type": "build",
                 "started_at": "2026-02-03T08:01:00Z", "stopped_at": "2026-02-03T08:03:00Z"},
                {"id": format!("a-{id}"), "name": "hold", "status": "success", "type": "approval",
                 "started_at": null},
            ]}))
        };
        Router::new()
            .route("/project/gh/acme/shop/pipeline", get(pipelines))
            .route("/pipeline/{id}/workflow", get(workflows))
            .route("/workflow/{id}/job", get(jobs))
    }

    #[tokio::test]
    async fn all_pipelines_come_with_their_workflows_and_jobs_and_then_only_the_new_ones() {
        let source = Projects { client: client(api()), slugs: vec!["gh/acme/shop".to_owned()] };
        let memory = Memory::default();
        let summary = memory.pull(&source, PullFrom::Start).await;
        // the workflows of one pipeline are not there: it is asked for again, and then taken for deleted
        assert!(summary.warnings()[0].contains("pipeline p7 could not be fetched"), "{summary:?}");
        assert_eq!((summary.rows, summary.pages, summary.failure()), (198, 5, None), "{summary:?}");
        for event in memory.events() {
            assert_eq!(CircleCi.normalize(&event).unwrap().len(), 1, "{event:?}");
        }
        let again = memory.pull(&source, PullFrom::Cursor).await;
        assert_eq!((again.rows, again.pages), (6, 1), "{again:?}");
        assert!(again.complete() && again.warnings().is_empty(), "{again:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipeline_whose_workflows_cannot_be_had_hides_no_others_and_comes_when_they_can() {
        let broken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let asked = std::sync::Arc::clone(&broken);
        let workflows = async move |Path(id): Path<String>| {
            if id == "p3" && asked.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(http::StatusCode::INTERNAL_SERVER_ERROR);
            }
            Ok(axum::Json(json!({"next_page_token": null, "items": [{
                "id": format!("w-{id}"), "name": "build", "status": "success",
                "created_at": "2026-02-03T08:00:00Z", "stopped_at": "2026-02-03T08:05:00Z",
            }]})))
        };
        let pipelines = async || {
            let pipeline = |number: i64| {
                json!({"id": format!("p{number}"), "number": number, "project_slug": "gh/acme/shop",
                "created_at": format!("2026-02-03T0{number}:00:00Z"),
                "vcs": {"target_repository_url": "https://github.com/acme/shop", "branch": "main",
                        "revision": "9fceb02d0ae598e95dc970b74767f19372d61af8"}})
            };
            let mut items: Vec<Value> = (1..=5).rev().map(pipeline).collect();
            items[0].as_object_mut().unwrap().remove("created_at");
            axum::Json(json!({"next_page_token": null, "items": items}))
        };
        let router = Router::new()
            .route("/project/gh/acme/shop/pipeline", get(pipelines))
            .route("/pipeline/{id}/workflow", get(workflows))
            .fallback(async || axum::Json(json!({"next_page_token": null, "items": []})));
        let source = Projects { client: client(router), slugs: vec!["gh/acme/shop".to_owned()] };
        let memory = Memory::default();
        let summary = memory.pull(&source, PullFrom::Start).await;
        assert_eq!((summary.rows, summary.failure()), (4, None), "{summary:?}");
        assert!(summary.warnings()[0].contains("pipeline p3 could not be fetched"), "{summary:?}");
        let ends: Vec<bool> = memory.events().iter().map(|event| CircleCi.normalize(event).is_ok()).collect();
        assert_eq!(ends, [false, true, true, true], "the fifth, which is listed first, has no time and is rejected");
        broken.store(false, std::sync::atomic::Ordering::Relaxed);
        let summary = memory.pull(&source, PullFrom::Cursor).await;
        assert!(summary.complete(), "{summary:?}");
        assert!(memory.events().iter().any(|event| event.key.contains("/w-p3/")), "{:?}", memory.events());
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_breaks_off_the_list_is_gone_on_with_by_the_numbers_of_the_pipelines() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let pipeline = |number: i64| {
            json!({"id": format!("p{number}"), "number": number, "project_slug": "gh/acme/shop",
                "created_at": DateTime::from_timestamp(1_760_000_000 + number * 86_400, 0).unwrap(),
                "vcs": {"target_repository_url": "https://github.com/acme/shop", "branch": "main",
                        "revision": "9fceb02d0ae598e95dc970b74767f19372d61af8"}})
        };
        let broken = std::sync::Arc::new(AtomicBool::new(true));
        let pipelines = async move |Query(query): Query<std::collections::BTreeMap<String, String>>| {
            if query.contains_key("page-token") {
                return Err(http::StatusCode::INTERNAL_SERVER_ERROR);
            }
            let items: Vec<Value> = (31..=50).rev().map(pipeline).collect();
            Ok(axum::Json(json!({"items": items, "next_page_token": "2"})))
        };
        let is_broken = std::sync::Arc::clone(&broken);
        let one = async move |Path(number): Path<i64>| match number {
            7 if is_broken.load(Ordering::Relaxed) => Err(http::StatusCode::BAD_GATEWAY),
            9 => Err(http::StatusCode::NOT_FOUND),
            _ => Ok(axum::Json(pipeline(number))),
        };
        let workflows = async |Path(id): Path<String>| {
            axum::Json(json!({"next_page_token": null, "items": [{
                "id": format!("w-{id}"), "name": "build", "status": "success",
                "created_at": "2026-02-03T08:00:00Z", "stopped_at": "2026-02-03T08:05:00Z",
            }]}))
        };
        let router = Router::new()
            .route("/project/gh/acme/shop/pipeline", get(pipelines))
            .route("/project/gh/acme/shop/pipeline/{number}", get(one))
            .route("/pipeline/{id}/workflow", get(workflows))
            .fallback(async || axum::Json(json!({"next_page_token": null, "items": []})));
        let source = Projects { client: client(router), slugs: vec!["gh/acme/shop".to_owned()] };
        let memory = Memory::default();
        let summary = memory.pull(&source, PullFrom::Start).await;
        assert_eq!((summary.rows, summary.failure()), (48, None), "{summary:?}");
        assert!(summary.incomplete && summary.warnings()[0].contains("pipeline number 7 could not be"), "{summary:?}");
        broken.store(false, Ordering::Relaxed);
        let summary = memory.pull(&source, PullFrom::Cursor).await;
        assert!(summary.complete() && !summary.incomplete, "{summary:?}");
        assert!(memory.events().iter().any(|event| event.key.contains("/w-p7/")), "{:?}", memory.events());
    }

    #[test]
    fn what_is_no_slug_is_named() {
        for (projects, wrong) in [
            (json!([]), Some("pull.projects")),
            (json!(["gh/acme", "shop"]), Some("pull.projects.1")),
            (json!(["gh//shop"]), Some("pull.projects.0")),
            (json!(["gh/acme/shop/x"]), Some("pull.projects.0")),
            (json!(["gh/acme", "gh/acme/shop"]), None),
        ] {
            let options: Options = opened("circleci", json!({"projects": projects})).options().unwrap();
            let mut findings = Findings::default();
            options.check("pull", &mut findings);
            assert_eq!(findings.keys().next(), wrong, "{projects}");
        }
    }
}
