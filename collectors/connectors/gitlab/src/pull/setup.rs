//! Setting up a source: what the token may do for one of its projects, which it sees, and the webhook.

use async_trait::async_trait;
use pull::{CheckedRight, CheckedSource, Client, NewWebhook, PROJECTS, PullError, Registration, Setup, escaped};
use serde::Deserialize;
use serde_json::json;

/// What is asked for to see which rights the token has: the right, what it is needed for, whether the rest works without
/// it, and the list below a project that needs it.
const PROBES: [(&str, &str, bool, &str); 6] = [
    ("Merge requests", "changes and reviews", false, "merge_requests?per_page=1"),
    ("Pipelines", "pipeline runs", true, "pipelines?per_page=1"),
    ("Deployments", "deployments", true, "deployments?per_page=1"),
    ("Releases", "deployments by release", true, "releases?per_page=1"),
    ("Issues", "work items and incidents", true, "issues?per_page=1"),
    ("Webhooks (scope `api`, role Maintainer)", "registering the webhook here", true, "hooks?per_page=1"),
];

/// What a webhook sends.
const TRIGGERS: [&str; 11] = [
    "push_events",
    "tag_push_events",
    "note_events",
    "confidential_note_events",
    "issues_events",
    "confidential_issues_events",
    "merge_requests_events",
    "job_events",
    "pipeline_events",
    "deployment_events",
    "releases_events",
];

/// Hooks of a project that are looked at: GitLab has 100 at most.
const HOOKS: &str = "hooks?per_page=100";

/// A GitLab that is being set up.
pub(super) struct Connecting {
    pub(super) client: Client,
    pub(super) projects: Vec<String>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct Named {
    path_with_namespace: String,
}

#[derive(Deserialize)]
struct Hook {
    url: String,
}

#[async_trait]
impl Setup for Connecting {
    async fn check(&self) -> Result<CheckedSource, PullError> {
        let user: User = self.client.get("user").await?.json()?;
        let (projects, has_more_projects) = self.seen().await?;
        let mut rights = Vec::new();
        if let Some(project) = projects.first() {
            for (name, needed_for, is_optional, list) in PROBES {
                let asked = self.client.get(&format!("projects/{}/{list}", escaped(project))).await;
                rights.push(CheckedRight::of((name, needed_for, is_optional), asked)?);
            }
        }
        Ok(CheckedSource { identity: user.username, rights, projects, has_more_projects })
    }

    async fn register(&self, hook: &NewWebhook<'_>) -> Result<Registration, PullError> {
        let root = format!("projects/{}", escaped(hook.project));
        let known: Vec<Hook> = self.client.get(&format!("{root}/{HOOKS}")).await?.json()?;
        if known.iter().any(|known| known.url == hook.address) {
            return Ok(Registration::AlreadyThere);
        }
        let secret = hook.secret.expose_str().unwrap_or_default();
        let mut body = json!({ "url": hook.address, "token": secret, "enable_ssl_verification": true });
        if let Some(body) = body.as_object_mut() {
            body.extend(TRIGGERS.map(|trigger| (trigger.to_owned(), true.into())));
        }
        self.client.post_once(&format!("{root}/hooks"), &body).await?;
        Ok(Registration::Created)
    }
}

impl Connecting {
    /// The projects that the token sees of those that are named, and whether there are more.
    async fn seen(&self) -> Result<(Vec<String>, bool), PullError> {
        if self.projects.is_empty() {
            let list = format!("projects?membership=true&archived=false&simple=true&order_by=id&per_page={PROJECTS}");
            let answer = self.client.get(&list).await?;
            let found: Vec<Named> = answer.json()?;
            let names = found.into_iter().map(|found| found.path_with_namespace).collect();
            return Ok((names, answer.next_link().is_some()));
        }
        let mut names = Vec::new();
        for project in self.projects.iter().take(PROJECTS) {
            let found: Named = self.client.get(&format!("projects/{}", escaped(project))).await?.json()?;
            names.push(found.path_with_namespace);
        }
        Ok((names, self.projects.len() > PROJECTS))
    }
}
