//! Two tenants and two teams, each of whose names, titles and ids has a mark.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use dora::Scope;
use eventlog::EventLog;
use kernel::{Envelope, Tenant};
use processors::Processor;
use serde_json::{Value, json};
use store::source_state::{self, Attempt};

use crate::api::known;
use crate::api::served::{self, Served};

/// What belongs to the team that some are limited to.
pub(super) const WEB: &str = "webmark";
/// What belongs to another team of the same tenant.
pub(super) const PAY: &str = "paymark";
/// What belongs to the other tenant.
pub(super) const OTHER: &str = "othermark";
/// All of them.
pub(super) const MARKS: [&str; 3] = [WEB, PAY, OTHER];

/// What a team has.
fn facts(team: &str, mark: &str) -> Vec<Value> {
    let day = |days: i64| (Utc::now() - TimeDelta::days(days)).to_rfc3339();
    let repository = format!("git.example/{mark}/app");
    let (change, author, reviewer) =
        (format!("{repository}#1"), format!("git.example/ann-{mark}"), format!("git.example/bo-{mark}"));
    let sha = |digit: &str| digit.repeat(40);
    vec![
        json!({ "fact": "team", "name": team, "members": [author, reviewer] }),
        json!({ "fact": "service", "name": format!("service_{mark}"), "team": team, "repositories": [repository] }),
        json!({ "fact": "repository", "id": repository, "name": format!("{mark}/app"), "default_branch": "main" }),
        json!({ "fact": "account", "id": author, "name": format!("Ann {mark}") }),
        json!({ "fact": "commit", "repository": repository, "sha": sha("a"), "parents": [], "author": author,
                "authored_at": day(12), "committed_at": day(12), "subject": format!("begin {mark}") }),
        json!({ "fact": "commit", "repository": repository, "sha": sha("b"), "parents": [sha("a")], "author": author,
                "authored_at": day(9), "committed_at": day(9), "subject": format!("add {mark}") }),
        json!({ "fact": "change", "id": change, "repository": repository, "number": 1, "title": format!("Add {mark}"),
                "state": "merged", "author": author, "target_branch": "main", "merge_sha": sha("b"),
                "opened_at": day(9), "merged_at": day(8) }),
        json!({ "fact": "change", "id": format!("{repository}#2"), "repository": repository, "number": 2,
                "title": format!("Open {mark}"), "state": "open", "author": author, "target_branch": "main",
                "opened_at": day(4) }),
        json!({ "fact": "review", "id": format!("{change}/review/1"), "change": change, "reviewer": reviewer,
                "state": "approved", "submitted_at": day(8) }),
        json!({ "fact": "deployment", "id": format!("{repository}/deployment/0"), "repository": repository,
                "environment": "production", "sha": sha("a"), "name": format!("1.0-{mark}"), "finished_at": day(10),
                "outcome": "success" }),
        json!({ "fact": "deployment", "id": format!("{repository}/deployment/1"), "repository": repository,
                "environment": "production", "sha": sha("b"), "name": format!("1.1-{mark}"), "finished_at": day(7),
                "outcome": "success" }),
        json!({ "fact": "incident", "id": format!("pager/{mark}"), "repository": repository,
                "title": format!("Down: {mark}"), "detected_at": day(6), "resolved_at": day(5),
                "caused_by_deployment": format!("{repository}/deployment/1") }),
        json!({ "fact": "incident", "id": format!("pager/unowned-{mark}"), "title": format!("Unowned: {mark}"),
                "detected_at": day(6) }),
        json!({ "fact": "pipeline_run", "id": format!("{repository}/run/1/1"), "repository": repository,
                "name": format!("test {mark}"), "sha": sha("b"), "branch": "main", "attempt": 1,
                "queued_at": day(9), "started_at": day(9), "finished_at": day(9), "outcome": "success" }),
        json!({ "fact": "task_run", "id": format!("{repository}/run/1/1/job/1"), "run": format!("{repository}/run/1/1"),
                "repository": repository, "name": format!("unit {mark}"), "attempt": 1, "queued_at": day(9),
                "outcome": "success" }),
        json!({ "fact": "vulnerability", "id": format!("{repository}/alert/1"), "repository": repository,
                "severity": "high", "title": format!("Hole in {mark}"), "opened_at": day(20) }),
        json!({ "fact": "work_item", "id": format!("tracker/{mark}-1"), "key": format!("{mark}-1"), "project": mark,
                "title": format!("Plan {mark}"), "kind": "bug", "status": "Done", "status_category": "done",
                "created_at": day(15), "started_at": day(12), "done_at": day(7) }),
        json!({ "fact": "work_item", "id": format!("{repository}/issues/3"), "key": format!("{mark}/app#3"),
                "project": repository, "title": format!("Report {mark}"), "status": "open",
                "status_category": "in_progress", "created_at": day(15), "assignee": author }),
        json!({ "fact": "transition", "id": format!("{repository}/issues/3/transition/1"), "item": format!("{repository}/issues/3"),
                "at": day(12), "author": author, "from_status": "open", "to_status": format!("doing {mark}") }),
        json!({ "fact": "sprint", "id": format!("tracker/sprint/{mark}"), "board": mark, "name": format!("Sprint {mark}"),
                "started_at": day(14), "ends_at": day(1) }),
    ]
}

fn event(tenant: &str, (nth, fact): (usize, &Value)) -> Envelope {
    Envelope {
        id: format!("{tenant}-{nth}"),
        source: "generic/main".into(),
        kind: format!("generic.{}", fact["fact"].as_str().unwrap()),
        subject: None,
        time: Utc::now(),
        tenant: Tenant::new(tenant).unwrap(),
        key: "all".into(),
        content_type: "application/json".into(),
        data: Bytes::from(fact.to_string()),
        traceparent: None,
    }
}

/// An API that asks for a login, with two tenants and in `main` two teams.
pub(super) async fn served() -> Served {
    filled(known::served().await).await
}

/// The same, whose settings show raw events, and persons to managers.
pub(super) async fn showing_all() -> Served {
    let served = known::served_with(|settings| {
        settings.api.raw_events = true;
        settings.dora.people = dora::settings::People::Managers;
    });
    filled(served.await).await
}

async fn filled(served: Served) -> Served {
    let store = &served.database.store;
    store.create_tenant(&Tenant::new("other").unwrap(), false).await.unwrap();
    let log: Arc<dyn EventLog> = eventlog::open(&api::settings::ApiSettings::default().log, store).await.unwrap();
    let main = [facts("team_web", WEB), facts("team_paymark", PAY)].concat();
    for (tenant, facts) in [("main", main), ("other", facts("team_othermark", OTHER))] {
        log.append(facts.iter().enumerate().map(|fact| event(tenant, fact)).collect()).await.unwrap();
    }
    Processor::new(store.clone(), Arc::clone(&log), registry::connector).drain().await.unwrap();
    for tenant in ["main", "other"] {
        let store = store.for_tenant(&Tenant::new(tenant).unwrap());
        assert_eq!(store::dead_letters::list(&store, 5).await.unwrap(), [], "{tenant}");
        dora::recompute(&store, &served::settings(), Scope::All).await.unwrap();
    }
    for (tenant, mark) in [("main", WEB), ("main", PAY), ("other", OTHER)] {
        let attempt = Attempt {
            began: Utc::now(),
            fetched: 1,
            error: None,
            problems: Vec::new(),
            complete: true,
            budget_left: None,
            budget_resets_at: None,
        };
        let store = store.for_tenant(&Tenant::new(tenant).unwrap());
        source_state::save(&store, &format!("github/{mark}"), &attempt).await.unwrap();
    }
    served
}
