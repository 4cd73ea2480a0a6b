//! How rows of each kind are listed: where they are read from, what identifies them, which services they belong to, what
//! they are sorted by, and in which texts is searched. A list of another kind is a line here.

use kernel::{
    Account, Change, ChangeMetric, Commit, Deployment, DeploymentMetric, Finding, Incident, IncidentMetric,
    PipelineRun, Review, Sprint, TaskRun, Transition, Vulnerability, WorkItem,
};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;

use super::known::{EnvironmentRow, RepositoryRow, ServiceRow, TeamRow};
use super::row::Row;
use super::sort::{Order, Sort, SortType};
use crate::{StoreError, declared};

/// How rows of a kind are listed. SQL calls the row `t`.
#[derive(Debug)]
pub struct ListOf {
    /// The table, or a statement in parentheses, with the name `t`.
    pub(super) from: &'static str,
    /// What identifies a row.
    pub(super) key: &'static [KeyPart],
    /// Which rows are there; empty for all.
    pub(super) condition: &'static str,
    /// That a row belongs to one of the services `$S` or of their repositories `$R`; empty where none does.
    pub(super) owners: &'static str,
    /// What a list can be sorted by, the usual first. Windows are about that one.
    pub(super) sorts: &'static [Sort],
    /// Whether the usual order begins with the greatest value.
    pub(super) descending: bool,
    /// The columns in which is searched.
    pub(super) searched: &'static [&'static str],
}

/// A part of a key.
#[derive(Clone, Copy, Debug)]
pub enum KeyPart {
    /// A column of texts.
    Text(&'static str),
    /// A column of object ids.
    Sha(&'static str),
}

impl KeyPart {
    pub(super) fn expression(&self) -> String {
        match self {
            Self::Text(column) => format!("t.{column}"),
            Self::Sha(column) => format!("encode(t.{column}, 'hex')"),
        }
    }

    /// That it equals a column of the keys that are looked up.
    pub(super) fn equals(&self, name: &str) -> String {
        match self {
            Self::Text(column) => format!("t.{column} = k.{name}"),
            Self::Sha(column) => format!("t.{column} = decode(k.{name}, 'hex')"),
        }
    }

    /// Whether a text can be this part of a key.
    pub(super) fn takes(&self, text: &str) -> bool {
        match self {
            Self::Text(_) => !text.contains('\0'),
            Self::Sha(_) => kernel::Sha::parse(text).is_ok(),
        }
    }
}

impl ListOf {
    /// The order of this name; the usual one if it has no such.
    #[must_use]
    pub fn order(&self, name: &str, descending: bool) -> Order {
        match self.sorts.iter().find(|sort| sort.name == name) {
            Some(sort) => Order { sort, descending },
            None => self.default_order(),
        }
    }

    /// The usual order.
    #[must_use]
    pub fn default_order(&self) -> Order {
        Order { sort: self.sorts.first().unwrap_or(&UNSORTED), descending: self.descending }
    }

    /// What identifies an order: the list, what it is sorted by, and the direction.
    #[must_use]
    pub fn order_id(&self, order: Order) -> String {
        let [first, second, ..]: [u8; 32] = Sha256::digest(self.from).into();
        let direction = if order.descending { "-" } else { "" };
        format!("{direction}{}@{first:02x}{second:02x}", order.sort.name)
    }

    /// The expression of the time that windows are about.
    pub(super) fn time(&self) -> &'static str {
        self.default_order().sort.expression
    }

    /// Whether windows can be asked for: the usual order is one of time.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.default_order().sort.holds == SortType::Time
    }

    /// The number of parts of a key.
    #[must_use]
    pub const fn key_parts(&self) -> usize {
        self.key.len()
    }

    /// What a list can be sorted by.
    #[must_use]
    pub const fn sorts(&self) -> &'static [Sort] {
        self.sorts
    }
}

static UNSORTED: Sort = Sort::text("none", "''::text");

/// A row that is listed.
pub trait Listed: Row {
    /// How.
    const LIST: &'static ListOf;
}

/// By which of its columns rows are found that belong to another thing, which SQL calls `k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parent(pub(super) &'static str);

