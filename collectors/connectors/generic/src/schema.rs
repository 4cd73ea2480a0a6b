//! The published JSON Schema (2020-12) of what `POST /v1/events` and `sei import` take: the facts of the
//! kernel, with an example each.

use kernel::{
    Account, Change, Closing, Commit, Deployment, Incident, Moved, Person, PipelineRun, QualityMeasure, Repository,
    Review, Service, Sprint, SprintEntry, Status, TaskRun, Team, Transition, Vulnerability, WorkItem,
};
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// The schema of one fact, for people and for validators. What it accepts is accepted; times outside of
/// 1970–2199 are refused beside it.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let kinds = [
        kind::<Repository>(&mut generator, "repository"),
        kind::<Commit>(&mut generator, "commit"),
        kind::<Change>(&mut generator, "change"),
        kind::<Review>(&mut generator, "review"),
        kind::<PipelineRun>(&mut generator, "pipeline_run"),
        kind::<TaskRun>(&mut generator, "task_run"),
        kind::<Deployment>(&mut generator, "deployment"),
        kind::<Incident>(&mut generator, "incident"),
        kind::<WorkItem>(&mut generator, "work_item"),
        kind::<Closing>(&mut generator, "closing"),
        kind::<Transition>(&mut generator, "transition"),
        kind::<Status>(&mut generator, "status"),
        kind::<Sprint>(&mut generator, "sprint"),
        kind::<SprintEntry>(&mut generator, "sprint_entry"),
        kind::<Vulnerability>(&mut generator, "vulnerability"),
        kind::<QualityMeasure>(&mut generator, "quality_measure"),
        kind::<Moved>(&mut generator, "moved"),
        kind::<Account>(&mut generator, "account"),
        kind::<Person>(&mut generator, "person"),
        kind::<Service>(&mut generator, "service"),
        kind::<Team>(&mut generator, "team"),
    ];
    let mut definitions = generator.take_definitions(true);
    if let Some(Value::Object(version)) = definitions.get_mut("Version") {
        version.remove("required");
    }
    for schema in &kinds {
        if let Some(title) = schema.get("title").and_then(Value::as_str) {
            definitions.remove(title);
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sei fact",
        "description": "One fact for POST /v1/events or `sei import`: a JSON object, an array of them, or one a \
                        line. `fact` says which kind it is. Without `version.at` a fact counts as the picture of \
                        the time at which it was received.",
        "oneOf": kinds,
        "$defs": definitions,
    })
}

/// The schema of one kind: that of its type, with the field `fact`, and with `version` as an option.
fn kind<T: JsonSchema>(generator: &mut SchemaGenerator, name: &str) -> Value {
    let mut schema: Map<String, Value> = T::json_schema(generator).to_value().as_object().cloned().unwrap_or_default();
    schema.insert("title".to_owned(), T::schema_name().into());
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("fact".to_owned(), json!({ "const": name, "description": "Which kind of fact it is." }));
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|field| field != "version");
        required.insert(0, "fact".into());
    }
    schema.insert("examples".to_owned(), json!([example(name)]));
    Value::Object(schema)
}

