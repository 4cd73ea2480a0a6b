//! Deletes all that is known of one thing: a repository, a source, a service, a team, a person. What is deleted is
//! one list of conditions a kind, so that a dry run, which takes it back, counts the same rows.

use kernel::Fact;
use kernel::people::MAILMAP;

use crate::history::repositories;
use crate::metric_rows::computed_tables;
use crate::{StoreError, StoreTx, changes, invalidations, metric_rows};

/// What kind of thing is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// Everything of a repository: facts, metric facts of the service that it is, cursor.
    Repository,
    /// The state and the cursors of a source; facts stay.
    Source,
    /// A service, with deployments and incidents that name it.
    Service,
    /// A team.
    Team,
    /// A person: accounts stay.
    Person,
}

/// How many rows of a table went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletedRows {
    /// The table.
    pub table: &'static str,
    /// How many of its rows.
    pub rows: u64,
}

/// A table, and which of its rows are about `$1`.
type Rule = (&'static str, &'static str);

const OF_NO_SERVICE: &str = "service = $1 and not exists (select from service s where s.name = $1 and not s.deleted)";
const OF_REPOSITORY: &str = "repository = $1";
const OF_SERVICE: &str = "service = $1";
const OF_ITEM: &str = "item in (select id from work_item where project = $1)";
const OF_GIT: &str = "source = 'git/' || $1";
const NAMED: &str = "name = $1";
const PARTS_OF_REPOSITORY: &str = "kind = 'incident' and id in (select id from incident where repository = $1)
    or kind = 'change' and id in (select id from change where repository = $1)";
const PARTS_OF_SERVICE: &str = "kind = 'incident' and id in (select id from incident where service = $1)";

/// Rows that are found through others go before these. Other kinds of facts that name a repository go by that.
const REPOSITORY: &[Rule] = &[
    ("task_run", "repository = $1 or run in (select id from pipeline_run where repository = $1)"),
    ("review", "change in (select id from change where repository = $1)"),
    ("transition", OF_ITEM),
    ("sprint_entry", OF_ITEM),
    (
        "close_event",
        "id in (select id from work_item where project = $1 union select id from incident where repository = $1)",
    ),
    ("partial_fact", PARTS_OF_REPOSITORY),
    ("change", OF_REPOSITORY),
    ("incident", OF_REPOSITORY),
    ("work_item", "project = $1"),
    ("repository_name", "id = $1 or id in (select id from moved where new_id = $1)"),
    ("moved", "id = $1 or new_id = $1"),
    ("repository", "id = $1"),
    ("cursor", OF_GIT),
    ("event_count", OF_GIT),
    ("event_hour", OF_GIT),
    ("dead_letter", OF_GIT),
];

const SOURCE: &[Rule] = &[
    ("source_state", "source = $1"),
    ("feed", "kind = 'source' and subject = $1"),
    ("cursor", "source = $1 or starts_with(source, $1 || '/')"),
    ("event_count", "source = $1"),
    ("event_hour", "source = $1"),
    ("dead_letter", "source = $1"),
];

const SERVICE: &[Rule] =
    &[("service", NAMED), ("partial_fact", PARTS_OF_SERVICE), ("deployment", OF_SERVICE), ("incident", OF_SERVICE)];

/// The tables that hold what was computed of a service, and what subscribers receive about it.
fn reported_tables() -> impl Iterator<Item = &'static str> {
    computed_tables().chain(["feed"])
}

impl Forgotten {
    fn rules(self) -> Vec<Rule> {
        match self {
            Self::Repository => {
                let named = Fact::KINDS.iter().filter(|kind| kind.column("repository").is_some());
                let named = named.map(|kind| (kind.name, OF_REPOSITORY));
                let others = named.filter(|(name, _)| REPOSITORY.iter().all(|(table, _)| table != name));
                let computed = reported_tables().map(|table| (table, OF_NO_SERVICE));
                REPOSITORY.iter().copied().chain(others).chain(computed).collect()
            }
            Self::Source => SOURCE.to_vec(),
            Self::Service => {
                let computed = reported_tables().map(|table| (table, OF_SERVICE));
                SERVICE.iter().copied().chain(computed).collect()
            }
            Self::Team => vec![("team", NAMED)],
            Self::Person => vec![("person", NAMED)],
        }
    }

