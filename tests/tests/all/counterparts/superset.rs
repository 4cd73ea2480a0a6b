//! Apache Superset, into which the exported files are imported: `scripts/superset` starts it, `scripts/demo` what it asks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::superset::Target;
use chrono::{DateTime, Days, NaiveTime, Utc};
use panels::{By, Dashboard, Panel, Show};
use parts::{Part, server};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::OnceCell;
use url::Url;

use crate::analytics_roles;
use crate::architecture::root;
use crate::browser::{look, open, run, take, wait};
use crate::web::{ask, get};

/// A team of the demo.
const TEAM: &str = "Checkout";

const WEEK_MS: i64 = 7 * 24 * 3_600_000;
/// The first Monday that is counted: 1970-01-05.
const MONDAY_MS: i64 = 4 * 24 * 3_600_000;

/// The room for a row of the grid of panels, and for all else of a page.
const ROW_PIXELS: u32 = 62;
const OTHER_PIXELS: u32 = 900;

/// Logs in, in a page of Superset.
const LOGIN: &str = "fetch('/login/', {
    method: 'POST', body: new URLSearchParams({ username: 'admin', password: 'admin' }),
}).then(() => true)";

/// Waits until no chart is loading for two seconds, or for a minute and a half, and says what is shown then.
const SETTLED: &str = "new Promise((done) => {
    let [quiet, looks] = [0, 0];
    const all = (selector) => [...document.querySelectorAll(selector)];
    const timer = setInterval(() => {
        const charts = all('.dashboard-component-chart-holder').length;
        const rendered = all('.slice_container').length;
        const loading = all('.loading, .ant-spin-spinning, .ant-skeleton').length;
        quiet = charts > 0 && rendered > 0 && loading === 0 ? quiet + 1 : 0;
        looks += 1;
        if (quiet < 8 && looks < 360) return;
        clearInterval(timer);
        done({ charts, rendered, errors: all('[role=alert], .ant-alert-error').map((alert) => alert.textContent) });
    }, 250);
})";

/// A Superset that has the dashboards, and the demo that they show.
struct Superset {
    address: String,
    bearer: String,
    demo: String,
    password: String,
    files: BTreeMap<String, String>,
}

/// Imported once for all tests.
static IMPORTED: OnceCell<Superset> = OnceCell::const_new();

/// Runs a script, and returns what it printed.
async fn script(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(root().join("scripts").join(name)).args(arguments).output().await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.trim().to_owned()
}

