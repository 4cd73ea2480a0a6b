//! Pulling from Jenkins' remote access API: the tree of folders, multibranch projects and jobs, then the
//! builds of each job, newest first and a range at a time, with the stages of those that are pipelines.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use connector::reference::decoded;
use pull::parts;
use pull::{
    Ask, Client, Missed, OpenError, Opened, Page, Paged, Pull, PullError, Puller, RateLimit, Row, Stream, Unfinished,
    details, escaped, part,
};
use runtime::settings::{OptionsType, SecretRef, SourceOptions};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Jenkins;
use super::address::JobAddress;

/// What is asked of a folder: three levels at once.
const JOBS: &str = "jobs[url,jobs[url,jobs[url,lastBuild[number]],lastBuild[number]],lastBuild[number]]";
/// How deep folders may lie in each other.
const DEEPEST: usize = 12;
/// What is asked of a build. `allBuilds` reaches further back than `builds`, which ends after 100.
const BUILD: &str = "number,timestamp,duration,building,result,url,\
                     actions[lastBuiltRevision[SHA1,branch[name]],remoteUrls,parameters[name,value]]";
/// Builds a page.
const BUILDS: usize = 100;
/// How far each pull looks back, for builds that ended meanwhile.
const OVERLAP: TimeDelta = TimeDelta::days(1);
/// How long a build may run or wait for an input and still be asked for again.
const LONGEST: TimeDelta = TimeDelta::days(60);

impl Pull for Jenkins {
    fn options(&self) -> OptionsType {
        OptionsType::of::<Options>()
    }

    fn paged(&self) -> Option<&dyn Paged> {
        Some(self)
    }
}

impl Paged for Jenkins {
    fn open(&self, source: &Opened) -> Result<Box<dyn Puller>, OpenError> {
        let base = source.url.clone().ok_or_else(|| OpenError::new("url", "is not set; expected Jenkins' address"))?;
        let Options { user, .. } = source.options()?;
        let client = Client::new(source, base)?.with_basic(&user, source.token()?.expose())?;
        Ok(Box::new(Controller { client, projects: source.projects.clone(), branches: Mutex::default() }))
    }
}

pull::pull_options! {
    /// Jenkins' API: builds and their stages.
    struct Options {
        /// Folders, multibranch projects or jobs to pull; without any, all.
        #[serde(default)]
        #[schemars(example = ["shop", "tools/nightly"])]
        projects: Vec<String>,
        /// The API token of the user.
        #[schemars(example = SecretRef::Env("JENKINS_API_TOKEN".to_owned()))]
        token: SecretRef,
        /// Its address, with its path, if it has one.
        #[schemars(example = &"https://ci.example.org")]
        url: String,
        /// The user whose API token it is.
        #[schemars(example = &"ann")]
        user: String,
    }
}

impl SourceOptions for Options {}

