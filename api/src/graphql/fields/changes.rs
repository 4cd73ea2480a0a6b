//! Changes, open or deployed, and their reviews.

use async_graphql::Context;
use chrono::Utc;
use kernel::{ChangeMetric, ChangeState, DeploymentMetric};
use store::queries::{Parent, RepositoryRow, ServiceRow};

use crate::graphql::edges::edges;
use crate::graphql::nodes::{Account, Change, Review};
use crate::graphql::paging::checked;
use crate::graphql::people::account;
use crate::graphql::resolve::{key, one, one_key, pair_key, round, some};
use crate::views::{Change as DeployedChange, Commit, Deployment, Repository, Service};

/// The commits of a change, as far as they are known.
async fn commits_of(change: &Change, context: &Context<'_>, first: Option<u32>) -> async_graphql::Result<Vec<Commit>> {
    let limit = usize::try_from(checked("first", first)?).unwrap_or(usize::MAX);
    let keys = change.commits.iter().take(limit).map(|sha| vec![change.repository.clone(), sha.to_string()]);
    some::<kernel::Commit, _>(context, keys.collect()).await
}

/// The commits of a deployed change, or the direct commit.
async fn commits_of_deployed(
    change: &DeployedChange,
    context: &Context<'_>,
    first: Option<u32>,
) -> async_graphql::Result<Vec<Commit>> {
    if let Some((repository, sha)) = change.id.rsplit_once('@').filter(|_| change.is_commit) {
        // while the changes of others are read
        round(context).await?;
        return some::<kernel::Commit, _>(context, vec![vec![repository.to_owned(), sha.to_owned()]]).await;
    }
    match one::<kernel::Change, Change>(context, vec![change.id.clone()]).await? {
        Some(change) => commits_of(&change, context, first).await,
        None => Ok(Vec::new()),
    }
}

edges! {
    Change, Change, |it| vec![it.key.as_str()];
    one {
        /// The repository that it is merged to.
        repository: RepositoryRow => Repository, |it| one_key(it.repository.as_str());
        /// The change that it reverts.
        reverts: kernel::Change => Self, |it| one_key(it.reverts.as_deref());
    }
    many {
        /// The services that are declared with its repository, by name.
        services: ServiceRow => Service, |it| (Parent::REPOSITORY_OF_SERVICE, key(&it.repository));
        /// Its reviews and comments, oldest first.
        reviews: kernel::Review => Review, |it| (Parent::CHANGE, key(&it.key));
        /// Its deployments: one for each service that it reached production with, newest first.
        deployed: ChangeMetric => DeployedChange, |it| (Parent::CHANGE, key(&it.key));
    }
    few {
        /// Its commits: those that its source lists, and the one by which it was merged.
        commits: Commit, commits_of;
    }
    more {
        /// Who opened it.
        async fn author(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
            account(context, self.author.as_deref()).await
        }

        /// For how long it has been open, in seconds; null unless it is open.
        async fn age_seconds(&self) -> Option<i64> {
            let opened_at = self.opened_at.filter(|_| self.state == ChangeState::Open)?;
            Some((Utc::now() - opened_at).num_seconds().max(0))
        }
    }
}

edges! {
    DeployedChange, DeployedChange, |it| vec![it.service.as_str(), it.id.as_str()];
    one {
        /// The change itself; null for a direct commit.
        change: kernel::Change => Change, |it| one_key(it.id.as_str());
        /// The service that it was deployed with.
        service_node as "service": ServiceRow => Service, |it| one_key(it.service.as_str());
        /// The repository that it is of.
        repository_node as "repository": RepositoryRow => Repository, |it| one_key(it.repository.as_str());
        /// The deployment that carried it first.
        deployment_node as "deployment": DeploymentMetric => Deployment,
            |it| pair_key(it.service.as_str(), it.deployment.as_str());
    }
    many {
        /// Its reviews and comments, oldest first.
        reviews: kernel::Review => Review, |it| (Parent::CHANGE, key(&it.id));
    }
    few {
        /// Its commits: those that its source lists, and the one by which it was merged; or the direct commit.
        commit_nodes as "commits": Commit, commits_of_deployed;
    }
    more {
        /// `<repository>#<number>`; for a direct commit `<repository>@<sha>`.
        async fn key(&self) -> &str {
            &self.id
        }

        /// Who opened or wrote it.
        #[graphql(name = "author")]
        async fn author_account(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
            account(context, self.author.as_deref()).await
        }
    }
}

edges! {
    Review, Review, |it| vec![it.key.as_str()];
    one {
        /// The change that was reviewed.
        change: kernel::Change => Change, |it| one_key(it.change.as_str());
    }
    more {
        /// Who reviewed.
        async fn reviewer(&self, context: &Context<'_>) -> async_graphql::Result<Option<Account>> {
            account(context, self.reviewer.as_deref()).await
        }
    }
}
