//! Pulling from Jira's REST API: Cloud (`/rest/api/3`, with page tokens) and Data Center (`/rest/api/2`,
//! which counts rows).
//!
//! JQL compares times by the minute, in the time zone of the user who asks. So that zone is asked for, and
//! the last minute comes again. Histories that do not fit into the search's answer are asked for one by one.

mod answers;
mod setup;
mod sprints;

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use pull::list_cursor::{Grain, ListCursor};
use pull::parts::first_of;
use pull::{
    Ask, Client, Missed, OpenError, Opened, Page, Paged, Pull, PullError, Puller, RateLimit, Row, Setup, Stream,
    details, escaped, read_row,
};
use runtime::settings::{OptionsType, SecretRef, SourceOptions};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use self::answers::{Answered, Found, Listed, PulledRow, Token, found};
use self::setup::Connecting;
use super::Jira;
use super::facts::Tracker;
use super::wire::FieldIds;

/// Rows on a page. Cloud gives fewer where they are large.
const MAX_RESULTS: usize = 100;
/// The names of the fields that hold story points, unless the settings name others.
const POINTS: [&str; 2] = ["Story Points", "Story point estimate"];
/// The types of the fields whose names can be changed.
const POINTS_TYPE: &str = "com.pyxis.greenhopper.jira:jsw-story-points";
const EPIC_TYPE: &str = "com.pyxis.greenhopper.jira:gh-epic-link";
const SPRINT_TYPE: &str = "com.pyxis.greenhopper.jira:gh-sprint";
/// The fields that issues are asked for with, beside those.
const NEEDED: &str = "summary,status,issuetype,labels,priority,created,updated,resolutiondate,statuscategorychangedate,\
                      assignee,reporter,creator,parent,resolution,components";

impl Pull for Jira {
    fn options(&self) -> OptionsType {
        OptionsType::of::<Options>()
    }

    fn paged(&self) -> Option<&dyn Paged> {
        Some(self)
    }
}

impl Paged for Jira {
    fn open(&self, source: &Opened) -> Result<Box<dyn Puller>, OpenError> {
        Ok(Box::new(Pulling::new(client(source)?, source)?))
    }

    fn account_option(&self) -> Option<&'static str> {
        Some("email")
    }

    fn setup(&self, source: &Opened) -> Option<Result<Box<dyn Setup>, OpenError>> {
        let open = || -> Result<Box<dyn Setup>, OpenError> {
            let Pulling { client, cloud, projects, .. } = Pulling::new(client(source)?, source)?;
            Ok(Box::new(Connecting { client, cloud, projects }))
        };
        Some(open())
    }
}

/// Who asks a source.
fn client(source: &Opened) -> Result<Client, OpenError> {
    let base = source.url.clone().ok_or_else(|| OpenError::new("url", "is not set; expected https://host"))?;
    let token = source.token()?.expose();
    let options: Options = source.options()?;
    let client = Client::new(source, base)?;
    match &options.email {
        Some(email) => client.with_basic(email, token),
        None => client.with_secret("authorization", &[b"Bearer ", token].concat()),
    }
}

pull::pull_options! {
    /// Jira's API: issues with their history, sprints, statuses.
    struct Options {
        /// Resolutions and statuses that mean that an issue was canceled, beside the usual ones.
        #[serde(default)]
        #[schemars(example = ["Abgelehnt"])]
        canceled: Vec<String>,
        /// Whether it is Cloud, if the address does not show it: `*.atlassian.net` is Cloud.
        #[serde(default)]
        #[schemars(example = true)]
        cloud: Option<bool>,
        /// Cloud: the e-mail address of the account whose token it is.
        #[serde(default)]
        #[schemars(example = &"you@example.org")]
        email: Option<String>,
        /// The names of the field that holds story points; the first that exists is used. Without any, Story Points and
        /// Story point estimate.
        #[serde(default)]
        #[schemars(example = ["Story Points"])]
        points: Option<Vec<String>>,
        /// The keys of the projects to pull; without any, all that the token can read.
        #[serde(default)]
        #[schemars(example = ["SHOP", "OPS"])]
        projects: Vec<String>,
        /// The address at which people find it, if `url` is `api.atlassian.com/ex/jira/…`.
        #[serde(default)]
        #[schemars(example = &"https://you.atlassian.net")]
        site: Option<String>,
        /// The token to authenticate with.
        #[schemars(example = SecretRef::Env("JIRA_TOKEN".to_owned()))]
        token: SecretRef,
        /// Its address.
        #[schemars(example = &"https://you.atlassian.net")]
        url: String,
    }
}

impl SourceOptions for Options {}