/// A Jenkins, and the folders and jobs of it that are pulled; all without any.
struct Controller {
    client: Client,
    projects: Vec<String>,
    /// The jobs of multibranch projects that this pull found.
    branches: Mutex<BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Folder {
    #[serde(default, deserialize_with = "connector::json::list")]
    jobs: Vec<Item>,
}

/// A folder, a multibranch project or a job. Only what holds others has `jobs`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default, rename = "_class")]
    class: String,
    url: String,
    jobs: Option<Vec<Option<Item>>>,
    last_build: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Builds {
    #[serde(default, deserialize_with = "connector::json::or_default")]
    all_builds: Vec<Value>,
}

/// The part of a build that is looked at here.
#[derive(Deserialize)]
struct Begun {
    #[serde(default, rename = "_class")]
    class: String,
    number: i64,
    timestamp: i64,
    #[serde(default, deserialize_with = "connector::json::or_default")]
    building: bool,
}

#[async_trait]
impl Puller for Controller {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        let (mut jobs, mut branches, mut failed) = (Vec::new(), BTreeSet::new(), Vec::new());
        let mut folders = vec![(String::new(), false)];
        while let Some((folder, multibranch)) = folders.pop() {
            let found: Folder = match self.client.get(&api(&folder, JOBS)).await.and_then(|answer| answer.json()) {
                Ok(found) => found,
                // the root is all there is; a folder that can't be listed holds up no other
                Err(error) if !folder.is_empty() && !matches!(error, PullError::RateLimited(_)) => {
                    failed.push(Stream::failed("jobs", folder, error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut items: Vec<(Item, bool)> = found.jobs.into_iter().map(|item| (item, multibranch)).collect();
            while let Some((item, of_branch)) = items.pop() {
                // Jenkins writes its own address, which need not be the one that it is asked at.
                let Some(path) = JobAddress::of(&item.url, "jenkins").map(|address| address.path()) else { continue };
                let multibranch = item.class.contains("MultiBranch");
                let holds_others = item.jobs.is_some() || item.class.contains("Folder") || multibranch;
                match item.jobs {
                    Some(inner) => items.extend(inner.into_iter().flatten().map(|item| (item, multibranch))),
                    None if holds_others && path.split('/').count() < DEEPEST => folders.push((path, multibranch)),
                    None if item.last_build.is_some() && self.wanted(&path) => {
                        branches.extend(of_branch.then(|| path.clone()));
                        jobs.push(path);
                    }
                    None => {}
                }
            }
        }
        *self.branches.lock().unwrap_or_else(PoisonError::into_inner) = branches;
        jobs.sort_unstable();
        let builds = |job| Stream::new("builds", job).overlapping(OVERLAP).ending_within(LONGEST);
        Ok(jobs.into_iter().map(builds).chain(failed).collect())
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let job = &ask.stream.of;
        let from: usize = ask.cursor_as()?.unwrap_or_default();
        let (mut reached, mut kept, mut page) = (false, Vec::new(), Page::default());
        let builds = match self.builds(&self.client, job, BUILD, from).await {
            Err(error) if parts::may_be_of_a_row(&error) => {
                let (builds, missed) = self.one_by_one(job, from, error).await?;
                page.missed = missed;
                builds
            }
            builds => builds?,
        };
        let count = builds.len() + page.missed.len();
        for build in builds.into_iter().filter(|build| !build.is_null()) {
            let Ok(begun) = part::<Begun>(&build) else {
                // it is rejected with its reason
                page.rows.push(self.row(job, &build, None));
                continue;
            };
            let at = DateTime::<Utc>::from_timestamp_millis(begun.timestamp);
            page.newest = page.newest.max(at);
            if ask.is_before(at) {
                reached = true;
                break;
            }
            page.note(begun.number.to_string(), at.unwrap_or_default(), !begun.building);
            kept.push((begun, build));
        }
        self.add(job, kept, &mut page).await?;
        // Builds that began meanwhile shift the others towards the end, so none is left out.
        page.next = (count == BUILDS && !reached).then(|| json!(from + BUILDS));
        Ok(page)
    }

    async fn unfinished(&self, ask: &Ask<'_>, unfinished: &[Unfinished]) -> Result<Page, PullError> {
        let (job, mut page, mut builds) = (&ask.stream.of, Page::default(), Vec::new());
        let asked =
            unfinished.iter().map(|row| {
                (format!("build {}", row.id), json!({ "id": row.id }), async move {
                    Ok((row, self.build(job, &row.id).await?))
                })
            });
        let (found, missed) = details(asked).await?;
        page.missed = missed;
        for (Unfinished { id, began }, build) in found {
            let Some(build) = build else {
                page.finished.push(id.clone());
                continue;
            };
            let begun: Begun = part(&build)?;
            page.note(id, *began, !begun.building);
            builds.push((begun, build));
        }
        self.add(job, builds, &mut page).await?;
        Ok(page)
    }

    async fn again(&self, ask: &Ask<'_>, key: &Value) -> Result<Vec<Row>, PullError> {
        let job = &ask.stream.of;
        // of one that had not ended only the number was kept
        let build = match key.get("id").and_then(Value::as_str) {
            Some(id) if key.get("number").is_none() => self.build(job, id).await?,
            _ => Some(key.clone()),
        };
        let Some(build) = build else { return Ok(Vec::new()) };
        Ok(vec![self.with_stages(job, &part(&build)?, &build).await?])
    }

    fn budget(&self) -> Option<RateLimit> {
        self.client.left()
    }
}

impl Controller {
    /// Whether a job is pulled, by its path or the way people write it.
    fn wanted(&self, path: &str) -> bool {
        let starts = |path: &str, with: &str| {
            path.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let within = |project: &String| starts(path, project) || starts(&decoded(path), &decoded(project));
        self.projects.is_empty() || self.projects.iter().any(within)
    }

    /// Builds of a job, with some of their fields.
    async fn builds(&self, client: &Client, job: &str, fields: &str, from: usize) -> Result<Vec<Value>, PullError> {
        let tree = format!("allBuilds[{fields}]{{{from},{}}}", from + BUILDS);
        let builds: Builds = client.get(&api(job, &tree)).await?.json()?;
        Ok(builds.all_builds)
    }

    /// The builds of a page that Jenkins can't give as a whole.
    async fn one_by_one(
        &self,
        job: &str,
        from: usize,
        error: PullError,
    ) -> Result<(Vec<Value>, Vec<Missed>), PullError> {
        let listed = self.builds(&self.client.for_details(), job, "number", from).await;
        let listed = listed.map_err(parts::first_of(error.clone()))?;
        let numbers = listed.iter().filter_map(|build| build.get("number")?.as_i64()).map(|number| number.to_string());
        let numbers: Vec<String> = numbers.collect();
        let asked = numbers.iter().map(|number| {
            (format!("build {number}"), json!({ "id": number }), async move { self.build(job, number).await })
        });
        let (found, missed) = details(asked).await?;
        if found.is_empty() && !missed.is_empty() {
            return Err(error);
        }
        // one that is gone since, or has no number, leaves its place
        let mut builds: Vec<Value> = found.into_iter().map(Option::unwrap_or_default).collect();
        builds.resize(listed.len() - missed.len(), Value::Null);
        Ok((builds, missed))
    }

    /// A build, if it is still there.
    async fn build(&self, job: &str, id: &str) -> Result<Option<Value>, PullError> {
        match self.client.for_details().get(&format!("{}/{id}/api/json?tree={}", path(job), escaped(BUILD))).await {
            Err(PullError::Gone(_)) => Ok(None),
            answer => answer?.json().map(Some),
        }
    }

    /// Adds builds with their stages. Those whose stages can't be had are known all the same; only what ran in them
    /// is missing.
    async fn add(&self, job: &str, builds: Vec<(Begun, Value)>, page: &mut Page) -> Result<(), PullError> {
        let asked = builds.iter().map(|(begun, build)| {
            (format!("stages of build {}", begun.number), build.clone(), self.with_stages(job, begun, build))
        });
        let (rows, missed) = details(asked).await?;
        page.rows.extend(rows);
        page.rows.extend(missed.iter().map(|missed| self.row(job, &missed.key, None)));
        page.missed.extend(missed);
        Ok(())
    }

    /// A build, with its stages where it is a pipeline and the plugin that knows them is there.
    async fn with_stages(&self, job: &str, begun: &Begun, build: &Value) -> Result<Row, PullError> {
        let stages = if begun.class.ends_with("WorkflowRun") {
            match self.client.for_details().get(&format!("{}/{}/wfapi/describe", path(job), begun.number)).await {
                Ok(answer) => answer.json::<Value>()?.get_mut("stages").map(Value::take),
                Err(PullError::Gone(_)) => None,
                Err(error) => return Err(error),
            }
        } else {
            None
        };
        Ok(self.row(job, build, stages))
    }

    fn row(&self, job: &str, build: &Value, stages: Option<Value>) -> Row {
        let stages = stages.filter(Value::is_array).unwrap_or_else(|| json!([]));
        let of_branch = self.branches.lock().unwrap_or_else(PoisonError::into_inner).contains(job);
        let data = if of_branch {
            json!({"build": build, "of_branch": true, "stages": stages})
        } else {
            json!({"build": build, "stages": stages})
        };
        Row { kind: "jenkins.build", subject: Some(job.to_owned()), key: job.to_owned(), data: data.to_string().into() }
    }
}

/// `job/a/job/b` of `a/b`, whose parts are as addresses have them.
fn path(job: &str) -> String {
    job.split('/').map(|part| format!("job/{part}")).collect::<Vec<_>>().join("/")
}

fn api(job: &str, tree: &str) -> String {
    let folder = if job.is_empty() { String::new() } else { format!("{}/", path(job)) };
    format!("{folder}api/json?tree={}", escaped(tree))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::{Path, Query};
    use axum::response::IntoResponse;
    use axum::routing::get;
    use connector::Connector;
    use kernel::{Envelope, Fact};
    use pull::PullFrom;
    use pull::testing::{Memory, client, opened};

    use super::*;

    fn folder(url: &str) -> Value {
        json!({"_class": "com.cloudbees.hudson.plugins.folder.Folder", "url": format!("https://ci.example.org/{url}")})
    }

    fn job(url: &str) -> Value {
        json!({
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "url": format!("https://ci.example.org/{url}"),
            "lastBuild": {"number": 250},
        })
    }

    /// A Jenkins with a folder in a folder in a folder, and 250 builds of one job, one an hour.
    fn api() -> Router {
        let root = async || {
            let mut deep = folder("job/a/job/b/");
            deep["jobs"] = json!([folder("job/a/job/b/job/c/")]);
            let mut top = folder("job/a/");
            top["jobs"] = json!([deep, job("job/a/job/shop%2Fmain/")]);
            axum::Json(json!({"jobs": [top, {"url": "https://ci.example.org/job/never-built/", "lastBuild": null}]}))
        };
        let third = async || axum::Json(json!({"jobs": [job("job/a/job/b/job/c/job/api/")]}));
        let builds = async |Query(query): Query<std::collections::BTreeMap<String, String>>| {
            let range = query["tree"].rsplit_once('{').unwrap().1.trim_end_matches('}');
            let (from, to) = range.split_once(',').unwrap();
            let (from, to): (i64, i64) = (from.parse().unwrap(), to.parse().unwrap());
            let builds: Vec<Value> = (from..to.min(250))
                .map(|row| 250 - row)
                .map(|number| {
                    json!({
                        "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "number": number,
                        "url": format!("https://ci.example.org/job/a/job/shop%252Fmain/{number}/"),
                        "timestamp": 1_760_000_000_000_i64 + number * 3_600_000, "duration": 60_000,
                        "building": false, "result": "SUCCESS",
                        "actions": [{}, {"lastBuiltRevision": null}, {
                            "lastBuiltRevision": {"SHA1": "9fceb02d0ae598e95dc970b74767f19372d61af8",
                                                  "branch": [{"name": "refs/remotes/origin/main"}]},
                            "remoteUrls": ["git@github.com:acme/shop.git"],
                        }],
                    })
                })
                .collect();
            axum::Json(json!({ "allBuilds": builds }))
        };
        let stages = async |Path((_, number)): Path<(String, i64)>| match number {
            3 => Err(http::StatusCode::NOT_FOUND),
            _ => Ok(axum::Json(json!({"stages": [
                {"id": "6", "name": "build", "status": "SUCCESS", "startTimeMillis": 1_760_000_000_000_i64, "durationMillis": 9},
            ]}))),
        };
        Router::new()
            .route("/api/json", get(root))
            .route("/job/a/job/b/job/c/api/json", get(third))
            .route("/job/a/job/b/job/c/job/api/api/json", get(async || axum::Json(json!({"allBuilds": []}))))
            .route("/job/a/job/{job}/api/json", get(builds))
            .route("/job/a/job/{job}/{number}/wfapi/describe", get(stages))
    }

    fn controller(projects: &[&str]) -> Controller {
        Controller { projects: projects.iter().map(|&project| project.to_owned()).collect(), ..all(api()) }
    }

    fn all(api: Router) -> Controller {
        Controller { client: client(api), projects: Vec::new(), branches: Mutex::default() }
    }

    #[tokio::test]
    async fn jobs_are_found_in_folders_of_any_depth() {
        let found = async |projects: &[&str]| {
            let streams = controller(projects).streams().await.unwrap();
            streams.into_iter().map(|stream| stream.of).collect::<Vec<_>>()
        };
        assert_eq!(found(&[]).await, ["a/b/c/api", "a/shop%2Fmain"]);
        assert_eq!(found(&["a/b"]).await, ["a/b/c/api"]);
        assert!(found(&["a/s"]).await.is_empty());
    }

    #[tokio::test]
    async fn all_builds_come_with_their_stages_and_then_only_the_new_ones() {
        let memory = Memory::default();
        let summary = memory.pull(&controller(&["a/shop%2Fmain"]), PullFrom::Start).await;
        assert!(summary.complete(), "{summary:?}");
        assert_eq!((summary.rows, summary.pages), (250, 3));
        let facts = |event: &Envelope| Jenkins.normalize(event).unwrap();
        let counts: Vec<usize> = memory.events().iter().map(|event| facts(event).len()).collect();
        assert_eq!((counts.iter().sum::<usize>(), counts[247]), (499, 1), "the 247th has no stages");
        match facts(&memory.events()[0]).as_slice() {
            [Fact::PipelineRun(run), Fact::TaskRun(task)] => {
                assert_eq!(run.repository.as_ref().map(kernel::RepositoryId::as_str), Some("github.com/acme/shop"));
                assert_eq!((run.branch.as_deref(), task.run == run.id), (Some("main"), true));
            }
            other => panic!("{other:?}"),
        }
        let again = memory.pull(&controller(&["a/shop%2Fmain"]), PullFrom::Cursor).await;
        assert_eq!((again.rows, again.pages), (25, 1), "{again:?}");
    }

    #[tokio::test]
    async fn a_build_of_a_multibranch_project_is_of_its_jobs_branch_although_its_checkout_names_none() {
        let multibranch = |url: &str| {
            let class = "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject";
            json!({"_class": class, "url": format!("https://ci.example.org/{url}")})
        };
        let root = async move || {
            let (mut shop, mut ops) = (multibranch("job/deploy-shop/"), folder("job/ops/"));
            shop["jobs"] = json!([job("job/deploy-shop/job/experiment/"), job("job/deploy-shop/job/main/")]);
            ops["jobs"] = json!([job("job/ops/job/ship/")]);
            // one that lies deeper than is listed at once
            axum::Json(json!({"jobs": [shop, ops, multibranch("job/deploy-api/")]}))
        };
        let api = async || axum::Json(json!({"jobs": [job("job/deploy-api/job/trial/")]}));
        let builds = async |Path((project, name)): Path<(String, String)>| {
            axum::Json(json!({"allBuilds": [{
                "_class": "hudson.model.FreeStyleBuild", "number": 7, "result": "SUCCESS", "duration": 60_000,
                "url": format!("https://ci.example.org/job/{project}/job/{name}/7/"), "building": false,
                "timestamp": 1_760_000_000_000_i64,
                "actions": [{
                    "lastBuiltRevision": {"SHA1": "9fceb02d0ae598e95dc970b74767f19372d61af8",
                                          "branch": [{"name": "detached"}]},
                    "remoteUrls": ["git@github.com:acme/shop.git"],
                }],
            }]}))
        };
        let router = Router::new()
            .route("/api/json", get(root))
            .route("/job/deploy-api/api/json", get(api))
            .route("/job/{project}/job/{name}/api/json", get(builds));
        let memory = Memory::default();
        let summary = memory.pull(&all(router), PullFrom::Start).await;
        assert!(summary.complete(), "{summary:?}");
        let run = |event: &Envelope| match Jenkins.normalize(event).unwrap().remove(0) {
            Fact::PipelineRun(run) => (run.name, run.branch),
            other => panic!("{other:?}"),
        };
        let branches: std::collections::BTreeMap<_, _> = memory.events().iter().map(run).collect();
        let expected = [
            ("deploy-api/trial", Some("trial")),
            ("deploy-shop/experiment", Some("experiment")),
            ("deploy-shop/main", Some("main")),
            ("ops/ship", None),
        ];
        let expected = expected.map(|(name, branch)| (name.to_owned(), branch.map(str::to_owned)));
        assert_eq!(branches, expected.into());
    }

    #[tokio::test(start_paused = true)]
    async fn a_build_whose_stages_cannot_be_had_is_there_without_them_and_hides_no_others() {
        let build = |number: i64| {
            json!({
                "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "number": number, "result": "SUCCESS",
                "url": format!("https://ci.example.org/job/shop/{number}/"), "duration": 60_000, "building": false,
                "timestamp": 1_760_000_000_000_i64 + number * 3_600_000, "actions": [],
            })
        };
        let builds = async move || axum::Json(json!({"allBuilds": [build(3), build(2), {"number": "one"}]}));
        let stages = async |Path(number): Path<i64>| match number {
            2 => Err(http::StatusCode::INTERNAL_SERVER_ERROR),
            _ => Ok(axum::Json(json!({"stages": [
                {"id": "6", "name": "build", "status": "SUCCESS", "startTimeMillis": 1_760_000_000_000_i64, "durationMillis": 9},
            ]}))),
        };
        let root = async || axum::Json(json!({"jobs": [folder("job/broken/"), job("job/shop/")]}));
        let router = Router::new()
            .route("/api/json", get(root))
            .route("/job/broken/api/json", get(async || http::StatusCode::INTERNAL_SERVER_ERROR))
            .route("/job/shop/api/json", get(builds))
            .route("/job/shop/{number}/wfapi/describe", get(stages));
        let source = all(router);
        let memory = Memory::default();
        let summary = memory.pull(&source, PullFrom::Start).await;
        let facts = |event: &Envelope| Jenkins.normalize(event).map_or(0, |facts| facts.len());
        let mut counts: Vec<usize> = memory.events().iter().map(facts).collect();
        counts.sort_unstable();
        assert_eq!(counts, [0, 1, 2], "a null for a build, a build without its stages, a whole one: {summary:?}");
        assert!(summary.warnings()[0].contains("stages of build 2 could not be fetched"), "{summary:?}");
        assert!(summary.failure().unwrap().starts_with("jobs/broken: "), "{summary:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_build_that_breaks_the_list_hides_no_others_and_comes_when_it_can() {
        for answer in ["", "{\"allBuilds\":[{"] {
            let broken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
            let build = |number: i64| {
                json!({
                    "_class": "hudson.model.FreeStyleBuild", "number": number, "result": "SUCCESS", "duration": 60_000,
                    "url": format!("https://ci.example.org/job/shop/{number}/"), "building": false, "actions": [],
                    "timestamp": 1_760_000_000_000_i64 + number * 3_600_000,
                })
            };
            let failed = move || match answer {
                "" => http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                half => half.into_response(),
            };
            let is_broken = std::sync::Arc::clone(&broken);
            let builds = async move |Query(query): Query<std::collections::BTreeMap<String, String>>| {
                let numbers = (1..=5_i64).rev();
                if query["tree"].starts_with("allBuilds[number]") {
                    let numbers: Vec<Value> = numbers.map(|number| json!({ "number": number })).collect();
                    return axum::Json(json!({ "allBuilds": numbers })).into_response();
                }
                if is_broken.load(std::sync::atomic::Ordering::Relaxed) {
                    return failed();
                }
                axum::Json(json!({ "allBuilds": numbers.map(build).collect::<Vec<_>>() })).into_response()
            };
            let is_broken = std::sync::Arc::clone(&broken);
            let one = async move |Path(number): Path<i64>| match number {
                3 if is_broken.load(std::sync::atomic::Ordering::Relaxed) => failed(),
                // deleted meanwhile
                4 => http::StatusCode::NOT_FOUND.into_response(),
                _ => axum::Json(build(number)).into_response(),
            };
            let root = async || axum::Json(json!({"jobs": [job("job/shop/")]}));
            let router = Router::new()
                .route("/api/json", get(root))
                .route("/job/shop/api/json", get(builds))
                .route("/job/shop/{number}/api/json", get(one));
            let source = all(router);
            let memory = Memory::default();
            let summary = memory.pull(&source, PullFrom::Start).await;
            assert_eq!((summary.rows, summary.failure()), (3, None), "{summary:?}");
            assert!(
                summary.incomplete && summary.warnings()[0].contains("build 3 could not be fetched"),
                "{summary:?}"
            );
            broken.store(false, std::sync::atomic::Ordering::Relaxed);
            let summary = memory.pull(&source, PullFrom::Cursor).await;
            assert!(summary.complete() && !summary.incomplete, "{summary:?}");
            let third = |event: &Envelope| String::from_utf8_lossy(&event.data).contains("/job/shop/3/");
            assert!(memory.events().iter().any(third), "{:?}", memory.events());
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (options, missing) in
            [(json!({"user": "ann"}), "`url`"), (json!({"url": "https://ci.example.org"}), "`user`")]
        {
            let error = Jenkins.open(&opened("jenkins", options)).err().unwrap().to_string();
            assert!(error.contains(missing), "{error}");
        }
    }
}
