//! Which data about persons is shown: accounts as facts name them to who has the right, as REST does; persons, their names
//! and addresses only where the settings allow it, too.

use async_graphql::Context;
use kernel::Right;

use super::nodes::{Account, Person};
use super::resolve::{one, people};
use crate::ApiState;
use crate::problem::Problem;
use crate::scope::Scope;

/// Fails where persons are not shown, with what would change it.
pub(super) fn shown(context: &Context<'_>) -> async_graphql::Result<Result<(), Problem>> {
    let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
    if !state.settings().dora.people {
        return Ok(Err(Problem::people()));
    }
    Ok(scope.access.check(Right::People))
}

/// Whether who asks may see which accounts did something.
fn names_accounts(context: &Context<'_>) -> bool {
    context.data_opt::<Scope>().is_some_and(|scope| scope.access.has(Right::People))
}

/// The account of an id; none where accounts are not shown.
pub(super) async fn account(context: &Context<'_>, id: Option<&str>) -> async_graphql::Result<Option<Account>> {
    let Some(id) = id.filter(|_| names_accounts(context)) else { return Ok(None) };
    // facts name accounts that no fact describes
    let found: Option<Account> = one::<kernel::Account, _>(context, vec![id.to_owned()]).await?;
    Ok(Some(found.unwrap_or_else(|| Account::unknown(id))))
}

/// The accounts of ids, in their order; none where accounts are not shown.
pub(super) async fn accounts(context: &Context<'_>, ids: &[String]) -> async_graphql::Result<Vec<Account>> {
    if !names_accounts(context) {
        return Ok(Vec::new());
    }
    let keys = ids.iter().map(|id| vec![id.clone()]).collect();
    let found: Vec<Account> = super::resolve::some::<kernel::Account, _>(context, keys).await?;
    let mut found = found.into_iter().peekable();
    // both are in the order of the ids
    let next = |id: &String| found.next_if(|account| account.key == *id).unwrap_or_else(|| Account::unknown(id));
    Ok(ids.iter().map(next).collect())
}

/// The person who has an account, where persons are shown.
pub(super) async fn person(context: &Context<'_>, account: &str) -> async_graphql::Result<Option<Person>> {
    if shown(context)?.is_err() {
        return Ok(None);
    }
    Ok(people(context).await?.of(account).map(Person::from))
}
