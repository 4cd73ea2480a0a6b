//! Work items. No metric is computed from them as they are written, so nothing becomes stale.

use chrono::{DateTime, Utc};
use kernel::{AccountId, WorkItem, WorkItemId};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, text_array, versions};
use crate::StoreError;

#[expect(clippy::too_many_lines, reason = "one statement with all its columns")]
pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, WorkItem>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into work_item as t
                     (id, key, project, title, kind, status, status_category, assignee, reporter, parent,
                      sprints, created_at, started_at, done_at, points, labels, url, deleted, canceled, detail,
                      version_at, digest)
                 select id, key, project, title, kind, status, status_category, assignee, reporter, parent,
                        sprints::text[], created_at, started_at, done_at, points, labels::text[], url, deleted,
                        canceled, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                             $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[],
                             $13::timestamptz[], $14::timestamptz[], $15::float8[], $16::text[], $17::text[],
                             $18::boolean[], $19::boolean[], $20::smallint[], $21::timestamptz[], $22::bigint[])
                      as n (id, key, project, title, kind, status, status_category, assignee, reporter, parent,
                            sprints, created_at, started_at, done_at, points, labels, url, deleted, canceled, detail,
                            version_at, digest)
                 on conflict (id) do update
                 set key = excluded.key, project = excluded.project, title = excluded.title,
                     kind = excluded.kind, status = excluded.status, status_category = excluded.status_category,
                     assignee = excluded.assignee, reporter = excluded.reporter, parent = excluded.parent,
                     sprints = excluded.sprints, created_at = excluded.created_at,
                     started_at = excluded.started_at, done_at = excluded.done_at, points = excluded.points,
                     labels = excluded.labels, url = excluded.url, deleted = excluded.deleted,
                     canceled = excluded.canceled, detail = excluded.detail,
                     version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.key.as_str()) as &[&str],
            &column(rows, |x| x.project.as_str()) as &[&str],
            &column(rows, |x| x.title.as_str()) as &[&str],
            &column(rows, |x| x.kind.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.status.as_str()) as &[&str],
            &column(rows, |x| x.status_category.as_str()) as &[&str],
            &column(rows, |x| x.assignee.as_ref().map(AccountId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.reporter.as_ref().map(AccountId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.parent.as_ref().map(WorkItemId::as_str)) as &[Option<&str>],
            &column(rows, |x| text_array(x.sprints.iter().map(String::as_str))) as &[String],
            &column(rows, |x| x.created_at) as &[DateTime<Utc>],
            &column(rows, |x| x.started_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.done_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.points) as &[Option<f64>],
            &column(rows, |x| text_array(x.labels.iter().map(String::as_str))) as &[String],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.deleted) as &[bool],
            &column(rows, |x| x.canceled) as &[bool],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_one(&mut *connection)
        .await?;
        changed.add(row, []);
    }
    Ok(changed)
}
