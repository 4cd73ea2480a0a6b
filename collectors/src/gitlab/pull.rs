//! Pulling from GitLab's REST API, project by project.
//!
//! Lists are walked by the time of the last change ([`crate::pull::seek`]), as counting pages leaves rows
//! out when rows change meanwhile. What a list leaves out is asked for with each row: the notes and commits
//! of a merge request, the times and jobs of a pipeline, the steps of an issue. Approvals are among the
//! notes, with their times.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::GitLab;
use super::facts::Place;
use crate::pull::seek::{Grain, Seek};
use crate::pull::{Answer, Ask, Client, Dialect, Left, OpenError, Opened, Page, Pull, PullError, Puller, Row, Stream};

const PUBLIC: &str = "https://gitlab.com";
/// Rows of a page whose details are asked for side by side.
const AT_ONCE: usize = 4;
/// Rows on a page: those that need requests of their own, and those that do not.
const FEW: usize = 20;
const MANY: usize = 100;

impl Pull for GitLab {
    fn open(&self, source: &Opened) -> Result<Box<dyn Puller>, OpenError> {
        let site = source.url.clone().map_or_else(|| Url::parse(PUBLIC), Ok);
        let base = site.map_err(|error| OpenError::new("url", error.to_string()))?;
        let base = Url::parse(&format!("{}/api/v4/", base.as_str().trim_end_matches('/')));
        let base = base.map_err(|error| OpenError::new("url", error.to_string()))?;
        let bearer = [b"Bearer ", source.token()?.expose()].concat();
        let client = Client::new(source, base)?.with_secret("authorization", &bearer)?.with_dialect(Words);
        Ok(Box::new(Pulling::new(client, source)?))
    }
}

/// What only GitLab's sources have.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Groups whose projects are pulled, with their subgroups.
    #[serde(default)]
    groups: Vec<String>,
}

/// How GitLab says which scope a token lacks.
struct Words;

impl Dialect for Words {
    fn missing(&self, answer: &Answer) -> Option<String> {
        #[derive(Deserialize)]
        struct Refused {
            error: Option<String>,
            scope: Option<String>,
        }
        let refused: Refused = answer.json().ok()?;
        let scope = refused.scope.filter(|_| refused.error.as_deref() == Some("insufficient_scope"))?;
        let any = scope.split_whitespace().collect::<Vec<_>>().join("` or `");
        Some(format!("the scope `{any}`"))
    }
}

/// A source that is ready to be asked.
pub(super) struct Pulling {
    client: Client,
    projects: Vec<String>,
    groups: Vec<String>,
    /// What is known of the projects, by their paths.
    known: Mutex<HashMap<String, Project>>,
    /// Tiers of environments that were asked for, by their projects' paths and their ids.
    tiers: Mutex<HashMap<(String, i64), Option<String>>>,
}

/// What each row says of its project.
#[derive(Clone, Deserialize, Serialize)]
struct Project {
    #[serde(skip_serializing)]
    path_with_namespace: String,
    web_url: String,
    default_branch: Option<String>,
}

/// A row with what was asked for with it, as the normaliser reads it.
#[derive(Serialize)]
struct Told<'a> {
    project: &'a Project,
    row: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commits: Option<Vec<Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    states: Option<Vec<Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
}

/// What a walk must know of a row.
#[derive(Deserialize)]
struct Key {
    id: i64,
    iid: Option<i64>,
    updated_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl Key {
    fn changed(&self) -> DateTime<Utc> {
        self.updated_at.unwrap_or(self.created_at)
    }
}

impl Pulling {
    pub(super) fn new(client: Client, source: &Opened) -> Result<Self, OpenError> {
        let options: Options = source.options()?;
        Ok(Self {
            client,
            projects: source.projects.clone(),
            groups: options.groups,
            known: Mutex::default(),
            tiers: Mutex::default(),
        })
    }

    /// A project that was listed, or that is asked for now.
    async fn project(&self, path: &str) -> Result<Project, PullError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let project: Project = self.client.get(&format!("projects/{}", escaped(path))).await?.json()?;
        self.know(path, &project);
        Ok(project)
    }

