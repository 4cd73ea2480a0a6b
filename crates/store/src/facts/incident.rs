//! Incidents. What is stale is what one belonged to and named as its cause or fix before, and what it does now.
//!
//! Many sources report moments, not incidents: that of a resolution does not repeat when the incident was
//! detected and acknowledged. So the earliest of both that any version has stay, whichever version wins.

use chrono::{DateTime, Utc};
use kernel::{ChangeId, Incident, RepositoryId};
use sqlx::PgConnection;

use super::row::{CHUNK, Changed, Earliest, Row, best, column, incident_subjects, text_array, versions};
use crate::StoreError;

#[expect(clippy::too_many_lines, reason = "one statement, which names every column in each of its clauses")]
pub(super) async fn write(connection: &mut PgConnection, rows: Vec<Row<'_, Incident>>) -> Result<Changed, StoreError> {
    let detected = Earliest::of(&rows, |x| x.id.as_str(), |x| Some(x.detected_at));
    let acknowledged = Earliest::of(&rows, |x| x.id.as_str(), |x| x.acknowledged_at);
    let mut changed = Changed::default();
    for rows in best(rows, |x| x.id.as_str()).chunks(CHUNK) {
        let (details, versions_at, digests) = versions(rows);
        let written = sqlx::query!(
            r#"with written as (
                 insert into incident as t
                     (id, service, repository, title, severity, detected_at, acknowledged_at, resolved_at,
                      caused_by_deployment, caused_by_change, external_cause, fixed_by_deployment, url, selectors,
                      deleted, detail, version_at, digest)
                 select id, service, repository, title, severity, detected_at, acknowledged_at, resolved_at,
                        caused_by_deployment, caused_by_change, external_cause, fixed_by_deployment, url,
                        selectors::text[], deleted, detail, version_at, digest
                 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                             $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::boolean[],
                             $12::text[], $13::text[], $14::text[], $15::boolean[], $16::smallint[],
                             $17::timestamptz[], $18::bigint[])
                      as n (id, service, repository, title, severity, detected_at, acknowledged_at, resolved_at,
                            caused_by_deployment, caused_by_change, external_cause, fixed_by_deployment, url,
                            selectors, deleted, detail, version_at, digest)
                 on conflict (id) do update
                 set service = excluded.service, repository = excluded.repository, title = excluded.title,
                     severity = excluded.severity, detected_at = least(excluded.detected_at, t.detected_at),
                     acknowledged_at = least(excluded.acknowledged_at, t.acknowledged_at),
                     resolved_at = excluded.resolved_at,
                     caused_by_deployment = excluded.caused_by_deployment,
                     caused_by_change = excluded.caused_by_change, external_cause = excluded.external_cause,
                     fixed_by_deployment = excluded.fixed_by_deployment, url = excluded.url,
                     selectors = excluded.selectors, deleted = excluded.deleted, detail = excluded.detail,
                     version_at = excluded.version_at, digest = excluded.digest
                 where (excluded.detail, excluded.version_at, excluded.digest) > (t.detail, t.version_at, t.digest)
                 returning t.*
             )
             select written.repository, written.service, written.caused_by_deployment, written.caused_by_change,
                    written.fixed_by_deployment, written.selectors as "selectors!",
                    not written.deleted as "is_there!", not coalesce(old.deleted, true) as "was_there!",
                    old.repository as "old_repository?", old.service as "old_service?",
                    old.caused_by_deployment as "old_caused_by_deployment?",
                    old.caused_by_change as "old_caused_by_change?",
                    old.fixed_by_deployment as "old_fixed_by_deployment?", old.selectors as "old_selectors?"
             from written left join incident as old using (id)"#,
            &column(rows, |x| x.id.as_str()) as &[&str],
            &column(rows, |x| x.service.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.repository.as_ref().map(RepositoryId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.title.as_str()) as &[&str],
            &column(rows, |x| x.severity.as_deref()) as &[Option<&str>],
            &column(rows, |x| detected.get(&x.id.0).unwrap_or(x.detected_at)) as &[DateTime<Utc>],
            &column(rows, |x| acknowledged.get(&x.id.0)) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.resolved_at) as &[Option<DateTime<Utc>>],
            &column(rows, |x| x.caused_by_deployment.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.caused_by_change.as_ref().map(ChangeId::as_str)) as &[Option<&str>],
            &column(rows, |x| x.external_cause) as &[bool],
            &column(rows, |x| x.fixed_by_deployment.as_deref()) as &[Option<&str>],
            &column(rows, |x| x.url.as_deref()) as &[Option<&str>],
            &column(rows, |x| text_array(x.all_selectors().iter().map(String::as_str))) as &[String],
            &column(rows, |x| x.deleted) as &[bool],
            &details,
            &versions_at,
            &digests,
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in written {
            let names = [row.caused_by_deployment, row.caused_by_change, row.fixed_by_deployment];
            changed.add(1, []);
            // what is taken back and was never there concerns nobody: sources take back each issue that is no incident
            if row.is_there || row.was_there {
                changed.add(0, incident_subjects((row.repository, row.service), &row.selectors, names));
            }
            if row.was_there {
                let names = [row.old_caused_by_deployment, row.old_caused_by_change, row.old_fixed_by_deployment];
                let selectors = row.old_selectors.unwrap_or_default();
                changed.add(0, incident_subjects((row.old_repository, row.old_service), &selectors, names));
            }
        }
    }
    keep_earliest(connection, &detected, &acknowledged, &mut changed).await?;
    Ok(changed)
}

/// Sets the earliest moments of those that are not replaced, as the row holds a better version.
async fn keep_earliest(
    connection: &mut PgConnection,
    detected: &Earliest<'_>,
    acknowledged: &Earliest<'_>,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    for ids in detected.ids().chunks(CHUNK) {
        let moved = sqlx::query!(
            r#"with moved as (
                 update incident as t
                 set detected_at = least(t.detected_at, n.detected),
                     acknowledged_at = least(t.acknowledged_at, n.acknowledged)
                 from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as n (id, detected, acknowledged)
                 where t.id = n.id
                   and (n.detected < t.detected_at
                        or n.acknowledged < coalesce(t.acknowledged_at, 'infinity'::timestamptz))
                 returning t.*
             )
             select repository, service, caused_by_deployment, caused_by_change, fixed_by_deployment, selectors, deleted
             from moved"#,
            ids as &[&str],
            &detected.column(ids) as &[Option<DateTime<Utc>>],
            &acknowledged.column(ids) as &[Option<DateTime<Utc>>],
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in moved {
            let names = [row.caused_by_deployment, row.caused_by_change, row.fixed_by_deployment];
            changed.add(1, []);
            if !row.deleted {
                changed.add(0, incident_subjects((row.repository, row.service), &row.selectors, names));
            }
        }
    }
    Ok(())
}
