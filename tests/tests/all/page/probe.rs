//! The page as a user has it: a script of the test runs in it, from the same server, so that the page's policy
//! holds; what it found is in the page that the browser hands over at the end.

use std::net::SocketAddr;
use std::path::PathBuf;

use api::ApiState;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Seen, browser, visit};
use crate::api::served::{self, Served};

/// What every script of a test begins with.
const PROBE: &str = include_str!("../../../web/probe.js");

/// The same API on another port, whose pages also run a script.
struct Probed {
    address: SocketAddr,
    _until: DropGuard,
}

fn script(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], text).into_response()
}

async fn with_script(response: Response) -> Response {
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let page = String::from_utf8(bytes.to_vec()).unwrap();
    let scripts =
        "<script src=\"/probe/axe.js\"></script><script type=\"module\" src=\"/probe/test.js\"></script></head>";
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(page.replace("</head>", scripts)))
}

/// axe-core, which `scripts/axe` installs when it is not there.
async fn axe() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = tokio::process::Command::new(root.join("scripts/axe")).output().await.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/axe could not install axe-core with npm: {stderr}");
    tokio::fs::read_to_string(String::from_utf8(output.stdout).unwrap().trim()).await.unwrap()
}

async fn probed(served: &Served, test: &str) -> Probed {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = runtime::load::<api::settings::ApiSettings>(None, &[format!("server.listen={address}")]).unwrap();
    let (axe, test) = (axe().await, format!("{PROBE}\n{test}"));
    let probe = move |mut request: Request, next: Next| {
        let (axe, test) = (axe.clone(), test.clone());
        // a script can't be put into a page that is compressed
        request.headers_mut().remove(header::ACCEPT_ENCODING);
        async move {
            match request.uri().path() {
                "/probe/axe.js" => script(axe),
                "/probe/test.js" => script(test),
                _ => with_script(next.run(request).await).await,
            }
        }
    };
    let router: Router =
        api::router(ApiState::new(&served.database.store, &settings)).layer(middleware::from_fn(probe));
    let until = CancellationToken::new();
    tokio::spawn(runtime::http::serve(listener, router, settings.server, until.clone()));
    Probed { address, _until: until.drop_guard() }
}

/// Opens a page, runs a script in it, and returns what the script found.
async fn found(browser: &PathBuf, served: &Served, path: &str, test: &str, flags: &[&str]) -> (Value, Seen) {
    let probed = probed(served, test).await;
    let seen = visit(browser, &format!("http://{}{path}", probed.address), flags).await;
    let json = seen.part("<script type=\"application/json\" id=\"found\">", "</script>");
    let found: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(found.get("error"), None, "{path}: {found}\n{:#?}", seen.complaints);
    (found, seen)
}

const LIGHT: &str = "--blink-settings=preferredColorScheme=1";
const DARK: &str = "--blink-settings=preferredColorScheme=0";

#[tokio::test]
async fn axe_finds_nothing_in_either_theme() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    for (theme, flag) in [("light", LIGHT), ("dark", DARK)] {
        for (path, test) in [
            ("/?window=180d", "report(async () => { await shown(); return axeIn(document); });"),
            (
                "/?failed=true",
                "report(async () => {
                    await shown();
                    document.querySelector('[data-deployment] button.open').click();
                    await until(() => document.querySelector('#detail [aria-busy=\"false\"]'));
                    return axeIn(document);
                });",
            ),
            (
                "/graphql",
                "report(async () => { await until(() => document.querySelector('#fields li')); return axeIn(document); });",
            ),
        ] {
            let (found, _) = found(&browser, &served, path, test, &[flag]).await;
            assert_eq!(found["theme"], theme, "{path}");
            assert!(found["passes"].as_u64() > Some(10), "{path}: {found}");
            assert_eq!(found["violations"], serde_json::json!([]), "{path} in {theme}");
        }
    }
}

#[tokio::test]
async fn back_undoes_a_filter_and_closes_the_panel() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    let test = "report(async () => {
        const state = () => ({
            search: location.search,
            window: document.querySelector('#window input:checked')?.value,
            failed: document.getElementById('failed').checked,
            open: document.getElementById('detail').open,
        });
        const states = [];
        await shown();
        states.push(state());
        document.querySelector('#window input[value=\"30d\"]').click();
        await shown();
        document.getElementById('failed').click();
        await shown();
        states.push(state());
        document.querySelector('[data-deployment] button.open').click();
        await until(() => document.getElementById('detail').open);
        states.push(state());
        const back = async (is) => {
            history.back();
            await until(is);
            await shown();
            states.push(state());
        };
        await back(() => !document.getElementById('detail').open);
        await back(() => !document.getElementById('failed').checked);
        await back(() => location.search === '?window=180d');
        return { states };
    });";
    let (found, _) = found(&browser, &served, "/?window=180d", test, &[]).await;
    let state = |search: &str, window: &str, failed: bool, open: bool| serde_json::json!({ "search": search, "window": window, "failed": failed, "open": open });
    let both = "?window=30d&failed=true";
    let expected = serde_json::json!([
        state("?window=180d", "180d", false, false),
        state(both, "30d", true, false),
        state(both, "30d", true, true),
        state(both, "30d", true, false),
        state("?window=30d", "30d", false, false),
        state("?window=180d", "180d", false, false),
    ]);
    assert_eq!(found["states"], expected);
}

