//! A new fact has every service computed again whose verdicts it can change, whatever it names, and whichever comes
//! first.

use chrono::{DateTime, Utc};
use dora::Scope;
use kernel::Fact;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::{TestDatabase, write_facts};

use crate::api::served::settings;

const OWN: &str = "git.example.org/stale/own";
const LONG: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SHORT: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";

fn fact(mut value: Value) -> Fact {
    if value.get("version").is_none() {
        value["version"] = json!({ "at": "2026-11-20T10:00:00Z" });
    }
    serde_json::from_value(value).unwrap()
}

fn deployment(id: &str, sha: Option<&str>, finished: &str) -> Fact {
    fact(json!({ "fact": "deployment", "id": id, "repository": OWN, "environment": "production", "sha": sha,
                 "finished_at": finished, "outcome": "success" }))
}

/// An incident of another service, with further fields.
fn incident(more: &Value) -> Fact {
    let mut incident = json!({ "fact": "incident", "id": "i", "title": "t", "service": "other",
                               "detected_at": "2026-11-20T11:00:00Z" });
    incident.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fact(incident)
}

/// Computes what is stale, makes sure that a full computation changes nothing, and returns which deployments of a
/// service failed and which are rework.
async fn verdicts(database: &TestDatabase, service: &str) -> (Vec<String>, Vec<String>) {
    dora::recompute(&database.store, &settings(), Scope::Stale).await.unwrap();
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    let mut found = Vec::new();
    for column in ["failed", "rework"] {
        let query = format!(
            "select coalesce(array_agg(deployment order by deployment), '{{}}') from main.deployment_metric
             where service = $1 and {column}"
        );
        let ids: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(service).fetch_one(&mut connection).await.unwrap();
        found.push(ids);
    }
    let full = dora::recompute(&database.store, &settings(), Scope::All).await.unwrap();
    assert_eq!((full.written, full.deleted), (0, 0), "a full computation gives other rows");
    let rework = found.pop().unwrap();
    (found.pop().unwrap(), rework)
}

/// What can be named: a deployment, a run, a change, commits that are known as such or only from what was deployed.
fn named() -> Vec<Fact> {
    let run = json!({ "fact": "pipeline_run", "id": "r/1", "repository": OWN, "name": "deploy", "attempt": 1,
                      "queued_at": "2026-11-20T08:00:00Z" });
    let commit = json!({ "fact": "commit", "repository": OWN, "sha": "1111111111111111111111111111111111111111",
                         "parents": [], "authored_at": "2026-11-19T08:00:00Z", "committed_at": "2026-11-19T08:00:00Z" });
    let carried = json!({ "fact": "commit", "repository": OWN, "sha": "2222222222222222222222222222222222222222",
                          "parents": ["1111111111111111111111111111111111111111"], "authored_at": "2026-11-19T09:00:00Z",
                          "committed_at": "2026-11-19T09:00:00Z" });
    let top = json!({ "fact": "commit", "repository": OWN, "sha": "3333333333333333333333333333333333333333",
                      "parents": ["2222222222222222222222222222222222222222"], "authored_at": "2026-11-19T10:00:00Z",
                      "committed_at": "2026-11-19T10:00:00Z" });
    let change = json!({ "fact": "change", "id": format!("{OWN}#1"), "repository": OWN, "state": "merged",
                         "merge_sha": "2222222222222222222222222222222222222222", "merged_at": "2026-11-19T09:00:00Z" });
    let mut facts: Vec<Fact> = [run, commit, carried, top, change].into_iter().map(fact).collect();
    facts.extend([
        deployment("first", Some("1111111111111111111111111111111111111111"), "2026-11-19T12:00:00Z"),
        deployment("second", Some("3333333333333333333333333333333333333333"), "2026-11-20T08:00:00Z"),
        deployment("short", Some(SHORT), "2026-11-20T09:00:00Z"),
        deployment("long", Some(LONG), "2026-11-20T10:00:00Z"),
    ]);
    facts
}

