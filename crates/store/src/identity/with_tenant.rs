//! What is granted for one tenant only: it ends with the tenant.

use kernel::Tenant;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::StoreError;
use crate::audit::Action;

/// A token or a grant that has ended, as the audit log says it.
pub(crate) struct EndedWithTenant {
    pub(crate) action: Action,
    pub(crate) id: String,
    pub(crate) detail: Value,
}

/// Deletes the tokens and grants for a tenant. Returns those that gave something until now.
pub(crate) async fn end_all(
    connection: &mut PgConnection,
    tenant: &Tenant,
) -> Result<Vec<EndedWithTenant>, StoreError> {
    let tokens = sqlx::query!(
        "delete from api_token where tenant = $1 returning id, name, owner_id, revoked_at",
        tenant.as_str(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let grants = sqlx::query!(
        "delete from access_grant where tenant = $1 returning id, user_id, provider_group, role, teams",
        tenant.as_str(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let tokens = tokens.into_iter().filter(|token| token.revoked_at.is_none()).map(|token| EndedWithTenant {
        action: Action::TokenRevoked,
        id: token.id,
        detail: json!({ "name": token.name, "owner": token.owner_id, "with_tenant": true }),
    });
    let grants = grants.into_iter().map(|grant| {
        let to = match grant.user_id {
            Some(user) => json!({ "user": user }),
            None => json!({ "group": grant.provider_group }),
        };
        let gives = json!({ "role": grant.role, "teams": grant.teams });
        let detail = json!({ "to": to, "gives": gives, "with_tenant": true });
        EndedWithTenant { action: Action::GrantRemoved, id: grant.id, detail }
    });
    Ok(tokens.chain(grants).collect())
}
