//! Connecting a source: what its token is good for, and its webhook. For administrators of all tenants.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::IntoResponse;
use kernel::Secret;
use serde::Deserialize;
use serde_json::json;
use store::audit::{self, Action, Entry};
use utoipa::ToSchema;

use super::identity::body::Body;
use crate::ApiState;
use crate::changer::Changer;
use crate::envelope::Answer;
use crate::identity::{Asker, secrets};
use crate::problem::Problem;
use crate::questions::ForTenant;
use crate::scope::Scope;
use crate::sources::{
    NewSource, Registering, Registration, SourceAccount, SourceSetup, WEBHOOK_SECRET, addresses_of, in_time,
    settings_text, source_url, variable,
};
use crate::views::{RegisteredHooksView, SourceCheckView};

/// Projects that one question names at most.
const PROJECTS: usize = 20;
/// Characters of a name, an address or a token at most.
const CHARS: usize = 500;

/// A source that is being connected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentSource {
    /// The connector: `github`, `gitlab` or `jira`.
    connector: String,
    /// The name that the settings will give it; `main` without it.
    name: Option<String>,
    /// Its address, if it is one of your own.
    url: Option<String>,
    /// Whose token it is, if the source asks for that: of a Jira Cloud the e-mail address of the account.
    account: Option<String>,
    /// The token. It is used for this question, and kept nowhere.
    #[schema(format = Password)]
    token: String,
    /// The projects, as the source calls them: 20 at most. Without any, those that the token sees.
    #[serde(default)]
    projects: Vec<String>,
}

/// A source whose webhooks are to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentWebhooks {
    /// The connector: `github`, `gitlab` or `jira`.
    connector: String,
    /// The name that the settings will give it; `main` without it.
    name: Option<String>,
    /// Its address, if it is one of your own.
    url: Option<String>,
    /// Whose token it is, if the source asks for that: of a Jira Cloud the e-mail address of the account.
    account: Option<String>,
    /// The token, which may manage webhooks. It is used for this question, and kept nowhere.
    #[schema(format = Password)]
    token: String,
    /// The projects that are to send webhooks, as the source calls them: 1 to 20.
    projects: Vec<String>,
    /// Where sei is reached by the source, such as `https://sei.example.org`; `server.public_url` without it.
    address: Option<String>,
}

/// Asks a source who a token is, what it may do, and which projects it sees.
///
/// Nothing is changed there. The answer has what to write into the settings. Only for administrators of all tenants.
#[utoipa::path(
    post,
    path = "/api/v1/sources/check",
    operation_id = "check_source",
    params(ForTenant),
    request_body = SentSource,
    responses(
        (status = 200, body = Answer<SourceCheckView>),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn check(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    asker: Asker,
    Body(sent): Body<SentSource>,
) -> Result<impl IntoResponse, Problem> {
    asker.must_administer(None)?;
    let setup = setup(&state)?;
    let SentSource { connector, name, url, account, token, projects } = sent;
    let account = account_of(&*setup, &connector, account)?;
    let source = read(&state, (connector, name, url, token), projects).await?;
    let source = NewSource { account, ..source };
    audit::record_alone(state.direct(), &entry(&scope, Action::SourceChecked, &source)).await?;
    let checked = in_time(setup.check(&source)).await?;
    let address = state.settings().server.public_url.as_deref().map(|base| webhook_address(base, &source));
    let settings = settings_text(&source, &scope.tenant.tenant, address.is_some());
    let answer = Answer::new(&scope.tenant, SourceCheckView::new(checked, settings, address));
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)))
}

