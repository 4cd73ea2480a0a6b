use chrono::TimeDelta;
use connector::Connector;
use kernel::{Envelope, Tenant};
use serde_json::{Value, json};

use super::*;
use crate::GitHub;

fn normalize(kind: &str, data: &Value) -> Vec<Fact> {
    let envelope = Envelope {
        id: "1".into(),
        source: "github/main".into(),
        kind: format!("github.{kind}"),
        subject: None,
        time: DateTime::UNIX_EPOCH,
        tenant: Tenant::default(),
        key: "k".into(),
        content_type: "application/json".into(),
        data: data.to_string().into(),
        traceparent: None,
    };
    let facts = GitHub.normalize(&envelope).unwrap();
    assert!(facts.iter().all(|fact| fact.check().is_ok()));
    facts
}

/// The facts of one kind, as JSON.
fn of_kind(facts: &[Fact], kind: &str) -> Vec<Value> {
    facts.iter().filter(|fact| fact.kind() == kind).map(|fact| serde_json::to_value(fact).unwrap()).collect()
}

const SHA: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";
const HEAD: &str = "1111111111111111111111111111111111111111";

/// A merged pull request by a bot that was a draft, as webhooks and REST report it.
fn pushed_change() -> Value {
    json!({
        "number": 7, "title": "Fix it", "html_url": "https://github.com/Octo/Hello/pull/7", "state": "closed",
        "user": { "login": "renovate[bot]", "type": "Bot" }, "body": "Reverts Octo/Hello#5",
        "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-03T10:00:00Z",
        "closed_at": "2026-01-03T10:00:00Z", "merged_at": "2026-01-03T10:00:00Z", "merge_commit_sha": SHA,
        "head": { "ref": "fix", "sha": HEAD }, "base": { "ref": "main" }, "draft": false,
        "additions": 10, "deletions": 2, "labels": [{ "name": "bug" }]
    })
}

fn pushed_repository() -> Value {
    json!({
        "full_name": "Octo/Hello", "html_url": "https://github.com/Octo/Hello", "default_branch": "main",
        "updated_at": "2026-01-02T00:00:00Z"
    })
}

fn pulled_repository() -> Value {
    json!({
        "nameWithOwner": "Octo/Hello", "url": "https://github.com/Octo/Hello",
        "updatedAt": "2026-01-02T00:00:00Z", "defaultBranchRef": { "name": "main" }
    })
}

/// The same pull request as GraphQL reports it, with its commit, review and comment.
fn pulled_change() -> Value {
    json!({
        "id": "PR_1", "number": 7, "title": "Fix it", "url": "https://github.com/Octo/Hello/pull/7",
        "state": "MERGED", "isDraft": false, "body": "Reverts Octo/Hello#5",
        "createdAt": "2026-01-01T10:00:00Z", "updatedAt": "2026-01-03T10:00:00Z",
        "closedAt": "2026-01-03T10:00:00Z", "mergedAt": "2026-01-03T10:00:00Z", "mergeCommit": { "oid": SHA },
        "headRefName": "fix", "headRefOid": HEAD, "baseRefName": "main", "additions": 10, "deletions": 2,
        "author": { "login": "renovate", "__typename": "Bot" },
        "labels": { "nodes": [{ "name": "bug" }] },
        "reviews": { "nodes": [{
            "fullDatabaseId": "4000000001", "state": "APPROVED", "submittedAt": "2026-01-02T10:00:00Z",
            "updatedAt": "2026-01-02T10:00:00Z", "author": { "login": "Ann", "__typename": "User" }
        }] },
        "commits": { "nodes": [{ "commit": {
            "oid": HEAD, "message": "Fix it\n\nMore.", "authoredDate": "2026-01-01T09:00:00Z",
            "committedDate": "2026-01-01T09:30:00Z",
            "author": { "email": "ann@example.com", "user": { "login": "Ann" } }
        } }] },
        "comments": { "nodes": [{
            "fullDatabaseId": "5000000001", "createdAt": "2026-01-02T11:00:00Z",
            "updatedAt": "2026-01-02T11:00:00Z", "author": { "login": "Ann", "__typename": "User" }
        }] },
        "timelineItems": { "nodes": [
            { "__typename": "ConvertToDraftEvent", "createdAt": "2026-01-01T11:00:00Z" },
            { "__typename": "ReadyForReviewEvent", "createdAt": "2026-01-01T12:00:00Z" },
            null
        ] }
    })
}

fn pulled() -> Vec<Fact> {
    normalize("pull.change", &json!({ "repository": pulled_repository(), "node": pulled_change() }))
}

