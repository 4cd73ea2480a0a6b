//! What lists of facts are asked about: incidents, work items, pipeline runs, vulnerabilities and reviews.

use std::sync::Arc;

use chrono_tz::Tz;
use kernel::{Outcome, ReviewState, StatusCategory};
use serde::Deserialize;
use store::queries::{Owners, RowFilter};
use utoipa::{IntoParams, ToSchema};

use super::lists::{RowsAsked, rows, with_words};
use super::sorting::{
    IncidentSort, OpenChangeSort, PipelineRunSort, ReviewSort, VulnerabilitySort, WorkItemSort, order,
};
use super::{Invalid, ServiceFilter, Span};

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
    /// What has become of a vulnerability.
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

/// Which changes are listed that have not reached production.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OpenChangesQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only those that are not merged, or only those that are.
    #[param(inline)]
    pub state: Option<OpenChangeState>,
    /// Only in this repository.
    pub repository: Option<String>,
    /// Only by this account. It needs the right to see data about single persons.
    pub author: Option<String>,
    /// Only those with this text in their title or id.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `opened_at` without it.
    #[param(inline)]
    pub sort: Option<OpenChangeSort>,
}

/// Which incidents are listed, by when they were detected.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IncidentsQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only open ones, or only resolved ones.
    #[param(inline)]
    pub state: Option<IncidentState>,
    /// Only of this severity, as the source has it.
    pub severity: Option<String>,
    /// Only those with this text in their title or id.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `-detected_at` without it.
    #[param(inline)]
    pub sort: Option<IncidentSort>,
}

/// Which work items are listed, by when they were created. Those of services are issues of a forge in one of their
/// repositories.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WorkItemsQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only of this project; the repository of an issue of a forge.
    pub project: Option<String>,
    /// Only in a status of this category.
    #[param(inline)]
    pub state: Option<StatusCategory>,
    /// Only of this kind, as the tracker has it.
    pub kind: Option<String>,
    /// Only those that this account works on. It needs the right to see data about single persons.
    pub assignee: Option<String>,
    /// Only those with this text in their title or key.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `-created_at` without it.
    #[param(inline)]
    pub sort: Option<WorkItemSort>,
}

/// Which pipeline runs are listed, by when they were queued.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PipelineRunsQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only in this repository.
    pub repository: Option<String>,
    /// Only of the pipeline or workflow with this name.
    pub pipeline: Option<String>,
    /// Only for this branch.
    pub branch: Option<String>,
    /// Only those that ended so.
    #[param(inline)]
    pub outcome: Option<Outcome>,
    /// Only those with this text in the name of their pipeline.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `-queued_at` without it.
    #[param(inline)]
    pub sort: Option<PipelineRunSort>,
}

/// Which vulnerabilities are listed, by when they were found.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VulnerabilitiesQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only in this repository.
    pub repository: Option<String>,
    /// Only those that are in this state.
    #[param(inline)]
    pub state: Option<VulnerabilityState>,
    /// Only of this severity: `critical`, `high`, `medium` or `low`, or another of the source.
    pub severity: Option<String>,
    /// Only those with this text in their title or rule.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `-opened_at` without it.
    #[param(inline)]
    pub sort: Option<VulnerabilitySort>,
}

/// Which reviews are listed, by when they were submitted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReviewsQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub span: Span,
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only of this change.
    pub change: Option<String>,
    /// Only with this result.
    #[param(inline)]
    pub state: Option<ReviewState>,
    /// Only by this account. It needs the right to see data about single persons.
    pub reviewer: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `submitted_at` without it.
    #[param(inline)]
    pub sort: Option<ReviewSort>,
}

impl OpenChangesQuestion {
    /// Returns which rows are asked for; `owners` are the services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..RowFilter::of(owners) };
        let words = [
            ("state", self.state.map(|state| state.as_str().to_owned())),
            ("repository", self.repository),
            ("author", self.author),
        ];
        Ok((with_words(filter, words), order(self.sort.as_ref())?))
    }
}

impl IncidentsQuestion {
    /// Returns which rows are asked for. Days are of `time_zone` unless the question names another; `owners` are the
    /// services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowsAsked, Invalid> {
        let mut filter = RowFilter { search: self.search, ..rows(&self.span, owners, time_zone)? };
        filter.present.extend(self.state.map(|state| ("resolved_at", state == IncidentState::Resolved)));
        Ok((with_words(filter, [("severity", self.severity)]), order(self.sort.as_ref())?))
    }
}

impl WorkItemsQuestion {
    /// Returns which rows are asked for. Days are of `time_zone` unless the question names another; `owners` are the
    /// services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..rows(&self.span, owners, time_zone)? };
        let words = [
            ("project", self.project),
            ("status_category", self.state.map(|state| state.as_str().to_owned())),
            ("kind", self.kind),
            ("assignee", self.assignee),
        ];
        Ok((with_words(filter, words), order(self.sort.as_ref())?))
    }
}

impl PipelineRunsQuestion {
    /// Returns which rows are asked for. Days are of `time_zone` unless the question names another; `owners` are the
    /// services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..rows(&self.span, owners, time_zone)? };
        let words = [
            ("repository", self.repository),
            ("name", self.pipeline),
            ("branch", self.branch),
            ("outcome", self.outcome.map(|outcome| outcome.as_str().to_owned())),
        ];
        Ok((with_words(filter, words), order(self.sort.as_ref())?))
    }
}

impl VulnerabilitiesQuestion {
    /// Returns which rows are asked for. Days are of `time_zone` unless the question names another; `owners` are the
    /// services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowsAsked, Invalid> {
        let mut filter = RowFilter { search: self.search, ..rows(&self.span, owners, time_zone)? };
        // one that was fixed is fixed, whether or not it was dismissed before
        filter.present.extend_from_slice(match self.state {
            None => &[],
            Some(VulnerabilityState::Open) => &[("fixed_at", false), ("dismissed_at", false)],
            Some(VulnerabilityState::Fixed) => &[("fixed_at", true)],
            Some(VulnerabilityState::Dismissed) => &[("fixed_at", false), ("dismissed_at", true)],
        });
        let words = [("repository", self.repository), ("severity", self.severity)];
        Ok((with_words(filter, words), order(self.sort.as_ref())?))
    }
}

impl ReviewsQuestion {
    /// Returns which rows are asked for. Days are of `time_zone` unless the question names another; `owners` are the
    /// services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>, time_zone: Tz) -> Result<RowsAsked, Invalid> {
        let filter = rows(&self.span, owners, time_zone)?;
        let words = [
            ("change", self.change),
            ("state", self.state.map(|state| state.as_str().to_owned())),
            ("reviewer", self.reviewer),
        ];
        Ok((with_words(filter, words), order(self.sort.as_ref())?))
    }
}
