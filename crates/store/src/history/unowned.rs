//! Incidents that no service claims, names or deploys: no service's numbers count them.

use crate::{StoreError, StoreTx};

/// An incident that no service claims, and whose own service, if it names one, has no deployments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnownedIncident {
    /// Its id.
    pub id: String,
    /// The service that it names.
    pub service: Option<String>,
    /// The repository that it was reported in, which may be that of a service.
    pub repository: Option<String>,
    /// What it is part of at its source.
    pub selectors: Vec<String>,
}

/// Such incidents, by id. Those that name a deployment or a change as their cause count where that is.
pub async fn unowned_incidents(tx: &mut StoreTx) -> Result<Vec<UnownedIncident>, StoreError> {
    Ok(sqlx::query_as!(
        UnownedIncident,
        "select i.id, i.service, i.repository, i.selectors
         from incident i
         where not i.deleted and i.caused_by_deployment is null and i.caused_by_change is null
           and not exists (select from service s where s.name = i.service and not s.deleted)
           and not exists (select from deployment d where d.service = i.service and not d.deleted)
           and not exists (select from service s
                           where s.incidents <> '{}' and not s.deleted and s.incidents && i.selectors)
         order by i.id"
    )
    .fetch_all(tx.connection())
    .await?)
}