#[test]
fn a_change_is_the_same_pushed_or_pulled_but_for_what_only_a_pull_knows() {
    let event = json!({
        "action": "closed", "pull_request": pushed_change(), "repository": pushed_repository(), "sender": null
    });
    let (pushed, pulled) = (normalize("pull_request", &event), pulled());
    assert_eq!(of_kind(&pushed, "repository"), of_kind(&pulled, "repository"));
    assert_eq!(of_kind(&pushed, "account")[0], of_kind(&pulled, "account")[0], "the author");
    let change = |facts: &[Fact]| {
        let found = facts.iter().find_map(|fact| match fact {
            Fact::Change(change) => Some(change.clone()),
            _ => None,
        });
        found.unwrap()
    };
    let (pushed, pulled) = (change(&pushed), change(&pulled));
    assert_eq!(pulled.version.at, pushed.version.at + TimeDelta::microseconds(5), "the pull knows more");
    assert_eq!(pulled.commits, [Sha::parse(HEAD).unwrap()]);
    assert_eq!(pulled.ready_at.unwrap().to_rfc3339(), "2026-01-01T12:00:00+00:00");
    let same = Change { commits: Vec::new(), ready_at: None, version: pushed.version, ..pulled };
    assert_eq!(same, pushed);
}

#[test]
fn a_pulled_review_without_a_state_is_named_and_costs_no_more_than_itself() {
    let mut node = pulled_change();
    node["reviews"]["nodes"][0]["state"] = Value::Null;
    let row = json!({ "repository": pulled_repository(), "node": node });
    let (facts, skipped) = connector::lenient::naming(|| normalize("pull.change", &row));
    let without: Vec<Fact> = pulled().into_iter().filter(|fact| !is_approval(fact)).collect();
    assert_eq!((facts.len(), facts), (without.len(), without));
    let named: Vec<(&str, &str)> = skipped.iter().map(|one| (&*one.path, &*one.problem)).collect();
    let problem = "review.state: missing, null or empty, expected a word";
    assert_eq!(named, [("node.reviews (review 4000000001)", problem)]);
}

fn is_approval(fact: &Fact) -> bool {
    matches!(fact, Fact::Review(review) if review.state == kernel::ReviewState::Approved)
}

#[test]
fn a_review_and_a_comment_are_the_same_pushed_or_pulled() {
    let ann = json!({ "login": "Ann", "type": "User" });
    let review = json!({
        "action": "submitted", "pull_request": pushed_change(), "repository": pushed_repository(), "sender": null,
        "review": { "id": 4_000_000_001_i64, "user": ann, "state": "approved", "submitted_at": "2026-01-02T10:00:00Z" }
    });
    let comment = json!({
        "action": "created", "repository": pushed_repository(), "sender": null,
        "issue": { "number": 7, "pull_request": {} },
        "comment": {
            "id": 5_000_000_001_i64, "user": ann, "created_at": "2026-01-02T11:00:00Z",
            "updated_at": "2026-01-02T11:00:00Z"
        }
    });
    let mut pushed = of_kind(&normalize("pull_request_review", &review), "review");
    pushed.extend(of_kind(&normalize("issue_comment", &comment), "review"));
    assert_eq!(pushed, of_kind(&pulled(), "review"));
}

#[test]
fn a_commit_is_the_same_pushed_or_pulled_but_for_when_it_was_written() {
    let event = json!({
        "ref": "refs/heads/fix", "repository": pushed_repository(), "sender": null,
        "commits": [{
            "id": HEAD, "message": "Fix it\n\nMore.", "timestamp": "2026-01-01T09:30:00Z",
            "author": { "email": "ann@example.com", "username": "Ann" }
        }]
    });
    let mut pushed = of_kind(&normalize("push", &event), "commit");
    pushed[0]["authored_at"] = json!("2026-01-01T09:00:00Z");
    assert_eq!(pushed, of_kind(&pulled(), "commit"));
}

#[test]
fn a_deployment_is_the_same_pushed_or_pulled() {
    let deployment = json!({
        "id": 11, "sha": SHA, "ref": "main", "environment": "production", "created_at": "2026-01-04T10:00:00Z"
    });
    let pushed = |state: &str, at: &str| {
        let event = json!({
            "deployment": deployment, "repository": pushed_repository(), "sender": null,
            "deployment_status": {
                "state": state, "environment": "production", "log_url": "https://ci/1", "target_url": "",
                "created_at": at
            }
        });
        of_kind(&normalize("deployment_status", &event), "deployment").remove(0)
    };
    let node = json!({
        "databaseId": 11, "environment": "production", "ref": { "name": "main" }, "commitOid": SHA,
        "createdAt": "2026-01-04T10:00:00Z", "updatedAt": "2026-01-05T10:00:00Z",
        "statuses": { "nodes": [
            { "state": "INACTIVE", "environment": "production", "logUrl": null, "createdAt": "2026-01-05T10:00:00Z" },
            { "state": "SUCCESS", "environment": "production", "logUrl": "https://ci/1", "createdAt": "2026-01-04T10:05:00Z" },
            { "state": "IN_PROGRESS", "environment": "production", "logUrl": null, "createdAt": "2026-01-04T10:02:00Z" },
            { "state": "IN_PROGRESS", "environment": "production", "logUrl": null, "createdAt": "2026-01-04T10:01:00Z" },
            { "state": "WAITING", "environment": "production", "logUrl": null, "createdAt": "2026-01-04T10:00:00Z" }
        ] }
    });
    let pulled = normalize("pull.deployment", &json!({ "repository": pulled_repository(), "node": node }));
    // its start is another event's, of which the store keeps the earliest
    let mut ended = pushed("success", "2026-01-04T10:05:00Z");
    assert_eq!(ended["started_at"], Value::Null);
    ended["started_at"] = pushed("in_progress", "2026-01-04T10:01:00Z")["started_at"].clone();
    assert_eq!(ended["started_at"], "2026-01-04T10:01:00Z");
    assert_eq!([ended], of_kind(&pulled, "deployment").as_slice());
}