/// A source that is ready to be asked.
pub(super) struct Pulling {
    client: Client,
    tracker: Tracker,
    site: String,
    cloud: bool,
    points: Vec<String>,
    canceled: Vec<String>,
    projects: Vec<String>,
    fields: OnceCell<Fields>,
    zone: OnceCell<Tz>,
}

/// The custom fields of a Jira.
struct Fields {
    ids: FieldIds,
    /// The fields that issues are asked for with.
    wanted: String,
}

/// What a search says of its issues.
#[derive(Clone, Copy)]
enum Extent {
    WithChangelog,
    Names,
}

impl Pulling {
    pub(super) fn new(client: Client, source: &Opened) -> Result<Self, OpenError> {
        let options: Options = source.options()?;
        let site = options.site.or_else(|| source.url.as_ref().map(ToString::to_string)).unwrap_or_default();
        let tracker = Tracker::at(&site)
            .ok_or_else(|| OpenError::new("url", format!("`{site}` is no address; expected https://host")))?;
        let host = source.url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        let by_host = host.ends_with(".atlassian.net") || host == "api.atlassian.com";
        Ok(Self {
            client,
            tracker,
            site: site.trim_end_matches('/').to_owned(),
            cloud: options.cloud.unwrap_or(by_host),
            points: options.points.unwrap_or_else(|| POINTS.map(str::to_owned).to_vec()),
            canceled: options.canceled,
            projects: source.projects.clone(),
            fields: OnceCell::new(),
            zone: OnceCell::new(),
        })
    }

