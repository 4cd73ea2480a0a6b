//! What lists of services, repositories and teams are asked about.

use std::sync::Arc;

use serde::Deserialize;
use store::queries::{Owners, RowFilter};
use utoipa::IntoParams;

use super::lists::{RowsAsked, with_words};
use super::sorting::{RepositorySort, ServiceSort, TeamSort, order};
use super::{Invalid, ServiceFilter};

/// Which services are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServicesQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only those with this text in their name.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `name` without it.
    #[param(inline)]
    pub sort: Option<ServiceSort>,
}

/// Which repositories are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RepositoriesQuestion {
    #[param(ignore)]
    #[expect(missing_docs, reason = "its fields are those of the question")]
    pub services: ServiceFilter,
    /// Only those with this text in their id or name.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `id` without it.
    #[param(inline)]
    pub sort: Option<RepositorySort>,
}

/// Which teams are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TeamsQuestion {
    /// Only those that are directly part of this one.
    pub parent: Option<String>,
    /// Only those with this text in their name.
    pub search: Option<String>,
    /// The field that rows are sorted by, with `-` before it for the greatest first; `name` without it.
    #[param(inline)]
    pub sort: Option<TeamSort>,
}

impl ServicesQuestion {
    /// Returns which rows are asked for; `owners` are the services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..RowFilter::of(owners) };
        Ok((filter, order(self.sort.as_ref())?))
    }
}

impl RepositoriesQuestion {
    /// Returns which rows are asked for; `owners` are the services that its names stand for.
    pub fn rows(self, owners: Option<Arc<Owners>>) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..RowFilter::of(owners) };
        Ok((filter, order(self.sort.as_ref())?))
    }
}

impl TeamsQuestion {
    /// Returns which rows are asked for; `owners` are the services that may be seen, if not all.
    pub fn rows(self, owners: Option<Arc<Owners>>) -> Result<RowsAsked, Invalid> {
        let filter = RowFilter { search: self.search, ..RowFilter::of(owners) };
        Ok((with_words(filter, [("parent", self.parent)]), order(self.sort.as_ref())?))
    }
}
