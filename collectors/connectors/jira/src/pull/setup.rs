//! Setting up a source: what the token may do for one of its projects, which it sees, and the webhook.

use async_trait::async_trait;
use pull::{CheckedRight, CheckedSource, Client, NewWebhook, PROJECTS, PullError, Registration, Setup, escaped};
use serde::Deserialize;
use serde_json::{Value, json};

/// The events that a webhook sends: those that are read.
const EVENTS: [&str; 8] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "sprint_created",
    "sprint_updated",
    "sprint_started",
    "sprint_closed",
    "sprint_deleted",
];
/// The webhooks that administrators of a Jira Cloud manage.
const WEBHOOKS: &str = "rest/webhooks/1.0/webhook";
/// Which issues a webhook is about.
const FILTER: &str = "/filters/issue-related-events-section";

/// A Jira that is being set up.
pub(super) struct Connecting {
    pub(super) client: Client,
    pub(super) cloud: bool,
    pub(super) projects: Vec<String>,
}

#[derive(Deserialize)]
struct User {
    #[serde(rename = "displayName")]
    display_name: String,
}

#[derive(Deserialize)]
struct Keyed {
    key: String,
}

/// A page of projects, as Cloud has it.
#[derive(Deserialize)]
struct Projects {
    values: Vec<Keyed>,
    #[serde(rename = "isLast", default)]
    is_last: Option<bool>,
}

#[async_trait]
impl Setup for Connecting {
    async fn check(&self) -> Result<CheckedSource, PullError> {
        let user: User = self.client.get(&format!("{}/myself", self.api())).await?.json()?;
        let (projects, has_more_projects) = self.seen().await?;
        let mut rights = Vec::new();
        if let Some(project) = projects.first() {
            for (name, needed_for, is_optional, path) in self.probes(project) {
                let asked = self.client.get(&path).await;
                rights.push(CheckedRight::of((name, needed_for, is_optional), asked)?);
            }
        }
        Ok(CheckedSource { identity: user.display_name, rights, projects, has_more_projects })
    }

    async fn register(&self, hook: &NewWebhook<'_>) -> Result<Registration, PullError> {
        if !self.cloud {
            let by_hand = "webhooks of a Jira Data Center are created by its administrators: Administration → System → \
                           WebHooks";
            return Err(PullError::Data(by_hand.to_owned()));
        }
        let filter = format!("project = \"{}\"", hook.project);
        let known: Vec<Value> = self.client.get(WEBHOOKS).await?.json()?;
        if known.iter().any(|known| has(known, hook.address, &filter)) {
            return Ok(Registration::AlreadyThere);
        }
        let secret = hook.secret.expose_str().unwrap_or_default();
        let body = json!({
            "name": format!("sei: {}", hook.project),
            "url": hook.address,
            "secret": secret,
            "excludeBody": false,
            "events": EVENTS,
            "filters": { "issue-related-events-section": filter },
        });
        self.client.post_once(WEBHOOKS, &body).await?;
        Ok(Registration::Created)
    }
}

/// Whether a webhook sends the issues of a project to an address: one without a filter sends all.
fn has(webhook: &Value, address: &str, filter: &str) -> bool {
    let of = webhook.pointer(FILTER).and_then(Value::as_str).unwrap_or_default();
    webhook.get("url").and_then(Value::as_str) == Some(address) && (of.is_empty() || of == filter)
}

