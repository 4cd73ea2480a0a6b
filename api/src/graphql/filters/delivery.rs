//! Filters of deployments, deployed changes, pipeline runs and incidents.

use async_graphql::{Context, InputObject};
use kernel::{ChangeMetric, DeploymentKind, DeploymentMetric, DeploymentSource, Incident, Outcome, PipelineRun};

use super::inputs::{Asked, add_person, add_word, add_words, rows_of};
use super::sorts::{DeployedChangeSort, DeploymentSort, IncidentSort, PipelineRunSort, Sorted};
use crate::graphql::refusal::refused;
use crate::questions::{ServiceFilter, Span};
use crate::reads;
use crate::scope::Scope;

/// Which deployments are listed, by when they finished.
#[derive(Clone, Debug, Default, InputObject)]
pub struct DeploymentsFilter {
    #[graphql(flatten)]
    span: Span,
    #[graphql(flatten)]
    services: ServiceFilter,
    /// Only those that failed, or only those that did not.
    failed: Option<bool>,
    /// Only those that succeeded, or only failed attempts.
    success: Option<bool>,
    /// Only those that metrics count, or only the others.
    counted: Option<bool>,
    /// Only rework, or only the others.
    rework: Option<bool>,
    /// Only of this repository.
    repository: Option<String>,
    /// Only into this environment.
    environment: Option<String>,
    /// Only those that relate so to the ones before them.
    kind: Option<DeploymentKind>,
    /// Only those that this says took place.
    source: Option<DeploymentSource>,
    /// Only those whose id or name holds this text; of the last year, unless a window is asked for.
    search: Option<String>,
    /// The order; the newest first without it.
    sort: Option<DeploymentSort>,
}

impl DeploymentsFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &self.services, Some(&self.span), self.search).await?;
        let flags =
            [("failed", self.failed), ("success", self.success), ("counted", self.counted), ("rework", self.rework)];
        filter.flags.extend(flags.into_iter().filter_map(|(column, flag)| Some((column, flag?))));
        add_word(&mut filter, "repository", self.repository);
        add_word(&mut filter, "environment", self.environment);
        add_word(&mut filter, "kind", self.kind.map(|kind| kind.as_str().to_owned()));
        add_word(&mut filter, "source", self.source.map(|source| source.as_str().to_owned()));
        Ok((filter, self.sort.unwrap_or_default().order::<DeploymentMetric>()))
    }
}

/// Which deployed changes are listed, by when they were deployed.
#[derive(Clone, Debug, Default, InputObject)]
pub struct DeployedChangesFilter {
    #[graphql(flatten)]
    span: Span,
    #[graphql(flatten)]
    services: ServiceFilter,
    /// Only those that this deployment carried.
    deployment: Option<String>,
    /// Only of this repository.
    repository: Option<String>,
    /// Only by this account: one of your own, or any for who may see persons' data.
    author: Option<String>,
    /// Only direct commits, or only the others.
    is_commit: Option<bool>,
    /// Only those whose title or key holds this text; of the last year, unless a window is asked for.
    search: Option<String>,
    /// The order; the newest first without it.
    sort: Option<DeployedChangeSort>,
}

impl DeployedChangesFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &self.services, Some(&self.span), self.search).await?;
        let scope: &Scope = context.data()?;
        let known = reads::check_deployment(scope, self.deployment.as_deref()).await;
        known.map_err(|problem| refused(&problem))?;
        add_word(&mut filter, "deployment", self.deployment);
        add_word(&mut filter, "repository", self.repository);
        add_person(context, &mut filter, ("deployed changes", "author"), self.author).await?;
        filter.flags.extend(self.is_commit.map(|is_commit| ("is_commit", is_commit)));
        Ok((filter, self.sort.unwrap_or_default().order::<ChangeMetric>()))
    }
}

/// Which pipeline runs are listed, by when they were queued.
#[derive(Clone, Debug, Default, InputObject)]
pub struct PipelineRunsFilter {
    #[graphql(flatten)]
    span: Span,
    #[graphql(flatten)]
    services: ServiceFilter,
    /// Only those of this repository (`host/owner/name`).
    repository: Option<String>,
    /// Only those of the pipeline of this name.
    name: Option<String>,
    /// Only those that ran for this branch.
    branch: Option<String>,
    /// Only those that ended like this.
    outcomes: Option<Vec<Outcome>>,
    /// Only those whose name holds this text; of the last year, unless a window is asked for.
    search: Option<String>,
    /// The order; the newest first without it.
    sort: Option<PipelineRunSort>,
}

impl PipelineRunsFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &self.services, Some(&self.span), self.search).await?;
        add_word(&mut filter, "repository", self.repository);
        add_word(&mut filter, "name", self.name);
        add_word(&mut filter, "branch", self.branch);
        let outcomes = self.outcomes.map(|all| all.iter().map(|outcome| outcome.as_str().to_owned()).collect());
        add_words(&mut filter, ("outcomes", "outcome"), outcomes)?;
        Ok((filter, self.sort.unwrap_or_default().order::<PipelineRun>()))
    }
}

/// Which incidents are listed, by when they were detected.
#[derive(Clone, Debug, Default, InputObject)]
pub struct IncidentsFilter {
    #[graphql(flatten)]
    span: Span,
    #[graphql(flatten)]
    services: ServiceFilter,
    /// Only those that are open, or only those that are resolved.
    open: Option<bool>,
    /// Only those of these severities, as sources have them.
    severities: Option<Vec<String>>,
    /// Only those whose title or id holds this text; of the last year, unless a window is asked for.
    search: Option<String>,
    /// The order; the newest first without it.
    sort: Option<IncidentSort>,
}

impl IncidentsFilter {
    pub(in crate::graphql) async fn asked(self, context: &Context<'_>) -> Asked {
        let mut filter = rows_of(context, &self.services, Some(&self.span), self.search).await?;
        filter.present.extend(self.open.map(|open| ("resolved_at", !open)));
        add_words(&mut filter, ("severities", "severity"), self.severities)?;
        Ok((filter, self.sort.unwrap_or_default().order::<Incident>()))
    }
}