    fn know(&self, path: &str, project: &Project) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), project.clone());
    }

    /// All rows of a list, page after page by the header `Link`.
    async fn all(&self, path: &str) -> Result<Vec<Box<RawValue>>, PullError> {
        let mut rows = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.client.get(&path).await?;
            next = answer.next_link();
            rows.extend(answer.json::<Vec<Box<RawValue>>>()?);
        }
        Ok(rows)
    }

    /// A page of a list that is sorted by the time of the last change.
    async fn walk(&self, list: &str, most: usize, ask: &Ask<'_>) -> Result<Walked, PullError> {
        let seek = Seek::at(ask.cursor, ask.since);
        let page = seek.skip / most as u64 + 1;
        let after =
            |from: DateTime<Utc>| format!("&updated_after={}", from.to_rfc3339_opts(SecondsFormat::Micros, true));
        let after = seek.from.map(after).unwrap_or_default();
        let path = format!("{list}&order_by=updated_at&sort=asc&per_page={most}&page={page}{after}");
        let answer = self.client.get(&path).await?;
        let rows: Vec<Box<RawValue>> = answer.json()?;
        let mut keys = Vec::with_capacity(rows.len());
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let key: Key = read(&row, list)?;
            let name = (key.id.to_string(), key.changed());
            if !seek.seen(&name.0, name.1) {
                kept.push((key, row));
            }
            keys.push(name);
        }
        let next = if keys.len() < most { None } else { seek.after(&keys, Grain::Exact) };
        Ok(Walked {
            rows: kept,
            newest: keys.last().map(|(_, changed)| *changed),
            next: next.and_then(|next| serde_json::to_value(next).ok()),
            total: answer.header("x-total").and_then(|total| total.parse().ok()).filter(|_| ask.cursor.is_none()),
        })
    }

    async fn merge_requests(&self, project: &Project, root: &str, ask: &Ask<'_>) -> Result<Page, PullError> {
        let walked = self.walk(&format!("{root}/merge_requests?state=all&scope=all"), FEW, ask).await?;
        let asked = walked.rows.iter().map(|(key, row)| async move {
            let one = format!("{root}/merge_requests/{}", key.iid.unwrap_or(key.id));
            let notes = self.all(&format!("{one}/notes?sort=asc&order_by=created_at&per_page={MANY}")).await?;
            let commits = self.all(&format!("{one}/commits?per_page={MANY}")).await?;
            let told = Told { notes: Some(notes), commits: Some(commits), ..Told::of(project, row) };
            Ok(told.row("gitlab.pull.merge_request"))
        });
        let mut rows: Vec<Row> = side_by_side(asked).await?;
        rows.extend(renamed(project, &ask.stream.of).filter(|_| ask.cursor.is_none()));
        Ok(walked.page(rows))
    }

    /// Pipelines, each with its jobs: the list of pipelines does not tell when one ended.
    async fn pipelines(&self, project: &Project, root: &str, ask: &Ask<'_>) -> Result<Page, PullError> {
        let walked = self.walk(&format!("{root}/pipelines?scope=all"), FEW, ask).await?;
        let asked = walked.rows.iter().map(|(key, _)| async move {
            let one = format!("{root}/pipelines/{}", key.id);
            let whole: Box<RawValue> = self.client.get(&one).await?.json()?;
            let jobs = self.all(&format!("{one}/jobs?include_retried=true&per_page={MANY}")).await?;
            let mut rows = vec![Told::of(project, &whole).row("gitlab.pull.pipeline")];
            rows.extend(jobs.iter().map(|job| Told::of(project, job).row("gitlab.pull.job")));
            Ok(rows)
        });
        let rows: Vec<Vec<Row>> = side_by_side(asked).await?;
        Ok(walked.page(rows.into_iter().flatten().collect()))
    }

    async fn deployments(&self, project: &Project, root: &str, ask: &Ask<'_>) -> Result<Page, PullError> {
        let walked = self.walk(&format!("{root}/deployments?"), MANY, ask).await?;
        let environment = |row: &RawValue| Some(serde_json::from_str::<Deployed>(row.get()).ok()?.environment?.id);
        let ids: BTreeSet<i64> = walked.rows.iter().filter_map(|(_, row)| environment(row)).collect();
        self.learn_tiers(root, &ids).await?;
        let rows = walked.rows.iter().map(|(_, row)| {
            let tier = environment(row).and_then(|id| self.tier(root, id));
            Told { tier, ..Told::of(project, row) }.row("gitlab.pull.deployment")
        });
        Ok(walked.page(rows.collect()))
    }

    /// Asks for the tiers of environments, each once: a few by themselves, many by the list of all.
    async fn learn_tiers(&self, root: &str, ids: &BTreeSet<i64>) -> Result<(), PullError> {
        let unknown: Vec<i64> = {
            let tiers = self.tiers.lock().unwrap_or_else(PoisonError::into_inner);
            ids.iter().copied().filter(|id| !tiers.contains_key(&(root.to_owned(), *id))).collect()
        };
        let mut found = Vec::new();
        if unknown.len() > AT_ONCE {
            found = allowed(self.all(&format!("{root}/environments?per_page={MANY}")).await)?.unwrap_or_default();
        } else {
            for id in &unknown {
                let answer = allowed(self.client.get(&format!("{root}/environments/{id}")).await)?;
                found.extend(answer.map(|answer| answer.json::<Box<RawValue>>()).transpose()?);
            }
        }
        let mut tiers = self.tiers.lock().unwrap_or_else(PoisonError::into_inner);
        // those that are gone, or that the token may not see, have none
        tiers.extend(unknown.into_iter().map(|id| ((root.to_owned(), id), None)));
        for row in found {
            let Environment { id, tier } = read(&row, "environments")?;
            tiers.insert((root.to_owned(), id), tier);
        }
        Ok(())
    }

    fn tier(&self, root: &str, id: i64) -> Option<String> {
        self.tiers.lock().unwrap_or_else(PoisonError::into_inner).get(&(root.to_owned(), id)).cloned().flatten()
    }

    async fn issues(&self, project: &Project, root: &str, ask: &Ask<'_>) -> Result<Page, PullError> {
        let walked = self.walk(&format!("{root}/issues?scope=all&state=all"), FEW, ask).await?;
        let asked = walked.rows.iter().map(|(key, row)| async move {
            let one = format!("{root}/issues/{}", key.iid.unwrap_or(key.id));
            let states = self.all(&format!("{one}/resource_state_events?per_page={MANY}")).await?;
            Ok(Told { states: Some(states), ..Told::of(project, row) }.row("gitlab.pull.issue"))
        });
        let rows: Vec<Row> = side_by_side(asked).await?;
        Ok(walked.page(rows))
    }

    /// Releases do not tell when they changed. The list begins with the latest.
    async fn releases(&self, project: &Project, root: &str, ask: &Ask<'_>) -> Result<Page, PullError> {
        #[derive(Deserialize)]
        struct Released {
            released_at: Option<DateTime<Utc>>,
        }
        let first = || format!("{root}/releases?order_by=released_at&sort=desc&per_page={MANY}");
        let path = ask.cursor.and_then(|cursor| cursor.as_str()).map_or_else(first, str::to_owned);
        let answer = self.client.get(&path).await?;
        let rows: Vec<Box<RawValue>> = answer.json()?;
        let oldest = rows.last().map(|row| read::<Released>(row, "releases")).transpose()?;
        let enough = oldest.and_then(|last| last.released_at).zip(ask.since).is_some_and(|(at, since)| at < since);
        let next = answer.next_link().filter(|_| !enough).map(serde_json::Value::String);
        let rows = rows.iter().map(|row| Told::of(project, row).row("gitlab.pull.release")).collect();
        Ok(Page { rows, next, newest: None, ..Page::default() })
    }
}

