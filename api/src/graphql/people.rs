//! Which data about persons is shown, as [`Access`](crate::access::Access) decides: accounts as facts name them, and persons
//! with their names, addresses and teams.

use async_graphql::Context;

use super::nodes::{Account, Person};
use super::resolve::{one, people, some};
use crate::scope::Scope;

/// The account of an id; none where it may not be named.
pub(super) async fn account(context: &Context<'_>, id: Option<&str>) -> async_graphql::Result<Option<Account>> {
    let access = &context.data::<Scope>()?.access;
    let Some(id) = id.filter(|id| access.names_account(id)) else { return Ok(None) };
    // facts name accounts that no fact describes
    let found: Option<Account> = one::<kernel::Account, _>(context, vec![id.to_owned()]).await?;
    Ok(Some(found.unwrap_or_else(|| Account::unknown(id))))
}

/// The accounts of ids, in their order, without those that may not be named.
pub(super) async fn accounts(context: &Context<'_>, ids: &[String]) -> async_graphql::Result<Vec<Account>> {
    let access = &context.data::<Scope>()?.access;
    let ids: Vec<&String> = ids.iter().filter(|id| access.names_account(id)).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys = ids.iter().map(|id| vec![(*id).clone()]).collect();
    let found: Vec<Account> = some::<kernel::Account, _>(context, keys).await?;
    let mut found = found.into_iter().peekable();
    // both are in the order of the ids
    let next = |id: &String| found.next_if(|account| account.key == *id).unwrap_or_else(|| Account::unknown(id));
    Ok(ids.into_iter().map(next).collect())
}

/// The person who has an account, where that person is shown.
pub(super) async fn person(context: &Context<'_>, account: &str) -> async_graphql::Result<Option<Person>> {
    let access = &context.data::<Scope>()?.access;
    if let Some(own) = access.own_person().filter(|own| own.has(account)) {
        return Ok(Some(own.into()));
    }
    if access.shown_persons().is_err() {
        return Ok(None);
    }
    let people = people(context).await?;
    Ok(people.of(account).filter(|person| access.sees_person(person)).map(Person::from))
}
