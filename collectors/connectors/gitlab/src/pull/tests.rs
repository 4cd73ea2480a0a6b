//! Against a GitLab of our own.

mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use connector::Connector;
use http::StatusCode;
use kernel::Fact;
use pull::PullFrom;
use pull::testing::{HOST, Memory, client_of, opened};
use serde_json::{Value, json};

use self::server::{Shared, answer, deployed, request, second};
use super::*;

fn pulling(state: &Shared, projects: &[&str]) -> Pulling {
    let state = Arc::clone(state);
    let router = Router::new().fallback(move |request: Request| {
        let state = Arc::clone(&state);
        async move { answer(&state, &request) }
    });
    let source = opened("gitlab", json!({ "projects": projects }));
    let client = client_of(router, &source, &format!("{HOST}/api/v4/")).with_dialect(Words);
    Pulling::new(client, &source).unwrap()
}

/// The kinds of the rows, how often each.
fn kinds(memory: &Memory) -> BTreeMap<String, usize> {
    memory.events().into_iter().fold(BTreeMap::new(), |mut count, event| {
        *count.entry(event.kind).or_default() += 1;
        count
    })
}

/// The merge requests that the log has.
fn merge_requests_of(memory: &Memory) -> BTreeSet<i64> {
    let facts = memory.events().into_iter().flat_map(|event| GitLab.normalize(&event).unwrap());
    facts.filter_map(|fact| if let Fact::Change(change) = fact { change.number } else { None }).collect()
}

#[tokio::test]
async fn a_first_pull_brings_everything_once_and_each_row_becomes_facts() {
    let state = Shared::default();
    state.lock().unwrap().requests = (1..=45).map(request).collect();
    let memory = Memory::default();
    let summary = memory.pull(&pulling(&state, &[]), PullFrom::Cursor).await;
    assert!(summary.complete(), "{summary:?}");
    assert_eq!(merge_requests_of(&memory), (1..=45).collect());
    let expected = [("gitlab.pull.job", 2), ("gitlab.pull.merge_request", 45), ("gitlab.pull.pipeline", 1)];
    assert_eq!(kinds(&memory), expected.map(|(kind, count)| (kind.to_owned(), count)).into());
    let approved = |event: &kernel::Envelope| {
        GitLab.normalize(event).unwrap().iter().filter(|fact| fact.kind() == "review").count()
    };
    assert_eq!(memory.events().iter().map(approved).sum::<usize>(), 150, "notes have two pages");
    let asked = state.lock().unwrap().asked.clone();
    let once: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(asked.len(), once.len(), "{asked:#?}");
    // One list of projects, three pages of 20, two requests for each (and a second page of notes), …
    let requests = asked.iter().filter(|path| path.contains("/merge_requests")).count();
    assert_eq!(requests, 3 + 2 * 45 + 1, "{asked:#?}");
}

#[tokio::test]
async fn merge_requests_that_change_while_they_are_listed_hide_no_others() {
    let state = Shared::default();
    {
        let mut server = state.lock().unwrap();
        server.requests = (1..=60).map(request).collect();
        // All of the first page change as soon as it was sent.
        server.moves = (1..=20).map(|iid| (iid, second(3600 + iid))).collect();
    }
    let memory = Memory::default();
    let summary = memory.pull(&pulling(&state, &["lakeside/Checkout"]), PullFrom::Cursor).await;
    assert_eq!(merge_requests_of(&memory), (1..=60).collect(), "{summary:?}");
}

#[tokio::test]
async fn the_next_pull_asks_for_what_changed() {
    let state = Shared::default();
    state.lock().unwrap().requests = (1..=3).map(request).collect();
    let memory = Memory::default();
    let puller = pulling(&state, &["lakeside/Checkout"]);
    memory.pull(&puller, PullFrom::Cursor).await;
    let before = state.lock().unwrap().asked.len();
    memory.pull(&puller, PullFrom::Cursor).await;
    let asked = state.lock().unwrap().asked.split_off(before);
    let list = asked.iter().find(|path| path.contains("/merge_requests?")).unwrap();
    // five minutes before the newest of them
    assert!(list.contains("updated_after=2026-02-01T23:55:03.250000Z"), "{list}");
}

#[tokio::test]
async fn a_token_without_rights_gets_an_error_with_the_missing_scope() {
    let state = Shared::default();
    let refused = json!({ "error": "insufficient_scope", "error_description": "…", "scope": "api read_api" });
    state.lock().unwrap().pipelines = Some((403, refused));
    let summary = Memory::default().pull(&pulling(&state, &["lakeside/Checkout"]), PullFrom::Cursor).await;
    let problem = &summary.problems[0];
    assert_eq!(problem.stream.as_deref(), Some("pipelines/lakeside/Checkout"));
    assert!(problem.error.ends_with("it lacks the scope `api` or `read_api`"), "{}", problem.error);
}

