//! Whose data about single persons a request may be shown, and what the audit log has of that.

use dora::Persons;
use dora::settings::People;

use crate::ApiState;
use crate::access::persons::Others;
use crate::person_views::PersonView;
use crate::problem::Problem;
use crate::questions::MetricQuestion;
use crate::scope::Scope;

/// The same with what decides whose data is shown.
pub(super) async fn decided(state: &ApiState, scope: Scope) -> Result<Scope, Problem> {
    // the persons of a demo are made up: who may see persons sees what is shown of them
    let shown_to = if scope.tenant.demo { People::Managers } else { state.settings().dora.people };
    let access = scope.access.clone().showing_persons(shown_to);
    if !access.needs_people() {
        return Ok(scope.with_access(access));
    }
    let people = {
        let _turn = scope.turn().await;
        state.people().of(&scope.store).await?
    };
    Ok(scope.with_access(access.among(people)))
}

/// The persons whom metrics may name. That others are is recorded.
pub(super) async fn named(
    state: &ApiState,
    scope: &Scope,
    (names, question): (&[&str], &MetricQuestion),
) -> Result<Persons, Problem> {
    let Some(view) = PersonView::of_metrics(names, question) else { return Ok(Persons::default()) };
    let persons = scope.access.named_persons()?;
    record(state, scope, view).await?;
    Ok(persons)
}

/// Fails if a list is asked for the rows of an account of a person who is not shown. That others' are is recorded.
pub async fn check_account(state: &ApiState, scope: &Scope, (list, account): (&str, &str)) -> Result<(), Problem> {
    if scope.access.is_own_account(account) {
        return Ok(());
    }
    scope.access.check_rows_of(account)?;
    Ok(state.audit().view(scope, PersonView::of_rows(list, account)).await?)
}

/// Records a view of persons, unless that is of who asks only.
pub(crate) async fn record(state: &ApiState, scope: &Scope, view: PersonView) -> Result<(), Problem> {
    if scope.access.shown_persons()? != Others::None {
        state.audit().view(scope, view).await?;
    }
    Ok(())
}