impl Superset {
    /// `None` where there is none.
    async fn find() -> Option<&'static Self> {
        let address = server("SEI_TEST_SUPERSET", Part::Superset)?;
        let demo = server("SEI_TEST_DEMO", Part::Superset)?;
        Some(IMPORTED.get_or_init(|| Self::imported(address, demo)).await)
    }

    async fn imported(address: String, demo: String) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [password, bundle] = ["password", "sei.zip"].map(|name| directory.path().join(name).display().to_string());
        let role = analytics_roles::name();
        let port = script("demo", &["grant", &role, &password]).await;
        let target = Target::new("sei", &format!("postgresql+psycopg2://{role}@127.0.0.1:{port}/sei")).unwrap();
        let files = ::superset::files(&target).unwrap();
        std::fs::write(&bundle, ::superset::archive(&files).unwrap()).unwrap();
        let printed = script("superset", &["import", &address, &bundle, "sei", &password]).await;
        let password = std::fs::read_to_string(password).unwrap().trim().to_owned();
        assert!(printed.contains("********") && !printed.contains(&password), "{printed}");
        let login = json!({ "username": "admin", "password": "admin", "provider": "db" });
        let headers = [("content-type", "application/json")];
        let answer = ask("POST", &format!("{address}/api/v1/security/login"), &headers, &login.to_string()).await;
        let bearer = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
        Self { address, bearer, demo, password, files }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let headers = [("authorization", self.bearer.as_str()), ("content-type", "application/json")];
        let answer = ask(method, &format!("{}{path}", self.address), &headers, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        assert!(!answer.body.contains(&self.password), "{method} {path} shows the password of the database");
        answer.json()
    }

    /// How Superset has the chart of a panel.
    async fn chart(&self, panel: &Panel) -> Value {
        let mut lines = self.files[&format!("charts/{}.yaml", panel.name)].lines();
        let id = lines.find_map(|line| line.strip_prefix("uuid: ")).unwrap().trim_matches('"');
        let chart = self.ask("GET", &format!("/api/v1/chart/{id}"), "").await;
        serde_json::from_str(chart["result"]["params"].as_str().unwrap()).unwrap()
    }

    /// The rows that the chart of a panel shows.
    async fn rows(&self, panel: &Panel, asked: &Asked) -> Vec<Value> {
        let chart = self.chart(panel).await;
        let dataset = chart["datasource"].as_str().unwrap().split("__").next().unwrap();
        let (mut columns, mut metrics) = (Vec::new(), chart["metrics"].clone());
        if let Some(x) = chart["x_axis"].as_str() {
            columns.push(json!({ "columnType": "BASE_AXIS", "sqlExpression": x, "label": x, "expressionType": "SQL" }));
        }
        for name in ["groupby", "all_columns"] {
            columns.extend(chart[name].as_array().into_iter().flatten().cloned());
        }
        if !chart["metric"].is_null() {
            metrics = json!([chart["metric"]]);
        }
        let filters = asked.team.map(|team| json!({ "col": "team", "op": "IN", "val": [team] }));
        let query = json!({
            "time_range": asked.range(), "filters": filters.into_iter().collect::<Vec<_>>(), "extras": {}, "orderby": [],
            "columns": columns, "metrics": metrics, "row_limit": 10_000,
        });
        let question = json!({
            "datasource": { "id": dataset.parse::<u64>().unwrap(), "type": "table" },
            "queries": [query], "force": true, "result_format": "json", "result_type": "full",
        });
        let answer = self.ask("POST", "/api/v1/chart/data", &question.to_string()).await;
        let result = &answer["result"][0];
        assert!(result["error"].is_null(), "{}: {}", panel.name, result["error"]);
        result["data"].as_array().unwrap().clone()
    }

    /// What a chart of a metric shows, by week and slice.
    async fn shown(&self, panel: &Panel, by: By, asked: &Asked) -> Values {
        let column = &panel.columns[panel.columns.iter().position(|column| column.name == "value").unwrap()];
        let is_duration = matches!(column.kind, panels::ColumnKind::Number(dora::Unit::Seconds));
        let (name, scale) = match (panel.show, is_duration) {
            (Show::Number, true) => ("max_value", 1e-3),
            (Show::Table, true) => ("value_ms", 1e-3),
            (Show::Table, false) => ("value", 1.0),
            (_, true) => ("max_value", 3_600.0),
            (_, false) => ("max_value", 1.0),
        };
        let rows = self.rows(panel, asked).await;
        let value = |row: &Value| {
            let week = by.is_weekly().then(|| week(&row["week"]));
            let slice = by.slice().map(|slice| row[slice.as_str()].as_str().unwrap_or_default().to_owned());
            Some(((week, slice), row[name].as_f64()? * scale))
        };
        rows.iter().filter_map(value).collect()
    }

    /// What the API answers of a metric, by week and slice.
    async fn answered(&self, metric: &str, by: By, asked: &Asked) -> Values {
        let mut url = Url::parse(&format!("{}/api/v1/metrics/{metric}", self.demo)).unwrap();
        let [from, to] = [asked.from, asked.to].map(|at| at.to_rfc3339());
        url.query_pairs_mut().append_pair("tenant", "demo").append_pair("from", &from).append_pair("to", &to);
        if let Some(slice) = by.slice() {
            url.query_pairs_mut().append_pair("by", slice.as_str());
        }
        if by.is_weekly() {
            url.query_pairs_mut().append_pair("interval", "week");
        }
        if let Some(team) = asked.team {
            url.query_pairs_mut().append_pair("team", team);
        }
        let answer = get(url.as_str(), &[]).await;
        assert_eq!(answer.status, 200, "{url}: {answer:?}");
        let data = &answer.json()["data"];
        let parts =
            if by.slice().is_some() { data["slices"].as_array().unwrap().clone() } else { vec![data["whole"].clone()] };
        let mut values = Values::new();
        for part in parts {
            let slice = part["slice"].as_str().map(str::to_owned);
            let points = if by.is_weekly() { part["series"].as_array().unwrap().clone() } else { vec![part.clone()] };
            for point in points {
                let at = by.is_weekly().then(|| {
                    let from = DateTime::parse_from_rfc3339(point["from"].as_str().unwrap()).unwrap();
                    week(&from.timestamp_millis().into())
                });
                values.extend(point["value"].as_f64().map(|value| ((at, slice.clone()), value)));
            }
        }
        values
    }

    /// The steps to a dashboard, what it shows, and an image of it.
    fn steps(&self, dashboard: &Dashboard, image: &Path) -> Vec<Value> {
        let rows = dashboard.placed().into_iter().map(|(_, row, panel)| row + panel.size.height).max().unwrap();
        let address = |path: &str| format!("{}{path}", self.address);
        vec![
            look("light", 1_600, rows * ROW_PIXELS + OTHER_PIXELS),
            // a page without scripts: what others still ask for would end the session that a login begins
            open(&address("/health")),
            run(LOGIN),
            open(&address(&format!("/superset/dashboard/sei-{}/", dashboard.name.replace('_', "-")))),
            wait(".dashboard-component-chart-holder"),
            run(SETTLED),
            json!({ "screenshot": [image, 1] }),
        ]
    }
}

