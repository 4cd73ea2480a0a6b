//! The payloads are those of `DevLake`'s own documentation, of today and of its earlier versions.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use kernel::{Change, ChangeState, Deployment, Incident, Outcome, StatusCategory, Tenant, WorkItem};

use super::*;

const TOKEN: &str = "a token";

fn received() -> DateTime<Utc> {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

/// What a request becomes, from its address and body to facts.
fn facts(path: &str, body: &'static str) -> Result<Vec<Fact>, NotStored> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    let request =
        RawRequest { path: path.to_owned(), headers, body: Bytes::from_static(body.as_bytes()), received: received() };
    let verified = DevLake.verify(request, &[Secret::new(TOKEN.as_bytes()).unwrap()]).unwrap();
    let to = Destination { source: "devlake/1", tenant: &Tenant::default(), received: received(), canceled: &[] };
    match DevLake.envelopes(&verified, &to).unwrap() {
        Received::Events(events) => DevLake.normalize(&events[0]),
        Received::Ignored(reason) => Err(NotStored::Ignored(reason)),
    }
}

fn deployments(body: &'static str) -> Vec<Deployment> {
    let only = |fact| match fact {
        Fact::Deployment(deployment) => deployment,
        other => panic!("{other:?}"),
    };
    facts("deployments", body).unwrap().into_iter().map(only).collect()
}

const OLD: &str = include_str!("../fixtures/deployments.old.json");

const NEW: &str = include_str!("../fixtures/deployments.json");

#[test]
fn a_deployment_is_the_same_in_both_dialects() {
    let found = deployments(NEW);
    assert_eq!(found, deployments(OLD));
    let deployment = &found[0];
    assert_eq!(deployment.id.as_str(), "devlake/1/deployment/required-pipeline-id/github.com/apache/incubator-devlake");
    assert_eq!(deployment.repository, Some("github.com/apache/incubator-devlake".into()));
    assert_eq!(deployment.environment.as_deref(), Some("PRODUCTION"));
    assert_eq!(deployment.sha.unwrap().to_string(), "015e3d3b480e417aede5a1293bd61de9b0fd051d");
    assert_eq!(deployment.name.as_deref(), Some("optional-release-v0.17"));
    assert_eq!(deployment.outcome, Some(Outcome::Failure));
    assert_eq!(deployment.finished_at, Some("2020-01-02T13:00:00Z".parse().unwrap()));
}

#[test]
fn a_deployment_of_several_repositories_is_one_for_each() {
    let body = r#"{
        "pipeline_id": "required-pipeline-id",
        "environment":"PRODUCTION",
        "create_time":"2020-01-01T11:00:00+00:00",
        "start_time":"2020-01-01T12:00:00+00:00",
        "end_time":"2020-01-02T13:00:00+00:00",
        "deployment_commits":[
           {"repo_url":"repo-1", "ref_name": "optional-release-v0.17", "commit_sha":"c1", "commit_msg":"optional-msg-1"},
           {"repo_url":"repo-2", "ref_name": "optional-release-v0.17", "commit_sha":"c2", "result": "FAILURE"},
           {"repo_url":"repo-2", "ref_name": "later", "commit_sha":"c3", "commit_msg":"optional-msg-3"}
        ]
    }"#;
    let rollouts: Vec<_> = deployments(body).into_iter().map(|x| x.rollout.unwrap()).collect();
    assert_eq!(rollouts, ["devlake/1/required-pipeline-id"; 2]);
    let found: Vec<_> =
        deployments(body).into_iter().map(|x| (x.repository.unwrap().0, x.name.unwrap(), x.outcome)).collect();
    let success = Some(Outcome::Success);
    assert_eq!(
        found,
        [
            ("devlake/1/repo-1".to_owned(), "optional-release-v0.17".to_owned(), success),
            ("devlake/1/repo-2".to_owned(), "later".to_owned(), success),
        ]
    );
}

