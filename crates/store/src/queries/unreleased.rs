//! Changes on their way to production.

use kernel::Change;
use sqlx::postgres::PgRow;

use super::listed::{KeyPart, ListOf, Listed};
use super::row::Row;
use super::sort::Sort;
use crate::{StoreError, declared};

/// A change that is open, or that was merged to the default branch of a repository after its first deployment, at most 90
/// days ago, and that no deployment has carried. What was merged before that deployment came with it, which carries nothing;
/// a change that repeats others (a promotion) is there until the next deployment, as these are what is carried.
#[derive(Clone, Debug, PartialEq)]
pub struct UnreleasedChange(pub Change);

impl Row for UnreleasedChange {
    fn columns() -> String {
        declared::columns::<Change>("t", &[])
    }

    fn read(row: &PgRow) -> Result<Self, StoreError> {
        declared::read_row(row).map(Self)
    }
}

impl Listed for UnreleasedChange {
    const LIST: &'static ListOf = &ListOf {
        from: "(with first_deployment as (
                    select k.repository, first.finished_at
                      from (select k.service, unnest(coalesce(s.repositories, array[k.service])) as repository
                              from computation k left join service s on s.name = k.service and not s.deleted
                             where k.deployments > 0) k
                     cross join lateral (select d.finished_at from deployment_metric d
                                          where d.service = k.service and d.success
                                            and coalesce(d.repository = k.repository, true)
                                          order by d.finished_at limit 1) first)
                select c.* from change c where c.state = 'open' and not c.deleted
                union all
                select c.* from change c join repository r on r.id = c.repository
                 where c.state = 'merged' and not c.deleted and c.merged_at >= now() - interval '90 days'
                   and coalesce(c.target_branch = r.default_branch, true)
                   and not exists (select from change_metric m where m.change = c.id)
                   and not (exists (select from finding f where f.kind = 'duplicate_change' and f.subject = c.id)
                            and exists (select from deployment_metric d where d.repository = c.repository and d.success
                                                                        and d.finished_at > c.merged_at))
                   and exists (select from first_deployment d
                               where d.repository = c.repository and d.finished_at < c.merged_at)) t",
        key: &[KeyPart::Text("id")],
        condition: "",
        owners: "t.repository = any ($R)",
        sorts: &[Sort::time("opened_at", "coalesce(t.opened_at, t.merged_at, t.version_at)")],
        descending: false,
        searched: &["title", "id"],
    };
}