#[tokio::test]
async fn the_tiers_of_environments_are_asked_for_once_a_pull_and_say_what_production_is() {
    for (environments, requests) in [(vec![1, 2, 12], 3), ((1..=9).chain([12]).collect(), 1)] {
        let state = Shared::default();
        let mut number = 0;
        state.lock().unwrap().deployments = environments
            .iter()
            .map(|environment| {
                number += 1;
                deployed(number, *environment)
            })
            .collect();
        let (memory, puller) = (Memory::default(), pulling(&state, &["lakeside/Checkout"]));
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        assert!(summary.complete(), "{summary:?}");
        let facts = memory.events().into_iter().flat_map(|event| GitLab.normalize(&event).unwrap());
        let production: BTreeSet<(Option<String>, Option<bool>)> = facts
            .filter_map(
                |fact| if let Fact::Deployment(one) = fact { Some((one.environment, one.production)) } else { None },
            )
            .collect();
        assert!(production.contains(&(Some("e1".to_owned()), Some(true))), "{production:?}");
        assert!(production.contains(&(Some("e2".to_owned()), Some(false))), "{production:?}");
        // one that is gone has no tier
        assert!(production.contains(&(Some("e12".to_owned()), None)), "{production:?}");
        let asked = state.lock().unwrap().asked.iter().filter(|path| path.contains("/environments")).count();
        assert_eq!(asked, requests);
    }
}

#[tokio::test]
async fn a_tier_that_was_changed_counts_from_the_next_pull_on() {
    let state = Shared::default();
    state.lock().unwrap().deployments = vec![deployed(1, 1)];
    let (memory, puller) = (Memory::default(), pulling(&state, &["lakeside/Checkout"]));
    assert!(memory.pull(&puller, PullFrom::Cursor).await.complete());
    {
        let mut server = state.lock().unwrap();
        server.tiers_swapped = true;
        server.deployments.push(deployed(2, 1));
    }
    assert!(memory.pull(&puller, PullFrom::Cursor).await.complete());
    let facts = memory.events().into_iter().flat_map(|event| GitLab.normalize(&event).unwrap());
    let production: BTreeSet<(String, Option<bool>)> =
        facts
            .filter_map(|fact| {
                if let Fact::Deployment(one) = fact { Some((one.id.to_string(), one.production)) } else { None }
            })
            .collect();
    for (number, expected) in [(1, true), (2, false)] {
        let deployment = format!("gitlab.example.org/lakeside/checkout/deployment/{number}");
        assert!(production.contains(&(deployment, Some(expected))), "{production:?}");
    }
}

