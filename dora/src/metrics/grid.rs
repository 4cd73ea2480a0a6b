//! The cells of an answer: the whole and each slice, over the window and each of its steps. Observations are placed
//! in them, and polars summarizes each cell.

use std::collections::{BTreeMap, BTreeSet};

use super::observations::Observations;
use super::rows::Micros;
use super::slices::Parts;
use super::spans::{Span, Spans};

/// Rows placed at once. What lasts is in the cells of all spans that it lasts over.
const ROWS: usize = 4_000_000;

/// Observations in cells: the cell of each row, and the observation that it is.
#[derive(Debug, Default)]
pub(super) struct Placed {
    pub cells: Vec<u32>,
    pub rows: Vec<usize>,
}

impl Placed {
    /// A column of the observations, in the order of the rows.
    pub fn column<T: Copy>(&self, of: &[T]) -> Vec<T> {
        self.rows.iter().filter_map(|row| of.get(*row).copied()).collect()
    }

    fn push(&mut self, cell: usize, row: usize) {
        self.cells.push(u32::try_from(cell).unwrap_or(u32::MAX));
        self.rows.push(row);
    }
}

/// The whole, which is slot 0, and the slices that anything was observed of.
pub(super) struct Grid<'a> {
    pub observations: &'a Observations,
    pub spans: &'a Spans<'a>,
    parts: &'a Parts,
    /// The slot of each slice that was observed.
    slots: BTreeMap<u32, usize>,
    /// How many observations a slot has, at any time.
    counts: Vec<u64>,
    /// Since when any of a slot is known to be there.
    since: Vec<Option<i64>>,
}

impl<'a> Grid<'a> {
    pub fn new(observations: &'a Observations, spans: &'a Spans<'a>, parts: &'a Parts) -> Self {
        let subjects = observations.subject.iter().chain(observations.since.iter().map(|(subject, _)| subject));
        let seen: BTreeSet<u32> = subjects.flat_map(|subject| parts.slices.of(*subject)).copied().collect();
        let slots: BTreeMap<u32, usize> = seen.into_iter().zip(1..).collect();
        let mut grid = Self {
            observations,
            spans,
            parts,
            counts: vec![0; slots.len() + 1],
            since: vec![None; slots.len() + 1],
            slots,
        };
        for subject in &observations.subject {
            for slot in slots_of(&grid.slots, parts, *subject) {
                if let Some(count) = grid.counts.get_mut(slot) {
                    *count += 1;
                }
            }
        }
        for (subject, at) in &observations.since {
            for slot in slots_of(&grid.slots, parts, *subject) {
                if let Some(since) = grid.since.get_mut(slot) {
                    *since = Some(since.map_or(*at, |first| first.min(*at)));
                }
            }
        }
        grid
    }

    /// How many slots there are.
    pub fn len(&self) -> usize {
        self.slots.len() + 1
    }

    /// The slots of what a subject is part of: the whole, and its slices.
    pub fn slots(&self, subject: u32) -> impl Iterator<Item = usize> {
        slots_of(&self.slots, self.parts, subject)
    }

    /// The names of the slots; the whole has none.
    pub fn names(&self) -> impl Iterator<Item = Option<&'a str>> {
        let slices = self.slots.keys().map(|slice| self.parts.slices.names.get(*slice as usize).map(String::as_str));
        std::iter::once(None).chain(slices)
    }

    /// Whether anything was observed of a slot, at any time.
    pub fn was_observed(&self, slot: usize) -> bool {
        self.counts.get(slot).is_some_and(|count| *count > 0)
    }

    /// Whether any of a slot was there before an instant.
    pub fn was_there(&self, slot: usize, before: i64) -> bool {
        self.since.get(slot).copied().flatten().is_some_and(|since| since < before)
    }

    pub fn cell(&self, slot: usize, span: usize) -> usize {
        slot * self.spans.len() + span
    }

    /// The services of each slot but the whole.
    pub fn services(&self) -> Vec<BTreeSet<&'a str>> {
        let services = &self.parts.services;
        let mut held = vec![vec![false; services.names.len()]; self.len()];
        let observations = self.observations;
        let mut last = None;
        for subject in observations.subject.iter().chain(observations.since.iter().map(|(subject, _)| subject)) {
            if last.replace(subject) == Some(subject) {
                continue;
            }
            for slot in self.slots(*subject) {
                for service in services.of(*subject) {
                    if let Some(held) = held.get_mut(slot).and_then(|held| held.get_mut(*service as usize)) {
                        *held = true;
                    }
                }
            }
        }
        let named = |held: Vec<bool>| {
            held.into_iter().zip(&services.names).filter(|(held, _)| *held).map(|(_, name)| name.as_str()).collect()
        };
        held.into_iter().map(named).collect()
    }

    /// What happened at one time, in the cells of the window and of its step.
    pub fn placed(&self) -> Placed {
        let mut placed = Placed::default();
        for (row, (at, subject)) in self.observations.at.iter().zip(&self.observations.subject).enumerate() {
            let Some(spans) = self.spans.of(*at) else { continue };
            for slot in self.slots(*subject) {
                for span in spans {
                    placed.push(self.cell(slot, span), row);
                }
            }
        }
        placed
    }

    /// Hands observations of some spans at a time to `take`, in the cells of the spans for which `in_span` holds of
    /// the time that they last. Rows are in the order in which they began.
    pub fn each_lasting<E>(
        &self,
        in_span: impl Fn(Micros, i64, Option<i64>) -> bool,
        mut take: impl FnMut(Placed) -> Result<(), E>,
    ) -> Result<(), E> {
        let observations = self.observations;
        let mut order: Vec<usize> = (0..observations.len()).collect();
        order.sort_by_key(|row| observations.at.get(*row));
        let at_once = (ROWS / (observations.len() + 1)).max(1);
        let numbered: Vec<(usize, &Span)> = self.spans.all().iter().enumerate().collect();
        for spans in numbered.chunks(at_once) {
            let mut placed = Placed::default();
            for row in &order {
                let (Some(at), Some(until), Some(subject)) =
                    (observations.at.get(*row), observations.until.get(*row), observations.subject.get(*row))
                else {
                    continue;
                };
                for (number, span) in spans {
                    if in_span(span.time, *at, *until) {
                        self.slots(*subject).for_each(|slot| placed.push(self.cell(slot, *number), *row));
                    }
                }
            }
            take(placed)?;
        }
        Ok(())
    }
}

fn slots_of(slots: &BTreeMap<u32, usize>, parts: &Parts, subject: u32) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(parts.slices.of(subject).iter().filter_map(|slice| slots.get(slice).copied()))
}
