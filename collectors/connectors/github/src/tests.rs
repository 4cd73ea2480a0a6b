//! What GitHub's deliveries become where a rule decides: pull requests, forks, tags, production, moved repositories.

use kernel::{Deployment, Moved, PipelineRun, Tenant, WorkItem};
use serde_json::{Value, json};

use super::*;

fn normalize(event: &str, data: &Value) -> Result<Vec<Fact>, NotStored> {
    GitHub.normalize(&Envelope {
        id: "1".into(),
        source: "github/main".into(),
        kind: format!("github.{event}"),
        subject: None,
        time: "2026-03-01T10:00:00Z".parse().unwrap(),
        tenant: Tenant::default(),
        key: "k".into(),
        content_type: "application/json".into(),
        data: data.to_string().into(),
        traceparent: None,
    })
}

fn facts(event: &str, data: &Value) -> Vec<Fact> {
    let facts = normalize(event, data).unwrap_or_else(|reason| panic!("{event}: {reason}: {data:#}"));
    assert!(facts.iter().all(|fact| fact.check().is_ok()));
    facts
}

fn repository() -> Value {
    json!({
        "id": 4242, "full_name": "lakeside/Checkout", "html_url": "https://github.com/lakeside/Checkout",
        "default_branch": "main", "updated_at": "2026-02-02T10:00:00Z",
    })
}

/// A workflow run on the default branch, with these fields changed.
fn workflow_run(changes: &Value) -> Value {
    let mut run = json!({
        "id": 1, "name": "Release", "head_sha": "1".repeat(40), "head_branch": "main", "event": "push",
        "run_attempt": 1, "run_started_at": "2026-02-02T08:00:00Z", "created_at": "2026-02-02T08:00:00Z",
        "updated_at": "2026-02-02T08:10:00Z", "status": "completed", "conclusion": "success", "pull_requests": [],
        "repository": { "id": 4242, "full_name": "lakeside/Checkout" },
        "head_repository": { "id": 4242, "full_name": "lakeside/Checkout", "fork": false },
    });
    for (field, value) in changes.as_object().unwrap() {
        run[field] = value.clone();
    }
    json!({ "action": "completed", "workflow": null, "workflow_run": run, "repository": repository(), "sender": null })
}

