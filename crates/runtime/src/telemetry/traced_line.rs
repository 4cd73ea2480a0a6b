//! Lines of JSON that name the trace and the span that they belong to, so that a log leads to a trace and back.

use std::fmt;

use kernel::TraceParent;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::trace;

/// Writes an event as another format does, with `trace_id` and `span_id` before it if its span is exported.
pub(super) struct TracedLine<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for TracedLine<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // what exports spans may log while it holds one
        let is_of_export = event.metadata().target().starts_with("opentelemetry");
        let current = if is_of_export { None } else { trace::current() };
        let Some(parent) = current else { return self.0.format_event(context, writer, event) };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&with_ids(&line, parent))
    }
}

/// An object in JSON with the ids of a span as its first members.
fn with_ids(line: &str, parent: TraceParent) -> String {
    match line.strip_prefix('{') {
        Some(rest) => format!(r#"{{"trace_id":"{}","span_id":"{}",{rest}"#, parent.trace(), parent.span()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_the_ids_of_its_span() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap();
        let line = with_ids("{\"level\":\"INFO\",\"message\":\"stored\"}\n", parent);
        assert!(line.ends_with('\n'), "{line}");
        let fields: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(fields["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(fields["span_id"], "b7ad6b7169203331");
        assert_eq!(fields["message"], "stored");
    }
}
