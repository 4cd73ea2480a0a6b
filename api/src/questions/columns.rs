//! What rows of lists may be asked for by in the same way in REST and in GraphQL. What only one of them has stands in
//! its own question: REST takes one word and the name of a field to sort by, GraphQL several words and an order by its name.

use async_graphql::InputObject;
use kernel::{DeploymentKind, DeploymentSource};
use serde::Deserialize;
use utoipa::IntoParams;

use super::rows::{flag, row_columns, text, text_in_any_case, word};

row_columns! {
    /// What deployments may be asked for by.
    #[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
    #[into_params(parameter_in = Query)]
    DeploymentColumns {
        /// Only those that failed, or only those that did not.
        failed: bool => flag("failed"),
        /// Only those that succeeded, or only failed attempts.
        success: bool => flag("success"),
        /// Only those that metrics count, or only the others.
        counted: bool => flag("counted"),
        /// Only rework, or only the others.
        rework: bool => flag("rework"),
        /// Only of this repository (`host/owner/name`).
        repository: String => text("repository"),
        /// Only into this environment.
        environment: String => text_in_any_case("environment"),
        /// Only those that relate so to the ones before them.
        #[param(inline)]
        kind: DeploymentKind => word("kind"),
        /// Only those that this says took place.
        #[param(inline)]
        source: DeploymentSource => word("source"),
    }
}

row_columns! {
    /// What deployed changes may be asked for by.
    #[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
    #[into_params(parameter_in = Query)]
    DeployedChangeColumns {
        /// Only those that this deployment carried.
        deployment: String => text("deployment"),
        /// Only of this repository (`host/owner/name`).
        repository: String => text("repository"),
        /// Only by this account: one of your own, or any for who may see persons' data.
        author: String => text("author"),
        /// Only direct commits, or only the others.
        is_commit: bool => flag("is_commit"),
    }
}

row_columns! {
    /// What pipeline runs may be asked for by.
    #[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
    #[into_params(parameter_in = Query)]
    PipelineRunColumns {
        /// Only in this repository (`host/owner/name`).
        repository: String => text("repository"),
        /// Only for this branch.
        branch: String => text("branch"),
    }
}

row_columns! {
    /// What work items may be asked for by.
    #[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
    #[into_params(parameter_in = Query)]
    WorkItemColumns {
        /// Only of this project; the repository of an issue of a forge.
        project: String => text("project"),
        /// Only those that this account works on: one of your own, or any for who may see persons' data.
        assignee: String => text("assignee"),
    }
}

row_columns! {
    /// What vulnerabilities may be asked for by.
    #[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
    #[into_params(parameter_in = Query)]
    VulnerabilityColumns {
        /// Only in this repository (`host/owner/name`).
        repository: String => text("repository"),
    }
}

row_columns! {
    /// What teams may be asked for by.
    #[derive(Clone, Debug, Default, Deserialize, InputObject, IntoParams)]
    #[into_params(parameter_in = Query)]
    TeamColumns {
        /// Only those that are directly part of this team.
        parent: String => text("parent"),
    }
}