/// A fact of each kind, out of one small story.
#[expect(clippy::too_many_lines, reason = "a table of one example per kind")]
fn example(kind: &str) -> Value {
    let repository = "git.example.org/shop/checkout";
    let sha = "9fceb02d0ae598e95dc970b74767f19372d61af8";
    match kind {
        "repository" => json!({
            "fact": kind, "id": repository, "name": "shop/checkout", "default_branch": "main",
        }),
        "commit" => json!({
            "fact": kind, "repository": repository, "sha": sha,
            "parents": ["1d3e2f4a5b6c7d8e9f00112233445566778899aa"], "author": "git.example.org/ann",
            "authored_at": "2026-02-02T14:11:00Z", "committed_at": "2026-02-02T14:12:30Z",
            "subject": "Round totals half up",
        }),
        "change" => json!({
            "fact": kind, "id": format!("{repository}#41"), "repository": repository, "number": 41,
            "title": "Round totals half up", "state": "merged", "author": "git.example.org/ann",
            "target_branch": "main", "merge_sha": sha, "opened_at": "2026-02-02T14:20:00Z",
            "merged_at": "2026-02-03T08:30:00Z",
        }),
        "review" => json!({
            "fact": kind, "id": format!("{repository}#41/review/1"), "change": format!("{repository}#41"),
            "reviewer": "git.example.org/bo", "state": "approved", "submitted_at": "2026-02-03T08:05:00Z",
        }),
        "pipeline_run" => json!({
            "fact": kind, "id": format!("{repository}/run/900/1"), "repository": repository, "name": "test",
            "sha": sha, "branch": "main", "attempt": 1, "queued_at": "2026-02-03T08:30:05Z",
            "started_at": "2026-02-03T08:30:20Z", "finished_at": "2026-02-03T08:36:00Z", "outcome": "success",
        }),
        "task_run" => json!({
            "fact": kind, "id": format!("{repository}/run/900/1/task/4"), "run": format!("{repository}/run/900/1"),
            "repository": repository, "name": "unit tests", "started_at": "2026-02-03T08:30:20Z",
            "finished_at": "2026-02-03T08:33:10Z", "outcome": "success",
        }),
        "deployment" => json!({
            "fact": kind, "id": format!("{repository}/deployment/77"), "repository": repository,
            "environment": "production", "sha": sha, "name": "2.4.0", "started_at": "2026-02-03T08:40:00Z",
            "finished_at": "2026-02-03T08:44:00Z", "outcome": "success",
        }),
        "incident" => json!({
            "fact": kind, "id": "pager/1204", "repository": repository, "title": "Checkout answers 500",
            "severity": "sev2", "detected_at": "2026-02-03T09:10:00Z", "resolved_at": "2026-02-03T09:52:00Z",
            "caused_by_deployment": format!("{repository}/deployment/77"),
        }),
        "work_item" => json!({
            "fact": kind, "id": "tracker/SHOP-12", "key": "SHOP-12", "project": "SHOP",
            "title": "Totals are a cent off", "kind": "bug", "status": "Done", "status_category": "done",
            "created_at": "2026-01-30T10:00:00Z", "started_at": "2026-02-02T13:50:00Z",
            "done_at": "2026-02-03T08:50:00Z",
        }),
        "moved" => json!({ "fact": kind, "id": "git.example.org/acme/shop", "new_id": "git.example.org/store/shop" }),
        "closing" => json!({ "fact": kind, "id": "pager/1204", "at": "2026-02-03T09:52:00Z" }),
        "transition" => json!({
            "fact": kind, "id": "tracker/SHOP-12/transition/3", "item": "tracker/SHOP-12",
            "at": "2026-02-02T13:50:00Z", "author": "git.example.org/ann", "from_status": "Selected",
            "to_status": "In review", "from_category": "to_do", "to_category": "in_progress",
        }),
        "status" => json!({
            "fact": kind, "id": "tracker/status/in review", "tracker": "tracker", "name": "In review",
            "category": "in_progress",
        }),
        "sprint" => json!({
            "fact": kind, "id": "tracker/sprint/31", "board": "Shop", "name": "Shop 31",
            "goal": "Totals that add up", "started_at": "2026-01-26T08:00:00Z", "ends_at": "2026-02-06T16:00:00Z",
        }),
        "sprint_entry" => json!({
            "fact": kind, "id": "tracker/SHOP-12/sprint-entry/2/tracker/sprint/31", "sprint": "tracker/sprint/31",
            "item": "tracker/SHOP-12", "at": "2026-01-30T10:05:00Z", "added": true,
        }),
        "vulnerability" => json!({
            "fact": kind, "id": format!("{repository}/alert/5"), "repository": repository, "severity": "high",
            "title": "A regular expression takes exponential time", "rule": "npm/decimal-words",
            "opened_at": "2026-01-12T03:00:00Z", "fixed_at": "2026-01-19T15:20:00Z",
        }),
        "quality_measure" => json!({
            "fact": kind, "id": "checkout/coverage/2026-02-03T08:36:00Z", "repository": repository,
            "project": "checkout", "metric": "coverage", "value": 81.4, "at": "2026-02-03T08:36:00Z",
        }),
        "person" => json!({
            "fact": kind, "name": "Ann", "accounts": ["git.example.org/ann", "tracker/ann.s"],
            "emails": ["ann@example.org"],
        }),
        "account" => json!({ "fact": kind, "id": "git.example.org/ann", "name": "Ann", "bot": false }),
        "service" => json!({
            "fact": kind, "name": "checkout", "repositories": [repository], "team": "payments",
        }),
        _ => json!({ "fact": kind, "name": "payments", "members": ["git.example.org/ann", "git.example.org/bo"] }),
    }
}

#[cfg(test)]
mod tests {
    use kernel::Fact;

    use super::*;

    #[test]
    fn each_kind_has_its_example_which_is_a_fact() {
        let schema = schema();
        let kinds = schema["oneOf"].as_array().unwrap();
        assert_eq!(kinds.len(), 21);
        for kind in kinds {
            let example = kind["examples"][0].clone();
            let name = kind["properties"]["fact"]["const"].as_str().unwrap();
            let fact: Fact =
                super::super::fact(example, chrono::Utc::now()).map_err(|problem| problem.problem).unwrap();
            assert_eq!(fact.kind(), name);
            assert!(kind["description"].is_string(), "{name}");
        }
    }
}