#[test]
fn a_release_is_the_same_pushed_or_pulled_but_for_its_commit_that_only_a_pull_knows() {
    let event = json!({
        "action": "published", "repository": pushed_repository(), "sender": null,
        "release": {
            "id": 21, "tag_name": "v1.2.0", "target_commitish": "main", "draft": false, "prerelease": false,
            "html_url": "https://github.com/Octo/Hello/releases/tag/v1.2.0",
            "published_at": "2026-01-04T10:00:00Z", "updated_at": "2026-01-04T10:00:00Z"
        }
    });
    let node = json!({
        "databaseId": 21, "tagName": "v1.2.0", "tagCommit": { "oid": SHA }, "isDraft": false, "isPrerelease": false,
        "url": "https://github.com/Octo/Hello/releases/tag/v1.2.0",
        "publishedAt": "2026-01-04T10:00:00Z", "updatedAt": "2026-01-04T10:00:00Z"
    });
    let pulled = normalize("pull.release", &json!({ "repository": pulled_repository(), "node": node }));
    let (mut pushed, pulled) = (of_kind(&normalize("release", &event), "deployment"), of_kind(&pulled, "deployment"));
    assert_eq!(pulled[0]["sha"], json!(SHA));
    pushed[0]["sha"] = json!(SHA);
    pushed[0]["version"] = pulled[0]["version"].clone();
    assert_eq!(pushed, pulled);
}

#[test]
fn what_rest_gives_is_read_by_the_reader_of_its_webhook() {
    let repository = pushed_repository();
    let job = json!({
        "id": 31, "run_id": 3, "run_attempt": 2, "name": "test", "status": "completed", "conclusion": "success",
        "created_at": "2026-01-04T10:00:00Z", "started_at": "2026-01-04T10:01:00Z",
        "completed_at": "2026-01-04T10:03:00Z", "html_url": "https://github.com/Octo/Hello/actions/runs/3/job/31"
    });
    let alert = json!({
        "number": 4, "state": "fixed", "html_url": "https://github.com/Octo/Hello/security/dependabot/4",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z", "fixed_at": "2026-01-02T00:00:00Z",
        "security_advisory": { "summary": "A vulnerability", "severity": "moderate" },
        "security_vulnerability": { "package": { "name": "left-pad" }, "severity": "moderate" }
    });
    let comment = json!({
        "id": 51, "user": { "login": "Ann", "type": "User" }, "created_at": "2026-01-02T11:00:00Z",
        "updated_at": "2026-01-02T11:00:00Z", "pull_request_url": "https://api.github.com/repos/Octo/Hello/pulls/7"
    });
    for (event, field, row) in [
        ("workflow_job", "workflow_job", job),
        ("dependabot_alert", "alert", alert),
        ("pull_request_review_comment", "comment", comment),
    ] {
        let pushed = normalize(event, &json!({ "action": "created", "repository": repository, field: row }));
        let pulled =
            normalize(&format!("pull.{event}"), &json!({ "action": "", "repository": repository, field: row }));
        assert_eq!(pushed, pulled);
    }
    let pulled = normalize(
        "pull.workflow_job",
        &json!({ "repository": repository, "workflow_job": {
        "id": 31, "run_id": 3, "run_attempt": 2, "name": "test", "status": "queued", "created_at": "2026-01-04T10:00:00Z"
    } }),
    );
    assert_eq!(of_kind(&pulled, "task_run")[0]["run"], json!("github.com/octo/hello/run/3/2"));
}

#[test]
fn a_version_tag_that_is_pushed_is_a_deployment_and_others_are_none() {
    let push = |reference: &str, deleted: bool| {
        json!({
            "ref": reference, "deleted": deleted, "repository": pushed_repository(), "sender": null, "commits": [],
            "head_commit": (!deleted).then(|| json!({ "id": SHA, "timestamp": "2026-01-01T00:00:00Z" }))
        })
    };
    let made = of_kind(&normalize("push", &push("refs/tags/v1.2.0", false)), "deployment");
    assert_eq!((&made[0]["id"], &made[0]["sha"]), (&json!("github.com/octo/hello/tag/v1.2.0"), &json!(SHA)));
    let gone = of_kind(&normalize("push", &push("refs/tags/v1.2.0", true)), "deployment");
    assert_eq!(gone[0]["deleted"], json!(true));
}