/// A value by week and slice.
type Values = BTreeMap<(Option<i64>, Option<String>), f64>;

/// The number of the week of a time in milliseconds.
fn week(at: &Value) -> i64 {
    let at = at.to_string();
    (at.trim_end_matches(".0").parse::<i64>().unwrap() - MONDAY_MS).div_euclid(WEEK_MS)
}

/// What is chosen in the filters.
struct Asked {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    team: Option<&'static str>,
}

impl Asked {
    /// 90 days up to this one.
    fn of(team: Option<&'static str>) -> Self {
        let to = Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc();
        Self { from: to - Days::new(90), to, team }
    }

    fn range(&self) -> String {
        [self.from, self.to].map(|at| at.format("%Y-%m-%dT%H:%M:%S").to_string()).join(" : ")
    }
}

/// What is not the same but for the last digits.
fn different(shown: &Values, answered: &Values) -> Vec<String> {
    let is_near = |one: &f64, other: &f64| (one - other).abs() <= 1e-9 * other.abs().max(1e-3);
    let keys = shown.keys().chain(answered.keys().filter(|key| !shown.contains_key(*key)));
    let wrong = keys.filter(|key| match (shown.get(key), answered.get(key)) {
        (Some(one), Some(other)) => !is_near(one, other),
        _ => true,
    });
    wrong.map(|key| format!("{key:?}: {:?} is not {:?}", shown.get(key), answered.get(key))).collect()
}

#[tokio::test]
async fn every_chart_has_its_data_and_those_of_metrics_the_values_of_the_api() {
    let Some(superset) = Superset::find().await else { return };
    let dashboards = panels::dashboards().unwrap();
    let (mut compared, mut wrong) = (0, Vec::new());
    for asked in [None, Some(TEAM)].map(Asked::of) {
        for panel in dashboards.iter().flat_map(|dashboard| &dashboard.panels) {
            let (Some(metric), Some(by)) = (panel.metric(), panel.by()) else {
                superset.rows(panel, &asked).await;
                continue;
            };
            let (shown, answered) =
                (superset.shown(panel, by, &asked).await, superset.answered(metric, by, &asked).await);
            compared += answered.len();
            wrong.extend(different(&shown, &answered).into_iter().map(|text| format!("{}: {text}", panel.name)));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 500, "{compared}");
}

#[tokio::test]
async fn every_dashboard_is_shown_without_an_error() {
    let Some(superset) = Superset::find().await else { return };
    let images: PathBuf = root().join(".cache/superset/images");
    std::fs::create_dir_all(&images).unwrap();
    for dashboard in panels::dashboards().unwrap() {
        let image = images.join(format!("{}.webp", dashboard.name));
        let shown = take(&superset.steps(&dashboard, &image)).await;
        let number = dashboard.panels.len();
        let expected = json!({ "charts": number, "rendered": number, "errors": [] });
        assert_eq!(shown.values, [true.into(), expected], "{}: see {}", dashboard.name, image.display());
    }
    println!("images are in {}", images.display());
}
