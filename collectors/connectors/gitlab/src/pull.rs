//! Pulling from GitLab's REST API, project by project.
//!
//! Lists are walked by the time of the last change ([`pull::list_cursor`]), since counting pages leaves rows out when rows
//! change during the walk. What a list leaves out is requested for each row: the notes and commits of a merge request,
//! the times and jobs of a pipeline, the steps of an issue. Approvals are among the notes, with their times.

mod lists;
mod rows;
mod setup;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use pull::parts::Gap;
use pull::{
    Answer, Ask, Client, Dialect, OpenError, Opened, Page, Paged, Pull, PullError, Puller, RateLimit, Row, Setup,
    Stream, escaped, read_row,
};
use runtime::settings::{OptionsType, SecretRef, SourceOptions};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use self::lists::{DEPLOYMENT, ISSUE, Listed, MERGE_REQUEST, PIPELINE, RELEASE, listed};
use self::rows::{Key, MANY, Project, PulledRow};
use self::setup::Connecting;
use super::GitLab;
use super::facts::Place;

const PUBLIC: &str = "https://gitlab.com";
/// Environments whose tiers are asked for one by one; of more, all are listed.
const AT_ONCE: usize = 4;

impl Pull for GitLab {
    fn options(&self) -> OptionsType {
        OptionsType::of::<Options>()
    }

    fn paged(&self) -> Option<&dyn Paged> {
        Some(self)
    }
}

impl Paged for GitLab {
    fn open(&self, source: &Opened) -> Result<Box<dyn Puller>, OpenError> {
        Ok(Box::new(Pulling::new(client(source)?, source)?))
    }

    fn setup(&self, source: &Opened) -> Option<Result<Box<dyn Setup>, OpenError>> {
        let open = || -> Result<Box<dyn Setup>, OpenError> {
            Ok(Box::new(Connecting { client: client(source)?.for_details(), projects: source.projects.clone() }))
        };
        Some(open())
    }
}

/// What asks the GitLab of a source with its token.
fn client(source: &Opened) -> Result<Client, OpenError> {
    let site = source.url.clone().map_or_else(|| Url::parse(PUBLIC), Ok);
    let base = site.map_err(|error| OpenError::new("url", error.to_string()))?;
    let base = Url::parse(&format!("{}/api/v4/", base.as_str().trim_end_matches('/')));
    let base = base.map_err(|error| OpenError::new("url", error.to_string()))?;
    let bearer = [b"Bearer ", source.token()?.expose()].concat();
    Ok(Client::new(source, base)?.with_secret("authorization", &bearer)?.with_dialect(Words))
}

pull::pull_options! {
    /// GitLab's API: merge requests with notes and commits, pipelines, deployments, releases, issues.
    struct Options {
        /// Groups whose projects are pulled, with their subgroups.
        #[serde(default)]
        #[schemars(example = ["group"])]
        groups: Vec<String>,
        /// The projects to pull; without any and without groups, all that the token is a member of.
        #[serde(default)]
        #[schemars(example = ["group/project"])]
        projects: Vec<String>,
        /// The token to authenticate with.
        #[schemars(example = SecretRef::Env("GITLAB_TOKEN".to_owned()))]
        token: SecretRef,
        /// The address of a GitLab of your own; GitLab.com without it.
        #[serde(default)]
        #[schemars(example = &"https://gitlab.example.com")]
        url: Option<String>,
    }
}