impl Parent {
    /// Rows whose `change` it is.
    pub const CHANGE: Self = Self("t.change = k.key");
    /// Rows whose `repository` it is.
    pub const REPOSITORY: Self = Self("t.repository = k.key");
    /// Rows whose `service` it is.
    pub const SERVICE: Self = Self("t.service = k.key");
    /// Rows whose `deployment` it is.
    pub const DEPLOYMENT: Self = Self("t.deployment = k.key");
    /// Rows whose `deployment` it is, of the service that is the other text.
    pub const DEPLOYMENT_OF_SERVICE: Self = Self("t.deployment = k.key and t.service = k.other");
    /// Rows whose `incident` it is.
    pub const INCIDENT: Self = Self("t.incident = k.key");
    /// Changes of the repositories of a service.
    pub const SERVICE_OF_CHANGE: Self = Self(
        "t.repository in (select unnest(s.repositories) from service s where s.name = k.key and not s.deleted
                          union select k.key)",
    );
    /// Incidents of a service.
    pub const SERVICE_OF_INCIDENT: Self =
        Self("t.id in (select m.incident from incident_metric m where m.service = k.key)");
    /// Incidents that marked a deployment as failed, of the service that is the other text.
    pub const CAUSE_OF_INCIDENT: Self =
        Self("t.id in (select m.incident from incident_metric m where m.deployment = k.key and m.service = k.other)");
    /// Jobs of a pipeline run.
    pub const RUN: Self = Self("t.run = k.key");
    /// Pipeline runs of a commit, of the repository that is the other text.
    pub const COMMIT_OF_RUN: Self = Self("t.sha = decode(k.key, 'hex') and t.repository = k.other");
    /// Reported deployments to an environment.
    pub const ENVIRONMENT: Self = Self("t.environment = k.key");
    /// Transitions of a work item.
    pub const ITEM: Self = Self("t.item = k.key");
    /// Work items of a sprint.
    pub const SPRINT: Self = Self("t.sprints @> array[k.key]");
    /// Work items that are part of another.
    pub const PARENT: Self = Self("t.parent = k.key");
    /// Services of a team.
    pub const TEAM: Self = Self("t.team = k.key");
    /// Services that a repository belongs to.
    pub const REPOSITORY_OF_SERVICE: Self = Self("t.repositories @> array[k.key]");
    /// Teams that an account is a member of.
    pub const MEMBER: Self = Self("t.members @> array[k.key]");
}

/// The projects that work items are in and that `$R` names, as `kernel::project_names` has it. The distinct ones are found by
/// stepping through the index.
macro_rules! named_projects {
    () => {
        r"array(with recursive p as (
                    select min(project) as name from work_item
                    union all
                    select (select min(i.project) from work_item i where i.project > p.name) from p
                     where p.name is not null)
                select p.name from p where array[p.name, substring(p.name from '/([A-Z][A-Z0-9_]*)\Z')] && $R)"
    };
}

const BY_ID: &[KeyPart] = &[KeyPart::Text("id")];
const BY_NAME: &[KeyPart] = &[KeyPart::Text("name")];

const OF_REPOSITORY: &str = "t.repository = any ($R)";
const OF_CHANGE: &str = "exists (select from change c where c.id = t.change and c.repository = any ($R))";
const OF_ITEM: &str =
    concat!("exists (select from work_item w where w.id = t.item and w.project = any (", named_projects!(), "))");

const BY_NAME_ONLY: &[Sort] = &[Sort::text("name", "t.name")];

/// What is usual: newest first by the first sort, by id, not deleted, of a repository.
const USUAL: ListOf = ListOf {
    from: "",
    key: BY_ID,
    condition: "not t.deleted",
    owners: OF_REPOSITORY,
    sorts: &[],
    descending: true,
    searched: &[],
};

macro_rules! facts {
    ($($kind:ident: $list:expr,)+) => {$(
        impl Row for $kind {
            fn columns() -> String {
                declared::columns::<Self>("t", &[])
            }

            fn read(row: &PgRow) -> Result<Self, StoreError> {
                declared::read_row(row)
            }
        }

        impl Listed for $kind {
            const LIST: &'static ListOf = &$list;
        }
    )+};
}

