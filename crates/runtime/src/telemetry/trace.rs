//! Spans that are exported, and the context by which their trace goes on in another process. While no traces are exported
//! nothing here costs more than a look at a flag.

use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{Envelope, TraceParent};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

static IS_ON: AtomicBool = AtomicBool::new(false);

/// The most spans that one span is linked to.
const MAX_LINKS: usize = 32;

/// A span that is exported, with name and fields as [`tracing::info_span!`] takes them; none while no traces are exported.
#[macro_export]
macro_rules! exported_span {
    ($($span:tt)*) => {
        if $crate::telemetry::trace::is_on() { ::tracing::info_span!($($span)*) } else { ::tracing::Span::none() }
    };
}

/// Whether traces are exported.
#[must_use]
pub fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

/// From here on traces are exported.
pub(super) fn turn_on() {
    IS_ON.store(true, Ordering::Relaxed);
}

/// The current span, if it is exported.
#[must_use]
pub fn current() -> Option<TraceParent> {
    if is_on() { of(&Span::current()) } else { None }
}

/// A span as others can go on from it, if it is exported.
#[must_use]
pub fn of(span: &Span) -> Option<TraceParent> {
    if !is_on() {
        return None;
    }
    let context = span.context();
    let exported = context.span();
    let at = exported.span_context();
    (at.is_valid() && at.is_sampled()).then(|| TraceParent {
        trace_id: at.trace_id().to_bytes(),
        span_id: at.span_id().to_bytes(),
        flags: at.trace_flags().to_u8(),
    })
}

/// Makes a span part of the trace of the first of these spans, and links it to the others, each once, up to a bound. Call
/// it right after the span was made.
pub fn follow(span: &Span, parents: impl IntoIterator<Item = TraceParent>) {
    if !is_on() || span.is_disabled() {
        return;
    }
    let mut known: Vec<TraceParent> = Vec::new();
    for parent in parents {
        if known.contains(&parent) {
            continue;
        }
        if known.is_empty() {
            // a span that is not exported has no parent
            let _unused = span.set_parent(Context::new().with_remote_span_context(remote(parent)));
        } else {
            span.add_link(remote(parent));
        }
        known.push(parent);
        if known.len() > MAX_LINKS {
            break;
        }
    }
}

/// Gives a span a name that was not known when it was made.
pub(crate) fn rename(span: &Span, name: String) {
    if is_on() {
        span.context().span().update_name(name);
    }
}

/// A number of things, as a span states it: numbers without a sign would be texts there.
#[must_use]
pub fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// States in events that the current span received them, unless they state another.
pub fn stamp(events: &mut [Envelope]) {
    if let Some(parent) = current() {
        for event in events {
            event.traceparent.get_or_insert(parent);
        }
    }
}

fn remote(parent: TraceParent) -> SpanContext {
    let (trace, span) = (TraceId::from_bytes(parent.trace_id), SpanId::from_bytes(parent.span_id));
    SpanContext::new(trace, span, TraceFlags::new(parent.flags), true, TraceState::default())
}
