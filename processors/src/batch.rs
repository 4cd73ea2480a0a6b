//! What a batch became, gathered by tenant, and its one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Envelope, Fact, NotStored, RejectReason, Rejection, Tenant};
use runtime::{Reason, labels};
use store::counts::{self, EventCount};
use store::dead_letters::{self, NewDeadLetter};
use store::origins::{self, NewOrigin};
use store::{Store, StoreError, facts, positions};

use crate::ProcessingSummary;
use crate::consumer::CONSUMER;
use crate::normalize::Normalized;

/// Events of one partition that are written together.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) partition: i32,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) events: Arc<Vec<(i64, Envelope)>>,
}

impl Part {
    /// Its two halves, when it has more than one event. The position after the first is that of the
    /// second's first event.
    pub(crate) fn halves(&self) -> Option<(Self, Self)> {
        let (first, second) =
            self.events.split_at_checked(self.events.len() / 2).filter(|(first, _)| !first.is_empty())?;
        let between = second.first()?.0;
        let part =
            |from, to, events: &[_]| Self { partition: self.partition, from, to, events: Arc::new(events.to_vec()) };
        Some((part(self.from, between, first), part(between, self.to, second)))
    }
}

/// What the events of a part became.
#[derive(Debug)]
pub(crate) struct Prepared {
    part: Part,
    tenants: BTreeMap<Tenant, OfTenant>,
    ended: BTreeMap<(&'static str, Reason), u64>,
    events: ProcessingSummary,
}

#[derive(Debug, Default)]
struct OfTenant {
    facts: Vec<Fact>,
    /// How many facts there are up to the end of each event that has some; events by index in the part's.
    ends: Vec<(usize, usize)>,
    /// By index in the part's events.
    dead_letters: Vec<(usize, Rejection)>,
    counts: BTreeMap<(String, String, Reason), i64>,
}

impl Prepared {
    /// Gathers what the events of a part became.
    pub(crate) fn new(part: Part, normalized: Vec<Normalized>) -> Self {
        let mut prepared =
            Self { part, tenants: BTreeMap::new(), ended: BTreeMap::new(), events: ProcessingSummary::default() };
        for (at, Normalized { connector, outcome }) in normalized.into_iter().enumerate() {
            prepared.add(at, connector, outcome);
        }
        prepared
    }

    /// The same with all events rejected, because the database refuses what they became. What of an event
    /// may itself be refused is shortened, so that this can be written.
    pub(crate) fn refused(mut self) -> Self {
        let detail = "the database refuses a value of it: this is a fault in its normalizer";
        let Part { partition, events, .. } = &self.part;
        let storable = |(position, event): &(i64, Envelope)| {
            let position_text = format!("…{partition}/{position}");
            let event = Envelope {
                id: shortened(&event.id, &position_text),
                source: shortened(&event.source, ""),
                kind: shortened(&event.kind, ""),
                time: kernel::clamp_instant(event.time.timestamp()),
                ..event.clone()
            };
            (*position, event)
        };
        self.part.events = Arc::new(events.iter().map(storable).collect());
        let reject = |_| Normalized {
            connector: "unknown",
            outcome: Err(Rejection::new(RejectReason::Internal, detail).into()),
        };
        let rejected = self.part.events.iter().map(reject).collect();
        Self::new(self.part, rejected)
    }

    fn add(&mut self, at: usize, connector: &'static str, outcome: Result<Vec<Fact>, NotStored>) {
        let Some((_, event)) = self.part.events.get(at) else { return };
        let of = self.tenants.entry(event.tenant.clone()).or_default();
        let reason = match outcome {
            Ok(facts) => {
                of.facts.extend(facts);
                of.ends.push((at, of.facts.len()));
                self.events.stored += 1;
                Reason::None
            }
            Err(NotStored::Ignored(reason)) => {
                self.events.ignored += 1;
                Reason::Ignored(reason)
            }
            Err(NotStored::Rejected(rejection)) => {
                let reason = rejection.reason;
                of.dead_letters.push((at, rejection));
                self.events.rejected += 1;
                Reason::Rejected(reason)
            }
        };
        *of.counts.entry((event.source.clone(), event.kind.clone(), reason)).or_default() += 1;
        *self.ended.entry((connector, reason)).or_default() += 1;
    }

