//! Deployments. What is stale is what one named before and what it names now.
//!
//! What runs takes effect when it first ends with success, whatever is run again later: so the first such end that
//! any version reported stays, as does the earliest start, whichever version wins. Of what only names a version
//! (tags, releases, commits of a branch) the version that wins has the time.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::{Deployment, DeploymentSource, Outcome, RepositoryId, Sha};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Earliest, Row, best, column, subjects, versions};
use crate::StoreError;

#[expect(clippy::too_many_lines, reason = "one statement, which names every column in each of its clauses")]
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: Vec<Row<'_, Deployment>>,
) -> Result<Changed, StoreError> {
    let started = Earliest::of(&rows, |x| x.id.as_str(), |x| x.started_at);
    let succeeded = Earliest::of(
        &rows,
        |x| x.id.as_str(),
        |x| x.finished_at.filter(|_| runs(x) && x.outcome == Some(Outcome::Success)),
    );
    let ids: BTreeSet<&str> = started.ids().into_iter().chain(succeeded.ids()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into deployment as t
                     (id, source, repository, service, environment, sha, name, started_at, finished_at, outcome,
                      url, deleted, production, rollout, succeeded_at, detail, version_at, digest)
                 select id, source, repository, service, environment, sha, name, started_at, finished_at,
                        outcome, url, deleted, production, rollout, succeeded_at, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[],
                             $7::text[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[],
                             $12::boolean[], $13::boolean[], $14::text[], $15::timestamptz[], $16::smallint[],
                             $17::timestamptz[], $18::bigint[])
                      as n (id, source, repository, service, environment, sha, name, started_at, finished_at,
                            outcome, url, deleted, production, rollout, succeeded_at, detail, version_at, digest)
                 on conflict (id) do update
                 set source = excluded.source, repository = excluded.repository, service = excluded.service,
                     environment = excluded.environment, sha = excluded.sha, name = excluded.name,
                     started_at = least(excluded.started_at, t.started_at),
                     finished_at = excluded.finished_at,
                     succeeded_at = least(excluded.succeeded_at, t.succeeded_at),
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
            &column(rows, |x| started.get(x.id.as_str())) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.finished_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.outcome.map(Outcome::as_str)) as &[Option<&str>],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.deleted) as &[bool],
            &column(rows, |x| x.production) as &[Option<bool>],
            &column(rows, |x| x.rollout.as_deref()) as &[Option<&str>],
            &column(rows, |x| succeeded.get(x.id.as_str())) as &[Option<DateTime<Utc>>],
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
    // of those that are not replaced, as the row holds a better version
    for ids in ids.chunks(CHUNK) {
        let moved = sqlx::query!(
            r#"with moved as (
                 update deployment as t
                 set started_at = least(t.started_at, n.started), succeeded_at = least(t.succeeded_at, n.succeeded)
                 from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as n (id, started, succeeded)
                 where t.id = n.id
                   and (n.started < coalesce(t.started_at, 'infinity'::timestamptz)
                        or n.succeeded < coalesce(t.succeeded_at, 'infinity'::timestamptz))
                 returning t.repository, t.service
             )
             select repository, service, count(*) as "rows!" from moved group by 1, 2"#,
            ids as &[&str],
            &started.column(ids) as &[Option<DateTime<Utc>>],
            &succeeded.column(ids) as &[Option<DateTime<Utc>>],
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in moved {
            changed.add(row.rows, subjects(row.repository, row.service));
        }
    }
    Ok(changed)
}

/// Whether a deployment is something that runs, and can be run again, rather than a name or a commit.
fn runs(deployment: &Deployment) -> bool {
    match deployment.source {
        DeploymentSource::Deployment | DeploymentSource::Pipeline | DeploymentSource::Cdevents => true,
        DeploymentSource::Branch | DeploymentSource::Release | DeploymentSource::Tag => false,
    }
}