/// Runs that deployed.
fn runs() -> Vec<Fact> {
    let run = |id: &str, sha: &str, finished: &str| {
        fact(json!({ "fact": "pipeline_run", "id": id, "repository": OWN, "name": "deploy", "sha": sha, "attempt": 1,
                     "queued_at": finished, "finished_at": finished, "outcome": "success" }))
    };
    vec![run("a/1", SHORT, "2026-11-20T08:00:00Z"), run("b/1", LONG, "2026-11-20T09:00:00Z")]
}

/// One fact after the other, and all of it computed after each, must give what is promised in both orders.
#[tokio::test]
async fn an_incident_of_another_service_has_the_service_computed_again_whose_part_it_names() {
    const CAUSE: &str = "caused_by_deployment";
    const FIX: &str = "fixed_by_deployment";
    let change = format!("{OWN}#1");
    let upper = SHORT.to_uppercase();
    // a field, what it names among these facts, and the deployment that failed (a cause) or is rework (a fix)
    for (field, name, of, deployment) in [
        (CAUSE, "second", named as fn() -> Vec<Fact>, "second"),
        ("caused_by_change", change.as_str(), named, "second"),
        (CAUSE, "2222222222222222222222222222222222222222", named, "second"),
        (CAUSE, "3333333333333333333333333333333333333333", named, "second"),
        (CAUSE, upper.as_str(), named, "short"),
        (CAUSE, LONG, named, "long"),
        (CAUSE, "a/1/deployment", runs, "a/1/deployment"),
        (CAUSE, SHORT, runs, "a/1/deployment"),
        (CAUSE, LONG, runs, "b/1/deployment"),
        (FIX, "long", named, "long"),
        (FIX, "3333333333333333333333333333333333333333", named, "second"),
        (FIX, SHORT, named, "short"),
        (FIX, LONG, named, "long"),
        (FIX, "b/1/deployment", runs, "b/1/deployment"),
        (FIX, upper.as_str(), runs, "a/1/deployment"),
    ] {
        let incident = vec![incident(&json!({ field: name }))];
        for order in [[of(), incident.clone()], [incident, of()]] {
            let database = tests::database().await;
            let mut found = (Vec::new(), Vec::new());
            for facts in &order {
                write_facts(&database.store, facts).await;
                found = verdicts(&database, OWN).await;
            }
            let (expected, none) = (vec![deployment.to_owned()], Vec::new());
            let expected = if field == FIX { (none, expected) } else { (expected, none) };
            assert_eq!(found, expected, "{field} {name}: {:?}", order[0]);
        }
    }
}

#[tokio::test]
async fn what_an_incident_named_before_is_computed_again_when_it_names_something_else() {
    let database = tests::database().await;
    write_facts(&database.store, &named()).await;
    write_facts(&database.store, &[incident(&json!({ "caused_by_deployment": "second" }))]).await;
    assert_eq!(verdicts(&database, OWN).await.0, ["second"]);
    let version = |hour: u32| json!({ "at": format!("2026-11-20T{hour}:00:00Z") });
    write_facts(&database.store, &[incident(&json!({ "caused_by_deployment": "long", "version": version(12) }))]).await;
    assert_eq!(verdicts(&database, OWN).await.0, ["long"]);
    // it was none of ours after all
    write_facts(&database.store, &[incident(&json!({ "version": version(13) }))]).await;
    assert_eq!(verdicts(&database, OWN).await.0, Vec::<String>::new());
    // named once more, and then deleted
    write_facts(
        &database.store,
        &[incident(&json!({ "caused_by_change": format!("{OWN}#1"), "version": version(14) }))],
    )
    .await;
    assert_eq!(verdicts(&database, OWN).await.0, ["second"]);
    let deleted = json!({ "caused_by_change": format!("{OWN}#1"), "deleted": true, "version": version(15) });
    write_facts(&database.store, &[incident(&deleted)]).await;
    assert_eq!(verdicts(&database, OWN).await.0, Vec::<String>::new());
}