#[test]
fn the_oldest_form_has_no_id_and_scripts_write_times_without_a_colon() {
    let body = r#"{"commit_sha":"015e3d3b480e417aede5a1293bd61de9b0fd051d","repo_url":"git@github.com:Octo/Shop.git","start_time":"2020-01-01T12:00:00+0100"}"#;
    let deployment = &deployments(body)[0];
    assert_eq!(
        deployment.id.as_str(),
        "devlake/1/deployment/015e3d3b480e417aede5a1293bd61de9b0fd051d/1577876400/github.com/octo/shop"
    );
    assert_eq!((deployment.finished_at, deployment.outcome), (Some(received()), Some(Outcome::Success)));
    assert_eq!((deployment.rollout.as_deref(), deployment.environment.as_deref()), (None, Some("PRODUCTION")));
}

#[test]
fn an_environment_is_kept_as_it_was_sent() {
    let body = r#"{"id":"x","environment":"Live-EU","commit_sha":"015e3d3b480e417aede5a1293bd61de9b0fd051d"}"#;
    assert_eq!(deployments(body)[0].environment.as_deref(), Some("Live-EU"));
}

const INCIDENT: &str = include_str!("../fixtures/issues.incident.json");

fn issue(body: &'static str) -> (WorkItem, Option<Incident>) {
    let (mut item, mut incident) = (None, None);
    for fact in facts("issues", body).unwrap() {
        match fact {
            Fact::WorkItem(found) => item = Some(found),
            Fact::Incident(found) => incident = Some(found),
            _ => {}
        }
    }
    (item.unwrap(), incident)
}

#[test]
fn an_issue_is_a_work_item_and_one_of_the_type_incident_an_incident_too() {
    let (item, incident) = issue(INCIDENT);
    let incident = incident.unwrap();
    assert_eq!((item.id.as_str(), incident.id.as_str()), ("devlake/1/issue/DLK-1234", "devlake/1/issue/DLK-1234"));
    assert_eq!((item.status.as_str(), item.status_category), ("created", StatusCategory::ToDo));
    assert_eq!(item.assignee, Some("devlake/1/user1132".into()));
    assert_eq!(item.reporter, Some("devlake/1/user1131".into()));
    assert_eq!(item.parent, Some("devlake/1/issue/DLK-1200".into()));
    assert_eq!((item.points, item.url), (None, None));
    assert_eq!((incident.repository, incident.resolved_at), (Some("devlake/1".into()), None));
    assert_eq!(incident.detected_at, "2020-01-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap());

    let (item, incident) = issue(
        r#"{"issueKey":"DLK-1","title":"A bug","type":"BUG","status":"DONE","originalStatus":"closed","storyPoint":3,
            "createdDate":"2020-01-01T12:00:00Z","resolutionDate":"2020-01-03T12:00:00Z","assigneeName":"Ann"}"#,
    );
    assert!(incident.is_none());
    assert_eq!((item.points, item.done_at), (Some(3.0), Some("2020-01-03T12:00:00Z".parse().unwrap())));
    assert_eq!((item.kind.as_deref(), item.assignee), (Some("bug"), Some("devlake/1/ann".into())));
}

