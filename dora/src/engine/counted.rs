//! What the engine did, as it is counted.

use std::time::Instant;

use runtime::{Operation, OperationOutcome};
use tracing::Span;

use crate::DoraError;

/// How what failed so is counted.
pub(super) fn outcome(error: &DoraError) -> OperationOutcome {
    if error.is_transient() { OperationOutcome::Unavailable } else { OperationOutcome::Failed }
}

/// Counts what ended so, and marks the current span if it failed.
pub(super) fn count(operation: Operation, begun: Instant, outcome: OperationOutcome) {
    operation.ended(outcome, begun.elapsed());
    if outcome != OperationOutcome::Ok {
        Span::current().record("otel.status_code", "ERROR");
    }
}