impl Connecting {
    fn api(&self) -> &'static str {
        if self.cloud { "rest/api/3" } else { "rest/api/2" }
    }

    /// What is asked for to see which rights the token has: the right, what it is needed for, whether the rest works without
    /// it, and what needs it.
    fn probes(&self, project: &str) -> Vec<(&'static str, &'static str, bool, String)> {
        let api = self.api();
        let search = if self.cloud { "search/jql" } else { "search" };
        let jql = escaped(&format!("project = \"{project}\" ORDER BY updated DESC"));
        let mut probes = vec![
            ("Browse projects", "issues with their history", false, format!("{api}/{search}?maxResults=1&jql={jql}")),
            ("Statuses", "what a status means", false, format!("{api}/status")),
            ("Boards and sprints", "sprints", true, "rest/agile/1.0/board?maxResults=1".to_owned()),
        ];
        if self.cloud {
            let right = ("Administer Jira", "registering the webhook here", true, WEBHOOKS.to_owned());
            probes.push(right);
        }
        probes
    }

    /// The projects that the token sees of those that are named, and whether there are more.
    async fn seen(&self) -> Result<(Vec<String>, bool), PullError> {
        let api = self.api();
        if self.projects.is_empty() {
            let (mut keys, has_more) = if self.cloud {
                let path = format!("{api}/project/search?maxResults={PROJECTS}&orderBy=key");
                let found: Projects = self.client.get(&path).await?.json()?;
                (found.values, found.is_last == Some(false))
            } else {
                let found: Vec<Keyed> = self.client.get(&format!("{api}/project")).await?.json()?;
                let has_more = found.len() > PROJECTS;
                (found, has_more)
            };
            keys.truncate(PROJECTS);
            return Ok((keys.into_iter().map(|found| found.key).collect(), has_more));
        }
        let mut keys = Vec::new();
        for project in self.projects.iter().take(PROJECTS) {
            let found: Keyed = self.client.get(&format!("{api}/project/{}", escaped(project))).await?.json()?;
            keys.push(found.key);
        }
        Ok((keys, self.projects.len() > PROJECTS))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::extract::{Request, State};
    use axum::response::{IntoResponse, Response};
    use axum::{Json, Router};
    use http::{Method, StatusCode};
    use kernel::Secret;
    use pull::testing::{HOST, client_of, opened};

    use super::*;

    type Hooks = Arc<Mutex<Vec<Value>>>;

    async fn answer(State(hooks): State<Hooks>, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        if request.method() == Method::POST {
            let body = axum::body::to_bytes(request.into_body(), 100_000).await.unwrap();
            hooks.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            return (StatusCode::CREATED, Json(json!({}))).into_response();
        }
        match path.trim_start_matches('/') {
            "rest/api/3/myself" | "rest/api/2/myself" => Json(json!({ "displayName": "Ann" })).into_response(),
            "rest/api/3/project/search" => {
                Json(json!({ "values": [{ "key": "SHOP" }, { "key": "OPS" }], "isLast": false })).into_response()
            }
            "rest/api/2/project" => Json(json!([{ "key": "SHOP" }])).into_response(),
            "rest/api/3/project/SHOP" => Json(json!({ "key": "SHOP" })).into_response(),
            "rest/agile/1.0/board" => StatusCode::FORBIDDEN.into_response(),
            WEBHOOKS => Json(hooks.lock().unwrap().clone()).into_response(),
            _ => Json(json!({ "issues": [] })).into_response(),
        }
    }

    fn connecting(cloud: bool, projects: &[&str]) -> (Connecting, Hooks) {
        let hooks = Hooks::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&hooks));
        let source = opened("jira", json!({ "url": HOST }));
        let client = client_of(router, &source, &format!("{HOST}/"));
        let projects = projects.iter().map(|project| (*project).to_owned()).collect();
        (Connecting { client, cloud, projects }, hooks)
    }

    #[tokio::test]
    async fn a_token_is_asked_what_it_sees_and_may_do() {
        let cloud = connecting(true, &[]).0.check().await.unwrap();
        assert_eq!((cloud.identity.as_str(), cloud.has_more_projects), ("Ann", true));
        assert_eq!(cloud.projects, ["SHOP", "OPS"]);
        let missing: Vec<_> = cloud.rights.iter().filter(|right| right.missing.is_some()).collect();
        assert_eq!(missing.iter().map(|right| right.name).collect::<Vec<_>>(), ["Boards and sprints"]);
        assert!(missing.iter().all(|right| right.is_optional));
        let center = connecting(false, &[]).0.check().await.unwrap();
        assert_eq!((center.projects, center.rights.len()), (vec!["SHOP".to_owned()], 3));
        assert!(connecting(true, &["NONE"]).0.check().await.is_err());
    }

    #[tokio::test]
    async fn each_project_gets_one_webhook_for_its_issues() {
        let (connecting, hooks) = connecting(true, &["SHOP"]);
        let secret = Secret::new(*b"s3cret").unwrap();
        let hook =
            |project| NewWebhook { project, address: "https://sei.example.org/webhooks/jira/main", secret: &secret };
        assert_eq!(connecting.register(&hook("SHOP")).await.unwrap(), Registration::Created);
        assert_eq!(connecting.register(&hook("SHOP")).await.unwrap(), Registration::AlreadyThere);
        assert_eq!(connecting.register(&hook("OPS")).await.unwrap(), Registration::Created);
        let sent = hooks.lock().unwrap().clone();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].pointer(FILTER), Some(&json!("project = \"SHOP\"")));
        assert_eq!((&sent[0]["secret"], &sent[0]["excludeBody"]), (&json!("s3cret"), &json!(false)));
        let center = self::connecting(false, &["SHOP"]).0;
        let refused = center.register(&hook("SHOP")).await.unwrap_err().to_string();
        assert!(refused.contains("Administration → System"), "{refused}");
    }
}
