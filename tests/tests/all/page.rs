//! The page in a real browser: it shows the numbers that REST gives, says what is made up and what is
//! missing, and treats every text from outside as text. The browser is `SEI_CHROMIUM`, or `chromium` on the
//! path; without one these tests say so and are skipped.

use std::path::PathBuf;
use std::time::Duration;

use kernel::Fact;
use parts::{Part, missing};
use serde_json::Value;
use tokio::process::Command;

use crate::api::served::{self, Served};

mod probe;

/// What the browser made of a page: its elements after all scripts ran, and what it complained about.
struct Seen {
    dom: String,
    complaints: Vec<String>,
}

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("SEI_CHROMIUM").map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|directory| directory.join("chromium")).find(|file| file.is_file())
    };
    let found = named.or_else(on_path);
    if found.is_none() {
        missing(Part::Chromium, "there is no chromium on the path and SEI_CHROMIUM is not set");
    }
    found
}

async fn open(browser: &PathBuf, served: &Served, path: &str) -> Seen {
    visit(browser, &format!("http://{}{path}", served.address), &[]).await
}

/// What the browser, started with more flags, makes of an address.
async fn visit(browser: &PathBuf, address: &str, flags: &[&str]) -> Seen {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(flags)
        .arg(address)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_mins(1), output).await.expect("the browser ends").unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Seen {
        dom: String::from_utf8(output.stdout).unwrap(),
        complaints: errors.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
    }
}

impl Seen {
    /// The part of the page between a text and the next end of an element.
    fn part(&self, from: &str, to: &str) -> &str {
        let (_, rest) = self.dom.split_once(from).unwrap_or_else(|| panic!("no {from} in {}", self.dom));
        rest.split_once(to).map_or(rest, |(part, _)| part)
    }

    /// The exact value and the words of the first `data` element after a text.
    fn data(part: &str, after: &str) -> Option<(f64, String)> {
        let (_, rest) = part.split_once(after)?;
        let (_, rest) = rest.split_once("<data")?;
        let (_, rest) = rest.split_once("value=\"")?;
        let (value, rest) = rest.split_once('"')?;
        let (_, rest) = rest.split_once('>')?;
        Some((value.parse().ok()?, rest.split_once('<')?.0.to_owned()))
    }
}

#[tokio::test]
async fn the_numbers_on_the_page_are_those_of_rest() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    let seen = open(&browser, &served, "/?window=180d&interval=month&benchmark=2023").await;
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
    let rest = served.get("/api/v1/dora?window=180d&interval=month&benchmark=2023").await;
    for name in [
        "change_lead_time",
        "deployment_frequency",
        "change_fail_rate",
        "failed_deployment_recovery_time",
        "deployment_rework_rate",
        "time_to_restore",
    ] {
        let metric = &rest["data"][name];
        let card = seen.part(&format!("data-metric=\"{name}\""), "</article>");
        let (value, text) = Seen::data(card, "class=\"big\"").unwrap_or_else(|| panic!("{name}: {card}"));
        assert_eq!(Some(value), metric["value"].as_f64(), "{name}");
        assert_eq!(Some(text.as_str()), metric["text"].as_str(), "{name}");
        assert_eq!(Seen::data(card, "n = ").map(|(n, _)| n), metric["n"].as_f64(), "{name}");
        for value in metric["values"].as_array().unwrap() {
            let mark = format!("data-value=\"{}\"", value["name"].as_str().unwrap());
            if let Some(shown) = card.split_once(&mark).and_then(|(before, after)| {
                let open = before.rfind('<')?;
                Seen::data(&format!("{}{mark}{after}", before.get(open..)?), "")
            }) {
                assert_eq!(Some(shown.0), value["value"].as_f64(), "{name} {mark}");
            }
        }
        if let Some(level) = metric["level"].as_str() {
            assert!(card.contains(&format!("badge {level}")), "{name}: {level}");
        }
        let points = metric["series"].as_array().unwrap().len();
        if metric["series"].as_array().unwrap().iter().any(|point| point["value"].is_number()) {
            assert_eq!(card.matches("<th scope=\"row\">").count(), points, "{name}: the table holds the whole series");
            assert!(card.contains("<desc"), "{name}: the chart is described");
        }
    }
}