#[tokio::test]
async fn the_focus_stays_in_the_panel_and_returns_to_what_opened_it() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    let test = "report(async () => {
        await shown();
        const button = document.querySelector('[data-deployment] button.open');
        button.focus();
        button.click();
        const inPanel = () => document.getElementById('detail').contains(document.activeElement);
        const first = inPanel();
        await until(() => document.querySelector('#detail [aria-busy=\"false\"]'));
        const loaded = inPanel() && document.activeElement.isConnected;
        document.querySelector('#detail .close').click();
        await until(() => !document.getElementById('detail').open);
        await until(() => document.activeElement !== document.body);
        return { first, loaded, returned: document.activeElement === button };
    });";
    let (found, seen) = found(&browser, &served, "/?window=180d", test, &[]).await;
    assert_eq!(found, serde_json::json!({ "first": true, "loaded": true, "returned": true }));
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
}

#[tokio::test]
async fn a_window_of_the_address_is_honored_whatever_it_is() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    let to = served::end();
    let (from, to) = ((to - chrono::TimeDelta::days(61)).date_naive(), (to - chrono::TimeDelta::days(20)).date_naive());
    let test = "report(async () => {
        await shown();
        return {
            chosen: document.querySelector('#window input:checked').parentElement.textContent,
            n: Number(document.querySelector('[data-metric=\"deployment_frequency\"] .n data').value),
            rows: document.querySelectorAll('[data-deployment]').length,
        };
    });";
    for (query, chosen) in
        [(format!("from={from}&to={to}"), format!("{from} – {to}")), ("window=45d".to_owned(), "45 days".to_owned())]
    {
        let (found, seen) = found(&browser, &served, &format!("/?{query}"), test, &[]).await;
        let rest = served.get(&format!("/api/v1/dora?{query}")).await;
        assert_eq!(found["chosen"], chosen.as_str());
        assert_eq!(found["n"].as_u64(), rest["data"]["deployment_frequency"]["n"].as_u64(), "{query}");
        let list = served.get(&format!("/api/v1/deployments?{query}&limit=25")).await;
        assert_eq!(found["rows"].as_u64(), list["data"].as_array().map(|rows| rows.len() as u64), "{query}");
        assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
    }
}

#[tokio::test]
async fn abandoned_requests_end_without_a_complaint() {
    let Some(browser) = browser() else { return };
    let served = served::filled().await;
    let test = "report(async () => {
        for (const value of ['30d', '180d', '365d', '90d', '180d', '30d', '180d']) {
            document.querySelector(`#window input[value=\"${value}\"]`)?.click();
            await new Promise((done) => setTimeout(done, 1));
        }
        await shown();
        return { problem: !document.getElementById('problem').hidden, services: document.getElementById('service').length };
    });";
    let (found, seen) = found(&browser, &served, "/", test, &[]).await;
    assert_eq!(found["problem"], false);
    assert!(found["services"].as_u64() > Some(1), "{found}");
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
    let rest = served.get("/api/v1/dora?window=180d").await;
    let card = seen.part("data-metric=\"deployment_frequency\"", "</article>");
    assert_eq!(Seen::data(card, "n = ").map(|(n, _)| n), rest["data"]["deployment_frequency"]["n"].as_f64());
}

#[tokio::test]
async fn the_page_says_what_a_reader_must_know_about_a_value() {
    let Some(browser) = browser() else { return };
    let served = served::empty().await;
    let without_incidents = served::organization().facts().filter(|fact| !matches!(fact, kernel::Fact::Incident(_)));
    served::fill(&served.database.store, without_incidents).await;
    let seen = super::open(&browser, &served, "/?window=180d").await;
    let card = seen.part("data-metric=\"change_fail_rate\"", "</article>");
    assert!(card.contains("data-caveat=\"lower_bound\"") && card.contains("a lower bound"), "{card}");
    let card = seen.part("data-metric=\"change_lead_time\"", "</article>");
    assert!(!card.contains("lower_bound"), "{card}");
}
