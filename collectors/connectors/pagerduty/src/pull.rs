//! Pulling from PagerDuty's REST API, in two streams: all incidents by the time they were created, and the log entries
//! of all incidents, each with its incident. The second reports changes of incidents that are older than the last pull,
//! since PagerDuty can't list incidents by the time of their last change.
//!
//! Both lists are paged by offset, to 10,000 rows at most, and span half a year at most. So they are requested in
//! windows of time; a window with more rows continues at the time of its last row.

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use pull::{Ask, Client, Missed, OpenError, Opened, Page, Paged, Pull, PullError, Puller, RateLimit, Row, Stream};
use runtime::settings::{OptionsType, SecretRef, SourceOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use super::{PagerDuty, incident_id};

const ADDRESS: &str = "https://api.pagerduty.com";
const VERSION: &str = "application/vnd.pagerduty+json;version=2";
const INCIDENTS: &str = "incidents";
const LOG: &str = "log_entries";
/// The most rows a page.
const LIMIT: u64 = 100;
/// Rows that are asked for one by one of a page that can't be had as a whole.
const PIECES: usize = 20;
/// The most rows that offsets reach.
const MAX_OFFSET: u64 = 10_000;
/// The first window of a list without a beginning: PagerDuty's first year.
const BEGINNING: i64 = 1_230_768_000;
/// How long a window is at first. Log entries are many more than incidents.
const WINDOW: TimeDelta = TimeDelta::days(150);
const LOG_WINDOW: TimeDelta = TimeDelta::days(30);

impl Pull for PagerDuty {
    fn options(&self) -> OptionsType {
        OptionsType::of::<Options>()
    }

    fn paged(&self) -> Option<&dyn Paged> {
        Some(self)
    }
}

impl Paged for PagerDuty {
    fn open(&self, source: &Opened) -> Result<Box<dyn Puller>, OpenError> {
        let base = match &source.url {
            Some(url) => url.clone(),
            None => Url::parse(ADDRESS).map_err(|error| OpenError::new("url", error.to_string()))?,
        };
        let Options { projects, .. } = source.options()?;
        let authorization = [b"Token token=", source.token()?.expose()].concat();
        let client =
            Client::new(source, base)?.with_header("accept", VERSION).with_secret("authorization", &authorization)?;
        Ok(Box::new(Account { client, services: projects }))
    }
}

pull::pull_options! {
    /// PagerDuty's API: incidents and their log entries.
    struct Options {
        /// The ids of the services whose incidents are pulled; without any, all.
        #[serde(default)]
        #[schemars(example = ["PIJ90N7"])]
        projects: Vec<String>,
        /// A read-only API key.
        #[schemars(example = SecretRef::Env("PAGERDUTY_API_KEY".to_owned()))]
        token: SecretRef,
        /// The address of the API of another service region.
        #[serde(default)]
        #[schemars(example = &"https://api.eu.pagerduty.com")]
        url: Option<String>,
    }
}

impl SourceOptions for Options {}

/// An account, and the services of it that are pulled; all without any.
struct Account {
    client: Client,
    services: Vec<String>,
}

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    offset: u64,
    /// Where the window after it begins.
    end: DateTime<Utc>,
}

#[async_trait]
impl Puller for Account {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        Ok(vec![Stream::new(INCIDENTS, ""), Stream::new(LOG, "")])
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        let kept: Option<Window> = ask.cursor_as()?;
        let length = if ask.stream.name == LOG { LOG_WINDOW } else { WINDOW };
        let window = kept.unwrap_or_else(|| Window::first(ask.since, ask.began, length));
        let (rows, more, missed) = match self.list(&self.client, ask.stream.name, window, LIMIT).await {
            Err(error @ PullError::Transient(_)) => self.piecemeal(ask.stream.name, window, error).await?,
            list => {
                let (rows, more) = list?;
                (rows, more, Vec::new())
            }
        };
        let passed = missed.len() as u64;
        let next = window.next(&rows, passed, more, ask.began, length);
        let rows: Vec<Row> = rows.iter().filter(|value| self.pulls(value)).filter_map(row).collect();
        Ok(Page { rows, next: next.map(|next| json!(next)), missed, ..Page::default() })
    }

    async fn again(&self, ask: &Ask<'_>, key: &Value) -> Result<Vec<Row>, PullError> {
        let window = Window::deserialize(key).map_err(|error| PullError::Data(error.to_string()))?;
        let (rows, _) = self.list(&self.client.for_details(), ask.stream.name, window, 1).await?;
        Ok(rows.iter().filter(|value| self.pulls(value)).filter_map(row).collect())
    }

    fn budget(&self) -> Option<RateLimit> {
        self.client.left()
    }
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    incidents: Vec<Value>,
    #[serde(default)]
    log_entries: Vec<Value>,
    #[serde(default)]
    more: bool,
}