/// When the recovery of a deployment was.
async fn recovered(database: &TestDatabase, deployment: &str) -> Option<DateTime<Utc>> {
    let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
    sqlx::query_scalar("select recovered_at from main.deployment_metric where deployment = $1")
        .bind(deployment)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_close_event_and_an_earlier_detection_reach_the_service_that_an_incident_names() {
    let database = tests::database().await;
    write_facts(&database.store, &named()).await;
    write_facts(&database.store, &[incident(&json!({ "caused_by_deployment": "long" }))]).await;
    verdicts(&database, OWN).await;
    assert_eq!(recovered(&database, "long").await, None);
    write_facts(&database.store, &[fact(json!({ "fact": "close_event", "id": "i", "at": "2026-11-20T15:00:00Z" }))])
        .await;
    verdicts(&database, OWN).await;
    assert_eq!(recovered(&database, "long").await, Some("2026-11-20T15:00:00Z".parse().unwrap()));
    // an older version only moves when it was detected, which is the time of the evidence
    let earlier = json!({ "caused_by_deployment": "long", "detected_at": "2026-11-20T10:30:00Z",
                          "version": { "at": "2026-11-20T09:00:00Z" } });
    write_facts(&database.store, &[incident(&earlier)]).await;
    verdicts(&database, OWN).await;
}

#[tokio::test]
async fn a_deployment_that_moves_to_another_service_is_computed_in_both() {
    let database = tests::database().await;
    write_facts(&database.store, &named()).await;
    write_facts(&database.store, &[incident(&json!({ "caused_by_deployment": "long" }))]).await;
    assert_eq!(verdicts(&database, OWN).await.0, ["long"]);
    let moved = json!({ "fact": "deployment", "id": "long", "repository": "git.example.org/stale/new",
                        "environment": "production", "sha": LONG, "finished_at": "2026-11-20T10:00:00Z",
                        "outcome": "success", "version": { "at": "2026-11-20T12:00:00Z" } });
    write_facts(&database.store, &[fact(moved)]).await;
    assert_eq!(verdicts(&database, OWN).await.0, Vec::<String>::new());
    assert_eq!(verdicts(&database, "git.example.org/stale/new").await.0, ["long"]);
}

#[tokio::test]
async fn a_change_of_a_service_s_settings_has_everything_computed_again() {
    let database = tests::database().await;
    write_facts(&database.store, &named()).await;
    verdicts(&database, OWN).await;
    let count = || async {
        let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
        let query = "select count(*) from main.deployment_metric where service = 'shop'";
        let count: i64 = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
        count
    };
    let service = |production: &str, at: &str| {
        fact(json!({ "fact": "service", "name": "shop", "repositories": [OWN], "production": production,
                     "version": { "at": at } }))
    };
    write_facts(&database.store, &[service("^prod", "2026-11-20T10:00:00Z")]).await;
    verdicts(&database, "shop").await;
    assert_eq!(count().await, 4);
    write_facts(&database.store, &[service("^live", "2026-11-20T11:00:00Z")]).await;
    verdicts(&database, "shop").await;
    assert_eq!(count().await, 0);
    let runs = [
        json!({ "fact": "repository", "id": OWN, "name": "own", "default_branch": "main" }),
        json!({ "fact": "pipeline_run", "id": "c/1", "repository": OWN, "name": "deploy", "branch": "ship", "attempt": 1,
                "queued_at": "2026-11-20T08:00:00Z", "finished_at": "2026-11-20T08:00:00Z", "outcome": "success" }),
    ];
    write_facts(&database.store, &runs.map(fact)).await;
    verdicts(&database, "shop").await;
    assert_eq!(count().await, 0);
    let ship = json!({ "fact": "service", "name": "shop", "repositories": [OWN], "branches": ["ship"],
                       "deployments_from": "pipeline", "version": { "at": "2026-11-20T12:00:00Z" } });
    write_facts(&database.store, &[fact(ship)]).await;
    verdicts(&database, "shop").await;
    assert_eq!(count().await, 1);
    // a default branch that becomes known
    let own = json!({ "fact": "service", "name": "shop", "repositories": [OWN], "deployments_from": "pipeline",
                      "version": { "at": "2026-11-20T13:00:00Z" } });
    write_facts(&database.store, &[fact(own)]).await;
    verdicts(&database, "shop").await;
    assert_eq!(count().await, 0);
    let renamed = json!({ "fact": "repository", "id": OWN, "name": "own", "default_branch": "ship",
                          "version": { "at": "2026-11-20T14:00:00Z" } });
    write_facts(&database.store, &[fact(renamed)]).await;
    verdicts(&database, "shop").await;
    assert_eq!(count().await, 1);
}

/// What is computed of a repository with a change that has a title, and another that says that it reverts it, if there is
/// one; each is deployed by itself.
fn changes_with_titles(title: &str, revert: Option<&str>) -> Vec<Fact> {
    let (sha, at) = (|number: u8| format!("{number}").repeat(40), |hour: u8| format!("2026-11-20T{hour:02}:00:00Z"));
    let mut facts = Vec::new();
    for (number, title) in (1..).zip([Some("Begin"), Some(title), revert].into_iter().flatten()) {
        let parents: Vec<String> = (1..number).rev().take(1).map(sha).collect();
        facts.push(fact(json!({ "fact": "commit", "repository": OWN, "sha": sha(number), "parents": parents,
                                "authored_at": at(number), "committed_at": at(number) })));
        facts.push(fact(
            json!({ "fact": "change", "id": format!("{OWN}#{number}"), "repository": OWN, "state": "merged",
                                "title": title, "merge_sha": sha(number), "merged_at": at(number) }),
        ));
        facts.push(deployment(&number.to_string(), Some(&sha(number)), &at(number + 10)));
    }
    facts
}

#[tokio::test]
async fn a_title_that_no_revert_names_is_in_the_rows_without_computing_a_service() {
    for (revert, services) in [(None, 0), (Some("Revert it"), 0), (Some("Revert \"Add cache\""), 1)] {
        let database = tests::database().await;
        write_facts(&database.store, &changes_with_titles("Add cache", revert)).await;
        let (failed, _) = verdicts(&database, OWN).await;
        assert_eq!(failed.len(), services, "{revert:?}");
        let renamed = |title: &str, at: &str| {
            fact(
                json!({ "fact": "change", "id": format!("{OWN}#2"), "repository": OWN, "state": "merged", "title": title,
                         "merge_sha": "2".repeat(40), "merged_at": "2026-11-20T02:00:00Z", "version": { "at": at } }),
            )
        };
        write_facts(&database.store, &[renamed("Add a cache", "2026-11-21T10:00:00Z")]).await;
        let summary = dora::recompute(&database.store, &settings(), Scope::Stale).await.unwrap();
        assert_eq!(usize::try_from(summary.services), Ok(services), "{revert:?}");
        let mut connection = PgConnection::connect_with(&database.options()).await.unwrap();
        let title = "select title from main.change_metric where change like '%#2'";
        let title: String = sqlx::query_scalar(title).fetch_one(&mut connection).await.unwrap();
        assert_eq!(title, "Add a cache", "{revert:?}");
        assert_eq!(verdicts(&database, OWN).await.0, Vec::<String>::new(), "nothing is reverted");
        // one that has the name of what is reverted is computed, as well
        write_facts(&database.store, &[renamed("Add cache", "2026-11-22T10:00:00Z")]).await;
        assert_eq!(verdicts(&database, OWN).await.0.len(), services, "{revert:?}");
    }
}
