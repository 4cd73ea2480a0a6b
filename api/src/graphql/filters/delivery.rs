//! Filters of deployments, deployed changes, pipeline runs and incidents.

use async_graphql::InputObject;
use kernel::{ChangeMetric, DeploymentMetric, Incident, Outcome, PipelineRun};

use super::inputs::searched;
use super::sorts::{DeployedChangeSort, DeploymentSort, IncidentSort, PipelineRunSort, order};
use crate::questions::rows::{present, row_question, text, texts, words};
use crate::questions::{DeployedChangeColumns, DeploymentColumns, PipelineRunColumns, ServiceFilter, Span};

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
        shared {
            #[graphql(flatten)]
            columns: DeploymentColumns,
        }
        columns {
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
        shared {
            #[graphql(flatten)]
            columns: DeployedChangeColumns,
        }
        columns {
            /// Only those whose title or key holds this text; of the last year, unless a window is asked for.
            search: String => searched(),
        }
        account columns.author of "deployed changes",
        deployment columns.deployment,
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
        shared {
            #[graphql(flatten)]
            columns: PipelineRunColumns,
        }
        columns {
            /// Only those of the pipeline of this name.
            name: String => text("name"),
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
