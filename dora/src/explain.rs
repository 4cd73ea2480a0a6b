//! Answers why a deployment or a change counts as it does. Finds what was meant, computes its service once
//! more, in memory, and explains what the computation saw.

mod explainer;
mod search;

use kernel::{ChangeState, RepositoryId, Service};
use store::history::search::{FoundChange, FoundCommit, FoundDeployment};
use store::{Store, StoreTx};

pub(crate) use self::explainer::Explainer;
use self::search::Target;
use crate::compute::{Subject, compute};
use crate::engine::{compute_aside, load};
use crate::history::index;
use crate::settings;
use crate::{
    ChangeExplanation, DeploymentExplanation, DoraError, Explanation, History, Options, ServiceMetrics, services,
};

/// Why a deployment or a change counts as it does. `id` is a deployment's id or name (tag, version), a
/// commit's id (7 digits at least), a change's id, or `#12`. `None` when nothing has this id.
pub async fn explain(store: &Store, settings: &settings::Dora, id: &str) -> Result<Option<Explanation>, DoraError> {
    let options = Options::new(settings)?;
    let id = id.trim();
    let mut tx = store.begin().await?;
    let mut explanation =
        Explanation { asked: id.to_owned(), deployments: Vec::new(), changes: Vec::new(), candidates: Vec::new() };
    let services = services::all(&store::history::services(&mut tx).await?);
    let target = search::find(&mut tx, id).await?;
    let mut context = Context { tx: &mut tx, services, options: &options };
    match target {
        Target::Nothing => {
            tx.rollback().await?;
            return Ok(None);
        }
        Target::Several(candidates) => explanation.candidates = candidates,
        Target::Deployment(found) => explanation.deployments = context.deployment(&found).await?,
        Target::Change(found) => explanation.changes = context.change(&found).await?,
        Target::Commit(found) => explanation.changes = context.commit(&found).await?,
    }
    tx.rollback().await?;
    Ok(Some(explanation))
}

struct Context<'a> {
    tx: &'a mut StoreTx,
    services: Vec<Service>,
    options: &'a Options,
}

impl Context<'_> {
    /// The services that hold a repository, or are named.
    fn services_of(&self, repository: Option<&RepositoryId>, named: Option<&str>) -> Vec<Service> {
        let holds = |service: &&Service| match named {
            Some(named) => service.name == named,
            None => repository.is_some_and(|repository| service.repositories.contains(repository)),
        };
        self.services.iter().filter(holds).cloned().collect()
    }

    async fn computed(&mut self, service: &Service) -> Result<(History, ServiceMetrics), DoraError> {
        let history = load(self.tx, service).await?;
        compute_aside(history, self.options, compute).await
    }

    async fn deployment(&mut self, found: &FoundDeployment) -> Result<Vec<DeploymentExplanation>, DoraError> {
        let mut explanations = Vec::new();
        for service in self.services_of(found.repository.as_ref(), found.service.as_deref()) {
            let (history, metrics) = self.computed(&service).await?;
            let explainer = Explainer { history: &history, metrics: &metrics, options: self.options };
            explanations.extend(explainer.deployment(found));
        }
        Ok(explanations)
    }

    async fn change(&mut self, found: &FoundChange) -> Result<Vec<ChangeExplanation>, DoraError> {
        let mut explanations = Vec::new();
        for service in self.services_of(Some(&found.repository), None) {
            let (history, metrics) = self.computed(&service).await?;
            let explainer = Explainer { history: &history, metrics: &metrics, options: self.options };
            explanations.push(match history.find_change(found.id.as_str()) {
                Some(number) => explainer.subject(Subject::Change(index(number))),
                None => not_merged(&service, found),
            });
        }
        Ok(explanations)
    }

    async fn commit(&mut self, found: &FoundCommit) -> Result<Vec<ChangeExplanation>, DoraError> {
        let mut explanations = Vec::new();
        for service in self.services_of(Some(&found.repository), None) {
            let (history, metrics) = self.computed(&service).await?;
            let explainer = Explainer { history: &history, metrics: &metrics, options: self.options };
            let Some(commit) = history.graph.find(&found.sha) else { continue };
            let change = metrics.owners.change_of(commit);
            let subject = change.map_or(Subject::Commit(commit), |number| Subject::Change(index(number)));
            explanations.push(explainer.subject(subject));
        }
        Ok(explanations)
    }
}

fn not_merged(service: &Service, found: &FoundChange) -> ChangeExplanation {
    let why = match found.state {
        ChangeState::Open => "It is open: a change counts once it is merged and deployed.",
        ChangeState::Abandoned => "It was closed without being merged, so it does not count.",
        ChangeState::Merged => "It is merged, but is not one of the changes of this service.",
    };
    ChangeExplanation {
        service: service.name.clone(),
        change: found.id.clone(),
        title: found.title.clone(),
        url: found.url.clone(),
        why: vec![why.to_owned()],
        metric: None,
        deployment: None,
        commits: Vec::new(),
        findings: Vec::new(),
    }
}