facts! {
    Account: ListOf {
        from: "account t", condition: "", owners: "", sorts: BY_NAME_ONLY, descending: false, searched: &["name"],
        ..USUAL
    },
    Change: ListOf {
        from: "change t",
        sorts: &[
            Sort::time("opened_at", "coalesce(t.opened_at, t.merged_at, t.closed_at, t.version_at)"),
            Sort::time("merged_at", "t.merged_at").only("t.merged_at is not null"),
        ],
        searched: &["title", "id"],
        ..USUAL
    },
    Commit: ListOf {
        from: "commit t",
        key: &[KeyPart::Text("repository"), KeyPart::Sha("sha")],
        // what a deployment reached stays true when its branch is gone; the condition is that of the index of times
        condition: "t.committed_at > '-infinity'",
        sorts: &[Sort::time("committed_at", "t.committed_at")],
        searched: &["subject"],
        ..USUAL
    },
    Deployment: ListOf {
        from: "deployment t",
        owners: "t.service = any ($S) or t.service is null and t.repository = any ($R)",
        sorts: &[Sort::time("finished_at", "coalesce(t.finished_at, t.started_at, t.version_at)")],
        searched: &["id", "name"],
        ..USUAL
    },
    Incident: ListOf {
        from: "incident t",
        owners: "t.service = any ($S) or t.service is null and t.repository = any ($R)
                 or exists (select from incident_metric m where m.incident = t.id and m.service = any ($S))",
        sorts: &[
            Sort::time("detected_at", "t.detected_at"),
            Sort::time("resolved_at", "t.resolved_at").nullable(),
        ],
        searched: &["title", "id"],
        ..USUAL
    },
    PipelineRun: ListOf {
        from: "pipeline_run t",
        condition: "",
        sorts: &[
            Sort::time("queued_at", "t.queued_at"),
            Sort::time("finished_at", "t.finished_at").nullable(),
            Sort::text("name", "t.name").without_index(),
        ],
        searched: &["name"],
        ..USUAL
    },
    Review: ListOf {
        from: "review t",
        // one look a row, by the key
        condition: "(select c.deleted from change c where c.id = t.change) is not true",
        owners: OF_CHANGE,
        sorts: &[Sort::time("submitted_at", "t.submitted_at")],
        descending: false,
        ..USUAL
    },
    Sprint: ListOf {
        from: "sprint t",
        owners: concat!(
            "t.board = any ($R)
             or exists (select from sprint_entry e join work_item w on w.id = e.item
                        where e.sprint = t.id and w.project = any (",
            named_projects!(),
            "))"
        ),
        sorts: &[
            Sort::time("started_at", "coalesce(t.started_at, t.ends_at, t.completed_at, t.version_at)"),
        ],
        searched: &["name"],
        ..USUAL
    },
    TaskRun: ListOf {
        from: "task_run t",
        condition: "",
        sorts: &[Sort::time("queued_at", "coalesce(t.queued_at, t.started_at, t.finished_at, t.version_at)")],
        descending: false,
        ..USUAL
    },
    Transition: ListOf {
        from: "transition t",
        condition: "",
        owners: OF_ITEM,
        sorts: &[Sort::time("at", "t.at")],
        descending: false,
        ..USUAL
    },
    Vulnerability: ListOf {
        from: "vulnerability t",
        sorts: &[
            Sort::time("opened_at", "t.opened_at"),
            Sort::time("fixed_at", "t.fixed_at").nullable(),
            // `critical` is more than `high`, and any other word less than `low`
            Sort::new(
                "severity",
                "(case t.severity when 'critical' then 4 when 'high' then 3 when 'medium' then 2 when 'low' then 1
                       else 0 end)::bigint",
                SortType::Int,
            )
            .without_index(),
        ],
        searched: &["title", "rule"],
        ..USUAL
    },
    WorkItem: ListOf {
        from: "work_item t",
        owners: concat!("t.project = any (", named_projects!(), ")"),
        sorts: &[
            Sort::time("created_at", "t.created_at"),
            Sort::time("started_at", "t.started_at").nullable(),
            Sort::time("done_at", "t.done_at").nullable(),
            Sort::new("points", "t.points", SortType::Float).nullable(),
            Sort::text("key", "t.key").without_index(),
        ],
        searched: &["title", "key"],
        ..USUAL
    },
}

impl Listed for DeploymentMetric {
    const LIST: &'static ListOf = &ListOf {
        from: "deployment_metric t",
        key: &[KeyPart::Text("service"), KeyPart::Text("deployment")],
        condition: "",
        owners: "t.service = any ($S)",
        sorts: &[
            Sort::time("finished_at", "t.finished_at"),
            Sort::time("recovered_at", "t.recovered_at").nullable(),
            Sort::new("commits", "t.commits::bigint", SortType::Int).without_index(),
            Sort::new("changes", "t.changes::bigint", SortType::Int).without_index(),
            Sort::text("service", "t.service").without_index(),
        ],
        searched: &["deployment", "name"],
        ..USUAL
    };
}

