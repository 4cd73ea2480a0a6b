//! Brings a Metabase to what is wanted, step by step: each step reads what is there, and writes what differs. A run that
//! is broken off is continued by the next one.

use crate::change::Change;
use crate::client::{Client, unexpected};
use crate::error::MetabaseError;
use crate::run::{Run, text};
use crate::wanted::Wanted;
use crate::{connection, objects, permissions, tables};

/// Applies what is wanted, and returns what that changed, or would change where nothing is written. `progress` is shown
/// what is being done.
pub async fn apply(
    client: &Client,
    wanted: &Wanted,
    progress: &(dyn Fn(&str) + Send + Sync),
) -> Result<Vec<Change>, MetabaseError> {
    let mut run = Run::new(client, wanted, progress);
    is_administrator(&run).await?;
    connection::apply(&mut run).await?;
    tables::apply(&mut run).await?;
    objects::apply(&mut run).await?;
    permissions::apply(&mut run).await?;
    Ok(run.changes)
}

/// Fails before anything is written if too little would be allowed.
async fn is_administrator(run: &Run<'_>) -> Result<(), MetabaseError> {
    let path = "/api/user/current";
    let user = run.get(path).await?;
    match user.get("is_superuser").and_then(serde_json::Value::as_bool) {
        Some(true) => Ok(()),
        Some(false) => Err(MetabaseError::NotAdministrator(text(&user, "common_name").to_owned())),
        None => Err(unexpected(path, "`is_superuser`")),
    }
}
