//! What hooks and rows become where a rule decides: tags, merge requests, tiers, queues, canceled issues, and what a
//! group or the instance has.

use kernel::{Incident, PipelineRun, TaskRun, WorkItem};

use super::deliveries::received;
use super::*;

/// A fixture with these values in these places.
fn changed(name: &str, changes: &[(&str, Value)]) -> Value {
    let mut payload: Value = serde_json::from_slice(&fixture(name)).unwrap();
    for (place, value) in changes {
        let (parent, field) = place.rsplit_once('/').unwrap();
        payload.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    payload
}

fn normalized(kind: &str, payload: &Value) -> Result<Vec<Fact>, NotStored> {
    GitLab.normalize(&event(kind, payload.to_string().into()))
}

fn pipeline(changes: &[(&str, Value)]) -> PipelineRun {
    let facts = normalized("pipeline", &changed("pipeline.failed", changes)).unwrap();
    facts.into_iter().find_map(|fact| if let Fact::PipelineRun(run) = fact { Some(run) } else { None }).unwrap()
}

#[test]
fn a_tag_is_no_branch() {
    let run = pipeline(&[("/object_attributes/tag", json!(true)), ("/object_attributes/ref", json!("v1.2.0"))]);
    assert_eq!((run.branch, run.tag.as_deref(), run.pull_request), (None, Some("v1.2.0"), false));
    let row = changed("pull.pipeline", &[("/row/tag", json!(true)), ("/row/ref", json!("v1.2.0"))]);
    let Some(Fact::PipelineRun(pulled)) = normalized("pull.pipeline", &row).unwrap().pop() else { panic!() };
    assert_eq!((pulled.branch, pulled.tag.as_deref()), (None, Some("v1.2.0")));
}

#[test]
fn a_pipeline_for_a_merge_request_is_on_no_branch_and_neither_are_its_children() {
    let source = |source: &str| ("/object_attributes/source", json!(source));
    for changes in [
        vec![source("merge_request_event")],
        vec![source("external_pull_request_event")],
        vec![source("parent_pipeline"), ("/merge_request", json!({ "iid": 41 }))],
        vec![source("parent_pipeline"), ("/object_attributes/ref", json!("refs/merge-requests/41/head"))],
        vec![source("push"), ("/object_attributes/ref", json!("refs/merge-requests/41/train"))],
    ] {
        let run = pipeline(&changes);
        assert!(run.pull_request && run.branch.is_none() && run.tag.is_none(), "{changes:?}: {run:?}");
    }
    for changes in [vec![], vec![source("parent_pipeline"), ("/merge_request", Value::Null)], vec![source("schedule")]]
    {
        let run = pipeline(&changes);
        assert_eq!((run.branch.as_deref(), run.pull_request), (Some("main"), false), "{changes:?}");
    }
}

#[test]
fn each_run_of_a_pipeline_that_is_run_again_says_when_it_ended_and_none_in_between() {
    let at = |status: &str, finished: &str| {
        pipeline(&[
            ("/object_attributes/name", json!("deploy production")),
            ("/object_attributes/status", json!(status)),
            ("/object_attributes/finished_at", json!(finished)),
        ])
    };
    let first = at("success", "2026-02-02 14:23:31 UTC");
    // GitLab keeps the old end while a job is run again
    let running = at("running", "2026-02-02 14:23:31 UTC");
    let second = at("success", "2026-02-23 14:23:31 UTC");
    assert_eq!((first.id == second.id, running.finished_at, running.outcome), (true, None, None));
    assert!(running.version < first.version && first.version < second.version);
    assert!(first.finished_at < second.finished_at);
}

#[test]
fn a_status_that_is_new_to_us_is_ignored_by_that_name() {
    let unknown = changed("pipeline.failed", &[("/object_attributes/status", json!("glorious"))]);
    assert_eq!(normalized("pipeline", &unknown), Err(NotStored::Ignored(IgnoreReason::UnknownValue)));
    // of a job, only the job
    let job = changed("pipeline.failed", &[("/builds/0/status", json!("glorious"))]);
    let facts = normalized("pipeline", &job).unwrap();
    assert_eq!(facts.iter().filter(|fact| fact.kind() == "task_run").count(), 1);
}

#[test]
fn a_job_was_queued_after_those_before_it_by_hook_and_by_api() {
    let job = |changes: &[(&str, Value)]| {
        let facts = normalized("build", &changed("build", changes)).unwrap();
        facts.into_iter().find_map(|fact| if let Fact::TaskRun(job) = fact { Some(job) } else { None }).unwrap()
    };
    let created: TaskRun = job(&[
        ("/build_status", json!("created")),
        ("/build_started_at", Value::Null),
        ("/build_finished_at", Value::Null),
        ("/build_queued_duration", Value::Null),
    ]);
    let ended = job(&[("/build_started_at", json!("2026-02-02 14:22:00 UTC")), ("/build_queued_duration", json!(4))]);
    // the store keeps the earliest that is reported
    assert_eq!(created.queued_at, None);
    assert_eq!(ended.queued_at, Some("2026-02-02T14:21:56Z".parse().unwrap()));
    assert_eq!(created.id, ended.id);
}

#[test]
fn the_tier_says_what_production_is_whatever_the_name() {
    for (environment, tier, expected) in [
        ("customer-portal", json!("production"), Some(true)),
        ("production-like/review-7", json!("development"), Some(false)),
        ("production", json!("staging"), Some(false)),
        ("production", Value::Null, None),
        ("production", json!(""), None),
    ] {
        let hook = [("/environment", json!(environment)), ("/environment_tier", tier.clone())];
        let hook = normalized("deployment", &changed("deployment.success", &hook)).unwrap().pop();
        let row = [("/row/environment/name", json!(environment)), ("/tier", tier)];
        let row = normalized("pull.deployment", &changed("pull.deployment", &row)).unwrap().pop();
        let (Some(Fact::Deployment(hook)), Some(Fact::Deployment(row))) = (hook, row) else { panic!() };
        assert_eq!((hook.production, &hook.environment), (expected, &row.environment));
        assert_eq!(hook, row);
    }
}

#[test]
fn what_a_group_has_is_ignored_and_no_fault() {
    let epic = changed("issue.open", &[("/project", Value::Null), ("/object_attributes/type", json!("Epic"))]);
    let ignored = Err(NotStored::Ignored(IgnoreReason::OutOfScope));
    for kind in ["work_item", "issue"] {
        assert_eq!(normalized(kind, &epic), ignored);
    }
    let note = changed("note.issue", &[("/project", Value::Null)]);
    assert!(matches!(normalized("note", &note), Err(NotStored::Ignored(_))));
}

fn closed_issue(changes: &[(&str, Value)]) -> (WorkItem, Incident) {
    let (mut item, mut incident) = (None, None);
    for fact in normalized("issue", &changed("issue.close", changes)).unwrap() {
        match fact {
            Fact::WorkItem(found) => item = Some(found),
            Fact::Incident(found) => incident = Some(found),
            _ => {}
        }
    }
    (item.unwrap(), incident.unwrap())
}

#[test]
fn an_issue_closed_as_a_duplicate_or_as_what_will_not_be_done_is_canceled_and_was_no_incident() {
    let status = |name: &str, category: Value| json!({ "status": { "previous": { "name": "To do" }, "current": { "name": name, "category": category } } });
    for changes in [
        ("/object_attributes/duplicated_to_id", json!(7)),
        ("/object_attributes/_links", json!({ "closed_as_duplicate_of": "https://gitlab.example.org/api/v4/x" })),
        ("/object_attributes/labels", json!([{ "title": "incident" }, { "title": "workflow::won't do" }])),
        ("/object_attributes/labels", json!([{ "title": "incident" }, { "title": "Duplicate" }])),
        ("/changes", status("Won't do", Value::Null)),
        ("/changes", status("Dropped", json!("canceled"))),
    ] {
        let (item, incident) = closed_issue(std::slice::from_ref(&changes));
        assert!(item.canceled && incident.deleted, "{changes:?}");
    }
    for changes in [("/changes", status("Done", json!("done"))), ("/changes", json!([]))] {
        let (item, incident) = closed_issue(std::slice::from_ref(&changes));
        assert!(!item.canceled && !incident.deleted, "{changes:?}");
    }
}

/// What a system hook becomes.
fn of_instance(payload: &Value, instance: &str) -> Result<Vec<Fact>, NotStored> {
    let headers = [("x-gitlab-event", "System Hook"), ("x-gitlab-instance", instance)];
    match received(&headers, payload.to_string().into()) {
        Ok(Received::Events(events)) => GitLab.normalize(&events[0]),
        Ok(Received::Ignored(reason)) => Err(NotStored::Ignored(reason)),
        Err(refusal) => panic!("{refusal}"),
    }
}

#[test]
fn a_renamed_or_transferred_project_or_group_says_which_it_was() {
    let id = |path: &str| format!("gitlab.example.org/{path}");
    for name in ["project_rename", "project_transfer"] {
        let hook = json!({
            "event_name": name, "path_with_namespace": "lakeside/Checkout", "old_path_with_namespace": "riverside/Till",
            "updated_at": "2026-02-02T08:00:00Z", "project_id": 77,
        });
        let facts = of_instance(&hook, "https://gitlab.example.org").unwrap();
        let [Fact::Moved(moved)] = facts.as_slice() else { panic!("{facts:?}") };
        assert_eq!((&moved.id, &moved.new_id), (&id("riverside/till"), &id("lakeside/checkout")));
    }
    let group = json!({
        "event_name": "group_rename", "full_path": "lakeside", "old_full_path": "riverside", "group_id": 7,
    });
    let facts = of_instance(&group, "https://gitlab.example.org/").unwrap();
    let [Fact::Moved(moved)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((&moved.id, &moved.new_id), (&id("riverside"), &id("lakeside")));
    // without the header its instance is not known
    assert_eq!(of_instance(&group, ""), Err(NotStored::Ignored(IgnoreReason::OutOfScope)));
    let user = json!({ "event_name": "user_create", "name": "Bo" });
    assert_eq!(of_instance(&user, "https://gitlab.example.org"), Err(NotStored::Ignored(IgnoreReason::UnusedEvent)));
}

#[test]
fn a_pulled_issue_takes_back_the_incident_that_an_earlier_pull_made_of_it() {
    let incident = |labels: Value, updated_at: &str| {
        let row = changed("pull.issue", &[("/row/labels", labels), ("/row/updated_at", json!(updated_at))]);
        normalized("pull.issue", &row).unwrap().into_iter().find_map(|fact| match fact {
            Fact::Incident(incident) => Some(incident.deleted),
            _ => None,
        })
    };
    assert_eq!(incident(json!(["incident"]), "2026-02-03T12:00:00.800Z"), Some(false));
    assert_eq!(incident(json!([]), "2026-02-04T12:00:00.800Z"), Some(true));
    // one that was not touched since it was created was no incident before
    assert_eq!(incident(json!([]), "2026-02-03T10:00:00.200Z"), None);
}
