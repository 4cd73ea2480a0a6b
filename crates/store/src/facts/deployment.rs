//! Deployments. What is stale is what one named before and what it names now.

use chrono::{DateTime, Utc};
use kernel::{Deployment, Outcome, RepositoryId, Sha};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Row, best, column, subjects, versions};
use crate::StoreError;

pub(super) async fn write(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, Deployment>>,
) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into deployment as t
                     (id, source, repository, service, environment, sha, name, started_at, finished_at, outcome,
                      url, deleted, production, rollout, detail, version_at, digest)
                 select id, source, repository, service, environment, sha, name, started_at, finished_at,
                        outcome, url, deleted, production, rollout, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[],
                             $7::text[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[],
                             $12::boolean[], $13::boolean[], $14::text[], $15::smallint[],
                             $16::timestamptz[], $17::bigint[])
                      as n (id, source, repository, service, environment, sha, name, started_at, finished_at,
                            outcome, url, deleted, production, rollout, detail, version_at, digest)
                 on conflict (id) do update
                 set source = excluded.source, repository = excluded.repository, service = excluded.service,
                     environment = excluded.environment, sha = excluded.sha, name = excluded.name,
                     started_at = excluded.started_at, finished_at = excluded.finished_at,
                     outcome = excluded.outcome, url = excluded.url, deleted = excluded.deleted,
                     production = excluded.production, rollout = excluded.rollout, detail = excluded.detail,
                     version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.id, t.repository, t.service
             )
             select written.repository, written.service,
                    old.repository as "old_repository?", old.service as "old_service?",
                    old.id is not null as "replaced!", count(*) as "rows!"
             from written left join deployment as old using (id)
             group by 1, 2, 3, 4, 5"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.source.as_str()) as &[&str],
            &column(rows, |x| x.repository.as_ref().map(RepositoryId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.service.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.environment.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.sha.as_ref().map(Sha::as_bytes)) as &[Option<&[u8]>],
            &column(rows, |x| x.name.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.started_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.finished_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.outcome.map(Outcome::as_str)) as &[Option<&str>],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.deleted) as &[bool],
            &column(rows, |x| x.production) as &[Option<bool>],
            &column(rows, |x| x.rollout.as_deref()) as &[Option<&str>],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in written {
            changed.add(row.rows, subjects(row.repository, row.service));
            if row.replaced {
                changed.add(0, subjects(row.old_repository, row.old_service));
            }
        }
    }
    Ok(changed)
}
