//! What lists of services, repositories and teams are asked about.

use serde::Deserialize;
use store::queries::{RepositoryRow, ServiceRow, TeamRow};
use utoipa::IntoParams;

use super::ServiceFilter;
use super::columns::TeamColumns;
use super::rows::{row_question, search};
use super::sorting::{RepositorySort, ServiceSort, TeamSort, order};

row_question! {
    /// Which services are listed.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    ServicesQuestion of ServiceRow {
        within {
            #[param(ignore)]
            services: ServiceFilter,
        }
        columns {
            /// Only those with this text in their name.
            search: String => search(),
        }
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `name` without it.
            #[param(inline)]
            by ServiceSort => order,
        }
    }
}

row_question! {
    /// Which repositories are listed.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    RepositoriesQuestion of RepositoryRow {
        within {
            #[param(ignore)]
            services: ServiceFilter,
        }
        columns {
            /// Only those with this text in their id or name.
            search: String => search(),
        }
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `id` without it.
            #[param(inline)]
            by RepositorySort => order,
        }
    }
}

row_question! {
    /// Which teams are listed.
    #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    TeamsQuestion of TeamRow {
        shared {
            #[param(ignore)]
            columns: TeamColumns,
        }
        columns {
            /// Only those with this text in their name.
            search: String => search(),
        }
        sort {
            /// The field that rows are sorted by, with `-` before it for the greatest first; `name` without it.
            #[param(inline)]
            by TeamSort => order,
        }
    }
}
