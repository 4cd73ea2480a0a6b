//! Replays dead letters: they are appended to the log again, and read by the normalizers of today.

use serde_json::json;
use store::audit::{self, Action};
use store::dead_letters::DeadLetterFilter;

use crate::ApiState;
use crate::changer::Changer;
use crate::problem::Problem;
use crate::scope::Scope;

/// Replays dead letters of the scope's tenant, the first rejected first, and returns how many. They are taken out, recorded
/// and appended in one transaction: if one of these fails they are there still. It goes on when the client has gone.
pub(crate) async fn replay_dead_letters(
    state: &ApiState,
    scope: &Scope,
    filter: DeadLetterFilter,
    limit: i64,
) -> Result<i64, Problem> {
    let store = state.direct().for_tenant(&scope.tenant.tenant);
    let log = eventlog::open(&state.settings().log, &store).await?;
    let entry = Changer::of(scope).entry(store.tenant(), Action::EventsReplayed, "dead letters");
    // not by the request: what is in the log was replayed, so that it has to be recorded
    let done = tokio::spawn(async move {
        let mut tx = store.begin().await?;
        let replayed = eventlog::replay_dead_letters(&mut tx, log.as_ref(), &filter, limit).await?;
        let detail = json!({ "events": replayed, "source": filter.source, "kind": filter.kind, "reason": filter.reason,
            "named": filter.events.as_ref().map(Vec::len) });
        audit::record(&mut tx, &entry.with(detail)).await?;
        tx.commit().await?;
        Ok::<_, Problem>(replayed)
    });
    done.await.map_err(|error| Problem::fault(&error))?
}
