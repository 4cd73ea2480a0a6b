//! Dead letters. They belong to the whole organization: who may see a part of it is shown none.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use store::audit::Action;
use store::dead_letters::{self, DeadLetter, DeadLetterFilter, DeadLetterPosition};

use super::page::{Page, Part};
use crate::ApiState;
use crate::cursor::EXPECTED;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::views::{DeadLetterCountView, DeadLetterEvent, DeadLetterView};

/// Sources, kinds and reasons that are counted at most.
const COUNTS: i64 = 500;

/// Dead letters, the last rejected first.
pub async fn dead_letters(
    scope: &Scope,
    filter: &DeadLetterFilter,
    part: Part<Vec<String>>,
) -> Result<Page<DeadLetterView>, Problem> {
    let after = part.after.as_deref().map(position).transpose()?;
    let rows = if scope.access.within.is_everything() {
        let _turn = scope.turn().await;
        dead_letters::page(&scope.store, filter, after, part.ask().into()).await?
    } else {
        Vec::new()
    };
    Ok(Page::new(rows, part.limit, |row: &DeadLetter| {
        let at = row.rejected_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        vec![at, row.source.clone(), row.event_id.clone()]
    }))
}

/// The position that a cursor names.
fn position(parts: &[String]) -> Result<DeadLetterPosition<'_>, Problem> {
    let read = match parts {
        [at, source, event_id] => at.parse::<DateTime<Utc>>().ok().map(|at| (at, source.as_str(), event_id.as_str())),
        _ => None,
    };
    read.ok_or_else(|| Problem::contradiction("cursor", &parts.join(","), EXPECTED))
}

/// How many dead letters there are by source, kind and reason, the most first.
pub async fn dead_letter_counts(scope: &Scope) -> Result<Vec<DeadLetterCountView>, Problem> {
    if !scope.access.within.is_everything() {
        return Ok(Vec::new());
    }
    let _turn = scope.turn().await;
    Ok(dead_letters::counts(&scope.store, COUNTS).await?.into_iter().map(Into::into).collect())
}

/// A dead letter with what was received. Its id is its source and its id there.
pub async fn dead_letter(state: &ApiState, scope: &Scope, id: &str) -> Result<DeadLetterEvent, Problem> {
    // as a raw event, it may be about anyone
    if state.log(&scope.access).is_none() {
        return Err(Problem::raw_events());
    }
    let missing = || Problem::not_found("dead letter", id);
    let (connector, rest) = id.split_once('/').ok_or_else(missing)?;
    let (name, event_id) = rest.split_once('/').ok_or_else(missing)?;
    let found = {
        let _turn = scope.turn().await;
        dead_letters::get(&scope.store, &format!("{connector}/{name}"), event_id).await?
    };
    let (letter, event) = found.ok_or_else(missing)?;
    // what can't be audited is not shown
    state.audit().record(scope, Action::RawEventViewed, id, json!({ "dead_letter": true })).await?;
    Ok(DeadLetterEvent::new(letter, &event))
}
