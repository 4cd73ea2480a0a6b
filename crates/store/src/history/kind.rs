//! The kinds of deployments, as the store keeps them.

use kernel::DeploymentSource;

/// The kind of a deployment, from its text in the store.
pub(super) fn source(text: &str) -> Option<DeploymentSource> {
    Some(match text {
        "deployment" => DeploymentSource::Deployment,
        "branch" => DeploymentSource::Branch,
        "pipeline" => DeploymentSource::Pipeline,
        "cdevents" => DeploymentSource::Cdevents,
        "release" => DeploymentSource::Release,
        "tag" => DeploymentSource::Tag,
        _ => return None,
    })
}
