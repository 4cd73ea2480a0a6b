//! Targets: who sets them, who inherits them, and that a result is the metric's own answer held against them.

use kernel::Role;
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use store::audit::{self, AuditFilter, Order};
use tests::Program;

use super::known::{reach, token};
use super::served::{self, Reply, Served};

const JSON: &str = "application/json";

async fn ask(served: &Served, (method, path): (&str, &str), token: Option<&str>, body: &Value) -> Reply {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", JSON)];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    served.ask(method, &path.replace(' ', "%20"), &headers, &body).await
}

/// Sets a target, of a team or without one of the organization.
pub(crate) async fn set(served: &Served, metric: &str, team: Option<&str>, target: &Value) -> Value {
    let of = team.map(|team| format!("?team={team}")).unwrap_or_default();
    let reply = ask(served, ("PUT", &format!("/api/v1/targets/{metric}{of}")), None, target).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["data"].clone()
}

/// Three months up to the end of the data.
fn window() -> String {
    format!("window=90d&to={}", served::end().format("%F"))
}

async fn results(served: &Served, question: &str) -> Vec<Value> {
    let path = format!("/api/v1/target-results?{}&{question}", window()).replace(' ', "%20");
    served.get(path.trim_end_matches('&')).await["data"].as_array().unwrap().clone()
}

async fn answer(served: &Served, metric: &str, question: &str) -> Value {
    let path = format!("/api/v1/metrics/{metric}?{}&{question}", window()).replace(' ', "%20");
    served.get(path.trim_end_matches('&')).await["data"].clone()
}

/// A team with services that is part of another one, and that one.
async fn team_and_parent(served: &Served) -> (String, String) {
    with_parent(&served.get("/api/v1/teams").await)
}

