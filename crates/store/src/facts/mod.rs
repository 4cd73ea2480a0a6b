//! Writing facts. Batches go in by one statement a table. Whatever order pictures of one thing arrive in,
//! and however often, the row ends up the same: the one with the greatest (detail, version, digest).

mod account;
mod change;
mod closing;
mod commit;
mod deployment;
mod incident;
mod moved;
mod partial;
mod person;
mod pipeline_run;
mod quality_measure;
mod repository;
mod review;
mod row;
mod service;
mod sprint;
mod sprint_entry;
mod status;
mod task_run;
mod team;
mod transition;
mod vulnerability;
mod work_item;

use std::collections::BTreeSet;

use kernel::Fact;

use self::row::{Picture, Row};
use crate::{StoreError, StoreTx, stale};

/// What became of a batch of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows that are new or were replaced.
    pub changed: u64,
    /// Facts that said nothing new: the row was as good, or another fact of the batch was better.
    pub unchanged: u64,
}

/// Writes facts of the transaction's tenant, and marks as stale what has to be computed again because
/// rows really changed. Two transactions that each write one batch a tenant, tenants in order of their
/// names, never wait for each other in a circle.
pub async fn write(tx: &mut StoreTx, facts: &[Fact]) -> Result<Written, StoreError> {
    let mut pictures: Vec<Picture<'_>> = facts.iter().map(Picture::of).collect::<Result<_, _>>()?;
    // before the others, which they give other ids
    let relocations = pictures.iter().filter_map(|Picture { fact, digest }| match fact.as_ref() {
        Fact::Moved(x) => Some(Row::new(x, x.version, *digest)),
        _ => None,
    });
    let relocations: Vec<_> = relocations.collect();
    moved::lock(tx.connection(), !relocations.is_empty()).await?;
    let moved = moved::write(tx.connection(), relocations).await?;
    // under the ids that they were reported with, so that this table has nothing to rename
    partial::complete(tx.connection(), &mut pictures).await?;
    let names = pictures.iter().filter_map(|Picture { fact, digest }| match fact.as_ref() {
        Fact::Repository(x) => Some(Row::new(x, x.version, *digest)),
        _ => None,
    });
    let names = names.collect();
    let other_names = repository::write_names(tx.connection(), names).await?;
    moved::Moves::read(tx.connection()).await?.apply(&mut pictures)?;
    let mut batch = Batch::default();
    for picture in &pictures {
        batch.add(picture);
    }
    let closable = batch.closable();
    let connection = tx.connection();
    // always in this order: it is the order of locks
    let changed = [
        moved,
        repository::write(connection, batch.repositories, &other_names).await?,
        commit::write(connection, batch.commits).await?,
        change::write(connection, batch.changes).await?,
        review::write(connection, batch.reviews).await?,
        pipeline_run::write(connection, batch.pipeline_runs).await?,
        deployment::write(connection, batch.deployments).await?,
        incident::write(connection, batch.incidents).await?,
        work_item::write(connection, batch.work_items).await?,
        account::write(connection, batch.accounts).await?,
        service::write(connection, batch.services).await?,
        team::write(connection, batch.teams).await?,
        task_run::write(connection, batch.task_runs).await?,
        closing::write(connection, batch.closings).await?,
        transition::write(connection, batch.transitions).await?,
        status::write(connection, batch.statuses).await?,
        sprint::write(connection, batch.sprints).await?,
        sprint_entry::write(connection, batch.sprint_entries).await?,
        vulnerability::write(connection, batch.vulnerabilities).await?,
        quality_measure::write(connection, batch.quality_measures).await?,
        person::write(connection, batch.persons).await?,
        closing::apply(connection, &closable).await?,
    ];
    let mut rows = 0;
    let mut subjects = BTreeSet::new();
    for table in changed {
        rows += table.rows;
        subjects.extend(table.subjects);
    }
    let subjects: Vec<String> = subjects.into_iter().collect();
    stale::mark(tx, &subjects).await?;
    Ok(Written { changed: rows, unchanged: facts.len() as u64 - rows })
}