#[tokio::test]
async fn deployments_are_listed_and_explained() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    let failed = served.get("/api/v1/deployments?window=90d&failed=true&limit=25").await;
    let rows = failed["data"].as_array().unwrap();
    let id = rows[0]["id"].as_str().unwrap();
    let hash: String = url_escaped(id);
    let seen = open(&browser, &served, &format!("/?failed=true#deployment={hash}")).await;
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
    let list = seen.part("id=\"deployments\"", "</section>");
    for row in rows {
        assert!(list.contains(&format!("data-deployment=\"{}\"", row["id"].as_str().unwrap())), "{row}");
    }
    assert_eq!(list.matches("data-deployment=").count(), rows.len());
    let panel = seen.part("<dialog", "</dialog>");
    assert!(panel.contains("Why it failed") && panel.contains(id), "{panel}");
    assert!(panel.contains(rows[0]["failed_by"][0]["id"].as_str().unwrap()), "{panel}");
}

#[tokio::test]
async fn rework_has_reasons_of_its_own_and_not_those_of_failures() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    let all = served.get("/api/v1/deployments?window=all&limit=200").await;
    let rows = all["data"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["rework_by"][0]["reason"].is_string())
        .expect("the invented organization has rework");
    let (piece, id) = (&row["rework_by"][0], url_escaped(row["id"].as_str().unwrap()));
    let seen = open(&browser, &served, &format!("/?window=all#deployment={id}")).await;
    let panel = seen.part("Why it is rework", "</ul>");
    // the sentence up to what it names, which is a link
    let reason = piece["reason"].as_str().unwrap();
    let before = reason.split(piece["id"].as_str().unwrap()).next().unwrap();
    assert!(panel.contains(before) && panel.contains(piece["id"].as_str().unwrap()), "{reason}\n{panel}");
    assert!(!panel.contains("It was rolled back") && !panel.contains("was reverted"), "{panel}");
}

