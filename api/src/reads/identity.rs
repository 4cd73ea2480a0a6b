//! Tokens, grants and users, page by page. They are of all tenants.

use kernel::Tenant;
use store::identity::{grants, tokens, users};
use store::{Store, StoreError};

use super::page::{Page, Part};
use crate::views::{GrantView, TokenView, UserView};

/// Tokens by id: those of one user, or all.
pub async fn tokens(store: &Store, owner_id: Option<&str>, part: Part<String>) -> Result<Page<TokenView>, StoreError> {
    let rows = tokens::list(store, owner_id, part.after.as_deref(), part.ask()).await?;
    Ok(Page::new(rows, part.limit, |row| row.id.clone()))
}

/// Grants by id: those for one tenant, or all.
pub async fn grants(store: &Store, tenant: Option<&Tenant>, part: Part<String>) -> Result<Page<GrantView>, StoreError> {
    let rows = grants::list(store, tenant, part.after.as_deref(), part.ask()).await?;
    Ok(Page::new(rows, part.limit, |row| row.id.clone()))
}

/// Users by id.
pub async fn users(store: &Store, part: Part<String>) -> Result<Page<UserView>, StoreError> {
    let rows = users::list(store, part.after.as_deref(), part.ask()).await?;
    Ok(Page::new(rows, part.limit, |row| row.id.clone()))
}
