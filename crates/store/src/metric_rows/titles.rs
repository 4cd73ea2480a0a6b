//! Titles of changes in the rows of metrics, where nothing else of the changes is another.

use std::collections::BTreeMap;

use kernel::ChangeMetric;

use super::encode::{Encode, Encoded};
use crate::invalidations::Retitled;
use crate::{StoreError, StoreTx, queries};

/// A change whose title is another now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// The change.
    pub change: String,
    /// Its repository.
    pub repository: String,
    /// Its title.
    pub title: String,
    /// Whether a verdict may depend on it: it says that it reverts something, or did, or a revert names it.
    pub decides: bool,
}

/// The titles that changes have now.
pub async fn titles(tx: &mut StoreTx, retitled: &[Retitled]) -> Result<Vec<Title>, StoreError> {
    let (changes, before): (Vec<String>, Vec<String>) =
        retitled.iter().map(|one| (one.change.clone(), one.before.clone())).unzip();
    let titles = sqlx::query_as!(
        Title,
        r#"select c.id as "change!", c.repository as "repository!", c.title as "title!",
                  bool_or(c.title like any (array['Revert "%', 'Reapply "%'])
                          or old.title like any (array['Revert "%', 'Reapply "%'])
                          or exists (select from change r where r.repository = c.repository and r.title like 'Revert "%'
                                     and (starts_with(r.title, 'Revert "' || c.title || '"')
                                          or starts_with(r.title, 'Revert "' || old.title || '"')))
                          or exists (select from commit r where r.repository = c.repository and r.subject like 'Revert "%'
                                     and (starts_with(r.subject, 'Revert "' || c.title || '"')
                                          or starts_with(r.subject, 'Revert "' || old.title || '"')))) as "decides!"
           from unnest($1::text[], $2::text[]) as old (id, title) join change c on c.id = old.id
           group by c.id, c.repository, c.title"#,
        &changes,
        &before,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(titles)
}

/// Gives the rows of changes of some services these titles. They are as they would be if the services were computed, so
/// long as no verdict depends on the titles and no worker computes the services meanwhile. Returns how many rows.
pub async fn write_titles(tx: &mut StoreTx, services: &[String], titles: &[&Title]) -> Result<u64, StoreError> {
    let titles: BTreeMap<&str, &str> =
        titles.iter().map(|title| (title.change.as_str(), title.title.as_str())).collect();
    let changes: Vec<String> = titles.keys().map(|change| (*change).to_owned()).collect();
    let rows = queries::of_changes(tx, services, &changes).await?;
    let (mut services, mut times, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut new, mut digests) = (Vec::new(), Vec::new());
    let mut encoded = Encoded::default();
    for row in rows {
        let title = titles.get(row.change.as_str()).filter(|title| **title != row.title);
        let Some(title) = title.map(|title| (*title).to_owned()) else { continue };
        let row = ChangeMetric { title, ..row };
        encoded.clear();
        row.encode(&mut encoded)?;
        digests.push(encoded.digest());
        times.push(row.deployed_at);
        services.push(row.service);
        changes.push(row.change.to_string());
        new.push(row.title);
    }
    if new.is_empty() {
        return Ok(0);
    }
    let written = sqlx::query!(
        "update change_metric m set title = new.title, digest = new.digest
         from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::bigint[])
              as new (service, deployed_at, change, title, digest)
         where m.service = new.service and m.deployed_at = new.deployed_at and m.change = new.change",
        &services,
        &times,
        &changes,
        &new,
        &digests,
    )
    .execute(tx.connection())
    .await?;
    Ok(written.rows_affected())
}