fn run(changes: &Value) -> PipelineRun {
    match facts("workflow_run", &workflow_run(changes)).pop() {
        Some(Fact::PipelineRun(run)) => run,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_that_a_pull_request_or_a_fork_set_off_is_on_no_branch() {
    let fork = json!({ "id": 77, "full_name": "bo/checkout", "fork": true });
    for changes in [
        json!({ "event": "pull_request", "head_branch": "feature" }),
        json!({ "event": "pull_request", "head_branch": "main", "head_repository": null }),
        json!({ "event": "pull_request_target" }),
        json!({ "event": "pull_request_review" }),
        json!({ "event": "merge_group", "head_branch": "gh-readonly-queue/main/pr-7-abc" }),
        json!({ "event": "push", "head_repository": fork }),
        json!({ "event": null, "head_repository": { "full_name": "bo/checkout" }, "repository": null }),
    ] {
        let run = run(&changes);
        assert!(run.pull_request && run.branch.is_none() && run.tag.is_none(), "{changes}: {run:?}");
    }
    for changes in [
        json!({}),
        json!({ "event": "schedule" }),
        json!({ "event": null, "head_repository": null }),
        // another spelling of its own name
        json!({ "head_repository": { "full_name": "Lakeside/checkout" }, "repository": null }),
    ] {
        let run = run(&changes);
        assert_eq!((run.branch.as_deref(), run.pull_request), (Some("main"), false), "{changes}");
    }
}

#[test]
fn a_run_for_a_tag_is_on_no_branch() {
    for (event, name) in [("push", "v1.2.0"), ("release", "nightly"), ("release", "1.2"), ("push", "api/v1.2.3")] {
        let run = run(&json!({ "event": event, "head_branch": name }));
        assert_eq!((run.tag.as_deref(), run.branch), (Some(name), None));
    }
    // versions of two parts are the names of branches that releases are maintained on
    for branch in ["release/1.2", "6.4", "v1.14"] {
        let run = run(&json!({ "event": "push", "head_branch": branch }));
        assert_eq!((run.branch.as_deref(), run.tag), (Some(branch), None));
    }
}

#[test]
fn checks_and_statuses_are_ignored_as_the_runs_themselves_report_more() {
    for event in ["check_run", "check_suite", "status"] {
        assert_eq!(normalize(event, &json!({})), Err(NotStored::Ignored(IgnoreReason::UnusedEvent)));
    }
}

#[test]
fn a_conclusion_or_state_that_is_new_to_us_is_ignored_by_that_name() {
    let unknown = Err(NotStored::Ignored(IgnoreReason::UnknownValue));
    assert_eq!(normalize("workflow_run", &workflow_run(&json!({ "conclusion": "glorious" }))), unknown);
    assert_eq!(normalize("deployment_status", &deployed(&json!({}), &json!({ "state": "paused" }))), unknown);
    assert_eq!(run(&json!({ "conclusion": "SUCCESS" })).outcome, Some(kernel::Outcome::Success));
}

/// A review of a pull request, with other states than theirs.
fn reviewed(review: &Value, pull_request: &Value) -> Value {
    let mut event = json!({
        "action": "submitted",
        "review": { "id": 5, "user": { "login": "bo" }, "submitted_at": "2026-02-02T09:00:00Z", "state": "approved" },
        "pull_request": {
            "number": 12, "state": "open", "created_at": "2026-02-02T08:00:00Z", "updated_at": "2026-02-02T09:00:00Z",
        },
        "repository": repository(), "sender": null,
    });
    event["review"]["state"] = review.clone();
    event["pull_request"]["state"] = pull_request.clone();
    event
}

#[test]
fn a_review_or_status_without_a_state_is_rejected_by_that_name() {
    for (event, data, path) in [
        ("pull_request_review", reviewed(&Value::Null, &json!("open")), "review.state"),
        ("deployment_status", deployed(&json!({}), &json!({ "state": null })), "deployment_status.state"),
    ] {
        match normalize(event, &data) {
            Err(NotStored::Rejected(rejection)) => {
                assert_eq!(rejection.detail, format!("{path}: missing, null or empty, expected a word"));
            }
            other => panic!("{event}: {other:?}"),
        }
    }
}

#[test]
fn a_pull_request_without_a_state_is_what_its_times_say_and_that_is_named() {
    let mut closed = reviewed(&json!("approved"), &Value::Null);
    closed["pull_request"]["closed_at"] = json!("2026-02-02T08:30:00Z");
    for (data, expected) in [
        (reviewed(&json!("approved"), &Value::Null), kernel::ChangeState::Open),
        (closed, kernel::ChangeState::Abandoned),
    ] {
        let (facts, skipped) = connector::lenient::naming(|| facts("pull_request", &data));
        let state =
            facts.iter().find_map(|fact| if let Fact::Change(change) = fact { Some(change.state) } else { None });
        assert_eq!(state, Some(expected));
        let problems: Vec<&str> = skipped.iter().map(|part| part.problem.as_str()).collect();
        assert_eq!(problems, ["missing or null in pull request 12; its times say whether it was closed"]);
        assert_eq!(skipped[0].path, "state");
    }
}

fn deployed(deployment: &Value, status: &Value) -> Value {
    let mut event = json!({
        "action": "created",
        "deployment": {
            "id": 9, "sha": "1".repeat(40), "ref": "main", "environment": "production",
            "created_at": "2026-02-02T08:00:00Z",
        },
        "deployment_status": { "state": "success", "created_at": "2026-02-02T08:10:00Z" },
        "repository": repository(), "sender": null,
    });
    for (name, changes) in [("deployment", deployment), ("deployment_status", status)] {
        for (field, value) in changes.as_object().unwrap() {
            event[name][field] = value.clone();
        }
    }
    event
}

fn deployment(changes: &Value, status: &Value) -> Deployment {
    match facts("deployment_status", &deployed(changes, status)).pop() {
        Some(Fact::Deployment(deployment)) => deployment,
        other => panic!("{other:?}"),
    }
}

#[test]
fn github_says_which_environments_are_production_only_where_it_was_decided() {
    for (environment, production, transient, expected) in [
        ("customer-portal", Some(true), Some(false), Some(true)),
        ("production", Some(true), None, Some(true)),
        ("production", Some(false), Some(false), Some(false)),
        ("pr-7", Some(false), Some(true), Some(false)),
        // what GitHub says of any name but one, without being asked
        ("eu-prod", Some(false), Some(false), None),
        ("eu-prod", None, None, None),
    ] {
        let changes = json!({
            "environment": environment, "production_environment": production, "transient_environment": transient,
        });
        assert_eq!(deployment(&changes, &json!({})).production, expected, "{changes}");
    }
    let elsewhere = deployment(&json!({ "production_environment": true }), &json!({ "environment": "staging" }));
    assert_eq!((elsewhere.environment.as_deref(), elsewhere.production), (Some("staging"), None));
}

#[test]
fn a_deployment_begins_when_it_is_in_progress_and_not_while_it_waits_for_an_approval() {
    let created = match facts("deployment", &deployed(&json!({}), &json!({}))).pop() {
        Some(Fact::Deployment(created)) => created,
        other => panic!("{other:?}"),
    };
    assert_eq!(created.started_at, None);
    for state in ["pending", "queued", "waiting", "success", "failure", "error"] {
        assert_eq!(deployment(&json!({}), &json!({ "state": state })).started_at, None, "{state}");
    }
    let running = deployment(&json!({}), &json!({ "state": "in_progress" }));
    assert_eq!(running.started_at, Some("2026-02-02T08:10:00Z".parse().unwrap()));
}

#[test]
fn a_pulled_version_that_cannot_say_production_does_not_take_it_away() {
    let pushed = deployment(&json!({ "production_environment": true }), &json!({}));
    let pulled = json!({
        "repository": { "nameWithOwner": "lakeside/Checkout", "url": "https://github.com/lakeside/Checkout" },
        "node": {
            "databaseId": 9, "environment": "production", "ref": { "name": "main" }, "commitOid": "1".repeat(40),
            "createdAt": "2026-02-02T08:00:00Z", "updatedAt": "2026-02-02T08:10:00Z",
            "statuses": { "nodes": [null, { "state": "SUCCESS", "createdAt": "2026-02-02T08:10:00Z" }] },
        },
    });
    let Some(Fact::Deployment(pulled)) = facts("pull.deployment", &pulled).pop() else { panic!() };
    assert_eq!((pulled.outcome, pulled.finished_at), (pushed.outcome, pushed.finished_at));
    assert!(pushed.version > pulled.version);
}

fn closed_issue(changes: &Value) -> (WorkItem, kernel::Incident) {
    let mut issue = json!({
        "number": 12, "title": "Baskets are empty", "state": "closed", "created_at": "2026-02-02T08:00:00Z",
        "updated_at": "2026-02-02T09:00:00Z", "closed_at": "2026-02-02T09:00:00Z", "labels": [{ "name": "incident" }],
    });
    for (field, value) in changes.as_object().unwrap() {
        issue[field] = value.clone();
    }
    let event = json!({ "action": "closed", "issue": issue, "repository": repository() });
    match <[Fact; 3]>::try_from(facts("issues", &event)) {
        Ok([_, Fact::WorkItem(item), Fact::Incident(incident)]) => (item, incident),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_issue_closed_as_not_planned_or_as_a_duplicate_is_canceled_and_was_no_incident() {
    for reason in ["not_planned", "duplicate", "NOT_PLANNED"] {
        let (item, incident) = closed_issue(&json!({ "state_reason": reason }));
        assert!(item.canceled && incident.deleted, "{reason}");
        assert_eq!(item.status_category, kernel::StatusCategory::Done);
    }
    for changes in [json!({ "state_reason": "completed" }), json!({}), json!({ "labels": ["incident", null] })] {
        let (item, incident) = closed_issue(&changes);
        assert!(!item.canceled && !incident.deleted, "{changes}");
    }
}

/// The incident that an issue of this type is after an event, if it is or was one.
fn typed(action: &str, kind: &Value) -> Option<kernel::Incident> {
    let issue = json!({
        "number": 12, "title": "Baskets are empty", "state": "open", "created_at": "2026-02-02T08:00:00Z",
        "updated_at": "2026-02-02T09:00:00Z", "labels": [], "type": kind,
    });
    let event = json!({ "action": action, "issue": issue, "repository": repository() });
    facts("issues", &event).into_iter().find_map(|fact| match fact {
        Fact::Incident(incident) => Some(incident),
        _ => None,
    })
}

#[test]
fn an_issue_of_the_type_incident_is_one_until_the_type_is_taken_off() {
    let incident = json!({ "name": "Incident" });
    for action in ["opened", "typed", "edited"] {
        assert!(typed(action, &incident).is_some_and(|incident| !incident.deleted), "{action}");
    }
    let since = typed("typed", &incident).unwrap().version;
    for (action, kind) in [("untyped", Value::Null), ("typed", json!({ "name": "Bug" }))] {
        assert!(typed(action, &kind).is_some_and(|incident| incident.deleted), "{action}");
    }
    assert!(typed("untyped", &Value::Null).unwrap().version > since);
    assert!(typed("opened", &json!({ "name": "Bug" })).is_none());
}

#[test]
fn a_pulled_issue_takes_back_the_incident_that_an_earlier_pull_made_of_it() {
    assert!(typed("", &json!({ "name": "Incident" })).is_some_and(|incident| !incident.deleted));
    assert!(typed("", &Value::Null).is_some_and(|incident| incident.deleted));
}

fn moved(event: &str, data: &Value) -> Option<(String, String)> {
    facts(event, data)
        .into_iter()
        .find_map(|fact| if let Fact::Moved(Moved { id, new_id, .. }) = fact { Some((id, new_id)) } else { None })
}

#[test]
fn a_renamed_or_transferred_repository_says_which_it_was() {
    let event =
        |action: &str, changes: Value| json!({ "action": action, "changes": changes, "repository": repository() });
    let here = "github.com/lakeside/checkout".to_owned();
    let renamed = event("renamed", json!({ "repository": { "name": { "from": "Till" } } }));
    assert_eq!(moved("repository", &renamed), Some(("github.com/lakeside/till".to_owned(), here.clone())));
    for owner in ["user", "organization"] {
        let transferred = event("transferred", json!({ "owner": { "from": { owner: { "login": "Bo" } } } }));
        assert_eq!(moved("repository", &transferred), Some(("github.com/bo/checkout".to_owned(), here.clone())));
    }
    assert_eq!(moved("repository", &event("created", Value::Null)), Some((here.clone(), here)));
    assert_eq!(moved("repository", &event("edited", json!({ "default_branch": { "from": "master" } }))), None);
}

#[test]
fn a_renamed_organization_takes_its_repositories_along() {
    let event = json!({
        "action": "renamed", "changes": { "login": { "from": "Riverside" } },
        "organization": { "login": "Lakeside", "url": "https://git.example.com/api/v3/orgs/Lakeside" },
    });
    let expected = ("git.example.com/riverside".to_owned(), "git.example.com/lakeside".to_owned());
    assert_eq!(moved("organization", &event), Some(expected));
    let added = json!({ "action": "member_added", "organization": { "login": "Lakeside" } });
    assert_eq!(normalize("organization", &added), Err(NotStored::Ignored(IgnoreReason::OutOfScope)));
}