impl Account {
    /// Rows of a window from its offset on, and whether there are more.
    async fn list(
        &self,
        client: &Client,
        name: &str,
        window: Window,
        limit: u64,
    ) -> Result<(Vec<Value>, bool), PullError> {
        let list: List = client.get(&self.path(name, window, limit)).await?.json()?;
        Ok((if name == LOG { list.log_entries } else { list.incidents }, list.more))
    }

    /// Whether a row is of a service that is pulled: PagerDuty can't list log entries by service.
    fn pulls(&self, row: &Value) -> bool {
        let service =
            row.pointer("/incident/service/id").or_else(|| row.pointer("/service/id")).and_then(Value::as_str);
        self.services.is_empty() || service.is_some_and(|service| self.services.iter().any(|wanted| wanted == service))
    }

    /// A page that can't be had as a whole, in pieces: the row that fails is skipped, if the one behind it can be had.
    async fn piecemeal(
        &self,
        name: &str,
        window: Window,
        error: PullError,
    ) -> Result<(Vec<Value>, bool, Vec<Missed>), PullError> {
        let client = self.client.for_details();
        let (mut rows, mut missed) = (Vec::new(), Vec::new());
        while rows.len() + missed.len() < PIECES {
            let at = Window { offset: window.offset + (rows.len() + missed.len()) as u64, ..window };
            match self.list(&client, name, at, 1).await {
                Ok((found, more)) => {
                    let ended = found.is_empty();
                    rows.extend(found);
                    if ended || !more {
                        return Ok((rows, false, missed));
                    }
                }
                Err(PullError::Transient(_)) if missed.is_empty() => {
                    let behind = Window { offset: at.offset + 1, ..at };
                    // it is not this row, but the list
                    self.list(&client, name, behind, 1).await.map_err(|_| error.clone())?;
                    let what = format!("row {} of {name} from {} on", at.offset + 1, at.from);
                    missed.push(Missed { what, key: json!(at), error: error.clone() });
                }
                // the next page begins with this one
                Err(PullError::Transient(_)) => break,
                Err(error) => return Err(error),
            }
        }
        Ok((rows, true, missed))
    }

    fn path(&self, list: &str, window: Window, limit: u64) -> String {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut query = Serializer::new(String::new());
        query.append_pair("since", &time(window.from)).append_pair("until", &time(window.until));
        query.append_pair("time_zone", "UTC");
        query.append_pair("limit", &limit.to_string()).append_pair("offset", &window.offset.to_string());
        if list == LOG {
            query.append_pair("is_overview", "true").append_pair("include[]", "incidents");
        } else {
            query.append_pair("sort_by", "created_at:asc");
            for service in &self.services {
                query.append_pair("service_ids[]", service);
            }
        }
        format!("{list}?{}", query.finish())
    }
}

impl Window {
    fn new(from: DateTime<Utc>, length: TimeDelta, began: DateTime<Utc>) -> Self {
        let until = from.checked_add_signed(length).unwrap_or(began).min(began);
        Self { from, until, offset: 0, end: until }
    }

    fn first(since: Option<DateTime<Utc>>, began: DateTime<Utc>, length: TimeDelta) -> Self {
        let from = since.or_else(|| DateTime::from_timestamp(BEGINNING, 0)).unwrap_or(began).min(began);
        Self::new(from, length, began)
    }

    /// The next page of this window, or the first of the next one, until the time at which the pull began.
    fn next(self, rows: &[Value], passed: u64, more: bool, began: DateTime<Utc>, length: TimeDelta) -> Option<Self> {
        let within = || {
            let offset = self.offset + rows.len() as u64 + passed;
            if offset + LIMIT <= MAX_OFFSET {
                return Some(Self { offset, ..self });
            }
            let (first, last) = (created_at(rows.first()?)?, created_at(rows.last()?)?);
            if first <= last {
                // Incidents come oldest first.
                (last > self.from).then_some(Self { from: last, offset: 0, ..self })
            } else {
                // Log entries come newest first. Times are asked for in whole seconds.
                let until = last + TimeDelta::seconds(1);
                (until < self.until).then_some(Self { until, offset: 0, ..self })
            }
        };
        let next = if more && rows.len() as u64 + passed > 0 { within() } else { None };
        next.or_else(|| (self.end < began).then(|| Self::new(self.end, length, began)))
    }
}

