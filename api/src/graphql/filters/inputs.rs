//! What filters have in common.

use async_graphql::Context;
use store::queries::RowFilter;

use crate::ApiState;
use crate::graphql::refusal::{invalid, refused};
use crate::questions::rows::search;
use crate::questions::{Invalid, RowQuestion, RowsAsked};
use crate::reads;
use crate::scope::Scope;

/// Texts to search for have this many characters.
const SEARCHED: std::ops::RangeInclusive<usize> = 2..=200;

/// Which rows are asked for, and their order.
pub(in crate::graphql) async fn asked<Q: RowQuestion>(
    context: &Context<'_>,
    question: Q,
) -> async_graphql::Result<RowsAsked> {
    let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
    let owners = reads::row_owners(state, scope, &question).await.map_err(|problem| refused(&problem))?;
    question.rows(owners, state.settings().dora.time_zone).map_err(invalid)
}

/// A text that may be searched for is in one of the columns in which the list is searched.
pub(super) fn searched() -> impl FnOnce(&mut RowFilter, String) -> Result<(), Invalid> {
    |filter, text| {
        if SEARCHED.contains(&text.chars().count()) {
            return search()(filter, text);
        }
        let expected = format!("a text of {} to {} characters", SEARCHED.start(), SEARCHED.end());
        Err(Invalid::value("search", text, expected))
    }
}