    /// What there is of this kind, as a list of texts; repositories are found by more than one table.
    const fn names(self) -> Option<&'static str> {
        Some(match self {
            Self::Repository => return None,
            Self::Source => "select source from source_state union select source from cursor order by 1",
            Self::Service => "select name from service union select service from computation order by 1",
            Self::Team => "select name from team order by 1",
            Self::Person => "select distinct name from person order by 1",
        })
    }
}

/// The names of what there is of a kind.
pub async fn names(tx: &mut StoreTx, kind: Forgotten) -> Result<Vec<String>, StoreError> {
    match kind.names() {
        Some(names) => Ok(sqlx::query_scalar(names).fetch_all(tx.connection()).await?),
        None => Ok(repositories(tx).await?.into_iter().map(|id| id.to_string()).collect()),
    }
}

/// Deletes all that is known of a thing, and marks the services that were computed from it. Returns the tables that
/// had rows of it; a transaction that is rolled back shows what would go.
pub async fn forget(tx: &mut StoreTx, kind: Forgotten, name: &str) -> Result<Vec<DeletedRows>, StoreError> {
    let mut subjects = vec![invalidations::service(name)];
    match kind {
        Forgotten::Repository => subjects.push(name.to_owned()),
        Forgotten::Service => {
            // its repositories are services of their own from now on
            let repositories = "select unnest(repositories) from service where name = $1
                                union select repository from deployment where service = $1 and repository is not null";
            let repositories: Vec<String> =
                sqlx::query_scalar(repositories).bind(name).fetch_all(tx.connection()).await?;
            subjects.extend(repositories);
        }
        Forgotten::Source | Forgotten::Team | Forgotten::Person => {}
    }
    if matches!(kind, Forgotten::Repository | Forgotten::Service) {
        metric_rows::mark_all(tx, name).await?;
    }
    let mut deleted = Vec::new();
    for (table, condition) in kind.rules() {
        deleted.extend(delete(tx, table, condition, name).await?);
    }
    if kind == Forgotten::Repository {
        let origin = format!("{MAILMAP}{name}");
        deleted.extend(delete(tx, "person", "origin = $1", &origin).await?);
    }
    if kind != Forgotten::Source && !deleted.is_empty() {
        invalidations::mark(tx, &subjects).await?;
        changes::note_facts(tx, &[changes::ANY_KIND.to_owned()]).await?;
    }
    Ok(deleted)
}

async fn delete(
    tx: &mut StoreTx,
    table: &'static str,
    condition: &'static str,
    value: &str,
) -> Result<Option<DeletedRows>, StoreError> {
    // both are of the lists above
    let statement = format!("delete from {table} where {condition}");
    let statement = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(value);
    let rows = statement.execute(tx.connection()).await?.rows_affected();
    Ok((rows > 0).then_some(DeletedRows { table, rows }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kinds that can name a repository, and stay when it is forgotten.
    const KEPT: [(&str, &str); 4] = [
        ("service", "it is declared, and forgotten by its own name"),
        ("sprint", "its board may have items of other projects"),
        ("status", "it is of a tracker, whose other projects have it too"),
        ("team", "it is declared, and forgotten by its own name"),
    ];

    #[test]
    fn rules_name_no_kind_of_fact_that_is_not_declared() {
        for (table, condition) in Forgotten::Repository.rules().into_iter().chain(Forgotten::Service.rules()) {
            for named in condition.split("kind = '").skip(1).filter_map(|rest| rest.split('\'').next()) {
                assert!(Fact::KINDS.iter().any(|kind| kind.name == named), "{table}: {condition}");
            }
        }
    }

    #[test]
    fn every_kind_that_moves_with_a_repository_is_forgotten_with_it_or_kept_for_a_reason() {
        let rules = Forgotten::Repository.rules();
        let mut left: Vec<&str> = Fact::KINDS
            .iter()
            .filter(|kind| kind.columns.iter().any(|column| column.moves))
            .map(|kind| kind.name)
            .filter(|name| rules.iter().all(|(table, _)| table != name))
            .collect();
        let mut kept = KEPT.map(|(name, _)| name);
        kept.sort_unstable();
        left.sort_unstable();
        assert_eq!(left, kept, "a rule in REPOSITORY is missing, or a reason in KEPT");
    }
}
