//! What a reader has fetched and not yet handed out, by partition, and how far it has looked. Both logs
//! use it, so that batches are cut the same way.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use kernel::Envelope;

use crate::{Batch, Limit, Position};

/// The partitions that a reader reads.
#[derive(Default)]
pub(crate) struct Partitions {
    of: BTreeMap<i32, Fetched>,
    /// The partition whose batch was handed out last: the next one is of another, if another has any.
    served: i32,
    events: usize,
    bytes: usize,
}

struct Fetched {
    /// Where the consumer stands once all that was handed out is written.
    stands: i64,
    /// How far the log was looked at. Above `stands` without events, there is a gap.
    reached: i64,
    events: VecDeque<(i64, Envelope)>,
}

impl Partitions {
    /// Reads a partition from `start` on, for a consumer that stands at `stands` there; what was fetched
    /// of it before is dropped.
    pub(crate) fn seek(&mut self, partition: i32, stands: i64, start: i64) {
        self.remove(partition);
        self.of.insert(partition, Fetched { stands, reached: start.max(stands), events: VecDeque::new() });
    }

    /// Reads a partition no more.
    pub(crate) fn remove(&mut self, partition: i32) {
        if let Some(fetched) = self.of.remove(&partition) {
            self.events -= fetched.events.len();
            self.bytes -= fetched.events.iter().map(|(_, event)| event.data.len()).sum::<usize>();
        }
    }

    /// Takes in the event at a position. One that is not expected is left out: its partition is not
    /// read any more, or it was fetched before the partition was assigned again.
    pub(crate) fn push(&mut self, partition: i32, position: i64, event: Envelope) {
        let Some(fetched) = self.of.get_mut(&partition).filter(|fetched| position >= fetched.reached) else { return };
        fetched.reached = position + 1;
        self.events += 1;
        self.bytes += event.data.len();
        fetched.events.push_back((position, event));
    }

    /// Says that nothing stands in a partition before `position`, beyond what was fetched.
    pub(crate) fn skip_to(&mut self, partition: i32, position: i64) {
        if let Some(fetched) = self.of.get_mut(&partition) {
            fetched.reached = fetched.reached.max(position);
        }
    }

    /// The partitions that are read and how far each was looked at, the one that is due first.
    pub(crate) fn reached(&self) -> Vec<(i32, i64)> {
        self.due_first().map(|(partition, fetched)| (*partition, fetched.reached)).collect()
    }

    /// Where the consumer stands in the partitions that are read.
    pub(crate) fn stands(&self) -> Vec<Position> {
        self.of.iter().map(|(partition, fetched)| Position { partition: *partition, next: fetched.stands }).collect()
    }

    /// Whether a partition is read.
    pub(crate) fn contains(&self, partition: i32) -> bool {
        self.of.contains_key(&partition)
    }

    /// Whether this much is fetched and not handed out.
    pub(crate) fn holds(&self, limit: Limit) -> bool {
        self.events >= limit.events || self.bytes >= limit.bytes
    }

    /// The next batch, if there is any; the partitions take turns.
    pub(crate) fn take(&mut self, limit: Limit) -> Option<Batch> {
        let partition = *self.due_first().find(|(_, fetched)| fetched.reached > fetched.stands)?.0;
        let fetched = self.of.get_mut(&partition)?;
        self.served = partition;
        let mut bytes = 0;
        let count = fetched.events.iter().take(limit.events.max(1)).take_while(|(_, event)| {
            let fits = bytes == 0 || bytes + event.data.len() <= limit.bytes;
            bytes += event.data.len().max(1);
            fits
        });
        let events: Vec<_> = {
            let count = count.count();
            fetched.events.drain(..count).collect()
        };
        self.events -= events.len();
        self.bytes -= events.iter().map(|(_, event)| event.data.len()).sum::<usize>();
        let from = fetched.stands;
        fetched.stands = match events.last() {
            Some((position, _)) if !fetched.events.is_empty() => position + 1,
            _ => fetched.reached,
        };
        Some(Batch { partition, from, to: fetched.stands, events })
    }