/// The part of a deployment that is looked at here.
#[derive(Deserialize)]
struct Deployed {
    environment: Option<Environment>,
}

#[derive(Deserialize)]
struct Environment {
    id: i64,
    #[serde(default)]
    tier: Option<String>,
}

/// What is not there, or what the token may not see, is nothing.
fn allowed<T>(answer: Result<T, PullError>) -> Result<Option<T>, PullError> {
    match answer {
        Err(PullError::Gone(_) | PullError::Denied { .. }) => Ok(None),
        answer => answer.map(Some),
    }
}

/// A page of a list, with the rows that were not told before.
struct Walked {
    rows: Vec<(Key, Box<RawValue>)>,
    newest: Option<DateTime<Utc>>,
    next: Option<serde_json::Value>,
    total: Option<u64>,
}

impl Walked {
    fn page(&self, rows: Vec<Row>) -> Page {
        Page { rows, next: self.next.clone(), newest: self.newest, total: self.total, ..Page::default() }
    }
}

impl<'a> Told<'a> {
    fn of(project: &'a Project, row: &'a RawValue) -> Self {
        Self { project, row, notes: None, commits: None, states: None, tier: None }
    }

    fn row(&self, kind: &'static str) -> Row {
        let place = Place::at(&self.project.web_url, None).ok();
        let subject = place.map(|place| place.id.to_string());
        Row {
            kind,
            key: subject.clone().unwrap_or_else(|| self.project.web_url.clone()),
            subject,
            // What was JSON is JSON.
            data: serde_json::to_vec(self).unwrap_or_default().into(),
        }
    }
}