#[tokio::test]
async fn a_project_that_is_asked_for_by_its_old_path_is_known_to_have_moved() {
    let project = |path: &str| Project {
        path_with_namespace: path.to_owned(),
        web_url: "https://gitlab.example.org/lakeside/Checkout".to_owned(),
        default_branch: None,
    };
    let row = renamed(&project("lakeside/Checkout"), "riverside/Till").unwrap();
    let event = kernel::Envelope {
        id: "1".into(),
        source: "gitlab/main".into(),
        kind: row.kind.to_owned(),
        subject: row.subject,
        time: DateTime::UNIX_EPOCH,
        tenant: kernel::Tenant::default(),
        key: row.key,
        content_type: "application/json".into(),
        data: row.data,
        traceparent: None,
    };
    let facts = GitLab.normalize(&event).unwrap();
    let [Fact::Moved(moved)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!(moved.id, "gitlab.example.org/riverside/till");
    assert_eq!(moved.new_id, "gitlab.example.org/lakeside/checkout");
    for same in ["lakeside/checkout", "77"] {
        assert!(renamed(&project("lakeside/Checkout"), same).is_none(), "{same}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_merge_request_whose_commits_cannot_be_had_hides_no_others_and_comes_when_they_can() {
    for status in [404, 500, 422] {
        let state = Shared::default();
        {
            let mut server = state.lock().unwrap();
            server.requests = (1..=25).map(request).collect();
            server.broken = BTreeMap::from([("/merge_requests/2/commits".to_owned(), status)]);
        }
        let (memory, puller) = (Memory::default(), pulling(&state, &["lakeside/Checkout"]));
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        assert_eq!(merge_requests_of(&memory), (1..=25).filter(|iid| *iid != 2).collect(), "{status}: {summary:?}");
        assert_eq!(summary.failure(), None, "{status}");
        let warnings = summary.warnings();
        assert!(warnings[0].starts_with("merge_requests/lakeside/Checkout: merge request 2 could not"), "{warnings:?}");
        state.lock().unwrap().broken.clear();
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        assert!(summary.complete() && merge_requests_of(&memory).contains(&2), "{status}: {summary:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_an_issue_or_a_row_that_is_broken_hides_no_others() {
    let state = Shared::default();
    {
        let mut server = state.lock().unwrap();
        server.requests = (1..=3).map(request).collect();
        server.requests[1] = json!({ "id": "two", "updated_at": second(2), "created_at": second(2) });
        server.broken = BTreeMap::from([("/pipelines/31/jobs".to_owned(), 502)]);
    }
    let memory = Memory::default();
    let summary = memory.pull(&pulling(&state, &["lakeside/Checkout"]), PullFrom::Cursor).await;
    assert_eq!(summary.failure(), None, "{summary:?}");
    assert!(summary.warnings()[0].contains("pipeline 31 could not be fetched"), "{summary:?}");
    // what can't be read ends as a dead letter, with its bytes, and not unseen
    let ends: Vec<bool> = memory.events().iter().map(|event| GitLab.normalize(event).is_ok()).collect();
    assert_eq!(ends, [true, true, false]);
}

#[tokio::test]
async fn further_pages_are_asked_for_at_the_configured_address_whatever_gitlab_believes_its_own_to_be() {
    for external_url in ["http://gitlab.internal", "http://mock.example:8080", "https://internal/gitlab", ""] {
        let state = Shared::default();
        {
            let mut server = state.lock().unwrap();
            server.requests = (1..=3).map(request).collect();
            server.external_url = Some(external_url.to_owned());
        }
        let memory = Memory::default();
        let summary = memory.pull(&pulling(&state, &["lakeside/Checkout"]), PullFrom::Cursor).await;
        assert!(summary.complete(), "{external_url}: {summary:?}");
        let reviews = memory.events().into_iter().flat_map(|event| GitLab.normalize(&event).unwrap());
        let reviews = reviews.filter(|fact| fact.kind() == "review").count();
        assert_eq!(reviews, 150, "{external_url}: notes have two pages");
    }
}

#[tokio::test]
async fn a_group_that_is_gone_holds_up_no_project() {
    let state = Shared::default();
    state.lock().unwrap().requests = (1..=3).map(request).collect();
    let puller = pulling(&state, &["lakeside/Checkout"]);
    let puller = Pulling { groups: vec!["gone".to_owned()], ..puller };
    let memory = Memory::default();
    let summary = memory.pull(&puller, PullFrom::Cursor).await;
    assert_eq!(merge_requests_of(&memory), (1..=3).collect(), "{summary:?}");
    assert!(summary.failure().unwrap().starts_with("projects/gone: there is no"), "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn a_merge_request_that_no_list_can_hold_hides_no_others_and_comes_when_it_can() {
    for (unlistable, half) in [
        (vec![7], false),
        (vec![7], true),
        (vec![1], false),
        (vec![45], false),
        // beside the border of two pages
        (vec![20, 21], false),
        (vec![11, 12, 13, 39], true),
    ] {
        let state = Shared::default();
        {
            let mut server = state.lock().unwrap();
            server.requests = (1..=45).map(request).collect();
            server.unlistable = unlistable.iter().copied().collect();
            server.half = half;
        }
        let (memory, puller) = (Memory::default(), pulling(&state, &["lakeside/Checkout"]));
        for _ in 0..2 {
            let summary = memory.pull(&puller, PullFrom::Cursor).await;
            let readable = (1..=45).filter(|iid| !unlistable.iter().any(|one| *iid == i64::try_from(*one).unwrap()));
            assert_eq!(merge_requests_of(&memory), readable.collect(), "{unlistable:?}: {summary:?}");
            assert_eq!(summary.failure(), None, "{unlistable:?}");
            assert!(summary.incomplete, "nothing is claimed that was not read");
            let warnings = summary.warnings();
            assert!(
                warnings[0].starts_with("merge_requests/lakeside/Checkout: a row of merge_requests"),
                "{warnings:?}"
            );
        }
        state.lock().unwrap().unlistable.clear();
        let summary = memory.pull(&puller, PullFrom::Cursor).await;
        assert_eq!(merge_requests_of(&memory), (1..=45).collect(), "{unlistable:?}: {summary:?}");
        assert!(summary.complete() && !summary.incomplete, "{summary:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_no_list_can_hold_hides_no_others_and_comes_when_it_can() {
    let state = Shared::default();
    let release = |number: usize| {
        json!({ "iid": number, "tag_name": format!("v{number}"), "name": "r", "created_at": second(number),
                "released_at": second(number), "commit": { "id": "4".repeat(40) } })
    };
    {
        let mut server = state.lock().unwrap();
        server.releases = (1..=250).rev().map(release).collect();
        server.unlistable = BTreeSet::from([120, 121]);
    }
    let (memory, puller) = (Memory::default(), pulling(&state, &["lakeside/Checkout"]));
    let summary = memory.pull(&puller, PullFrom::Start).await;
    assert_eq!(kinds(&memory)["gitlab.pull.release"], 248, "{summary:?}");
    assert_eq!(summary.failure(), None, "{summary:?}");
    let warning = summary.warnings().concat();
    assert!(
        warning.contains("a row of releases between 2026-02-02T00:01:59.250Z and 2026-02-02T00:02:02.250Z"),
        "{warning}"
    );
    {
        let mut server = state.lock().unwrap();
        // others come before it meanwhile
        server.releases.splice(0..0, (251..=310).rev().map(release));
        server.unlistable.clear();
    }
    memory.pull(&puller, PullFrom::Cursor).await;
    let tags: BTreeSet<String> = memory
        .events()
        .iter()
        .filter(|event| event.kind == "gitlab.pull.release")
        .map(|event| serde_json::from_slice::<Value>(&event.data).unwrap()["row"]["tag_name"].to_string())
        .collect();
    assert_eq!(tags.len(), 310);
}
