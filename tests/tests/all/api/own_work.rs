//! A person's own work: what waits for whom, what ships, and who may ask for it.

use chrono::{DateTime, TimeDelta, Utc};
use dora::settings::People;
use kernel::{Role, Tenant};
use serde_json::{Value, json};

use super::known::{self, reach};
use super::served::{self, Served};

const SHOP: &str = "git.example/octo/shop";

fn ago(hours: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(hours)
}

fn sha(digit: &str) -> String {
    digit.repeat(40)
}

fn change(number: u32, by: &str, state: &str, head: &str, hours: i64) -> Value {
    let mut change = json!({ "fact": "change", "id": format!("{SHOP}#{number}"), "repository": SHOP, "number": number,
                             "title": format!("change {number}"), "state": state, "author": format!("git.example/{by}"),
                             "target_branch": "main", "head_sha": sha(head), "opened_at": ago(hours) });
    if state == "merged" {
        (change["merge_sha"], change["merged_at"]) = (json!(sha(head)), json!(ago(hours - 1)));
    }
    change
}

fn commit(digit: &str, parent: Option<&str>, hours: i64) -> Value {
    let parents: Vec<String> = parent.into_iter().map(sha).collect();
    json!({ "fact": "commit", "repository": SHOP, "sha": sha(digit), "parents": parents, "authored_at": ago(hours),
            "committed_at": ago(hours), "subject": digit })
}

fn review(number: u32, by: &str, state: &str, hours: i64) -> Value {
    json!({ "fact": "review", "id": format!("{SHOP}#{number}/review/{by}/{hours}"), "change": format!("{SHOP}#{number}"),
            "reviewer": format!("git.example/{by}"), "state": state, "submitted_at": ago(hours) })
}

fn run(head: &str, nth: i64, outcome: &str, hours: i64) -> Value {
    json!({ "fact": "pipeline_run", "id": format!("{SHOP}/run/{head}/{nth}"), "repository": SHOP, "name": "test",
            "sha": sha(head), "pull_request": true, "attempt": nth, "queued_at": ago(hours), "started_at": ago(hours),
            "finished_at": ago(hours), "outcome": outcome })
}

fn deployment(id: &str, environment: &str, digit: &str, hours: i64) -> Value {
    json!({ "fact": "deployment", "id": id, "repository": SHOP, "environment": environment, "sha": sha(digit),
            "finished_at": ago(hours), "outcome": "success" })
}

async fn fill(served: &Served) {
    let facts = [
        json!({ "fact": "repository", "id": SHOP, "name": "octo/shop", "default_branch": "main" }),
        json!({ "fact": "service", "name": "shop", "repositories": [SHOP], "team": "web" }),
        json!({ "fact": "team", "name": "web", "members": ["git.example/ann", "git.example/bo"] }),
        json!({ "fact": "account", "id": "git.example/ann", "name": "Ann" }),
        json!({ "fact": "account", "id": "git.example/bo", "name": "Bo" }),
        commit("a", None, 200),
        commit("b", Some("a"), 100),
        commit("c", Some("b"), 50),
        commit("1", Some("c"), 20),
        deployment("prod/1", "production", "a", 190),
        deployment("prod/2", "production", "b", 90),
        deployment("staging/3", "staging", "c", 45),
        change(1, "ann", "merged", "b", 101),
        change(2, "ann", "merged", "c", 51),
        change(3, "ann", "open", "3", 30),
        run("3", 1, "failure", 29),
        run("3", 2, "failure", 28),
        run("c", 1, "failure", 49),
        run("c", 2, "success", 48),
        // Bo asked for changes, and Ann pushed after that
        change(4, "ann", "open", "1", 40),
        review(4, "bo", "changes_requested", 30),
        // nothing has happened since
        change(5, "ann", "open", "5", 60),
        review(5, "bo", "commented", 10),
        json!({ "fact": "work_item", "id": "t/1", "key": "T-1", "project": "T", "title": "Do it", "status": "Doing",
                "status_category": "in_progress", "created_at": ago(70), "assignee": "git.example/ann" }),
    ];
    let with_version = |mut fact: Value| {
        fact["version"] = json!({ "at": ago(1) });
        serde_json::from_value::<kernel::Fact>(fact).unwrap()
    };
    served::fill(&served.database.store, facts.into_iter().map(with_version)).await;
}

