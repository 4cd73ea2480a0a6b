//! Filters of deployments, deployed changes, pipeline runs and incidents.

use async_graphql::InputObject;
use kernel::{ChangeMetric, DeploymentKind, DeploymentMetric, DeploymentSource, Incident, Outcome, PipelineRun};

use super::inputs::searched;
use super::sorts::{DeployedChangeSort, DeploymentSort, IncidentSort, PipelineRunSort, order};
use crate::questions::rows::{flag, present, row_question, text, texts, word, words};
use crate::questions::{ServiceFilter, Span};

row_question! {
    /// Which deployments are listed, by when they finished.
    #[derive(Clone, Debug, Default, InputObject)]
    DeploymentsFilter of DeploymentMetric {
        within {
            #[graphql(flatten)]
            span: Span,
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        columns {
            /// Only those that failed, or only those that did not.
            failed: bool => flag("failed"),
            /// Only those that succeeded, or only failed attempts.
            success: bool => flag("success"),
            /// Only those that metrics count, or only the others.
            counted: bool => flag("counted"),
            /// Only rework, or only the others.
            rework: bool => flag("rework"),
            /// Only of this repository.
            repository: String => text("repository"),
            /// Only into this environment.
            environment: String => text("environment"),
            /// Only those that relate so to the ones before them.
            kind: DeploymentKind => word("kind"),
            /// Only those that this says took place.
            source: DeploymentSource => word("source"),
            /// Only those whose id or name holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        sort {
            /// The order; the newest first without it.
            by DeploymentSort => order::<DeploymentMetric, _>,
        }
    }
}

row_question! {
    /// Which deployed changes are listed, by when they were deployed.
    #[derive(Clone, Debug, Default, InputObject)]
    DeployedChangesFilter of ChangeMetric {
        within {
            #[graphql(flatten)]
            span: Span,
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        columns {
            /// Only those that this deployment carried.
            deployment: String => text("deployment"),
            /// Only of this repository.
            repository: String => text("repository"),
            /// Only by this account: one of your own, or any for who may see persons' data.
            author: String => text("author"),
            /// Only direct commits, or only the others.
            is_commit: bool => flag("is_commit"),
            /// Only those whose title or key holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        account author of "deployed changes",
        deployment deployment,
        sort {
            /// The order; the newest first without it.
            by DeployedChangeSort => order::<ChangeMetric, _>,
        }
    }
}

row_question! {
    /// Which pipeline runs are listed, by when they were queued.
    #[derive(Clone, Debug, Default, InputObject)]
    PipelineRunsFilter of PipelineRun {
        within {
            #[graphql(flatten)]
            span: Span,
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        columns {
            /// Only those of this repository (`host/owner/name`).
            repository: String => text("repository"),
            /// Only those of the pipeline of this name.
            name: String => text("name"),
            /// Only those that ran for this branch.
            branch: String => text("branch"),
            /// Only those that ended like this.
            outcomes: Vec<Outcome> => words("outcomes", "outcome"),
            /// Only those whose name holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        sort {
            /// The order; the newest first without it.
            by PipelineRunSort => order::<PipelineRun, _>,
        }
    }
}

row_question! {
    /// Which incidents are listed, by when they were detected.
    #[derive(Clone, Debug, Default, InputObject)]
    IncidentsFilter of Incident {
        within {
            #[graphql(flatten)]
            span: Span,
            #[graphql(flatten)]
            services: ServiceFilter,
        }
        columns {
            /// Only those that are open, or only those that are resolved.
            open: bool => present(|open: bool| [("resolved_at", !open)]),
            /// Only those of these severities, as sources have them.
            severities: Vec<String> => texts("severities", "severity"),
            /// Only those whose title or id holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        sort {
            /// The order; the newest first without it.
            by IncidentSort => order::<Incident, _>,
        }
    }
}