impl Listed for ChangeMetric {
    const LIST: &'static ListOf = &ListOf {
        from: "change_metric t",
        key: &[KeyPart::Text("service"), KeyPart::Text("change")],
        condition: "",
        owners: "t.service = any ($S)",
        sorts: &[
            Sort::time("deployed_at", "t.deployed_at"),
            Sort::time("opened_at", "t.opened_at").nullable(),
            Sort::time("merged_at", "t.merged_at").nullable(),
            Sort::new("lead_time_seconds", "t.lead_time_us", SortType::Int).nullable(),
            Sort::new("commits", "t.commits::bigint", SortType::Int).without_index(),
            Sort::text("service", "t.service").without_index(),
        ],
        searched: &["title", "change"],
        ..USUAL
    };
}

impl Listed for IncidentMetric {
    const LIST: &'static ListOf = &ListOf {
        from: "incident_metric t",
        key: &[KeyPart::Text("service"), KeyPart::Text("incident")],
        condition: "",
        owners: "t.service = any ($S)",
        sorts: &[Sort::time("detected_at", "t.detected_at")],
        ..USUAL
    };
}

impl Listed for Finding {
    const LIST: &'static ListOf = &ListOf {
        from: "finding t",
        key: &[KeyPart::Text("service"), KeyPart::Text("kind"), KeyPart::Text("subject")],
        condition: "",
        owners: "t.service = any ($S)",
        sorts: &[
            Sort::text("service", "t.service"),
            Sort::text("kind", "t.kind").without_index(),
            Sort::text("subject", "t.subject").without_index(),
        ],
        descending: false,
        searched: &["detail", "subject"],
    };
}

impl Listed for RepositoryRow {
    const LIST: &'static ListOf = &ListOf {
        from: "repository t",
        condition: "",
        owners: "t.id = any ($R)",
        sorts: &[Sort::text("id", "t.id"), Sort::text("name", "t.name").without_index()],
        descending: false,
        searched: &["id", "name"],
        ..USUAL
    };
}

impl Listed for ServiceRow {
    const LIST: &'static ListOf = &ListOf {
        // the last deployment is the greatest row up to the service's end, which only the primary key can answer
        from: "(select c.service as name, s.team, c.source, c.statement,
                       coalesce(s.repositories, array[c.service]) as repositories, c.computed_at, c.deployments,
                       c.changes, c.commits, c.partial, c.error, d.finished_at as last_deployment_at
                  from computation c
                  left join service s on s.name = c.service and not s.deleted
                  left join lateral (select m.service, m.finished_at from deployment_metric m
                                      where (m.service, m.finished_at) <= (c.service, 'infinity') and m.counted
                                      order by m.service desc, m.finished_at desc limit 1) d
                         on d.service = c.service) t",
        key: BY_NAME,
        condition: "",
        owners: "t.name = any ($S)",
        sorts: &[Sort::text("name", "t.name"), Sort::new("deployments", "t.deployments", SortType::Int)],
        descending: false,
        searched: &["name"],
    };
}

impl Listed for TeamRow {
    const LIST: &'static ListOf = &ListOf {
        from: "(select name, parent, members from team where not deleted
                union all
                select distinct s.team, null, '{}'::text[] from service s
                 where s.team is not null and not s.deleted
                   and not exists (select from team d where d.name = s.team and not d.deleted)) t",
        key: BY_NAME,
        condition: "",
        owners: "exists (select from service s where s.team = t.name and not s.deleted and s.name = any ($S))",
        sorts: BY_NAME_ONLY,
        descending: false,
        searched: &["name"],
    };
}

impl Listed for EnvironmentRow {
    const LIST: &'static ListOf = &ListOf {
        // found by stepping through the index, one look an environment
        from: "(with recursive e as (
                    select min(environment) as name from deployment
                    union all
                    select (select min(d.environment) from deployment d where d.environment > e.name) from e
                     where e.name is not null)
                select name from e where name is not null) t",
        key: BY_NAME,
        // one look an environment
        condition: "(select true from deployment d where d.environment = t.name and not d.deleted limit 1)",
        owners: "exists (select from deployment d where d.environment = t.name and not d.deleted
                                 and (d.service = any ($S) or d.service is null and d.repository = any ($R)))",
        sorts: BY_NAME_ONLY,
        descending: false,
        searched: &["name"],
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_projects_that_a_list_names_are_called_as_elsewhere() {
        let expected = format!("where {} && $R", kernel::project_names_in_sql("p.name"));
        assert!(named_projects!().contains(&expected), "{}", named_projects!());
    }
}
