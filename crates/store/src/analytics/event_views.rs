//! Views of the events that sources sent.

use super::view::{View, column};

/// The views of events.
pub(super) fn views() -> Vec<View> {
    vec![event_day()]
}

fn event_day() -> View {
    let columns = vec![
        column("day", "date", "(e.day at time zone 'UTC')::date", "The day, in UTC, on which they were processed."),
        column("source", "text", "e.source", "Their source: a connector, a slash, and the name in the settings."),
        column("kind", "text", "e.kind", "What they are, such as `github.pull_request`."),
        column("outcome", "text", "e.outcome", "Stored, ignored or rejected."),
        column("reason", "text", "e.reason", "Why they were ignored or rejected; empty of those that were stored."),
        column("events", "bigint", "e.events", "How many."),
    ];
    View {
        name: "event_day",
        comment: "One row a day, source, kind, outcome and reason of events. Events that are replayed count again.",
        key: &["day", "source", "kind", "outcome", "reason"],
        columns,
        from: "event_day e where (select v.everything from analytics_viewer v)".to_owned(),
    }
}
