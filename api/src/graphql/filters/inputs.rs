//! What filters have in common: services, windows and texts.

use async_graphql::Context;
use chrono::Utc;
use store::queries::{Order, RowFilter};

use crate::ApiState;
use crate::graphql::refusal::{invalid, refused};
use crate::questions::{Invalid, ServiceFilter, Span};
use crate::reads;
use crate::scope::Scope;

/// Which rows are asked for, and their order.
pub(in crate::graphql) type Asked = async_graphql::Result<(RowFilter, Order)>;

/// Texts to search for have this many characters.
const SEARCHED: std::ops::RangeInclusive<usize> = 2..=200;
/// How many words one filter of words takes.
const WORDS: usize = 50;

/// Rows of services within a window that hold a text.
pub(super) async fn rows_of(
    context: &Context<'_>,
    services: &ServiceFilter,
    span: Option<&Span>,
    search: Option<String>,
) -> async_graphql::Result<RowFilter> {
    let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
    let owners = reads::asked_owners(state, scope, services).await.map_err(|problem| refused(&problem))?;
    let window = match span {
        Some(span) => span.window(state.settings().dora.time_zone, Utc::now()).map_err(invalid)?.1,
        None => None,
    };
    let (from, to) = window.map_or((None, None), |window| (window.from, window.to));
    Ok(RowFilter { from, to, search: searched(search)?, ..RowFilter::of(owners) })
}

/// A text that may be searched for.
fn searched(search: Option<String>) -> async_graphql::Result<Option<String>> {
    let Some(text) = search else { return Ok(None) };
    if SEARCHED.contains(&text.chars().count()) {
        return Ok(Some(text));
    }
    let expected = format!("a text of {} to {} characters", SEARCHED.start(), SEARCHED.end());
    Err(invalid(Invalid::value("search", text, expected)))
}

/// Adds that a column holds one of some words, if any are asked for.
pub(super) fn add_words(
    filter: &mut RowFilter,
    (name, column): (&str, &'static str),
    words: Option<Vec<String>>,
) -> async_graphql::Result<()> {
    let Some(words) = words else { return Ok(()) };
    if words.len() > WORDS {
        return Err(invalid(Invalid::value(name, words.len().to_string(), format!("at most {WORDS} words"))));
    }
    filter.words.push((column, words));
    Ok(())
}

/// The same of one word.
pub(super) fn add_word(filter: &mut RowFilter, column: &'static str, word: Option<String>) {
    filter.words.extend(word.map(|word| (column, vec![word])));
}

/// The same of an account in a list: one's own, or any for who may see persons' data.
pub(super) async fn add_person(
    context: &Context<'_>,
    filter: &mut RowFilter,
    (list, column): (&str, &'static str),
    account: Option<String>,
) -> async_graphql::Result<()> {
    let (state, scope) = (context.data::<ApiState>()?, context.data::<Scope>()?);
    let checked = reads::check_account(state, scope, (list, account.as_deref())).await;
    checked.map_err(|problem| refused(&problem))?;
    add_word(filter, column, account);
    Ok(())
}