/// What a system hook would have said when the project got another path than it is asked for by.
fn renamed(project: &Project, asked: &str) -> Option<Row> {
    let path = &project.path_with_namespace;
    if path.eq_ignore_ascii_case(asked) || asked.parse::<u64>().is_ok() {
        return None;
    }
    let place = Place::at(&project.web_url, None).ok()?;
    let data = serde_json::json!({ "path_with_namespace": path, "old_path_with_namespace": asked });
    Some(Row {
        kind: "gitlab.project_rename",
        subject: Some(place.id.to_string()),
        key: place.id.to_string(),
        data: data.to_string().into(),
    })
}

/// Answers in the order of the questions, some of which are asked at the same time.
async fn side_by_side<T>(
    asked: impl Iterator<Item = impl Future<Output = Result<T, PullError>>>,
) -> Result<Vec<T>, PullError> {
    // Collected, as the compiler can't tell that a lazy one outlives its questions.
    let asked: Vec<_> = asked.collect();
    futures::stream::iter(asked).buffered(AT_ONCE).try_collect().await
}

fn read<'a, T: Deserialize<'a>>(row: &'a RawValue, list: &str) -> Result<T, PullError> {
    serde_json::from_str(row.get())
        .map_err(|error| PullError::Data(format!("{list}: unexpected row: {}", crate::json::tell(&error))))
}

/// A project's path as part of an address.
fn escaped(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}

#[async_trait]
impl Puller for Pulling {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        const LIST: &str = "archived=false&simple=true&order_by=id&sort=asc&per_page=100";
        let mut paths = self.projects.clone();
        let mut lists: Vec<String> = self
            .groups
            .iter()
            .map(|group| format!("groups/{}/projects?include_subgroups=true&{LIST}", escaped(group)))
            .collect();
        if paths.is_empty() && lists.is_empty() {
            lists.push(format!("projects?membership=true&pagination=keyset&{LIST}"));
        }
        for list in lists {
            for row in self.all(&list).await? {
                let project: Project = read(&row, "projects")?;
                self.know(&project.path_with_namespace, &project);
                paths.push(project.path_with_namespace);
            }
        }
        paths.sort();
        paths.dedup();
        // A project can have each of the others switched off.
        let streams = paths.iter().flat_map(|path| {
            let others =
                ["pipelines", "deployments", "releases", "issues"].map(|name| Stream::new(name, path).optional());
            [Stream::new("merge_requests", path)].into_iter().chain(others)
        });
        Ok(streams.collect())
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let project = self.project(&ask.stream.of).await?;
        let root = format!("projects/{}", escaped(&ask.stream.of));
        match ask.stream.name {
            "merge_requests" => self.merge_requests(&project, &root, ask).await,
            "pipelines" => self.pipelines(&project, &root, ask).await,
            "deployments" => self.deployments(&project, &root, ask).await,
            "releases" => self.releases(&project, &root, ask).await,
            _ => self.issues(&project, &root, ask).await,
        }
    }

    fn budget(&self) -> Option<Left> {
        self.client.left()
    }
}

#[cfg(test)]
mod tests;
