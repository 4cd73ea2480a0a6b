//! A small organization with one of everything that the graph shows, and how its lists are walked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::Fact;
use serde_json::{Value, json};
use tracing_subscriber::layer::{Context, Layer};

use crate::api::served::{self, Served};

const REPOSITORY: &str = "git.example.org/shop/checkout";

fn sha(number: u8) -> String {
    format!("{number:02x}").repeat(20)
}

fn at(day: u8, hour: u8) -> String {
    format!("2026-02-{day:02}T{hour:02}:00:00Z")
}

/// The facts, as JSON without their versions.
fn facts() -> Vec<Value> {
    let repository = json!({"fact": "repository", "id": REPOSITORY, "name": "shop/checkout", "default_branch": "main"});
    let mut all = vec![
        repository,
        json!({"fact": "team", "name": "shop", "members": ["git.example.org/ann"]}),
        json!({"fact": "team", "name": "web", "parent": "shop", "members": ["git.example.org/ann", "git.example.org/bo"]}),
        json!({"fact": "service", "name": "checkout", "repositories": [REPOSITORY], "team": "web"}),
        json!({"fact": "account", "id": "git.example.org/ann", "name": "Ann", "email": "ann@example.org", "bot": false}),
        json!({"fact": "account", "id": "git.example.org/bo", "name": "Bo", "bot": false}),
        json!({"fact": "sprint", "id": "tracker/sprint/31", "board": "Shop", "name": "Shop 31", "started_at": at(1, 8)}),
        json!({"fact": "work_item", "id": "tracker/SHOP-1", "key": "SHOP-1", "project": "SHOP", "title": "Checkout",
               "status": "Open", "status_category": "in_progress", "created_at": at(1, 9)}),
        json!({"fact": "work_item", "id": "tracker/SHOP-12", "key": "SHOP-12", "project": "SHOP", "kind": "bug",
               "title": "Totals are 100% off", "status": "Done", "status_category": "done", "created_at": at(2, 9),
               "done_at": at(3, 9), "assignee": "git.example.org/ann", "parent": "tracker/SHOP-1",
               "sprints": ["tracker/sprint/31"]}),
        json!({"fact": "transition", "id": "tracker/SHOP-12/transition/3", "item": "tracker/SHOP-12", "at": at(2, 10),
               "author": "git.example.org/ann", "from_status": "Open", "to_status": "In review"}),
        json!({"fact": "vulnerability", "id": format!("{REPOSITORY}/alert/5"), "repository": REPOSITORY,
               "severity": "high", "title": "A slow expression", "opened_at": at(1, 3)}),
        json!({"fact": "incident", "id": "pager/7", "service": "checkout", "title": "Totals are wrong",
               "severity": "critical", "detected_at": at(4, 9), "resolved_at": at(4, 11),
               "caused_by_deployment": "d/4", "fixed_by_deployment": "d/5"}),
        json!({"fact": "deployment", "id": "d/staging", "repository": REPOSITORY, "environment": "staging",
               "sha": sha(1), "finished_at": at(1, 12), "outcome": "success"}),
    ];
    for day in 1..=6_u8 {
        all.extend(of_day(day));
    }
    all
}

/// A change with its commit, review, pipeline run and deployment. The last one is open.
fn of_day(day: u8) -> Vec<Value> {
    let change = format!("{REPOSITORY}#{day}");
    let run = format!("{REPOSITORY}/run/{day}/1");
    let parents = if day > 1 { vec![sha(day - 1)] } else { Vec::new() };
    let commit = json!({"fact": "commit", "repository": REPOSITORY, "sha": sha(day), "parents": parents,
        "author": "git.example.org/ann", "authored_at": at(day, 7), "committed_at": at(day, 7),
        "subject": format!("Round totals, part {day}")});
    let review = json!({"fact": "review", "id": format!("{change}/review/1"), "change": change,
        "reviewer": "git.example.org/bo", "state": "approved", "submitted_at": at(day, 8)});
    let mut opened = json!({"fact": "change", "id": change, "repository": REPOSITORY, "number": day,
        "title": format!("Round totals, part {day}"), "state": "open", "author": "git.example.org/ann",
        "target_branch": "main", "opened_at": at(day, 7)});
    if day == 6 {
        return vec![opened];
    }
    opened["state"] = "merged".into();
    opened["merge_sha"] = sha(day).into();
    opened["merged_at"] = at(day, 9).into();
    vec![
        opened,
        commit,
        review,
        json!({"fact": "pipeline_run", "id": run, "repository": REPOSITORY, "name": "test", "sha": sha(day),
               "branch": "main", "attempt": 1, "queued_at": at(day, 9), "finished_at": at(day, 10),
               "outcome": "success"}),
        json!({"fact": "task_run", "id": format!("{run}/job/1"), "run": run, "repository": REPOSITORY, "name": "unit",
               "attempt": 1, "queued_at": at(day, 9), "outcome": "success"}),
        json!({"fact": "deployment", "id": format!("d/{day}"), "repository": REPOSITORY, "service": "checkout",
               "environment": "production", "production": true, "sha": sha(day), "finished_at": at(day, 11),
               "outcome": "success"}),
    ]
}

fn all_facts() -> impl Iterator<Item = Fact> {
    facts().into_iter().map(|mut fact| {
        fact["version"] = json!({"completeness": "reported", "at": at(10, 0)});
        serde_json::from_value(fact).unwrap()
    })
}

/// An API over the small organization, which shows people.
pub(super) async fn organization() -> Served {
    let served = served::with(|settings| settings.dora.people = dora::settings::People::Managers).await;
    served::fill(&served.database.store, all_facts()).await;
    let state = store::source_state::Attempt {
        began: chrono::Utc::now(),
        fetched: 3,
        error: None,
        problems: Vec::new(),
        complete: true,
        budget_left: Some(10),
        budget_resets_at: None,
    };
    store::source_state::save(&served.database.store, "github/main", &state).await.unwrap();
    served
}

/// The same in a tenant beside an empty one.
pub(super) async fn in_tenant(served: &Served) {
    served::add_demo(served, all_facts()).await;
}

/// The keys of the rows of a list, page by page to its end, forward or backward.
pub(super) async fn walk(served: &Served, list: &str, question: &str, by: (&str, u32)) -> Vec<String> {
    let (count, rows) = by;
    let mut keys: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = format!(
            "{{ {list}({count}: {rows}{cursor}{question}) {{ edges {{ node {{ id }} }} totalCount
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        );
        let answer = served.graphql(&query).await;
        let (page, info) = (&answer[list]["edges"], &answer[list]["pageInfo"]);
        let page = page.as_array().unwrap().iter().map(|edge| edge["node"]["id"].as_str().unwrap().to_owned());
        let (more, next) = if count == "first" {
            keys.extend(page);
            (&info["hasNextPage"], format!(", after: {}", info["endCursor"]))
        } else {
            keys.splice(0..0, page);
            (&info["hasPreviousPage"], format!(", before: {}", info["startCursor"]))
        };
        if *more == false {
            assert_eq!(answer[list]["totalCount"], keys.len(), "{query}");
            return keys;
        }
        assert!(keys.len() < 1_000, "{list} has no end");
        cursor = next;
    }
}

/// Counts the statements that this thread sends to the database, without those by which it takes a connection.
#[derive(Clone, Default)]
pub(super) struct Statements(Arc<AtomicUsize>);

impl Statements {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        let mut text = String::new();
        event.record(&mut |_: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            text.push_str(&format!("{value:?} "));
        });
        if event.metadata().target() == "sqlx::query" && !text.contains("set search_path") {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