    fn due_first(&self) -> impl Iterator<Item = (&i32, &Fetched)> {
        let after = (Bound::Excluded(self.served), Bound::Unbounded);
        self.of.range(after).chain(self.of.range(..=self.served))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kernel::Tenant;

    use super::*;

    fn event(bytes: usize) -> Envelope {
        Envelope {
            id: String::new(),
            source: "test/main".into(),
            kind: "test.event".into(),
            subject: None,
            time: chrono::DateTime::default(),
            tenant: Tenant::default(),
            key: String::new(),
            content_type: "text/plain".into(),
            data: Bytes::from(vec![0; bytes]),
            traceparent: None,
        }
    }

    fn taken(partitions: &mut Partitions, events: usize, bytes: usize) -> Option<(i32, i64, i64, Vec<i64>)> {
        let batch = partitions.take(Limit { events, bytes })?;
        let positions = batch.events.iter().map(|(position, _)| *position).collect();
        Some((batch.partition, batch.from, batch.to, positions))
    }

    #[test]
    fn batches_end_at_the_limits_and_no_event_is_left_out() {
        let mut partitions = Partitions::default();
        partitions.seek(0, 10, 10);
        for position in 10..15 {
            partitions.push(0, position, event(4));
        }
        partitions.push(0, 17, event(100));
        partitions.push(0, 18, event(0));
        assert!(
            partitions.holds(Limit { events: 7, bytes: 1000 }) && partitions.holds(Limit { events: 8, bytes: 120 })
        );
        assert_eq!(taken(&mut partitions, 2, 100), Some((0, 10, 12, vec![10, 11])));
        assert_eq!(taken(&mut partitions, 9, 9), Some((0, 12, 14, vec![12, 13])));
        assert_eq!(taken(&mut partitions, 9, 9), Some((0, 14, 15, vec![14])));
        assert_eq!(taken(&mut partitions, 9, 9), Some((0, 15, 18, vec![17])), "a large event comes alone");
        assert_eq!(taken(&mut partitions, 9, 9), Some((0, 18, 19, vec![18])));
        assert_eq!(taken(&mut partitions, 9, 9), None);
        assert!(!partitions.holds(Limit { events: 1, bytes: 1 }));
    }

    #[test]
    fn partitions_take_turns() {
        let mut partitions = Partitions::default();
        for partition in 0..3 {
            partitions.seek(partition, 0, 0);
            partitions.push(partition, 0, event(1));
            partitions.push(partition, 1, event(1));
        }
        let order: Vec<_> =
            std::iter::from_fn(|| taken(&mut partitions, 1, 9)).map(|batch| (batch.0, batch.1)).collect();
        assert_eq!(order, [(1, 0), (2, 0), (0, 0), (1, 1), (2, 1), (0, 1)]);
    }

    #[test]
    fn a_gap_moves_the_position_even_when_no_event_is_left() {
        let mut partitions = Partitions::default();
        partitions.seek(0, 5, 40);
        assert_eq!(taken(&mut partitions, 9, 9), Some((0, 5, 40, vec![])));
        partitions.push(0, 40, event(1));
        partitions.skip_to(0, 50);
        assert_eq!(taken(&mut partitions, 9, 9), Some((0, 40, 50, vec![40])));
        assert_eq!(taken(&mut partitions, 9, 9), None);
    }

    #[test]
    fn what_was_fetched_before_a_seek_does_not_come() {
        let mut partitions = Partitions::default();
        partitions.seek(0, 0, 0);
        partitions.push(0, 0, event(1));
        partitions.seek(0, 7, 7);
        partitions.push(0, 1, event(1));
        partitions.push(1, 9, event(1));
        assert_eq!(taken(&mut partitions, 9, 9), None);
        partitions.push(0, 7, event(1));
        assert_eq!(taken(&mut partitions, 9, 9), Some((0, 7, 8, vec![7])));
    }
}