fn url_escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn made_up_data_is_marked_and_nothing_to_show_is_explained() {
    let Some(browser) = browser() else { return };
    let served = served::empty().await;
    let seen = open(&browser, &served, "/").await;
    assert!(seen.part("id=\"demo\"", ">").contains("hidden"), "{}", seen.dom);
    assert!(seen.part("id=\"empty\"", "</section>").contains("sei collect git"), "{}", seen.dom);
    served::add_demo(&served, served::organization().facts()).await;
    let seen = open(&browser, &served, "/?tenant=demo").await;
    assert!(!seen.part("id=\"demo\"", ">").contains("hidden"), "{}", seen.dom);
    assert!(seen.part("id=\"empty\"", ">").contains("hidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_deployments_shows_what_to_configure() {
    let Some(browser) = browser() else { return };
    let served = served::empty().await;
    let no_deployments =
        served::organization().facts().filter(|fact| !matches!(fact, Fact::Deployment(_) | Fact::PipelineRun(_)));
    served::fill(&served.database.store, no_deployments).await;
    let seen = open(&browser, &served, "/").await;
    let empty = seen.part("id=\"empty\"", "</section>");
    assert!(empty.contains("no production deployments") && empty.contains("deployment_branch"), "{empty}");
    assert!(!seen.dom.contains("data-metric"), "no table of blanks");
    // and what would be measured as if merges were deployments, in the words and numbers of REST
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
    let rest = served.get("/api/v1/dora").await;
    let preview = &rest["data"]["preview"];
    let shown = seen.part("class=\"preview\"", "</section>");
    assert!(shown.contains(preview["label"].as_str().unwrap()), "{shown}");
    assert!(shown.contains("data-caveat=\"preview_merges_as_deployments\""), "{shown}");
    for name in ["merges", "frequency", "lead_time"] {
        let value = &preview[name];
        let mark = format!("data-preview=\"{}\"", value["name"].as_str().unwrap());
        let (before, after) = shown.split_once(&mark).unwrap_or_else(|| panic!("{name}: {shown}"));
        let from = before.rfind('<').unwrap();
        let (exact, text) = Seen::data(&format!("{}{mark}{after}", &before[from..]), "").unwrap();
        assert_eq!((Some(exact), Some(text.as_str())), (value["value"].as_f64(), value["text"].as_str()), "{name}");
        assert_eq!(Seen::data(after, "n = ").map(|(n, _)| n), value["n"].as_f64(), "{name}");
    }
}

#[tokio::test]
async fn a_title_that_is_html_stays_text() {
    let Some(browser) = browser() else { return };
    let served = served::empty().await;
    let evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    let facts = served::organization().facts().map(|fact| match fact {
        Fact::Change(mut change) => {
            evil.clone_into(&mut change.title);
            Fact::Change(change)
        }
        Fact::Commit(mut commit) => {
            evil.clone_into(&mut commit.subject);
            Fact::Commit(commit)
        }
        Fact::Deployment(mut deployment) => {
            deployment.name = Some(evil.to_owned());
            deployment.url = Some("javascript:document.title='owned'".to_owned());
            Fact::Deployment(deployment)
        }
        other => other,
    });
    served::fill(&served.database.store, facts).await;
    let list = served.get("/api/v1/deployments?window=all&limit=100").await;
    let carrying = list["data"].as_array().unwrap().iter().find(|row| row["changes"].as_i64() > Some(0)).unwrap();
    let id = url_escaped(carrying["id"].as_str().unwrap());
    let seen = open(&browser, &served, &format!("/?window=all#deployment={id}")).await;
    assert!(seen.part("<title", "</title>").contains("sei"), "{}", seen.dom);
    assert!(seen.part("<dialog", "</dialog>").contains("&lt;img src=x"), "{}", seen.dom);
    assert!(!seen.dom.contains("<img src=\"x\"") && !seen.dom.contains("href=\"javascript"), "{}", seen.dom);
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
}

#[tokio::test]
async fn the_explorer_shows_the_schema_without_the_internet() {
    let Some(browser) = browser() else { return };
    let served = served::empty().await;
    let seen = open(&browser, &served, "/graphql").await;
    let fields = seen.part("id=\"fields\"", "</section>");
    for name in ["dora", "deployments", "explain"] {
        assert!(fields.contains(&format!("<code>{name}</code>")), "{fields}");
    }
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
}

#[tokio::test]
async fn the_page_of_rest_shows_each_operation_without_other_hosts() {
    let Some(browser) = browser() else { return };
    let served = served::empty().await;
    let address = format!("http://{}/api/docs", served.address);
    let seen = visit(&browser, &address, &["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]).await;
    for path in served.get("/api/openapi.json").await["paths"].as_object().unwrap().keys() {
        assert!(seen.dom.contains(&format!("data-path=\"{path}\"")), "{path}: {}", seen.dom);
    }
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
    let page = served.ask("GET", "/api/docs", &[], "").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self'; img-src 'self' data:;"), "{policy}");
    assert!(!policy.contains("script-src"), "scripts are those of the server: {policy}");
    let other = served.ask("GET", "/", &[], "").await;
    assert!(!other.header("content-security-policy").unwrap().contains("unsafe-inline"));
}

#[tokio::test]
async fn a_failing_server_is_reported_with_a_way_to_try_again() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    sqlx::query("drop table main.computation cascade")
        .execute(&mut sqlx::ConnectOptions::connect(&served.database.options()).await.unwrap())
        .await
        .unwrap();
    let seen = open(&browser, &served, "/").await;
    let problem = seen.part("id=\"problem\"", "</p>");
    assert!(problem.contains("Try again") && problem.contains("fault of the server"), "{problem}");
    let data = served.ask("GET", "/api/v1/dora", &[], "").await;
    assert_eq!((data.status, &data.json()["status"]), (500, &Value::from(500)));
}
