//! What has to be computed again when rows of facts change: by the kind of fact, an expression over a row. Kinds that
//! are not listed here concern nothing that is computed as they are written.

use kernel::catalog::{Declared, Kind};
use kernel::{
    Account, Change, ChangeState, Commit, Deployment, Incident, PipelineRun, Repository, Review, Service, Team,
};

use crate::declared::{list, literal, quoted};
use crate::invalidations;

/// Which rows concern what.
#[derive(Clone, Debug, Default)]
pub(super) struct Concern {
    /// The columns that it depends on.
    columns: &'static [&'static str],
    /// The subjects of a row `r`, as an array of texts.
    of_row: String,
    before: Before,
}

/// What the row that was replaced concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    /// The same: it depends on the key only.
    #[default]
    Same,
    /// What it says by itself.
    ByItself,
    /// All or nothing: everything is concerned if a column is another now, of which a row that is new counts as false.
    AnotherNow(&'static str),
    /// What it says by itself, if anything is another now that changes are measured by.
    OfChange,
}

/// Columns of changes that the engine does not read.
const UNREAD: [&str; 4] = ["number", "closed_at", "additions", "deletions"];
/// The column of changes that only reverts depend on.
const TITLE: &str = "title";

impl Concern {
    /// That of a kind of fact.
    pub(super) fn of(kind: &Kind) -> Self {
        let everything = format!("array['{}']", invalidations::EVERYTHING);
        match kind.name {
            Repository::NAME => Self::new(&["id"], "array[r.id]", Before::Same),
            Commit::NAME => Self::new(&["repository"], "array[r.repository]", Before::Same),
            // when a source says that one belongs elsewhere now, both repositories are concerned
            Change::NAME => Self::new(&["repository"], "array[r.repository]", Before::OfChange),
            // the repository of the change; until that is known, its id says which
            Review::NAME => Self::new(
                &["change"],
                &format!(
                    "array[coalesce((select c.repository from change as c where c.id = r.change),
                                    substring(r.change from '^(.*)#'), '{}')]",
                    invalidations::EVERYTHING
                ),
                Before::ByItself,
            ),
            // some of them are deployments; one that knows no repository is measured with none
            PipelineRun::NAME => {
                Self::new(&["repository"], "array_remove(array[r.repository], null)", Before::ByItself)
            }
            Deployment::NAME => Self::new(&["repository", "service"], &owners(&everything), Before::ByItself),
            Incident::NAME => Self::new(INCIDENT, &of_incident(&everything), Before::ByItself),
            // of what accounts say only whether they are bots enters metrics
            Account::NAME => Self::new(&["bot"], &everything, Before::AnotherNow("bot")),
            // a change of one may concern any repository
            Service::NAME | Team::NAME => Self::new(&["name"], &everything, Before::Same),
            _ => Self::default(),
        }
    }

    fn new(columns: &'static [&'static str], of_row: &str, before: Before) -> Self {
        Self { columns, of_row: of_row.to_owned(), before }
    }

    /// What a statement returns of the rows that it writes.
    pub(super) fn returned(&self, kind: &Kind) -> String {
        let keys = kind.key_columns().map(|column| column.name);
        let compared = if self.before == Before::OfChange { compared(kind) } else { Vec::new() };
        let mut names: Vec<&str> = keys.chain(self.columns.iter().copied()).chain(compared).collect();
        names.sort_unstable();
        names.dedup();
        list(names.into_iter().map(|name| format!("t.{}", quoted(name))))
    }

    /// The subjects of the rows in `written` and of those that they replaced.
    pub(super) fn subjects(&self, kind: &Kind) -> String {
        let table = quoted(kind.name);
        let key = list(kind.key_columns().map(|column| quoted(column.name)));
        match self.before {
            Before::Same => self.subjects_now(),
            Before::ByItself => {
                let replaced = list(self.columns.iter().map(|name| format!("old.{}", quoted(name))));
                self.subjects_of(&format!(
                    "select {} from written union select {replaced} from written join {table} as old using ({key})",
                    self.names()
                ))
            }
            Before::AnotherNow(column) => self.subjects_of(&format!(
                "select true from written left join {table} as old using ({key})
                 where written.{column} <> coalesce(old.{column}, false)"
            )),
            Before::OfChange => of_changes(kind),
        }
    }

    /// The subjects of the rows in `written`.
    pub(super) fn subjects_now(&self) -> String {
        self.subjects_of(&format!("select distinct {} from written", self.names()))
    }

    fn subjects_of(&self, rows: &str) -> String {
        if self.columns.is_empty() {
            return "'{}'::text[]".to_owned();
        }
        format!("array(select distinct unnest({}) from ({rows}) as r)", self.of_row)
    }

    fn names(&self) -> String {
        list(self.columns.iter().map(|name| quoted(name)))
    }
}

/// The columns of changes in which one version may differ from the one before it, so that it matters.
fn compared(kind: &Kind) -> Vec<&'static str> {
    let columns = kind.other_columns().map(|(_, column)| column.name).filter(|name| !UNREAD.contains(name));
    columns.chain(["completeness"]).collect()
}

/// The subjects of changes: the repositories that one is in now and was in before. One that is merged neither now nor
/// before is not measured; of one of which only the title is another, the title before is marked.
fn of_changes(kind: &Kind) -> String {
    let read = compared(kind).into_iter().filter(|name| *name != TITLE);
    let [now, before] = ["r", "old"].map(|of| list(read.clone().map(|name| format!("{of}.{}", quoted(name)))));
    let (table, merged) = (quoted(kind.name), literal(ChangeState::Merged));
    format!(
        "array(select distinct unnest(case
                   when old.id is null then array[r.repository]
                   when r.repository = old.repository and r.state <> {merged} and old.state <> {merged}
                       then '{{}}'::text[]
                   when row({now}) is distinct from row({before}) then array[r.repository, old.repository]
                   when r.{TITLE} <> old.{TITLE} then array['{}' || r.id || E'\\n' || old.{TITLE}]
                   else '{{}}'::text[] end)
               from written as r left join {table} as old on old.id = r.id)",
        invalidations::TITLE
    )
}

/// The columns of incidents that say what they concern.
const INCIDENT: &[&str] = &[
    "repository",
    "service",
    "caused_by_deployment",
    "caused_by_change",
    "fixed_by_deployment",
    "selectors",
    "deleted",
];

/// The repository and the service that a row names; everything when it names neither.
fn owners(everything: &str) -> String {
    format!(
        "case when r.repository is null and r.service is null then {everything}
              else array_remove(array[r.repository, '{}' || r.service], null) end",
        invalidations::SERVICE
    )
}

/// What an incident belongs to (its repository, its service, what it is part of at its source; everything when none is
/// known), and what it names. One that is taken back, or never was there, concerns nothing: sources take back each
/// issue that is no incident.
fn of_incident(everything: &str) -> String {
    format!(
        "case when r.deleted then '{{}}' else
              case when r.repository is null and r.service is null and r.selectors <> '{{}}' then '{{}}'
                   else {} end
              || array(select '{}' || s from unnest(r.selectors) as s)
              || array(select '{}' || n from unnest(array[r.caused_by_deployment, r.caused_by_change,
                                                          r.fixed_by_deployment]) as n where n is not null) end",
        owners(everything),
        invalidations::SELECTOR,
        invalidations::NAMED
    )
}
