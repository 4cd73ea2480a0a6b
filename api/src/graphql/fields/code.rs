//! Repositories, their commits and vulnerabilities.

use std::sync::Arc;

use async_graphql::Context;
use kernel::{ChangeMetric, Sha};
use store::queries::{Parent, RepositoryRow, ServiceRow};

use crate::graphql::edges::edges;
use crate::graphql::loads::OfCommit;
use crate::graphql::nodes::{Account, Change, PipelineRun, Vulnerability};
use crate::graphql::people::account;
use crate::graphql::resolve::{first_of, key, loaded, loads, one, one_key};
use crate::views::{Change as DeployedChange, Commit, Repository, Service};

/// The change that a commit came with.
async fn change_of(commit: &Commit, context: &Context<'_>) -> async_graphql::Result<Option<Arc<kernel::Change>>> {
    let Ok(sha) = Sha::parse(&commit.sha) else { return Ok(None) };
    let key = OfCommit { repository: commit.repository.clone(), sha };
    loaded(context, loads(context)?.load_one(key)).await
}

/// The deployments of the change that a commit came with, or of the direct commit.
async fn deployed_of(
    commit: &Commit,
    context: &Context<'_>,
    first: Option<u32>,
) -> async_graphql::Result<Vec<DeployedChange>> {
    let change = match change_of(commit, context).await? {
        Some(change) => change.id.0.clone(),
        None => format!("{}@{}", commit.repository, commit.sha),
    };
    let found = first_of::<ChangeMetric>(context, (Parent::CHANGE, key(&change)), first).await?;
    Ok(found.into_iter().map(Into::into).collect())
}

edges! {
    Repository, Repository, |it| vec![it.id.as_str()];
    many {
        /// The services that are declared with it, by name.
        services: ServiceRow => Service, |it| (Parent::REPOSITORY_OF_SERVICE, key(&it.id));
        /// Its changes: open, merged and abandoned, newest first.
        changes: kernel::Change => Change, |it| (Parent::REPOSITORY, key(&it.id));
        /// Its commits, newest first.
        commits: kernel::Commit => Commit, |it| (Parent::REPOSITORY, key(&it.id));
        /// The runs of its pipelines, newest first.
        pipeline_runs: kernel::PipelineRun => PipelineRun, |it| (Parent::REPOSITORY, key(&it.id));
        /// Its vulnerabilities, newest first.
        vulnerabilities: kernel::Vulnerability => Vulnerability, |it| (Parent::REPOSITORY, key(&it.id));
    }
    more {
        /// `host/owner/name`.
        async fn key(&self) -> &str {
            &self.id
        }
    }
}

edges! {
    Commit, Commit, |it| vec![it.repository.as_str(), it.sha.as_str()];
    one {
        /// The repository that it is in.
        repository_node as "repository": RepositoryRow => Repository, |it| one_key(it.repository.as_str());
    }
    many {
        /// The pipeline runs that it was tested or deployed by, newest first.
        pipeline_runs: kernel::PipelineRun => PipelineRun,
            |it| (Parent::COMMIT_OF_RUN, (it.sha.clone(), it.repository.clone()));
    }
    few {
        /// Its deployments: of the change that it came with, or as a direct commit; newest first.
        deployed: DeployedChange, deployed_of;
    }
    more {
        /// Who wrote it.
        #[graphql(name = "author")]
        async fn author_account(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
            account(context, self.author.as_deref()).await
        }

        /// The change that it came with: one whose source lists it, or that was merged by it.
        #[graphql(name = "change")]
        async fn change_node(&self, context: &Context<'_>) -> async_graphql::Result<Option<Change>> {
            match &self.change {
                Some(change) => one::<kernel::Change, _>(context, vec![change.clone()]).await,
                None => Ok(change_of(self, context).await?.map(|change| kernel::Change::clone(&change).into())),
            }
        }
    }
}

edges! {
    Vulnerability, Vulnerability, |it| vec![it.key.as_str()];
    one {
        /// The repository that it is in.
        repository: RepositoryRow => Repository, |it| one_key(it.repository.as_deref());
    }
}