    fn api(&self) -> &'static str {
        if self.cloud { "rest/api/3" } else { "rest/api/2" }
    }

    /// The ids of the fields that are known by name or type.
    async fn fields(&self) -> Result<&Fields, PullError> {
        #[derive(Deserialize)]
        struct Field {
            id: String,
            name: String,
            schema: Option<Schema>,
        }
        #[derive(Deserialize)]
        struct Schema {
            custom: Option<String>,
        }
        let ask = || async {
            let fields: Vec<Field> = self.client.get(&format!("{}/field", self.api())).await?.json()?;
            let of_type =
                |field: &Field, kind| field.schema.as_ref().and_then(|schema| schema.custom.as_deref()) == Some(kind);
            let named = |field: &Field, name: &String| field.name.eq_ignore_ascii_case(name);
            let mut points: BTreeMap<usize, String> = BTreeMap::new();
            for field in &fields {
                // In the order of the names, then by type.
                let rank = self.points.iter().position(|name| named(field, name));
                let rank = rank.or_else(|| of_type(field, POINTS_TYPE).then_some(self.points.len()));
                if let Some(rank) = rank {
                    points.entry(rank).or_insert_with(|| field.id.clone());
                }
            }
            let all_of = |kind| -> Vec<String> {
                fields.iter().filter(|field| of_type(field, kind)).map(|field| field.id.clone()).collect()
            };
            let ids = FieldIds {
                points: points.into_values().collect(),
                epic: all_of(EPIC_TYPE),
                canceled: self.canceled.clone(),
            };
            let sprint = all_of(SPRINT_TYPE);
            let custom = ids.points.iter().chain(&ids.epic).chain(&sprint);
            let wanted = custom.fold(NEEDED.to_owned(), |all, id| all + "," + id);
            Ok(Fields { ids, wanted })
        };
        self.fields.get_or_try_init(ask).await
    }

    /// The time zone of who asks, in which JQL reads times.
    async fn zone(&self) -> Result<Tz, PullError> {
        #[derive(Deserialize)]
        struct Me {
            #[serde(rename = "timeZone")]
            zone: Option<String>,
        }
        let ask = || async {
            let me: Me = self.client.get(&format!("{}/myself", self.api())).await?.json()?;
            // in another time zone than Jira reads it in, a time would leave out what changed in the hours between
            let (found, expected) = match me.zone.as_deref().map(|zone| (zone, kernel::time_zone(zone))) {
                Some((_, Ok(zone))) => return Ok(zone),
                Some((zone, Err(error))) => (format!("`{zone}`"), error.expected().to_owned()),
                None => ("nothing".to_owned(), "the name of a time zone".to_owned()),
            };
            Err(PullError::Data(format!(
                "{}/myself: found {found} as `timeZone`, in which JQL reads times, expected {expected}; choose another in \
                 the profile of the account that the token is of",
                self.api()
            )))
        };
        self.zone.get_or_try_init(ask).await.copied()
    }

    /// The search for what changed at or after a time, as a part of an address.
    async fn search(&self, project: &str, from: Option<DateTime<Utc>>) -> Result<String, PullError> {
        let project = project.replace(['"', '\\'], "");
        let only = if project.is_empty() { String::new() } else { format!("project = \"{project}\" AND ") };
        // Cloud refuses to search without bounds.
        let from = local(self.zone().await?, from.unwrap_or_default());
        let jql = format!("{only}updated >= \"{from}\" ORDER BY updated ASC, key ASC");
        let wanted = &self.fields().await?.wanted;
        Ok(format!("fields={wanted}&expand=changelog&maxResults={MAX_RESULTS}&jql={}", escaped(&jql)))
    }

    /// Asks for a page of a search. One that Jira can't answer with the histories is asked for without them: they are
    /// then asked for issue by issue. One that it can't answer at all says which issues there are only.
    async fn found(&self, path: &str) -> Result<(Answered, Extent), PullError> {
        let error = match self.client.get(path).await {
            Err(error @ PullError::Transient(_)) => error,
            answer => return Ok((answer?.json()?, Extent::WithChangelog)),
        };
        let client = self.client.for_details();
        let without = path.replace("&expand=changelog", "");
        if let Ok(answer) = client.get(&without).await {
            return Ok((answer.json()?, Extent::WithChangelog));
        }
        let names = without.replace(&format!("fields={}&", self.fields().await?.wanted), "fields=updated&");
        let answer = client.get(&names).await.map_err(first_of(error))?;
        Ok((answer.json()?, Extent::Names))
    }

    async fn issues(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        if self.cloud { self.cloud_issues(ask).await } else { self.counted_issues(ask).await }
    }

    async fn cloud_issues(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let kept: Token = ask.cursor_as()?.unwrap_or_default();
        let path = format!("{}/search/jql?{}", self.api(), self.search(&ask.stream.of, ask.since).await?);
        let (answered, extent) = if kept.token.is_empty() {
            self.found(&path).await?
        } else {
            match self.found(&format!("{path}&nextPageToken={}", escaped(&kept.token))).await {
                // Tokens are taken for some days only; from there on the search begins again.
                Err(PullError::Data(_)) => {
                    let restarted = self.search(&ask.stream.of, kept.from.or(ask.since)).await?;
                    self.found(&format!("{}/search/jql?{restarted}", self.api())).await?
                }
                answer => answer?,
            }
        };
        let (found, unreadable) = found(answered.issues);
        let newest = found.last().map(|(issue, _)| issue.fields.updated.0);
        let from = newest.max(kept.from);
        let next = answered.next.map(|token| json!(Token { token, from }));
        let (rows, missed) = self.with_histories(&found, &unreadable, extent).await?;
        Ok(Page { rows, next, newest, missed, ..Page::default() })
    }

    async fn counted_issues(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let cursor = ListCursor::at(ask)?;
        let search = self.search(&ask.stream.of, cursor.from).await?;
        let path = format!("{}/search?{search}&startAt={}", self.api(), cursor.skip);
        let (answered, extent) = self.found(&path).await?;
        let listed = answered.issues.len();
        let (found, unreadable) = found(answered.issues);
        let names: Vec<(String, DateTime<Utc>)> =
            found.iter().map(|(issue, _)| (issue.id.clone(), issue.fields.updated.0)).collect();
        let count = cursor.skip + listed as u64;
        // An instance may give fewer rows than it is asked for, so the end is known by the total.
        let more = answered.total.map_or(listed >= MAX_RESULTS, |total| count < total);
        let next = if more { cursor.after(&names, unreadable.len(), Grain::Minute) } else { None };
        if more && listed > 0 && next.is_none() {
            return Err(PullError::Data(format!("search: none of {listed} issues can be read")));
        }
        let new: Vec<_> =
            found.into_iter().filter(|(issue, _)| !cursor.seen(&issue.id, issue.fields.updated.0)).collect();
        let (rows, missed) = self.with_histories(&new, &unreadable, extent).await?;
        Ok(Page {
            rows,
            missed,
            next: next.map(|next| json!(next)),
            newest: names.last().map(|(_, changed)| *changed),
            total: answered.total.filter(|_| ask.cursor.is_none()),
            ..Page::default()
        })
    }

    /// Issues with their histories in full. Those that can't be read go into the log as they are, where they are
    /// rejected with their reason.
    async fn with_histories(
        &self,
        found: &[(Found, Box<RawValue>)],
        unreadable: &[Box<RawValue>],
        extent: Extent,
    ) -> Result<(Vec<Row>, Vec<Missed>), PullError> {
        let asked = found.iter().map(|(issue, row)| {
            let what = match extent {
                Extent::WithChangelog => format!("history of {}", issue.key),
                Extent::Names => issue.key.clone(),
            };
            let rows = async move {
                match extent {
                    Extent::WithChangelog => Ok(vec![self.with_history(issue, row).await?]),
                    Extent::Names => self.issue_again(&issue.id).await,
                }
            };
            (what, Value::from(issue.id.as_str()), rows)
        });
        let (rows, missed) = details(asked).await?;
        let mut rows = rows.concat();
        for row in unreadable {
            rows.push(self.plain("jira.pull.issue", row)?);
        }
        Ok((rows, missed))
    }

    async fn with_history(&self, issue: &Found, row: &RawValue) -> Result<Row, PullError> {
        let fields = &self.fields().await?.ids;
        let whole =
            issue.changelog.as_ref().is_some_and(|log| log.total.is_none_or(|total| total <= log.histories.len()));
        let histories = if whole { None } else { Some(self.history(&issue.key).await?) };
        let with_histories = PulledRow { site: &self.site, fields: Some(fields), row, histories };
        with_histories.row("jira.pull.issue", self.tracker.item(&issue.key).0)
    }

    /// An issue whose history could not be had; nothing if it is gone.
    async fn issue_again(&self, id: &str) -> Result<Vec<Row>, PullError> {
        let wanted = &self.fields().await?.wanted;
        let path = format!("{}/issue/{}?fields={wanted}&expand=changelog", self.api(), escaped(id));
        let row: Box<RawValue> = match self.client.for_details().get(&path).await {
            Err(PullError::Gone(_)) => return Ok(Vec::new()),
            answer => answer?.json()?,
        };
        Ok(vec![self.with_history(&read_row(&row, "issue")?, &row).await?])
    }

    /// All that ever happened to an issue.
    async fn history(&self, key: &str) -> Result<Vec<Box<RawValue>>, PullError> {
        #[derive(Deserialize)]
        struct WithChangelog {
            changelog: Option<Listed>,
        }
        if self.cloud {
            let path = format!("{}/issue/{}/changelog?maxResults={MAX_RESULTS}", self.api(), escaped(key));
            return self.counted(&self.client.for_details(), &path).await;
        }
        let path = format!("{}/issue/{}?fields=updated&expand=changelog", self.api(), escaped(key));
        let whole: WithChangelog = self.client.for_details().get(&path).await?.json()?;
        Ok(whole.changelog.map(|log| log.values).unwrap_or_default())
    }

    /// All rows of a list that counts them.
    async fn counted(&self, client: &Client, path: &str) -> Result<Vec<Box<RawValue>>, PullError> {
        let mut rows = Vec::new();
        loop {
            let page: Listed = client.get(&format!("{path}&startAt={}", rows.len())).await?.json()?;
            let count = page.values.len();
            rows.extend(page.values);
            let done = page.last.unwrap_or_else(|| page.total.is_none_or(|total| rows.len() >= total));
            if done || count == 0 {
                return Ok(rows);
            }
        }
    }

    /// A row of the whole Jira.
    fn plain(&self, kind: &'static str, row: &RawValue) -> Result<Row, PullError> {
        PulledRow { site: &self.site, fields: None, row, histories: None }.row(kind, self.tracker.id.clone())
    }

    async fn statuses(&self) -> Result<Page, PullError> {
        let rows: Vec<Box<RawValue>> = self.client.get(&format!("{}/status", self.api())).await?.json()?;
        let rows = rows.iter().map(|row| self.plain("jira.pull.status", row)).collect::<Result<_, _>>()?;
        Ok(Page { rows, ..Page::default() })
    }
}

