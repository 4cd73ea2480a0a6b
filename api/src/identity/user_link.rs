//! Who a user is among the people of a tenant, as administrators state it. It counts before the address that an identity
//! provider has verified.

use kernel::pseudonyms::Identifier;
use kernel::{AccountId, people};
use serde_json::json;
use store::audit::{self, Action, Actor, Entry};
use store::identity::users::{self, User};
use store::{Store, StoreTx, pseudonyms};

use super::manage::ManageError;
use crate::stated;

/// Links a user with the person who has an account, in the tenant of a store.
pub async fn link(store: &Store, actor: &Actor, user: &User, account: &str) -> Result<(), ManageError> {
    let account = AccountId(account.to_lowercase());
    let mut tx = stated::begin(store).await?;
    let (accounts, persons) = store::people::all_in(&mut tx).await?;
    let is_known = people::join(&accounts, &persons).iter().any(|person| person.accounts.contains(&account));
    if !is_known {
        return Err(ManageError::NotThere { what: "account", id: account.0 });
    }
    check(&mut tx, user).await?;
    store::people::link(&mut tx, &user.id, &account).await?;
    // the audit log outlives what is known of people
    let key = pseudonyms::key(&mut tx).await?;
    let pseudonym = key.tombstone(&Identifier::account(account.as_str()), false).pseudonym();
    let entry = Entry::new(actor.clone(), Action::UserLinked, &user.id).of(store.tenant());
    audit::record(&mut tx, &entry.with(json!({ "account": pseudonym }))).await?;
    Ok(tx.commit().await?)
}

/// Ends such a link.
pub async fn unlink(store: &Store, actor: &Actor, user: &User) -> Result<(), ManageError> {
    let mut tx = store.begin().await?;
    check(&mut tx, user).await?;
    if !store::people::unlink(&mut tx, &user.id).await? {
        return Err(ManageError::NotThere { what: "link of the user", id: user.id.clone() });
    }
    let entry = Entry::new(actor.clone(), Action::UserLinked, &user.id).of(store.tenant());
    audit::record(&mut tx, &entry.with(json!({ "account": null }))).await?;
    Ok(tx.commit().await?)
}

/// Fails for a user who is gone.
async fn check(tx: &mut StoreTx, user: &User) -> Result<(), ManageError> {
    match users::hold(tx, &user.id).await? {
        Some(_) => Ok(()),
        None => Err(ManageError::NotThere { what: "user", id: user.id.clone() }),
    }
}
