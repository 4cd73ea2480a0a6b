//! Setting up a source: what the token may do for one of its repositories, which it sees, and the webhook.

use async_trait::async_trait;
use http::Method;
use pull::{Answer, CheckedRight, CheckedSource, NewWebhook, PROJECTS, PullError, Registration, Setup};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Api, next_cursor};

/// What is asked for to see which rights the token has: the right, what it is needed for, whether the rest works without it,
/// and the list below a repository that needs it.
const PROBES: [(&str, &str, bool, &str); 8] = [
    ("Contents", "commits and releases", false, "branches?per_page=1"),
    ("Pull requests", "changes and reviews", false, "pulls?state=all&per_page=1"),
    ("Deployments", "deployments", false, "deployments?per_page=1"),
    ("Issues", "work items and incidents", false, "issues?state=all&per_page=1"),
    ("Actions", "pipeline runs", true, "actions/runs?per_page=1"),
    ("Code scanning alerts", "vulnerabilities of code", true, "code-scanning/alerts?per_page=1"),
    ("Dependabot alerts", "vulnerabilities of dependencies", true, "dependabot/alerts?per_page=1"),
    ("Webhooks", "registering the webhook here", true, "hooks?per_page=1"),
];

/// The events that a webhook sends: those that are read.
const EVENTS: [&str; 15] = [
    "push",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "issue_comment",
    "issues",
    "deployment",
    "deployment_status",
    "release",
    "workflow_run",
    "workflow_job",
    "code_scanning_alert",
    "dependabot_alert",
    "secret_scanning_alert",
    "repository",
];

/// Hooks of a repository that are looked at: GitHub has 20 for each event at most.
const HOOKS: &str = "hooks?per_page=100";

/// A GitHub that is being set up.
pub(super) struct Connecting {
    pub(super) api: Api,
    pub(super) projects: Vec<String>,
}

#[derive(Deserialize)]
struct Named {
    full_name: String,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[async_trait]
impl Setup for Connecting {
    async fn check(&self) -> Result<CheckedSource, PullError> {
        let user: User = self.api.details("user").await?.json()?;
        let (projects, has_more_projects) = self.seen().await?;
        let mut rights = Vec::new();
        if let Some(repository) = projects.first() {
            for (name, needed_for, is_optional, list) in PROBES {
                let asked = self.api.details(&format!("repos/{repository}/{list}")).await;
                rights.push(CheckedRight::of((name, needed_for, is_optional), asked)?);
            }
        }
        Ok(CheckedSource { identity: user.login, rights, projects, has_more_projects })
    }

    async fn register(&self, hook: &NewWebhook<'_>) -> Result<Registration, PullError> {
        let of = if hook.project.contains('/') { "repos" } else { "orgs" };
        let root = format!("{of}/{}", hook.project);
        let known = self.api.details(&format!("{root}/{HOOKS}")).await?;
        if has_hook(&known, hook.address)? {
            return Ok(Registration::AlreadyThere);
        }
        let secret = hook.secret.expose_str().unwrap_or_default();
        let config = json!({ "url": hook.address, "content_type": "json", "secret": secret, "insecure_ssl": "0" });
        let body = json!({ "name": "web", "active": true, "events": EVENTS, "config": config }).to_string();
        self.api.send_once(Method::POST, &format!("{root}/hooks"), body.into()).await?;
        Ok(Registration::Created)
    }
}

/// Whether one of the hooks of an answer sends to an address.
fn has_hook(answer: &Answer, address: &str) -> Result<bool, PullError> {
    let hooks: Vec<Value> = answer.json()?;
    Ok(hooks.iter().any(|hook| hook.pointer("/config/url").and_then(Value::as_str) == Some(address)))
}

impl Connecting {
    /// The repositories that the token sees of those that are named, and whether there are more.
    async fn seen(&self) -> Result<(Vec<String>, bool), PullError> {
        if self.projects.is_empty() {
            let answer = self.api.details(&format!("user/repos?per_page={PROJECTS}")).await?;
            let found: Vec<Named> = answer.json()?;
            return Ok((found.into_iter().map(|found| found.full_name).collect(), answer.next_link().is_some()));
        }
        let (mut names, mut has_more) = (Vec::new(), false);
        for project in self.projects.iter().take(PROJECTS) {
            if project.contains('/') {
                let found: Named = self.api.details(&format!("repos/{project}")).await?.json()?;
                names.push(found.full_name);
                continue;
            }
            let variables = json!({ "owner": project, "after": null });
            let data = self.api.query(include_str!("../../queries/repositories.graphql"), variables, 2).await?;
            let list = data.pointer("/repositoryOwner/repositories").cloned();
            let Some(list) = list else { return Err(PullError::Gone(format!("owner `{project}`"))) };
            has_more |= next_cursor(&list, "repositories")?.is_some();
            let nodes = list.get("nodes").and_then(Value::as_array).into_iter().flatten();
            names.extend(nodes.filter_map(|node| Some(node.get("nameWithOwner")?.as_str()?.to_owned())));
        }
        has_more |= names.len() > PROJECTS;
        names.truncate(PROJECTS);
        Ok((names, has_more))
    }
}