impl SourceOptions for Options {}

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
    /// What this pull knows of the projects, by their paths.
    known: Mutex<HashMap<String, Project>>,
    /// Tiers of environments that this pull asked for, by their projects' paths and their ids.
    tiers: Mutex<HashMap<(String, i64), Option<String>>>,
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
    async fn all(&self, client: &Client, path: &str) -> Result<Vec<Box<RawValue>>, PullError> {
        let mut rows = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = client.get(&path).await?;
            next = answer.next_link();
            rows.extend(answer.json::<Vec<Box<RawValue>>>()?);
        }
        Ok(rows)
    }

    /// A page of a list with what has to be asked for with each row.
    async fn listed(&self, listed: Listed, root: &str, project: &Project, ask: &Ask<'_>) -> Result<Page, PullError> {
        let walked = lists::walk(&self.client, listed, root, ask).await?;
        if listed.kind == DEPLOYMENT.kind {
            let ids: BTreeSet<i64> = walked.rows.iter().filter_map(|(_, row)| environment(row)).collect();
            self.learn_tiers(root, &ids).await?;
        }
        let mut page = walked.page(project, |key, row| self.row(project, root, (listed, key), row)).await?;
        if listed.kind == MERGE_REQUEST.kind {
            page.rows.extend(renamed(project, &ask.stream.of).filter(|_| ask.cursor.is_none()));
        }
        Ok(page)
    }

    /// A row with its details.
    async fn row(
        &self,
        project: &Project,
        root: &str,
        (listed, key): (Listed, &Key),
        row: &RawValue,
    ) -> Result<Vec<Row>, PullError> {
        match listed.stream {
            "merge_requests" => self.merge_request(project, root, key, row).await,
            "pipelines" => self.pipeline(project, root, key).await,
            "deployments" => self.deployment(project, root, row).await,
            _ => self.issue(project, root, key, row).await,
        }
    }

    /// The rows of a gap in a list, with their details.
    async fn gap(&self, project: &Project, root: &str, stream: &str, gap: &Gap) -> Result<Vec<Row>, PullError> {
        let found = lists::gap(&self.client, root, stream, gap).await?;
        let Some(listed) = listed(stream) else {
            return found.iter().map(|row| PulledRow::of(project, row).row(RELEASE)).collect();
        };
        let mut rows = Vec::new();
        for row in &found {
            rows.extend(match read_row::<Key>(row, listed.path) {
                Ok(key) => self.row(project, root, (listed, &key), row).await?,
                // it is rejected with its reason
                Err(_) => vec![PulledRow::of(project, row).row(listed.kind)?],
            });
        }
        Ok(rows)
    }

    async fn merge_request(
        &self,
        project: &Project,
        root: &str,
        key: &Key,
        row: &RawValue,
    ) -> Result<Vec<Row>, PullError> {
        let client = self.client.for_details();
        let one = format!("{root}/merge_requests/{}", key.number());
        let notes = self.all(&client, &format!("{one}/notes?sort=asc&order_by=created_at&per_page={MANY}")).await?;
        let commits = self.all(&client, &format!("{one}/commits?per_page={MANY}")).await?;
        let stated = PulledRow { notes: Some(notes), commits: Some(commits), ..PulledRow::of(project, row) };
        Ok(vec![stated.row(MERGE_REQUEST.kind)?])
    }

    /// A pipeline with its jobs: the list of pipelines does not report when one ended.
    async fn pipeline(&self, project: &Project, root: &str, key: &Key) -> Result<Vec<Row>, PullError> {
        let client = self.client.for_details();
        let one = format!("{root}/pipelines/{}", key.id);
        let whole: Box<RawValue> = client.get(&one).await?.json()?;
        let jobs = self.all(&client, &format!("{one}/jobs?include_retried=true&per_page={MANY}")).await?;
        let pipeline = std::iter::once(PulledRow::of(project, &whole).row(PIPELINE.kind));
        pipeline.chain(jobs.iter().map(|job| PulledRow::of(project, job).row("gitlab.pull.job"))).collect()
    }

    async fn deployment(&self, project: &Project, root: &str, row: &RawValue) -> Result<Vec<Row>, PullError> {
        let tier = match environment(row) {
            Some(id) => self.tier(root, id).await?,
            None => None,
        };
        Ok(vec![PulledRow { tier, ..PulledRow::of(project, row) }.row(DEPLOYMENT.kind)?])
    }

    /// Asks for the tiers of environments, each once a pull: a few by themselves, many by the list of all. Those that
    /// can't be had now are asked for again with the deployments that need them.
    async fn learn_tiers(&self, root: &str, ids: &BTreeSet<i64>) -> Result<(), PullError> {
        let unknown: Vec<i64> = ids.iter().copied().filter(|id| self.known_tier(root, *id).is_none()).collect();
        if unknown.len() <= AT_ONCE {
            for id in unknown {
                if let Err(error @ PullError::RateLimited(_)) = self.tier(root, id).await {
                    return Err(error);
                }
            }
            return Ok(());
        }
        let client = self.client.for_details();
        let found = match allowed(self.all(&client, &format!("{root}/environments?per_page={MANY}")).await) {
            Ok(found) => found.unwrap_or_default(),
            Err(error @ PullError::RateLimited(_)) => return Err(error),
            Err(_) => return Ok(()),
        };
        let found = found.iter().filter_map(|row| read_row::<Environment>(row, "environments").ok());
        let mut tiers = self.tiers.lock().unwrap_or_else(PoisonError::into_inner);
        // those that are gone, or that the token may not see, have none
        tiers.extend(unknown.into_iter().map(|id| ((root.to_owned(), id), None)));
        tiers.extend(found.map(|Environment { id, tier }| ((root.to_owned(), id), tier)));
        Ok(())
    }

    /// The tier of an environment, if it is known, and whether it has one.
    #[expect(clippy::option_option, reason = "an environment that is known may have no tier")]
    fn known_tier(&self, root: &str, id: i64) -> Option<Option<String>> {
        self.tiers.lock().unwrap_or_else(PoisonError::into_inner).get(&(root.to_owned(), id)).cloned()
    }

    async fn tier(&self, root: &str, id: i64) -> Result<Option<String>, PullError> {
        if let Some(tier) = self.known_tier(root, id) {
            return Ok(tier);
        }
        let answer = allowed(self.client.for_details().get(&format!("{root}/environments/{id}")).await)?;
        let found: Option<Environment> = answer.map(|answer| answer.json()).transpose()?;
        let tier = found.and_then(|environment| environment.tier);
        self.tiers.lock().unwrap_or_else(PoisonError::into_inner).insert((root.to_owned(), id), tier.clone());
        Ok(tier)
    }

    async fn issue(&self, project: &Project, root: &str, key: &Key, row: &RawValue) -> Result<Vec<Row>, PullError> {
        let path = format!("{root}/issues/{}/resource_state_events?per_page={MANY}", key.number());
        let states = self.all(&self.client.for_details(), &path).await?;
        Ok(vec![PulledRow { states: Some(states), ..PulledRow::of(project, row) }.row(ISSUE.kind)?])
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

/// The environment of a deployment.
fn environment(row: &RawValue) -> Option<i64> {
    Some(serde_json::from_str::<Deployed>(row.get()).ok()?.environment?.id)
}

/// What is not there, or what the token may not see, is nothing.
fn allowed<T>(answer: Result<T, PullError>) -> Result<Option<T>, PullError> {
    match answer {
        Err(error) if error.is_denied() || matches!(error, PullError::Gone(_)) => Ok(None),
        answer => answer.map(Some),
    }
}

/// What a system hook would have reported when the project got another path than it is asked for by.
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

#[async_trait]
impl Puller for Pulling {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        const LIST: &str = "archived=false&simple=true&order_by=id&sort=asc&per_page=100";
        // since the last pull an environment can have got another tier, and a project another default branch
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.tiers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut paths = self.projects.clone();
        let of_group = |group: &String| {
            (Some(group.clone()), format!("groups/{}/projects?include_subgroups=true&{LIST}", escaped(group)))
        };
        let mut lists: Vec<(Option<String>, String)> = self.groups.iter().map(of_group).collect();
        if paths.is_empty() && lists.is_empty() {
            lists.push((None, format!("projects?membership=true&pagination=keyset&{LIST}")));
        }
        let mut failed = Vec::new();
        for (group, list) in lists {
            let rows = match self.all(&self.client, &list).await {
                Ok(rows) => rows,
                // a group that can't be listed holds up no other
                Err(error) if group.is_some() && !matches!(error, PullError::RateLimited(_)) => {
                    failed.push(Stream::failed("projects", group.unwrap_or_default(), error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            for row in rows {
                let Ok(project) = read_row::<Project>(&row, "projects") else {
                    let error = PullError::Data("a project without a path or an address".to_owned());
                    failed.push(Stream::failed("projects", "", error));
                    continue;
                };
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
        Ok(streams.chain(failed).collect())
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let project = self.project(&ask.stream.of).await?;
        let root = format!("projects/{}", escaped(&ask.stream.of));
        match listed(ask.stream.name) {
            Some(listed) => self.listed(listed, &root, &project, ask).await,
            None => lists::releases(&self.client, &project, &root, ask).await,
        }
    }

    async fn again(&self, ask: &Ask<'_>, key: &Value) -> Result<Vec<Row>, PullError> {
        let wrong = |error: serde_json::Error| PullError::Data(error.to_string());
        let project = self.project(&ask.stream.of).await?;
        let root = format!("projects/{}", escaped(&ask.stream.of));
        if let Some(gap) = key.get("gap") {
            return self.gap(&project, &root, ask.stream.name, &Gap::deserialize(gap).map_err(wrong)?).await;
        }
        let row = serde_json::value::to_raw_value(key).map_err(wrong)?;
        let key: Key = read_row(&row, ask.stream.name)?;
        let listed = listed(ask.stream.name).unwrap_or(ISSUE);
        self.row(&project, &root, (listed, &key), &row).await
    }

    fn budget(&self) -> Option<RateLimit> {
        self.client.left()
    }
}

#[cfg(test)]
mod tests;
