//! Pipeline runs and their jobs.

use store::queries::{Parent, RepositoryRow};

use crate::graphql::edges::edges;
use crate::graphql::nodes::{Job, PipelineRun};
use crate::graphql::resolve::{key, one_key, pair_key};
use crate::views::{Commit, Repository};

edges! {
    PipelineRun, PipelineRun, |it| vec![it.key.as_str()];
    one {
        /// The repository whose code it ran on.
        repository: RepositoryRow => Repository, |it| one_key(it.repository.as_deref());
        /// The commit that it ran on.
        commit: kernel::Commit => Commit, |it| pair_key(it.repository.as_deref(), it.sha.as_deref());
    }
    many {
        /// Its jobs, in the order in which they were queued.
        jobs: kernel::TaskRun => Job, |it| (Parent::RUN, key(&it.key));
    }
    events |it| &it.key;
}

edges! {
    Job, Job, |it| vec![it.key.as_str()];
    one {
        /// The pipeline run that it is part of.
        run: kernel::PipelineRun => PipelineRun, |it| one_key(it.run.as_str());
    }
}
