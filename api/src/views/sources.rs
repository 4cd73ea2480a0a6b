//! What a source that is being set up answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::sources::{CheckedSource, RegisteredHook, SourceRight};

/// What a token is good for at a source, and what to write into the settings.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SourceCheck)]
pub struct SourceCheckView {
    /// Who the token is, as the source calls them.
    pub identity: String,
    /// Whether everything that is needed may be read.
    pub is_sufficient: bool,
    /// What the token may do, and what not, asked of the first of the projects.
    pub rights: Vec<SourceRightView>,
    /// The projects that the token sees, 100 at most.
    pub projects: Vec<String>,
    /// There are more projects.
    pub has_more_projects: bool,
    /// The `[[source]]` to write into the settings, with references in place of secrets.
    pub settings: String,
    /// Where the source is to send its webhooks; null where `server.public_url` is not set.
    #[schema(required)]
    pub webhook_address: Option<String>,
}

/// A right that a token has, or lacks.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SourceRight)]
pub struct SourceRightView {
    /// The right, as the source calls it.
    pub name: &'static str,
    /// What lacks without it.
    pub needed_for: &'static str,
    /// The rest works without it.
    pub is_optional: bool,
    /// The token has it.
    pub is_granted: bool,
    /// What is missing, in words; null where nothing is.
    #[schema(required)]
    pub missing: Option<String>,
}

/// Webhooks that were registered, and what to write into the settings.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = RegisteredWebhooks)]
pub struct RegisteredHooksView {
    /// Where they send events.
    pub address: String,
    /// The secret that the new ones sign with, to be exported as `secret_variable`. It is not shown again. Null where none is
    /// new.
    #[schema(required)]
    pub secret: Option<String>,
    /// The environment variable that the settings take it from.
    pub secret_variable: String,
    /// What came of the webhook of each project.
    pub webhooks: Vec<RegisteredHookView>,
    /// The `[[source]]` to write into the settings, with references in place of secrets.
    pub settings: String,
}

/// What came of the webhook of a project.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RegisteredWebhook)]
pub struct RegisteredHookView {
    /// The project.
    pub project: String,
    /// It is registered now. One that was there before for the same address keeps its own secret.
    pub is_new: bool,
    /// Why it could not be registered; null where it is.
    #[schema(required)]
    pub error: Option<String>,
}

impl SourceCheckView {
    /// What was found, with what to write into the settings.
    pub(crate) fn new(checked: CheckedSource, settings: String, webhook_address: Option<String>) -> Self {
        let lacks = |right: &SourceRight| !right.is_optional && right.missing.is_some();
        Self {
            is_sufficient: !checked.projects.is_empty() && !checked.rights.iter().any(lacks),
            identity: checked.identity,
            rights: checked.rights.into_iter().map(Into::into).collect(),
            projects: checked.projects,
            has_more_projects: checked.has_more_projects,
            settings,
            webhook_address,
        }
    }
}

impl From<SourceRight> for SourceRightView {
    fn from(from: SourceRight) -> Self {
        let SourceRight { name, needed_for, is_optional, missing } = from;
        Self { name, needed_for, is_optional, is_granted: missing.is_none(), missing }
    }
}

impl From<RegisteredHook> for RegisteredHookView {
    fn from(from: RegisteredHook) -> Self {
        Self { project: from.project, is_new: from.is_new, error: from.error }
    }
}