/// The same, of a list of teams.
fn with_parent(teams: &Value) -> (String, String) {
    let owning = |team: &&Value| team["parent"].is_string() && team["services"] != json!([]);
    let team = teams["data"].as_array().unwrap().iter().find(owning).unwrap();
    (team["name"].as_str().unwrap().to_owned(), team["parent"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_target_is_set_replaced_and_removed_and_each_change_is_recorded() {
    let served = served::filled().await;
    let first = set(&served, "change_lead_time", None, &json!({ "value": 172_800, "note": "Two days." })).await;
    assert_eq!(
        (&first["team"], &first["bound"], &first["value"], &first["note"], &first["may_change"]),
        (&Value::Null, &json!("at_most"), &json!(172_800.0), &json!("Two days."), &json!(true))
    );
    let second = set(&served, "change_lead_time", None, &json!({ "value": 86_400 })).await;
    let listed = served.get("/api/v1/targets").await["data"].clone();
    assert_eq!(listed, json!([second]), "the second is in place of the first");
    let graph = served.graphql("{ targets { team metric bound value note mayChange } }").await["targets"].clone();
    let expected = json!([{ "team": null, "metric": "change_lead_time", "bound": "AT_MOST", "value": 86_400.0, "note": "",
        "mayChange": true }]);
    assert_eq!(graph, expected);
    let remove = ("DELETE", "/api/v1/targets/change_lead_time");
    assert_eq!(ask(&served, remove, None, &Value::Null).await.status, 204);
    assert_eq!(ask(&served, remove, None, &Value::Null).await.status, 404);
    assert_eq!(served.get("/api/v1/targets").await["data"], json!([]));
    let entries = audit::list(&served.database.store, &AuditFilter::default(), Order::Oldest, None, 100).await.unwrap();
    let entries: Vec<_> = entries.iter().filter(|entry| entry.subject == "change_lead_time").collect();
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["target_set", "target_set", "target_removed"]);
    assert_eq!(entries[1].detail["before"]["value"], 172_800.0);
    assert_eq!((&entries[0].detail["before"], &entries[1].detail["after"]["value"]), (&Value::Null, &json!(86_400.0)));
}

#[tokio::test]
async fn a_tenant_has_as_many_targets_as_are_read_and_the_next_is_refused() {
    let served = served::empty().await;
    set(&served, "change_lead_time", None, &json!({ "value": 172_800 })).await;
    let mut connection = served.database.options().connect().await.unwrap();
    let many = "insert into main.target (team, metric, bound, value, note)
                select 'team ' || number, 'change_lead_time', 'at_most', 1, '' from generate_series(1, 9999) number";
    sqlx::raw_sql(many).execute(&mut connection).await.unwrap();
    let path = "/api/v1/targets/change_fail_rate";
    let refused = ask(&served, ("PUT", path), None, &json!({ "value": 0.1 })).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("10000 targets at most"), "{refused:?}");
    set(&served, "change_lead_time", None, &json!({ "value": 1 })).await;
    sqlx::raw_sql("delete from main.target where team = 'team 1'").execute(&mut connection).await.unwrap();
    set(&served, "change_fail_rate", None, &json!({ "value": 0.1 })).await;
}

#[tokio::test]
async fn targets_are_listed_page_by_page_those_of_the_organization_first() {
    let served = served::filled().await;
    let (team, _) = team_and_parent(&served).await;
    set(&served, "time_to_merge", Some(&team), &json!({ "value": 1 })).await;
    for metric in ["change_fail_rate", "deployment_frequency"] {
        set(&served, metric, None, &json!({ "value": 0.5 })).await;
    }
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = served.get(&format!("/api/v1/targets?limit=1{cursor}")).await;
        seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["metric"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["change_fail_rate", "deployment_frequency", "time_to_merge"]);
}

#[tokio::test]
async fn a_result_is_the_answer_of_the_metric_held_against_the_target() {
    let served = served::filled().await;
    let whole = answer(&served, "change_lead_time", "").await;
    let value = whole["whole"]["value"].as_f64().unwrap();
    for (target, met) in [(value, true), (value - 1.0, false)] {
        set(&served, "change_lead_time", None, &json!({ "value": target })).await;
        let found = results(&served, "").await;
        assert_eq!(found.len(), 1);
        let result = &found[0];
        assert_eq!(
            (&result["value"], &result["n"], &result["text"], &result["caveats"], &result["window"]),
            (
                &whole["whole"]["value"],
                &whole["whole"]["n"],
                &whole["whole"]["text"],
                &whole["whole"]["caveats"],
                &whole["window"]
            )
        );
        assert_eq!((&result["met"], &result["team"], &result["agreed_by"]), (&json!(met), &Value::Null, &Value::Null));
        let missing = |step: &&Value| step["value"].as_f64().is_none_or(|value| value > target);
        let series = whole["whole"]["series"].as_array().unwrap();
        let last = series.iter().rev().take_while(missing).filter(|step| step["value"].is_number()).last();
        let since = last.filter(|_| !met).map_or(&Value::Null, |step| &step["from"]);
        assert_eq!(&result["missed_since"], since, "{result}");
    }
    let before = served.get("/api/v1/target-results?from=2020-01-01&to=2020-02-01").await["data"][0].clone();
    assert_eq!((&before["value"], &before["met"], &before["n"]), (&Value::Null, &Value::Null, &json!(0)), "{before}");
    assert!(before["missed_since"].is_null() && before["caveats"] != json!([]), "{before}");
}

#[tokio::test]
async fn a_team_inherits_targets_and_is_held_against_its_own_first() {
    let served = served::filled().await;
    let (team, parent) = team_and_parent(&served).await;
    let of_team = format!("team={team}");
    let bound = async || {
        let found = results(&served, &of_team).await;
        (found[0]["target"].clone(), found[0]["agreed_by"].clone())
    };
    set(&served, "change_lead_time", None, &json!({ "value": 3 })).await;
    assert_eq!(bound().await, (json!(3.0), Value::Null));
    set(&served, "change_lead_time", Some(&parent), &json!({ "value": 2 })).await;
    assert_eq!(bound().await, (json!(2.0), json!(parent)));
    set(&served, "change_lead_time", Some(&team), &json!({ "value": 1 })).await;
    assert_eq!(bound().await, (json!(1.0), json!(team)));
    let found = results(&served, &of_team).await;
    let measured = answer(&served, "change_lead_time", &of_team).await;
    assert_eq!((&found[0]["value"], &found[0]["n"]), (&measured["whole"]["value"], &measured["whole"]["n"]));
    // a service has the targets of its team
    let teams = served.get("/api/v1/teams").await;
    let row = teams["data"].as_array().unwrap().iter().find(|row| row["name"] == team).unwrap();
    let service = row["services"][0].as_str().unwrap().to_owned();
    assert_eq!(results(&served, &format!("service={service}")).await[0]["agreed_by"], json!(team));
    assert_eq!(results(&served, "").await[0]["target"], 3.0, "what a team agreed on binds no one else");
    // how often the whole deploys says nothing about how often a part does
    set(&served, "deployment_frequency", None, &json!({ "value": 5 })).await;
    let of_frequency = async |question: &str| {
        let found = results(&served, question).await;
        found
            .into_iter()
            .filter(|one| one["metric"] == "deployment_frequency")
            .map(|one| one["team"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of_frequency("teams=true").await, [Value::Null]);
    assert_eq!(of_frequency(&of_team).await, Vec::<Value>::new());
    set(&served, "deployment_frequency", Some(&team), &json!({ "value": 1 })).await;
    assert_eq!(of_frequency("teams=true").await, [Value::Null, json!(team)]);
    assert_eq!(of_frequency(&format!("service={service}")).await, Vec::<Value>::new());
}

#[tokio::test]
async fn each_team_is_held_against_what_it_has_agreed_on_and_items_are_of_those_who_plan_or_work_on_them() {
    let served = served::filled().await;
    let (team, _) = team_and_parent(&served).await;
    set(&served, "change_lead_time", None, &json!({ "value": 86_400 })).await;
    set(&served, "item_cycle_time", Some(&team), &json!({ "value": 432_000 })).await;
    set(&served, "say_do_ratio", None, &json!({ "value": 0.8 })).await;
    // the team plans in a project
    let planned = results(&served, &format!("team={team}")).await;
    for metric in ["item_cycle_time", "say_do_ratio"] {
        let result = planned.iter().find(|result| result["metric"] == metric).unwrap();
        let of_team = answer(&served, metric, &format!("team={team}")).await["whole"].clone();
        assert_eq!((&result["value"], &result["n"]), (&of_team["value"], &of_team["n"]), "{metric}");
        assert_ne!(of_team["n"], 0, "{metric}");
    }
    // no team plans in any, so that sprints are of none
    let mut connection = served.database.options().connect().await.unwrap();
    sqlx::raw_sql("update main.team set projects = '{}'").execute(&mut connection).await.unwrap();
    let found = results(&served, "teams=true").await;
    let by_team = answer(&served, "change_lead_time", "by=team").await;
    let of = |name: &Value, metric: &str| {
        found.iter().find(|result| result["team"] == *name && result["metric"] == metric).cloned()
    };
    for slice in by_team["slices"].as_array().unwrap() {
        let result = of(&slice["slice"], "change_lead_time").unwrap();
        assert_eq!((&result["value"], &result["n"]), (&slice["value"], &slice["n"]), "{result}");
    }
    let by_author = answer(&served, "item_cycle_time", "by=author_team").await;
    let slice = by_author["slices"].as_array().unwrap().iter().find(|slice| slice["slice"] == team).unwrap();
    let result = of(&json!(team), "item_cycle_time").unwrap();
    assert_eq!((&result["value"], &result["n"]), (&slice["value"], &slice["n"]));
    let others = found.iter().filter(|result| result["metric"] == "item_cycle_time").count();
    assert_eq!(others, 1, "the organization has agreed on nothing about items");
    let alone = results(&served, &format!("team={team}")).await;
    let items = alone.iter().find(|result| result["metric"] == "item_cycle_time").unwrap();
    assert_eq!((&items["value"], &items["team"]), (&slice["value"], &Value::Null));
    let of_sprints: Vec<&Value> = found.iter().filter(|result| result["metric"] == "say_do_ratio").collect();
    let sprints = answer(&served, "say_do_ratio", "").await;
    assert_eq!((&of_sprints[0]["team"], &of_sprints[0]["value"]), (&Value::Null, &sprints["whole"]["value"]));
    assert!(of_sprints[1..].iter().all(|result| (&result["value"], &result["met"]) == (&Value::Null, &Value::Null)));
    let of_alone = alone.iter().find(|result| result["metric"] == "say_do_ratio").unwrap();
    assert_eq!((&of_alone["value"], &of_alone["n"]), (&Value::Null, &json!(0)));
    let question = format!("window: \"90d\", to: \"{}\", teams: true", served::end().format("%F"));
    let query =
        format!("{{ targetResults(question: {{ {question} }}) {{ team metric target value n met missedSince }} }}");
    let graph = served.graphql(&query).await["targetResults"].clone();
    let numbers = |results: &[Value]| {
        let numbers = results.iter().map(|one| json!([one["team"], one["metric"], one["value"], one["met"]]));
        numbers.collect::<Vec<_>>()
    };
    assert_eq!(numbers(graph.as_array().unwrap()), numbers(&found));
}

#[tokio::test]
async fn managers_set_targets_of_their_teams_and_no_one_sees_those_of_others() {
    let served = served::with(|settings| settings.login.enabled = true).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    let admin = token(&served, &reach(Some("main"), Role::Admin, &[])).await;
    let teams = ask(&served, ("GET", "/api/v1/teams"), Some(&admin), &Value::Null).await.json();
    let owning = teams["data"].as_array().unwrap().iter().filter(|team| team["services"] != json!([]));
    let mut names = owning.map(|team| team["name"].as_str().unwrap().to_owned());
    let (own, other) = (names.next().unwrap(), names.next().unwrap());
    let analyst = token(&served, &reach(Some("main"), Role::Analyst, &[])).await;
    let manager = token(&served, &reach(Some("main"), Role::Manager, &[own.as_str()])).await;
    let of_all = token(&served, &reach(Some("main"), Role::Manager, &[])).await;
    let to_own = format!("/api/v1/targets/change_fail_rate?team={own}");
    let to_other = format!("/api/v1/targets/change_fail_rate?team={other}");
    let to_all = "/api/v1/targets/change_fail_rate";
    let body = json!({ "value": 0.15 });
    for (who, path, status) in [
        (&analyst, to_own.as_str(), 403),
        (&analyst, to_all, 403),
        (&manager, &to_own, 200),
        (&manager, &to_other, 403),
        (&manager, to_all, 403),
        (&of_all, &to_other, 200),
        (&of_all, to_all, 200),
    ] {
        let reply = ask(&served, ("PUT", path), Some(who), &body).await;
        assert_eq!(reply.status, status, "{path}: {reply:?}");
    }
    let seen = ask(&served, ("GET", "/api/v1/targets"), Some(&manager), &Value::Null).await.json();
    let seen: Vec<_> = seen["data"].as_array().unwrap().iter().map(|row| (&row["team"], &row["may_change"])).collect();
    assert_eq!(seen, [(&Value::Null, &json!(false)), (&json!(own), &json!(true))]);
    let results = ask(&served, ("GET", "/api/v1/target-results?teams=true"), Some(&manager), &Value::Null).await;
    assert!(results.status == 200 && !results.body.contains(&other), "{results:?}");
    assert_eq!(ask(&served, ("DELETE", &to_other), Some(&manager), &Value::Null).await.status, 403);
    assert_eq!(ask(&served, ("DELETE", &to_own), Some(&manager), &Value::Null).await.status, 204);
}

#[tokio::test]
async fn what_a_team_that_is_not_seen_has_agreed_on_is_inherited_without_its_name_and_words() {
    let served = served::with(|settings| settings.login.enabled = true).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    let admin = token(&served, &reach(Some("main"), Role::Admin, &[])).await;
    let teams = ask(&served, ("GET", "/api/v1/teams"), Some(&admin), &Value::Null).await.json();
    let (team, parent) = with_parent(&teams);
    let target = json!({ "value": 2, "note": "Only among us." });
    let path = format!("/api/v1/targets/change_lead_time?team={parent}");
    assert_eq!(ask(&served, ("PUT", &path), Some(&admin), &target).await.status, 200);
    let limited = token(&served, &reach(Some("main"), Role::Manager, &[team.as_str()])).await;
    let path = format!("/api/v1/target-results?team={team}");
    for (who, agreed_by, note) in [(&admin, json!(parent), "Only among us."), (&limited, Value::Null, "")] {
        let found = ask(&served, ("GET", &path), Some(who), &Value::Null).await.json()["data"][0].clone();
        assert_eq!(
            (&found["target"], &found["agreed_by"], &found["note"]),
            (&json!(2.0), &agreed_by, &json!(note)),
            "{found}"
        );
    }
}

#[tokio::test]
async fn what_can_not_be_agreed_on_is_refused_by_its_name() {
    let served = served::filled().await;
    for (path, body, status, parameter) in [
        ("change_lead_tiem", json!({ "value": 1 }), 404, "metric"),
        ("ci_red_time", json!({ "value": 1 }), 400, "metric"),
        ("change_lead_time?team=unknown", json!({ "value": 1 }), 404, "team"),
        ("change_fail_rate", json!({ "value": 15 }), 400, "value"),
        ("changes_in_progress", json!({ "value": 5 }), 400, "bound"),
    ] {
        let reply = ask(&served, ("PUT", &format!("/api/v1/targets/{path}")), None, &body).await;
        assert_eq!((reply.status, &reply.json()["parameter"]), (status, &json!(parameter)), "{path}: {reply:?}");
    }
    for body in [json!({}), json!({ "value": "1" }), json!({ "value": 1, "bond": "at_most" })] {
        let reply = ask(&served, ("PUT", "/api/v1/targets/change_lead_time"), None, &body).await;
        assert_eq!(reply.status, 422, "{body}: {reply:?}");
    }
    for path in ["team=unknown", "service=unknown"] {
        let reply = served.ask("GET", &format!("/api/v1/target-results?{path}"), &[], "").await;
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
    }
    let evil = [("content-type", JSON), ("origin", "http://evil.example")];
    let of_other_site = served.ask("PUT", "/api/v1/targets/change_lead_time", &evil, r#"{"value": 1}"#).await;
    assert_eq!(of_other_site.status, 403, "{of_other_site:?}");
    assert_eq!(served.get("/api/v1/targets").await["data"], json!([]));
}

#[test]
fn the_command_line_sets_lists_and_removes_targets() {
    let program = Program::new();
    let set = program.json(&["target", "set", "change_lead_time", "172800", "--note", "Two days"]);
    assert_eq!((&set["bound"], &set["value"], &set["team"]), (&json!("at_most"), &json!(172_800.0), &Value::Null));
    let limit = program.json(&["target", "set", "changes_in_progress", "5", "--bound", "at_most"]);
    assert_eq!(limit["bound"], "at_most");
    let listed = program.json(&["target", "list"]);
    assert_eq!(listed, json!([set, limit]));
    for (arguments, hint) in [
        (&["target", "set", "change_lead_tiem", "1"][..], "Did you mean `change_lead_time`"),
        (&["target", "set", "items_in_progress", "1"], "`at_most` or `at_least`"),
        (&["target", "set", "change_lead_time", "1", "--team", "nowhere"], "nowhere"),
    ] {
        let wrong = program.run(arguments);
        assert!(wrong.code == Some(1) && wrong.err.contains(hint), "{arguments:?}: {}", wrong.err);
    }
    program.good(&["target", "remove", "change_lead_time"]);
    assert_eq!(program.json(&["target", "list"]), json!([limit]));
}
