//! People as administrators see them.

use kernel::Person;
use kernel::people::statements::stated;
use kernel::people::{JoinedPerson, join, mark_bots};

use super::page::{Page, Section};
use crate::ApiState;
use crate::person_views::PersonView;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::views::{JoinedPersonView, PersonStatementView};

/// People by name, joined from all accounts and statements: those whose name, account or address holds a text.
pub async fn people(
    state: &ApiState,
    scope: &Scope,
    search: Option<&str>,
    part: &Section<Vec<String>>,
) -> Result<Page<JoinedPersonView>, Problem> {
    // what can't be audited is not shown
    state.audit().view(scope, PersonView::of_persons("rest")).await?;
    let (mut accounts, persons) = {
        let _turn = scope.turn().await;
        store::people::all(&scope.store).await?
    };
    mark_bots(&mut accounts, &state.settings().dora.bots);
    let mut joined = join(&accounts, &persons);
    if let Some(search) = search.map(str::to_lowercase) {
        let holds = |text: &str| text.to_lowercase().contains(&search);
        joined.retain(|person| {
            holds(&person.name)
                || person.accounts.iter().any(|account| holds(account.as_str()))
                || person.emails.iter().any(|email| holds(email))
        });
    }
    let place = |person: &JoinedPerson| {
        let account = person.accounts.first().map(|account| account.as_str().to_owned());
        vec![person.name.clone(), account.unwrap_or_default()]
    };
    Ok(Page::of_all(joined, part, place))
}

/// What was stated of accounts, by name.
pub async fn person_statements(
    state: &ApiState,
    scope: &Scope,
    part: &Section<String>,
) -> Result<Page<PersonStatementView>, Problem> {
    state.audit().view(scope, PersonView::of_persons("rest, statements")).await?;
    let _turn = scope.turn().await;
    let (_, persons) = store::people::all(&scope.store).await?;
    let mut statements: Vec<Person> = stated(&persons).cloned().collect();
    statements.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Page::of_all(statements, part, |person: &Person| person.name.clone()))
}
