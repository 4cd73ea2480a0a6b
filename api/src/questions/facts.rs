//! What lists of facts are asked about: incidents, work items, pipeline runs, vulnerabilities and reviews.

use kernel::{Incident, Outcome, PipelineRun, Review, ReviewState, StatusCategory, Vulnerability, WorkItem};
use serde::Deserialize;
use store::queries::UnreleasedChange;
use utoipa::{IntoParams, ToSchema};

use super::columns::{PipelineRunColumns, VulnerabilityColumns, WorkItemColumns};
use super::rows::{present, row_question, search, text, text_in_any_case, word};
use super::sorting::{
    IncidentSort, OpenChangeSort, PipelineRunSort, ReviewSort, VulnerabilitySort, WorkItemSort, order,
};
use super::{ServiceFilter, Span};

kernel::closed_list! {
    /// Whether service was restored.
    #[derive(Deserialize, ToSchema)]
    pub enum IncidentState: "state of an incident" {
        /// It was not.
        Open,
        /// It was.
        Resolved,
    }
}

kernel::closed_list! {
    /// The state of a vulnerability.
    #[derive(Deserialize, ToSchema)]
    pub enum VulnerabilityState: "state of a vulnerability" {
        /// It was neither fixed nor dismissed.
        Open,
        /// It was fixed.
        Fixed,
        /// It was dismissed: a false alarm, or accepted.
        Dismissed,
    }
}

kernel::closed_list! {
    /// How far an open change has come.
    #[derive(Deserialize, ToSchema)]
    pub enum OpenChangeState: "state of an open change" {
        /// It is not merged.
        Open,
        /// It is merged and not deployed.
        Merged,
    }
}

row_question! {
    /// Which changes are listed that have not reached production.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    OpenChangesQuestion of UnreleasedChange {
        within {
            #[param(ignore)]
            services: ServiceFilter,
        }
        columns {
            /// Only those that are not merged, or only those that are.
            #[param(inline)]
            state: OpenChangeState => word("state"),
            /// Only in this repository.
            repository: String => text("repository"),
            /// Only by this account. It needs the right to see data about single persons.
            author: String => text("author"),
            /// Only those with this text in their title or id.
            search: String => search(),
        }
        account author of "open changes",
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `opened_at` without it.
            #[param(inline)]
            by OpenChangeSort => order,
        }
    }
}

row_question! {
    /// Which incidents are listed, by when they were detected.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    IncidentsQuestion of Incident {
        within {
            #[param(ignore)]
            span: Span,
            #[param(ignore)]
            services: ServiceFilter,
        }
        columns {
            /// Only open ones, or only resolved ones.
            #[param(inline)]
            state: IncidentState => present(|state: IncidentState| [("resolved_at", state == IncidentState::Resolved)]),
            /// Only of this severity, as the source has it.
            severity: String => text("severity"),
            /// Only those with this text in their title or id.
            search: String => search(),
        }
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `-detected_at` without it.
            #[param(inline)]
            by IncidentSort => order,
        }
    }
}

row_question! {
    /// Which work items are listed, by when they were created. Those of services are issues of a forge in one of their
    /// repositories.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    WorkItemsQuestion of WorkItem {
        within {
            #[param(ignore)]
            span: Span,
            #[param(ignore)]
            services: ServiceFilter,
        }
        shared {
            #[param(ignore)]
            columns: WorkItemColumns,
        }
        columns {
            /// Only in a status of this category.
            #[param(inline)]
            state: StatusCategory => word("status_category"),
            /// Only of this kind, as the tracker has it, in upper or lower case.
            kind: String => text_in_any_case("kind"),
            /// Only those with this text in their title or key.
            search: String => search(),
        }
        account columns.assignee of "work items",
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `-created_at` without it.
            #[param(inline)]
            by WorkItemSort => order,
        }
    }
}

row_question! {
    /// Which pipeline runs are listed, by when they were queued.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    PipelineRunsQuestion of PipelineRun {
        within {
            #[param(ignore)]
            span: Span,
            #[param(ignore)]
            services: ServiceFilter,
        }
        shared {
            #[param(ignore)]
            columns: PipelineRunColumns,
        }
        columns {
            /// Only of the pipeline or workflow with this name.
            pipeline: String => text("name"),
            /// Only those that ended so.
            #[param(inline)]
            outcome: Outcome => word("outcome"),
            /// Only those with this text in the name of their pipeline.
            search: String => search(),
        }
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `-queued_at` without it.
            #[param(inline)]
            by PipelineRunSort => order,
        }
    }
}

row_question! {
    /// Which vulnerabilities are listed, by when they were found.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    VulnerabilitiesQuestion of Vulnerability {
        within {
            #[param(ignore)]
            span: Span,
            #[param(ignore)]
            services: ServiceFilter,
        }
        shared {
            #[param(ignore)]
            columns: VulnerabilityColumns,
        }
        columns {
            /// Only those that are in this state.
            #[param(inline)]
            state: VulnerabilityState => |filter, state| {
                filter.present.extend_from_slice(presence(state));
                Ok(())
            },
            /// Only of this severity: `critical`, `high`, `medium` or `low`, or another of the source.
            severity: String => text("severity"),
            /// Only those with this text in their title or rule.
            search: String => search(),
        }
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `-opened_at` without it.
            #[param(inline)]
            by VulnerabilitySort => order,
        }
    }
}

/// The columns that vulnerabilities in a state have: one that was fixed is fixed, whether or not it was dismissed before.
const fn presence(state: VulnerabilityState) -> &'static [(&'static str, bool)] {
    match state {
        VulnerabilityState::Open => &[("fixed_at", false), ("dismissed_at", false)],
        VulnerabilityState::Fixed => &[("fixed_at", true)],
        VulnerabilityState::Dismissed => &[("fixed_at", false), ("dismissed_at", true)],
    }
}

row_question! {
    /// Which reviews are listed, by when they were submitted.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    ReviewsQuestion of Review {
        within {
            #[param(ignore)]
            span: Span,
            #[param(ignore)]
            services: ServiceFilter,
        }
        columns {
            /// Only of this change.
            change: String => text("change"),
            /// Only with this result.
            #[param(inline)]
            state: ReviewState => word("state"),
            /// Only by this account. It needs the right to see data about single persons.
            reviewer: String => text("reviewer"),
        }
        account reviewer of "reviews",
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `submitted_at` without it.
            #[param(inline)]
            by ReviewSort => order,
        }
    }
}
