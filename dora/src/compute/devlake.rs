//! `compat = "devlake"`: the rules of Apache `DevLake`'s `dora` plugin (read in its public source, 2026), for
//! teams that move and want to lay old and new numbers side by side. `docs/metrics.md` says where they differ
//! from ours.
#![expect(clippy::indexing_slicing, reason = "columns have one entry a deployment, numbers are theirs")]

use kernel::{Evidence, Rule};

use super::stages::{Span, Spans, Times};
use super::verdicts::{Case, Verdicts};

const MINUTE_US: i64 = 60_000_000;

/// Whole minutes, rounded up: what is negative by less than a minute is 0, by more is missing.
fn minutes(from: Option<i64>, to: Option<i64>) -> Span {
    let Some(span) = from.zip(to).and_then(|(from, to)| to.checked_sub(from)) else { return Ok(None) };
    let up = span.div_euclid(MINUTE_US) + i64::from(span.rem_euclid(MINUTE_US) > 0);
    if up < 0 { Err(()) } else { Ok(Some(up * MINUTE_US)) }
}

/// The stages of a change, from and to its request: drafts are not known, and lead time is the sum of its
/// parts, of which a missing one counts as 0.
pub(crate) fn spans(times: &Times) -> Spans {
    let coding = minutes(times.first, times.opened);
    let deploy = minutes(times.merged, Some(times.deployed));
    let open = minutes(times.opened, times.merged);
    let sum = [coding, open, deploy].into_iter().filter_map(Result::unwrap_or_default).sum();
    Spans {
        coding,
        pickup: minutes(times.opened, times.reviewed),
        review: minutes(times.reviewed, times.merged),
        approval: Ok(None),
        deploy,
        lead_time: Ok(Some(sum)),
    }
}

/// Each incident of the service is laid to the latest deployment that had finished before it was noticed,
/// however long ago that was and whatever it names as its cause. Nothing else fails a deployment.
pub(crate) fn incidents(case: &Case<'_>, all: &mut Verdicts) {
    let finished: Vec<usize> = (0..case.deployments.len()).filter(|number| case.deployments[*number].success).collect();
    for incident in case.history.incidents.iter().filter(|incident| case.history.owns(incident)) {
        let detected = incident.detected_at.timestamp_micros();
        let before = finished.partition_point(|number| case.deployments[*number].finished < detected);
        let blamed = before.checked_sub(1).map(|last| finished[last]);
        if let Some(number) = blamed {
            let evidence = |at| Evidence {
                rule: Rule::IncidentWhileNewest,
                what: "incident".to_owned(),
                id: incident.id.to_string(),
                url: incident.url.clone(),
                at,
            };
            all.each[number].fail(evidence(incident.detected_at));
            if let Some(resolved) = incident.resolved_at {
                all.each[number].repair(resolved.timestamp_micros(), evidence(resolved));
            }
        }
        all.note(case, incident, blamed);
    }
}