fn ids(rows: &Value, id: impl Fn(&Value) -> &Value) -> Vec<String> {
    let of = |row: &Value| id(row).as_str().unwrap().rsplit('#').next().unwrap().to_owned();
    let mut ids: Vec<String> = rows.as_array().unwrap_or_else(|| panic!("{rows}")).iter().map(of).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn what_waits_for_whom_follows_from_who_acted_last() {
    let served = served::with(|settings| settings.dora.people = People::Managers).await;
    fill(&served).await;
    let of = async |account: &str| {
        served.get(&format!("/api/v1/me/work?account=git.example/{account}")).await["data"].clone()
    };
    let ann = of("ann").await;
    assert_eq!((&ann["person"], &ann["why"]), (&json!("Ann"), &Value::Null));
    assert_eq!(ids(&ann["waiting_on_others"], |row| &row["id"]), ["3", "4", "5"]);
    assert_eq!(ids(&ann["shipping"], |row| &row["change"]["id"]), ["2"]);
    assert_eq!(ann["shipping"][0]["environments"], json!(["staging"]));
    assert_eq!(ann["shipping"][0]["why"], "not yet deployed to production; it is in staging");
    assert_eq!(ids(&ann["deployed"], |row| &row["id"]), ["1"]);
    assert_eq!(ids(&ann["red_runs"], |row| &row["id"]), [format!("{SHOP}/run/3/2")], "the last run of each pipeline");
    assert_eq!(ids(&ann["items"], |row| &row["key"]), ["T-1"]);
    assert_eq!((&ann["waiting_on_me"], &ann["reviewable"]), (&json!([]), &json!([])));
    let bo = of("bo").await;
    assert_eq!(ids(&bo["waiting_on_me"], |row| &row["change"]["id"]), ["4"], "{bo}");
    assert_eq!(ids(&bo["reviewable"], |row| &row["id"]), ["3"], "what has no review by another person");
    assert_eq!((&bo["waiting_on_others"], &bo["items"]), (&json!([]), &json!([])));
    let query = r#"{ ownWork(account: "git.example/ann") { person waitingOnOthers { key change { number } }
                     shipping { environments } items { reference } redRuns { key } deployed { key } } }"#;
    let graph = served.graphql(query).await["ownWork"].clone();
    assert_eq!(graph["waitingOnOthers"].as_array().unwrap().len(), 3, "{graph}");
    assert_eq!(
        (&graph["items"][0]["reference"], &graph["shipping"][0]["environments"]),
        (&json!("T-1"), &json!(["staging"]))
    );
    assert_eq!((graph["redRuns"].as_array().unwrap().len(), graph["deployed"].as_array().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn the_persons_of_a_demo_are_made_up_and_shown_to_who_may_see_persons() {
    let served = known::served().await;
    served::add_demo(&served, served::organization().facts()).await;
    let store = served.database.store.for_tenant(&Tenant::new("demo").unwrap());
    let member = store::mapping::teams(&store).await.unwrap().into_iter().flat_map(|team| team.members).next().unwrap();
    let path = format!("/api/v1/me/work?tenant=demo&account={member}");
    for (role, status) in [(Role::Manager, 200), (Role::Viewer, 403)] {
        let token = known::token(&served, &reach(None, role, &[])).await;
        let reply = known::get(&served, &token, &path, &[]).await;
        assert_eq!(reply.status, status, "{role:?}: {reply:?}");
        if status == 200 {
            assert_eq!(reply.json()["data"]["why"], Value::Null, "{reply:?}");
        }
        let of_main = known::get(&served, &token, &path.replace("demo", "main"), &[]).await;
        assert_eq!(of_main.status, 403, "the settings hide those who exist");
    }
}

#[tokio::test]
async fn another_persons_work_is_for_those_who_may_see_it_and_own_work_says_why_there_is_none() {
    for people in [People::Off, People::Managers] {
        let served = known::served_with(|settings| settings.dora.people = people).await;
        fill(&served).await;
        let of_manager = if people == People::Managers { 200 } else { 403 };
        for (role, status) in [(Role::Viewer, 403), (Role::Analyst, 403), (Role::Manager, of_manager)] {
            let token = known::token(&served, &reach(None, role, &[])).await;
            let of_other = known::get(&served, &token, "/api/v1/me/work?account=git.example/ann", &[]).await;
            assert_eq!(of_other.status, status, "{people:?} {role:?}: {of_other:?}");
            let own = known::get(&served, &token, "/api/v1/me/work", &[]).await.json();
            assert!(!own["data"]["why"].as_str().unwrap().is_empty(), "{own}");
            assert_eq!(own["data"]["waiting_on_others"], json!([]));
        }
    }
    let shown = served::with(|settings| settings.dora.people = People::Managers).await;
    let unknown = shown.get("/api/v1/me/work?account=git.example/unknown").await;
    assert_eq!((&unknown["data"]["person"], &unknown["data"]["deployed"]), (&Value::Null, &json!([])));
}