/// A time as JQL reads it. Of an hour that a zone has twice, the first is meant.
fn local(zone: Tz, at: DateTime<Utc>) -> String {
    let there = at.with_timezone(&zone).naive_local();
    let first = zone.from_local_datetime(&there).earliest().is_some_and(|first| first.to_utc() < at);
    let there = if first { there - TimeDelta::hours(1) } else { there };
    there.format("%Y-%m-%d %H:%M").to_string()
}

#[async_trait]
impl Puller for Pulling {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        let mut streams = vec![Stream::new("statuses", "")];
        let everything = [String::new()];
        let projects = if self.projects.is_empty() { &everything[..] } else { &self.projects };
        for project in projects {
            streams.push(Stream::new("issues", project));
            // There are none without Jira Software.
            streams.push(Stream::new("sprints", project).optional());
        }
        Ok(streams)
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        match ask.stream.name {
            "statuses" => self.statuses().await,
            "sprints" => self.sprints(ask).await,
            _ => self.issues(ask).await,
        }
    }

    async fn again(&self, _: &Ask<'_>, key: &Value) -> Result<Vec<Row>, PullError> {
        match (key.as_i64(), key.as_str()) {
            (Some(board), _) => self.sprints_of(board).await,
            (_, Some(issue)) => self.issue_again(issue).await,
            _ => Ok(Vec::new()),
        }
    }

    fn budget(&self) -> Option<RateLimit> {
        self.client.left()
    }
}

#[cfg(test)]
mod tests;
