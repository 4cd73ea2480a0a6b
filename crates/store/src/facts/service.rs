//! Services. A change of one may concern any repository, so everything becomes stale.

use kernel::{DeploymentSource, RepositoryId, Service};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, text_array, versions};
use crate::{StoreError, stale};

pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Service>>) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.name.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let row = sqlx::query_scalar!(
            r#"with written as (
                 insert into service as t
                     (name, repositories, paths, deployments, team, production, deployments_from, branches, incidents,
                      deleted, detail, version_at, digest)
                 select name, repositories::text[], paths::text[], deployments, team, production,
                        deployments_from, branches::text[], incidents::text[], deleted, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::text[], $9::text[], $10::boolean[], $11::smallint[],
                             $12::timestamptz[], $13::bigint[])
                      as n (name, repositories, paths, deployments, team, production, deployments_from, branches,
                            incidents, deleted, detail, version_at, digest)
                 on conflict (name) do update
                 set repositories = excluded.repositories, paths = excluded.paths,
                     deployments = excluded.deployments, team = excluded.team,
                     production = excluded.production, deployments_from = excluded.deployments_from,
                     branches = excluded.branches, incidents = excluded.incidents,
                     deleted = excluded.deleted, detail = excluded.detail, version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning 1
             )
             select count(*) as "rows!" from written"#,
            &column(rows, |x| x.name.as_str()) as &[&str],
            &column(rows, |x| text_array(x.repositories.iter().map(RepositoryId::as_str))) as &[String],
            &column(rows, |x| text_array(x.paths.iter().map(String::as_str))) as &[String],
            &column(rows, |x| x.deployments.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.team.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.production.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.deployments_from.map(DeploymentSource::as_str)) as &[Option<&str>],
            &column(rows, |x| text_array(x.branches.iter().map(String::as_str))) as &[String],
            &column(rows, |x| text_array(x.claims().iter().map(String::as_str))) as &[String],
            &column(rows, |x| x.deleted) as &[bool],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_one(&mut *connection)
        .await?;
        changed.add(row, (row > 0).then(|| stale::EVERYTHING.to_owned()));
    }
    Ok(changed)
}
