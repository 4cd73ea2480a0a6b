//! Sources that are being set up, for the API: asked by their connectors.

use std::sync::Arc;
use std::time::Duration;

use api::sources::{
    CheckedSource, NewHook, NewSource, RegisteredHook, SetupError, SourceAccount, SourceRight, SourceSetup,
};
use async_trait::async_trait;
use pull::{NewWebhook, OpenError, Opened, Paged, Registration, Setup};
use runtime::redact;
use tokio::time::{Instant, timeout_at};

/// How long all projects of a question may take to register their webhooks: less than the question, whose answer has the
/// secret of those that are registered.
const REGISTERED_IN: Duration = Duration::from_secs(20);
const LATE: &str = "the source did not answer in time: see whether it has the webhook, delete it there, and ask again";

/// Asks sources by the connectors of the registry.
#[derive(Clone, Copy, Debug)]
struct Connectors;

/// Who asks sources that are being set up.
#[must_use]
pub fn source_setup() -> Arc<dyn SourceSetup> {
    Arc::new(Connectors)
}

#[async_trait]
impl SourceSetup for Connectors {
    fn account_option(&self, connector: &str) -> Option<&'static str> {
        paged(connector)?.account_option()
    }

    async fn check(&self, source: &NewSource) -> Result<CheckedSource, SetupError> {
        let checked = open(source)?.check().await.map_err(|error| failed(&error))?;
        let right = |right: pull::CheckedRight| SourceRight {
            name: right.name,
            needed_for: right.needed_for,
            is_optional: right.is_optional,
            missing: right.missing,
        };
        Ok(CheckedSource {
            identity: checked.identity,
            rights: checked.rights.into_iter().map(right).collect(),
            projects: checked.projects,
            has_more_projects: checked.has_more_projects,
        })
    }

    async fn register(&self, source: &NewSource, hook: &NewHook) -> Result<Vec<RegisteredHook>, SetupError> {
        let setup = open(source)?;
        let end = Instant::now() + REGISTERED_IN;
        let mut registered = Vec::new();
        for project in &source.projects {
            let hook = NewWebhook { project, address: &hook.address, secret: &hook.secret };
            let (is_new, error) = match timeout_at(end, setup.register(&hook)).await {
                Ok(Ok(registration)) => (registration == Registration::Created, None),
                Ok(Err(error)) => (false, Some(redact(&error.to_string()).into_owned())),
                Err(_) => (false, Some(LATE.to_owned())),
            };
            registered.push(RegisteredHook { project: project.clone(), is_new, error });
        }
        Ok(registered)
    }
}

/// The connector of this name, if it pulls page by page.
fn paged(connector: &str) -> Option<&'static dyn Paged> {
    registry::paged().find(|paged| paged.name() == connector)
}

/// A source that is ready to be asked.
fn open(source: &NewSource) -> Result<Box<dyn Setup>, SetupError> {
    let NewSource { connector, name, url, addresses, account, token, projects } = source;
    let invalid = |OpenError { key, problem }| SetupError::Invalid { field: key, problem };
    let opened = Opened::unsaved(connector, name, url.clone(), token.clone(), projects.clone());
    let mut opened = opened.asked_at(addresses.clone());
    if let Some(SourceAccount { option, name }) = account {
        opened = opened.with_option(option, name);
    }
    if let Some(setup) = paged(connector).and_then(|paged| paged.setup(&opened)) {
        return setup.map_err(invalid);
    }
    let all = registry::paged().filter(|paged| paged.setup(&opened).is_some());
    let expected = all.map(connector::Connector::name).collect::<Vec<_>>().join(", ");
    Err(SetupError::Connector { found: connector.clone(), expected })
}

fn failed(error: &pull::PullError) -> SetupError {
    SetupError::Failed(redact(&error.to_string()).into_owned())
}