    /// Writes everything and moves the position, or does nothing at all. The position is the first lock
    /// that is taken: of two processors with the same events the second waits there, and then finds that
    /// the first has done it.
    pub(crate) async fn write(&self, store: &Store, topic: &str) -> Result<ProcessingSummary, StoreError> {
        let Part { partition, from, to, events } = &self.part;
        let mut summary = self.events;
        let mut tx = store.begin().await?;
        tx.trace(runtime::telemetry::trace::current());
        positions::advance(&mut tx, CONSUMER, topic, *partition, *from, *to).await?;
        for (tenant, of) in &self.tenants {
            tx.use_tenant(tenant).await?;
            let written = facts::write(&mut tx, &of.facts).await?;
            summary.rows_changed += written.changed;
            summary.rows_unchanged += written.unchanged;
            let dead_letters: Vec<NewDeadLetter<'_>> = of
                .dead_letters
                .iter()
                .filter_map(|(at, rejection)| {
                    let (position, envelope) = events.get(*at)?;
                    Some(NewDeadLetter { envelope, rejection, topic, partition: *partition, position: *position })
                })
                .collect();
            dead_letters::write(&mut tx, &dead_letters).await?;
            origins::write(&mut tx, topic, *partition, &of.origins(events)).await?;
            counts::add(&mut tx, &of.counts()).await?;
        }
        tx.commit().await?;
        self.measure();
        Ok(summary)
    }

    fn measure(&self) {
        for ((connector, reason), events) in &self.ended {
            let ended = labels::Ended::new(connector, *reason);
            runtime::metrics().events_ended.get_or_create(&ended).inc_by(*events);
        }
    }
}

/// A text that fits into an index, cut off and marked with its log position if it has to be.
fn shortened(text: &str, position_text: &str) -> String {
    const LONGEST: usize = 400;
    if text.len() <= LONGEST {
        text.to_owned()
    } else {
        text.chars().take(LONGEST / 4).chain(position_text.chars()).collect()
    }
}

impl OfTenant {
    /// Which event reported which fact.
    fn origins(&self, events: &[(i64, Envelope)]) -> Vec<NewOrigin<'_>> {
        let mut origins = Vec::new();
        let mut facts = self.facts.iter();
        let mut before = 0;
        for (at, end) in &self.ends {
            let of_event = facts.by_ref().take(end - before);
            before = *end;
            let Some((position, event)) = events.get(*at) else { continue };
            let origin = |fact| NewOrigin { fact, position: *position, received_at: event.time };
            origins.extend(of_event.filter_map(Fact::traced).map(origin));
        }
        origins
    }

    fn counts(&self) -> Vec<EventCount> {
        let count = |((source, kind, reason), events): (&(String, String, Reason), &i64)| EventCount {
            source: source.clone(),
            kind: kind.clone(),
            outcome: reason.outcome(),
            reason: reason.as_str().to_owned(),
            events: *events,
        };
        self.counts.iter().map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn part(positions: &[i64]) -> Part {
        let event = |position: &i64| {
            let event = Envelope {
                id: position.to_string(),
                source: "test/main".into(),
                kind: "test.event".into(),
                subject: None,
                time: chrono::DateTime::default(),
                tenant: Tenant::default(),
                key: String::new(),
                content_type: "text/plain".into(),
                data: Bytes::new(),
                traceparent: None,
            };
            (*position, event)
        };
        Part { partition: 0, from: 3, to: 20, events: Arc::new(positions.iter().map(event).collect()) }
    }

    #[test]
    fn halves_join_without_a_gap_or_an_overlap() {
        let (first, second) = part(&[5, 6, 9]).halves().unwrap();
        assert_eq!((first.from, first.to, first.events.len()), (3, 6, 1));
        assert_eq!((second.from, second.to, second.events.len()), (6, 20, 2));
        assert!(part(&[5]).halves().is_none() && part(&[]).halves().is_none());
    }

    #[test]
    fn an_event_that_is_refused_is_kept_under_a_name_that_can_be_stored() {
        let mut part = part(&[5, 6]);
        let mut events = part.events.to_vec();
        events[0].1.id = "é".repeat(5000);
        part.events = Arc::new(events);
        let prepared = Prepared::new(part, Vec::new()).refused();
        assert_eq!(prepared.events, ProcessingSummary { rejected: 2, ..ProcessingSummary::default() });
        let ids: Vec<_> = prepared.part.events.iter().map(|(_, event)| event.id.as_str()).collect();
        assert_eq!(ids, [format!("{}…0/5", "é".repeat(100)).as_str(), "6"]);
        assert_eq!((prepared.part.from, prepared.part.to), (3, 20));
    }
}