fn created_at(row: &Value) -> Option<DateTime<Utc>> {
    row.get("created_at")?.as_str()?.parse().ok()
}

/// An incident, or a log entry with the incident in it. A notification of a user does not change the incident.
fn row(value: &Value) -> Option<Row> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let (kind, incident) = match text(value, "type") {
        Some(kind) if kind.starts_with("notify_log_entry") => return None,
        Some(kind) if kind.contains("log_entry") => {
            ("pagerduty.log_entry", value.get("incident").and_then(|incident| text(incident, "id")))
        }
        _ => ("pagerduty.incident", text(value, "id")),
    };
    // One without an id goes into the log too, where it is rejected with its reason.
    let subject = incident.map(|incident| incident_id(&incident));
    let key = subject.clone().unwrap_or_else(|| "pagerduty".to_owned());
    Some(Row { kind, subject, key, data: value.to_string().into() })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::{Query, RawQuery, State};
    use axum::routing::get;
    use connector::Connector;
    use pull::PullFrom;
    use pull::testing::{Memory, client};
    use url::form_urlencoded;

    use super::*;

    type Asked = Arc<Mutex<Vec<(u64, i64)>>>;

    /// An account whose incidents began one each `every` minutes since 2026, and the list has those of
    /// the window that is asked for, and refuses offsets and windows as PagerDuty does.
    async fn incidents(
        State((asked, every)): State<(Asked, i64)>,
        Query(query): Query<std::collections::BTreeMap<String, String>>,
    ) -> Result<axum::Json<Value>, http::StatusCode> {
        let time = |name: &str| query[name].parse::<DateTime<Utc>>().unwrap();
        let (offset, days) = (query["offset"].parse::<u64>().unwrap(), (time("until") - time("since")).num_days());
        asked.lock().unwrap().push((offset, days));
        if offset + LIMIT > MAX_OFFSET || days > 180 {
            return Err(http::StatusCode::BAD_REQUEST);
        }
        let begin: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let all: Vec<DateTime<Utc>> = (0..12_000)
            .map(|number| begin + TimeDelta::minutes(number * every))
            .filter(|at| *at >= time("since") && *at < time("until"))
            .collect();
        let offset = usize::try_from(offset).unwrap();
        let page: Vec<Value> = all
            .iter()
            .skip(offset)
            .take(100)
            .map(|at| json!({"id": format!("P{}", at.timestamp()), "type": "incident", "status": "triggered", "created_at": at}))
            .collect();
        Ok(axum::Json(json!({"more": offset + page.len() < all.len(), "incidents": page})))
    }

    #[tokio::test]
    async fn years_are_pulled_in_windows_however_crowded_these_are() {
        for every in [1, 60] {
            let asked = Asked::default();
            let router = Router::new()
                .route("/incidents", get(incidents))
                .route("/log_entries", get(async || axum::Json(json!({"log_entries": [], "more": false}))))
                .with_state((asked.clone(), every));
            let account = Account { client: client(router), services: Vec::new() };
            let memory = Memory::default();
            let now = "2027-06-01T00:00:00Z".parse().unwrap();
            let summary = memory.pull_at(&account, PullFrom::Start, now).await;
            assert!(summary.complete(), "{summary:?}");
            let ids: std::collections::BTreeSet<String> = memory.events().into_iter().map(|event| event.id).collect();
            assert_eq!(ids.len(), 12_000, "{summary:?}");
            assert!(asked.lock().unwrap().len() < 200);
            for event in memory.events().iter().take(10) {
                assert_eq!(PagerDuty.normalize(event).unwrap().len(), 1);
            }
            // what is new is asked for with one request a stream
            asked.lock().unwrap().clear();
            memory.pull_at(&account, PullFrom::Cursor, now + TimeDelta::minutes(5)).await;
            assert_eq!(asked.lock().unwrap().as_slice(), [(0, 0)]);
        }
    }

    fn incident_of(service: &str) -> Value {
        json!({
            "id": format!("Q{service}"), "type": "incident", "status": "triggered",
            "created_at": "2026-02-01T08:00:00Z", "service": {"id": service, "summary": "Checkout"},
        })
    }

    fn entry_of(service: &str) -> Value {
        json!({
            "id": format!("R{service}"), "type": "trigger_log_entry", "created_at": "2026-02-01T08:00:00Z",
            "incident": incident_of(service), "service": {"id": service},
        })
    }

    /// An account with an incident of each of two services; only incidents are filtered by service.
    fn two_services() -> Router {
        let incidents = async |RawQuery(query): RawQuery| {
            let query = query.unwrap();
            let wanted = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "service_ids[]");
            let wanted: Vec<String> = wanted.map(|(_, service)| service.into_owned()).collect();
            let listed = |service: &&str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == service);
            let found: Vec<Value> = ["P1", "P2"].into_iter().filter(listed).map(incident_of).collect();
            axum::Json(json!({"incidents": found, "more": false}))
        };
        let entries = async || axum::Json(json!({"log_entries": [entry_of("P1"), entry_of("P2")], "more": false}));
        Router::new().route("/incidents", get(incidents)).route("/log_entries", get(entries))
    }

    #[tokio::test]
    async fn of_services_that_are_not_pulled_neither_incidents_nor_their_log_entries_come() {
        let both = ["pagerduty/QP1", "pagerduty/QP2"];
        for (services, expected) in [(vec!["P1"], &both[..1]), (Vec::new(), &both[..])] {
            let services = services.into_iter().map(str::to_owned).collect();
            let (account, memory) = (Account { client: client(two_services()), services }, Memory::default());
            let from = PullFrom::Since("2026-01-15T00:00:00Z".parse().unwrap());
            let summary = memory.pull_at(&account, from, "2026-02-10T00:00:00Z".parse().unwrap()).await;
            assert!(summary.complete(), "{summary:?}");
            let events = memory.events();
            let keys: std::collections::BTreeSet<&str> = events.iter().map(|event| event.key.as_str()).collect();
            assert_eq!(keys.into_iter().collect::<Vec<_>>(), expected);
            assert_eq!(events.len(), 2 * expected.len(), "an incident and its log entry each");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_incident_that_breaks_its_list_hides_no_others_and_comes_when_it_can() {
        let broken = Arc::new(Mutex::new(vec![3_usize, 4]));
        let asked = Arc::clone(&broken);
        let incidents = async move |Query(query): Query<std::collections::BTreeMap<String, String>>| {
            let number = |name: &str| query[name].parse::<usize>().unwrap();
            let (since, until) = (query["since"].as_str(), query["until"].as_str());
            let all: Vec<Value> = (1..=9)
                .map(|day| json!({"id": format!("P{day}"), "created_at": format!("2026-02-0{day}T08:00:00Z")}))
                .filter(|row| (since..until).contains(&row["created_at"].as_str().unwrap()))
                .collect();
            let end = all.len().min(number("offset") + number("limit"));
            let page = number("offset").min(end)..end;
            if all[page.clone()]
                .iter()
                .any(|row| asked.lock().unwrap().iter().any(|bad| row["id"] == format!("P{bad}")))
            {
                return Err(http::StatusCode::INTERNAL_SERVER_ERROR);
            }
            Ok(axum::Json(json!({"more": end < all.len(), "incidents": all[page]})))
        };
        let router = Router::new()
            .route("/incidents", get(incidents))
            .route("/log_entries", get(async || axum::Json(json!({"log_entries": [], "more": false}))));
        let account = Account { client: client(router), services: Vec::new() };
        let memory = Memory::default();
        let began = "2026-03-01T00:00:00Z".parse().unwrap();
        // two in a row look like a list that is down
        let summary = memory.pull_at(&account, PullFrom::Start, began).await;
        assert!(summary.failure().is_some(), "{summary:?}");
        *broken.lock().unwrap() = vec![3, 6];
        let summary = memory.pull_at(&account, PullFrom::Start, began).await;
        assert_eq!((summary.failure(), summary.warnings().len()), (None, 2), "{summary:?}");
        let reported = |memory: &Memory| {
            let ids = memory.events().into_iter().map(|event| event.key);
            ids.collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!(reported(&memory), 7);
        broken.lock().unwrap().clear();
        let summary = memory.pull_at(&account, PullFrom::Cursor, began + TimeDelta::minutes(5)).await;
        assert!(summary.complete() && reported(&memory) == 9, "{summary:?}");
    }
}