/// Facts by table.
#[derive(Default)]
struct Batch<'a> {
    repositories: Vec<Row<'a, kernel::Repository>>,
    commits: Vec<Row<'a, kernel::Commit>>,
    changes: Vec<Row<'a, kernel::Change>>,
    reviews: Vec<Row<'a, kernel::Review>>,
    pipeline_runs: Vec<Row<'a, kernel::PipelineRun>>,
    deployments: Vec<Row<'a, kernel::Deployment>>,
    incidents: Vec<Row<'a, kernel::Incident>>,
    work_items: Vec<Row<'a, kernel::WorkItem>>,
    accounts: Vec<Row<'a, kernel::Account>>,
    services: Vec<Row<'a, kernel::Service>>,
    teams: Vec<Row<'a, kernel::Team>>,
    task_runs: Vec<Row<'a, kernel::TaskRun>>,
    closings: Vec<Row<'a, kernel::Closing>>,
    transitions: Vec<Row<'a, kernel::Transition>>,
    statuses: Vec<Row<'a, kernel::Status>>,
    sprints: Vec<Row<'a, kernel::Sprint>>,
    sprint_entries: Vec<Row<'a, kernel::SprintEntry>>,
    vulnerabilities: Vec<Row<'a, kernel::Vulnerability>>,
    quality_measures: Vec<Row<'a, kernel::QualityMeasure>>,
    persons: Vec<Row<'a, kernel::Person>>,
}

impl<'a> Batch<'a> {
    /// The ids of what may be closed now.
    fn closable(&self) -> Vec<String> {
        let incidents = self.incidents.iter().map(|row| row.fact.id.as_str());
        let items = self.work_items.iter().map(|row| row.fact.id.as_str());
        let closings = self.closings.iter().map(|row| row.fact.id.as_str());
        let ids: BTreeSet<&str> = incidents.chain(items).chain(closings).collect();
        ids.into_iter().map(str::to_owned).collect()
    }

    fn add(&mut self, Picture { fact, digest }: &'a Picture<'_>) {
        match fact.as_ref() {
            Fact::Repository(x) => self.repositories.push(Row::new(x, x.version, *digest)),
            Fact::Commit(x) => self.commits.push(Row::new(x, x.version, *digest)),
            Fact::Change(x) => self.changes.push(Row::new(x, x.version, *digest)),
            Fact::Review(x) => self.reviews.push(Row::new(x, x.version, *digest)),
            Fact::PipelineRun(x) => self.pipeline_runs.push(Row::new(x, x.version, *digest)),
            Fact::Deployment(x) => self.deployments.push(Row::new(x, x.version, *digest)),
            Fact::Incident(x) => self.incidents.push(Row::new(x, x.version, *digest)),
            Fact::WorkItem(x) => self.work_items.push(Row::new(x, x.version, *digest)),
            Fact::Account(x) => self.accounts.push(Row::new(x, x.version, *digest)),
            Fact::Service(x) => self.services.push(Row::new(x, x.version, *digest)),
            Fact::Team(x) => self.teams.push(Row::new(x, x.version, *digest)),
            Fact::TaskRun(x) => self.task_runs.push(Row::new(x, x.version, *digest)),
            Fact::Closing(x) => self.closings.push(Row::new(x, x.version, *digest)),
            Fact::Transition(x) => self.transitions.push(Row::new(x, x.version, *digest)),
            Fact::Status(x) => self.statuses.push(Row::new(x, x.version, *digest)),
            Fact::Sprint(x) => self.sprints.push(Row::new(x, x.version, *digest)),
            Fact::SprintEntry(x) => self.sprint_entries.push(Row::new(x, x.version, *digest)),
            Fact::Vulnerability(x) => self.vulnerabilities.push(Row::new(x, x.version, *digest)),
            Fact::QualityMeasure(x) => self.quality_measures.push(Row::new(x, x.version, *digest)),
            // written, or completed, before the others
            Fact::Moved(_) | Fact::Partial(_) => {}
            Fact::Person(x) => self.persons.push(Row::new(x, x.version, *digest)),
        }
    }
}
