//! What is sent: requests that follow from their number, as GitHub and scripts send them.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::gateway::{SECRET, sign};
use crate::github::fixture;

/// Repositories of GitHub that events are about, and services of deployments.
const REPOSITORIES: usize = 6;
/// Every 8th event can't be read.
const KINDS: usize = 8;

/// The request of an event.
pub(super) fn request(number: usize) -> Bytes {
    match number % KINDS {
        0 => github("pull_request", number, &pull_request(number)),
        1 => github("deployment_status", number, &deployment_status(number)),
        2 => github("release", number, &release(number)),
        3 => github("pull_request", number, &json!({ "action": "closed", "number": number }).to_string()),
        _ => facts(&service_facts(number)),
    }
}

/// The id of the deployment that shows that a fault is over.
pub(super) fn probe_id(nth: usize) -> String {
    format!("probe/{nth}")
}

/// The request of this deployment.
pub(super) fn probe(nth: usize) -> Bytes {
    facts(&[deployment(&probe_id(nth), "probe", nth, at(nth))])
}

fn at(number: usize) -> DateTime<Utc> {
    let minutes = TimeDelta::minutes(i64::try_from(number * 97 % 280_000).unwrap());
    DateTime::from_timestamp(1_770_000_000, 0).unwrap() + minutes
}

fn sha(number: usize) -> String {
    format!("{:040x}", number + 1)
}

fn deployment(id: &str, service: &str, number: usize, finished_at: DateTime<Utc>) -> Value {
    json!({ "fact": "deployment", "id": id, "service": service, "environment": "production", "sha": sha(number),
            "repository": format!("ex.org/chaos/{service}"), "outcome": "success", "finished_at": finished_at,
            "version": { "at": finished_at } })
}

/// A commit, its deployment, and in turn an incident or one of two versions of a change.
fn service_facts(number: usize) -> [Value; 3] {
    let service = format!("s{}", number % REPOSITORIES);
    let repository = format!("ex.org/chaos/{service}");
    let id = format!("{repository}/deployment/{number}");
    let at = at(number);
    let commit = json!({ "fact": "commit", "repository": repository, "sha": sha(number), "parents": [],
                         "subject": format!("Change {number}"), "author": "ex.org/ada", "authored_at": at,
                         "committed_at": at, "version": { "at": at } });
    let third = if number % KINDS == 4 {
        json!({ "fact": "incident", "id": format!("pager/{number}"), "title": "Down", "service": service,
                "detected_at": at + TimeDelta::minutes(20), "resolved_at": at + TimeDelta::minutes(50),
                "caused_by_deployment": id, "version": { "at": at } })
    } else {
        // events 5 and 6 of a round are of one change, in either order
        let change = number / KINDS;
        let is_merged = number % KINDS == 6;
        json!({ "fact": "change", "id": format!("ex.org/chaos/changes#{change}"), "repository": "ex.org/chaos/changes",
                "number": change, "state": if is_merged { "merged" } else { "open" }, "title": "A change",
                "target_branch": "main", "opened_at": "2026-02-04T10:00:00Z", "merge_sha": is_merged.then(|| sha(number)),
                "merged_at": is_merged.then_some("2026-02-05T08:00:00Z"),
                "version": { "at": format!("2026-02-0{}T08:00:00Z", if is_merged { 5 } else { 4 }) } })
    };
    [commit, deployment(&id, &service, number, at + TimeDelta::minutes(10)), third]
}

/// A recorded payload of one of the repositories, of another time, with some texts replaced.
fn payload(name: &str, number: usize, replaced: &[(&str, String)]) -> String {
    let recorded: Value = serde_json::from_slice(&fixture(name)).unwrap();
    let repository = number % REPOSITORIES;
    let day = at(number).format("2026-%m-%dT08").to_string();
    let of_all = [
        ("Lakeside/Checkout", format!("Lakeside/Checkout{repository}")),
        ("\"id\":501,", format!("\"id\":50{repository},")),
        ("2026-02-03T08", day.clone()),
        ("2026-02-03T09", day.replace("T08", "T09")),
        ("2026-02-02T14", day.replace("T08", "T07")),
    ];
    let replaced = of_all.iter().chain(replaced);
    replaced.fold(recorded.to_string(), |text, (from, to)| {
        assert!(text.contains(from) || from.starts_with("2026"), "{name} has no {from}");
        text.replace(from, to)
    })
}

fn pull_request(number: usize) -> String {
    let replaced = [
        ("\"number\":41", format!("\"number\":{number}")),
        ("\"id\":9001,", format!("\"id\":{},", 9_000_000 + number)),
        ("4444444444444444444444444444444444444444", sha(number)),
    ];
    payload("pull_request.merged", number, &replaced)
}

/// It deploys what the pull request before it has merged.
fn deployment_status(number: usize) -> String {
    let replaced = [
        ("\"id\":88000,", format!("\"id\":{},", 88_000_000 + number)),
        ("\"id\":7700,", format!("\"id\":{},", 7_700_000 + number)),
        ("4444444444444444444444444444444444444444", sha(number - 1)),
    ];
    payload("deployment_status.success", number, &replaced)
}

fn release(number: usize) -> String {
    let replaced = [("\"id\":6600,", format!("\"id\":{},", 6_600_000 + number)), ("v2.4.0", format!("v2.4.{number}"))];
    payload("release.published", number, &replaced)
}

fn github(event: &str, number: usize, body: &str) -> Bytes {
    let about = format!(
        "x-github-event: {event}\r\nx-github-delivery: chaos-{number}\r\nx-hub-signature-256: {}\r\ncontent-type: \
         application/json",
        sign(SECRET, body.as_bytes())
    );
    post("/webhooks/github/main", &about, body)
}

fn facts(facts: &[Value]) -> Bytes {
    let lines: Vec<String> = facts.iter().map(Value::to_string).collect();
    post("/v1/events", "content-type: application/x-ndjson", &lines.join("\n"))
}

fn post(path: &str, about: &str, body: &str) -> Bytes {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{about}\r\n");
    format!("{head}content-length: {length}\r\n\r\n{body}").into()
}