#[test]
fn an_issue_that_was_given_up_is_canceled_and_no_incident() {
    for (body, canceled) in [
        (r#"{"issueKey":"A-1","type":"INCIDENT","status":"DONE","originalStatus":"Won't Do"}"#, true),
        (r#"{"issueKey":"A-1","type":"INCIDENT","status":"Rejected"}"#, true),
        (r#"{"issueKey":"A-1","type":"INCIDENT","status":"DONE","originalStatus":"Released"}"#, false),
        (r#"{"issueKey":"A-1","type":"INCIDENT","status":"IN_PROGRESS","originalStatus":"Duplicate"}"#, false),
    ] {
        let (item, incident) = issue(body);
        assert_eq!((item.canceled, incident.unwrap().deleted), (canceled, canceled), "{body}");
        assert_eq!(item.status_category == StatusCategory::Done, !body.contains("IN_PROGRESS"), "{body}");
    }
}

#[test]
fn an_issue_that_is_done_and_names_no_type_ends_the_incident_that_it_was() {
    for (rest, ends) in [
        (r#""type":null,"status":"DONE","resolutionDate":"2020-01-03T12:00:00Z""#, true),
        (r#""status":"TODO""#, false),
        (r#""type":"BUG","status":"DONE""#, false),
    ] {
        let body = format!(r#"{{"issueKey":"A-1",{rest}}}"#);
        let facts = facts("issues", Box::leak(body.into_boxed_str())).unwrap();
        let close_event = facts.iter().find_map(|fact| if let Fact::CloseEvent(it) = fact { Some(it) } else { None });
        let expected = ends.then(|| ("devlake/1/issue/A-1", "2020-01-03T12:00:00Z".parse().unwrap()));
        assert_eq!(close_event.map(|close_event| (close_event.id.as_str(), close_event.at)), expected, "{rest}");
    }
}

#[test]
fn a_deployed_commit_without_a_repository_is_no_deployment_of_another_and_is_named() {
    let sha = "015e3d3b480e417aede5a1293bd61de9b0fd051d";
    let one = format!(r#"{{"repoUrl":null,"commitSha":"{sha}"}}"#);
    let other = format!(r#"{{"repoUrl":"https://github.com/octocat/shop","commitSha":"{sha}"}}"#);
    let body = |commits: &str| -> &'static str {
        Box::leak(format!(r#"{{"id":"x","deploymentCommits":[{commits}]}}"#).into_boxed_str())
    };
    let found: Vec<_> = deployments(body(&format!("{other},{one}"))).into_iter().map(|x| x.repository).collect();
    assert_eq!(found, [Some("github.com/octocat/shop".into())]);
    let error = facts("deployments", body(&one)).unwrap_err().to_string();
    assert!(error.contains("deploymentCommits[0].repoUrl: missing, null or empty"), "{error}");
}

#[test]
fn an_issue_is_closed_by_its_address_alone() {
    match facts("issue/DLK-1234/close", "").unwrap().as_slice() {
        [Fact::CloseEvent(close_event)] => {
            assert_eq!((close_event.id.as_str(), close_event.at), ("devlake/1/issue/DLK-1234", received()));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pull_request_is_in_the_repository_of_its_address() {
    let body = include_str!("../fixtures/pull_requests.json");
    let change = |facts: Vec<Fact>| -> Change {
        match facts.as_slice() {
            [Fact::Change(change)] => change.clone(),
            other => panic!("{other:?}"),
        }
    };
    let found = change(facts("pull_requests", body).unwrap());
    assert_eq!((found.id.as_str(), found.state), ("github.com/org/repo#1", ChangeState::Merged));
    assert_eq!(found.merged_at, Some("2025-02-20T17:17:36Z".parse().unwrap()));
    assert_eq!(found.merge_sha.unwrap().to_string(), "bf0a79c57dff8f5f1f393de315ee5105a535e059");
    assert_eq!((found.additions, found.target_branch.as_deref()), (Some(100), Some("main")));
    let old = r#"{"pull_request_key": 7, "display_title": "A title", "status": "OPEN", "created_date": "2025-02-20T16:17:36+0000",
        "url": "https://git.corp.org/group/app/-/merge_requests/7"}"#;
    assert_eq!(change(facts("pull_requests", old).unwrap()).id.as_str(), "git.corp.org/group/app#7");
    let nowhere = r#"{"pullRequestKey": 7, "displayTitle": "A title", "status": "CLOSED", "createdDate": "2025-02-20T16:17:36Z"}"#;
    let nowhere = change(facts("pull_requests", nowhere).unwrap());
    assert_eq!((nowhere.id.as_str(), nowhere.state), ("devlake/1#7", ChangeState::Abandoned));
}

#[test]
fn what_cannot_be_read_is_rejected_and_other_addresses_are_not_there() {
    for (path, body) in [
        ("deployments", ""),
        ("deployments", "[]"),
        ("deployments", r#"{"id":"x","startedDate":"yesterday"}"#),
        ("issues", r#"{"title":"no key"}"#),
        ("issues", r#"{"issueKey":"A-1","type":"INCIDENT","status":null,"originalStatus":"Released"}"#),
        ("pull_requests", r#"{"id":"pr1"}"#),
    ] {
        assert!(matches!(facts(path, body), Err(NotStored::Rejected(_))), "{path} {body}");
    }
    for path in ["", "issue//close", "issue/x", "issue/x/close/y", "connections", "Deployments"] {
        assert!(!DevLake.has(path), "{path}");
    }
    for media_type in ["application/json", "application/x-www-form-urlencoded", ""] {
        assert!(DevLake.takes(media_type), "{media_type}");
    }
}