/// Registers a webhook with a new secret for each project of a source. The answer has the secret, which is not shown again.
///
/// A project that has a webhook for the same address keeps it. Only for administrators of all tenants. It goes on when the
/// client goes away; who asks for the same within 15 minutes gets the secret that was not answered.
#[utoipa::path(
    post,
    path = "/api/v1/sources/webhooks",
    operation_id = "register_webhooks",
    params(ForTenant),
    request_body = SentWebhooks,
    responses(
        (status = 200, body = Answer<RegisteredHooksView>),
        (status = 409, description = "It is not known where the source reaches sei.", body = Problem, content_type = "application/problem+json"),
        (status = "default", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn webhooks(
    State(state): State<ApiState>,
    Extension(scope): Extension<Scope>,
    asker: Asker,
    Body(sent): Body<SentWebhooks>,
) -> Result<impl IntoResponse, Problem> {
    asker.must_administer(None)?;
    let setup = setup(&state)?;
    let SentWebhooks { connector, name, url, account, token, projects, address } = sent;
    let account = account_of(&*setup, &connector, account)?;
    if projects.is_empty() {
        return Err(Problem::parameter("projects", "an empty list", format!("1 to {PROJECTS} projects")));
    }
    let source = read(&state, (connector, name, url, token), projects).await?;
    let source = NewSource { account, ..source };
    let Some(base) = address.as_deref().or(state.settings().server.public_url.as_deref()) else {
        return Err(Problem::conflict("Set `server.public_url`, or send `address`: where the source reaches sei."));
    };
    let address = webhook_address(base, &source);
    let text = secrets::secret().map_err(|error| Problem::fault(&error))?;
    let secret = Secret::new(text.as_bytes()).ok_or_else(|| Problem::conflict("No secret could be made."))?;
    let entry = entry(&scope, Action::WebhookRegistered, &source);
    audit::record_alone(state.direct(), &entry).await?;
    let registering = Registering {
        principal: scope.access.principal.to_string(),
        source: format!("{}/{}", source.connector, source.name),
        url: source.url.as_ref().map(ToString::to_string),
        address: address.clone(),
    };
    let settings = settings_text(&source, &scope.tenant.tenant, true);
    let secret_variable = variable(&source, WEBHOOK_SECRET);
    let (store, unseen) = (state.direct().clone(), state.unseen_secrets().clone());
    let registration = Registration { setup, source, registering, secret, entry, store, unseen };
    let registered = registration.run().await?;
    let secret = registered.secret.as_ref().and_then(Secret::expose_str).map(str::to_owned);
    let webhooks = registered.webhooks.into_iter().map(Into::into).collect();
    let view = RegisteredHooksView { address, secret, secret_variable, webhooks, settings };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Answer::new(&scope.tenant, view))))
}

/// Who asks sources here.
fn setup(state: &ApiState) -> Result<Arc<dyn SourceSetup>, Problem> {
    let detail = "This program asks no sources: run the API as `sei up` or `sei role api`.";
    state.source_setup().ok_or_else(|| Problem::conflict(detail))
}

/// The source that is named, if it may be asked.
async fn read(
    state: &ApiState,
    (connector, name, url, token): (String, Option<String>, Option<String>, String),
    projects: Vec<String>,
) -> Result<NewSource, Problem> {
    let name = name.unwrap_or_else(|| "main".to_owned());
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > CHARS || !name.chars().all(is_name) {
        return Err(Problem::parameter("name", &name, "letters, digits, `-`, `_` and `.`"));
    }
    if projects.len() > PROJECTS {
        let found = format!("a list of {}", projects.len());
        return Err(Problem::parameter("projects", &found, format!("{PROJECTS} projects at most")));
    }
    let is_project = |project: &&String| {
        let plain = project.chars().all(|c| is_name(c) || c == '/');
        !plain || project.split('/').any(|part| part.is_empty() || part == "." || part == "..")
    };
    if let Some(wrong) = projects.iter().find(is_project) {
        return Err(Problem::parameter("projects", wrong, "projects as the source calls them, such as `octo/shop`"));
    }
    let allows_loopback = state.settings().api.check_sources_on_loopback;
    let url = url.map(|url| source_url(&url, allows_loopback)).transpose()?;
    let addresses = match &url {
        Some(url) => addresses_of(url, allows_loopback).await?,
        None => Vec::new(),
    };
    // an error never shows it
    let token = Some(token).filter(|token| token.len() <= CHARS && token.chars().all(|c| c.is_ascii_graphic()));
    let token = token.and_then(|token| Secret::new(token.into_bytes()));
    let token = token.ok_or_else(|| Problem::parameter("token", "not usable", "a token without spaces"))?;
    Ok(NewSource { connector, name, url, addresses, account: None, token, projects })
}

/// Whose token it is, where the source asks for that.
fn account_of(
    setup: &dyn SourceSetup,
    connector: &str,
    account: Option<String>,
) -> Result<Option<SourceAccount>, Problem> {
    let Some(name) = account.filter(|name| !name.is_empty()) else { return Ok(None) };
    let Some(option) = setup.account_option(connector) else {
        return Err(Problem::parameter("account", &name, "nothing: this source asks for the token alone"));
    };
    if name.len() > CHARS || !name.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Problem::parameter("account", &name, "a name or an e-mail address without spaces"));
    }
    Ok(Some(SourceAccount { option, name }))
}

/// Where a source sends its webhooks.
fn webhook_address(base: &str, source: &NewSource) -> String {
    format!("{}/webhooks/{}/{}", base.trim_end_matches('/'), source.connector, source.name)
}

/// An entry about a source that is asked, which is recorded before it is.
fn entry(scope: &Scope, action: Action, source: &NewSource) -> Entry {
    let subject = format!("{}/{}", source.connector, source.name);
    let host = source.url.as_ref().and_then(|url| url.host_str());
    let entry = Changer::of(scope).entry(&scope.tenant.tenant, action, &subject);
    entry.with(json!({ "host": host, "projects": source.projects }))
}
