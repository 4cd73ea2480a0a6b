//! Measures of code. No metric is computed from them as they are written, so nothing becomes stale.

use chrono::{DateTime, Utc};
use kernel::{QualityMeasure, RepositoryId};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, versions};
use crate::StoreError;

pub(super) async fn write(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, QualityMeasure>>,
) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into quality_measure as t
                     (id, repository, project, metric, value, at, detail, version_at, digest)
                 select id, repository, project, metric, value, at, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::timestamptz[],
                             $7::smallint[], $8::timestamptz[], $9::bigint[])
                      as n (id, repository, project, metric, value, at, detail, version_at, digest)
                 on conflict (id) do update
                 set repository = excluded.repository, project = excluded.project, metric = excluded.metric,
                     value = excluded.value, at = excluded.at, detail = excluded.detail,
                     version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.repository.as_ref().map(RepositoryId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.project.as_str()) as &[&str],
            &column(rows, |x| x.metric.as_str()) as &[&str],
            &column(rows, |x| x.value) as &[f64],
            &column(rows, |x| x.at) as &[DateTime<Utc>],
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
