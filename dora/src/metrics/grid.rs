//! The cells of an answer: the whole and each slice, over the window and each of its steps. Observations are placed
//! in them, and polars summarizes each cell.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, OnceLock};

use super::frames::Cells;
use super::observations::Observations;
use super::rows::Micros;
use super::slices::Parts;
use super::spans::{Span, Spans};

/// Rows placed at once. What lasts is in the cells of all spans that it lasts over.
const ROWS: usize = 4_000_000;

/// Observations in cells, cell by cell: the cell of each row, and the observation that it is. Those of a cell are in
/// the order in which they were placed.
#[derive(Debug, Default)]
pub(super) struct Placed {
    pub cells: Cells,
    pub rows: Vec<u32>,
}

impl Placed {
    /// Places observations in some of this number of cells; `each` gives cells and observations, the same ones each time
    /// that it is called.
    fn new<E: Iterator<Item = (usize, usize)>>(cells: usize, each: impl Fn() -> E) -> Self {
        let mut next = vec![0_u32; cells];
        each().for_each(|(cell, _)| {
            if let Some(count) = next.get_mut(cell) {
                *count += 1;
            }
        });
        let mut of_rows = Vec::with_capacity(next.iter().map(|count| *count as usize).sum());
        for (cell, count) in (0_u32..).zip(&mut next) {
            let begin = number(of_rows.len());
            of_rows.resize(of_rows.len() + *count as usize, cell);
            *count = begin;
        }
        let mut rows = vec![0; of_rows.len()];
        each().for_each(|(cell, row)| {
            let Some(position) = next.get_mut(cell) else { return };
            if let Some(place) = rows.get_mut(*position as usize) {
                *place = number(row);
                *position += 1;
            }
        });
        Self { cells: of_rows.into(), rows }
    }

    /// Each row: its cell, and the observation that it is.
    pub fn each(&self) -> impl Iterator<Item = (u32, usize)> {
        self.cells.as_slice().iter().zip(&self.rows).map(|(cell, row)| (*cell, *row as usize))
    }

    /// The cells that have any rows, in order.
    pub fn touched(&self) -> Vec<usize> {
        let mut touched: Vec<usize> = self.cells.as_slice().iter().map(|cell| *cell as usize).collect();
        touched.dedup();
        touched
    }

    /// The rows of which a number is known, cell by cell.
    pub fn known<T>(&self, value: impl Fn(u32, usize) -> Option<T>) -> (Vec<u32>, Vec<T>) {
        let mut known = (Vec::with_capacity(self.rows.len()), Vec::with_capacity(self.rows.len()));
        for (cell, row) in self.each() {
            if let Some(value) = value(cell, row) {
                known.0.push(cell);
                known.1.push(value);
            }
        }
        known
    }
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The whole, which is slot 0, and the slices that anything was observed of.
pub(super) struct Grid<'a> {
    pub observations: &'a Observations,
    pub spans: &'a Spans<'a>,
    parts: &'a Parts,
    slots: Arc<Slots>,
    placed: Arc<OnceLock<Placed>>,
}

/// The slots of a grid.
struct Slots {
    /// The slices that have one, in their order.
    slices: Vec<u32>,
    /// The slots of each set of slices, that of the whole first.
    of_sets: Vec<Box<[u32]>>,
    /// How many observations a slot has, at any time.
    counts: Vec<u64>,
    /// Since when any of a slot is known to be there.
    since: Vec<Option<i64>>,
}

impl Slots {
    fn new(observations: &Observations, parts: &Parts) -> Self {
        let sets = parts.slices.sets();
        let (mut in_sets, mut since_of_sets) = (vec![0_u64; sets.len()], vec![None::<i64>; sets.len()]);
        for subject in &observations.subject {
            if let Some(count) = in_sets.get_mut(parts.slices.set(*subject)) {
                *count += 1;
            }
        }
        for (subject, at) in &observations.since {
            if let Some(since) = since_of_sets.get_mut(parts.slices.set(*subject)) {
                *since = Some(since.map_or(*at, |first| first.min(*at)));
            }
        }
        let seen = sets.iter().zip(in_sets.iter().zip(&since_of_sets));
        let seen = seen.filter(|(_, (count, since))| **count > 0 || since.is_some()).flat_map(|(set, _)| set.iter());
        let slices: BTreeSet<u32> = seen.copied().collect();
        let numbers: BTreeMap<u32, u32> = slices.iter().copied().zip(1..).collect();
        let of_set = |set: &[u32]| -> Box<[u32]> {
            std::iter::once(0).chain(set.iter().filter_map(|slice| numbers.get(slice).copied())).collect()
        };
        let of_sets: Vec<Box<[u32]>> = sets.iter().map(|set| of_set(set)).collect();
        let (mut counts, mut since) = (vec![0; slices.len() + 1], vec![None::<i64>; slices.len() + 1]);
        for (slots, (count, of_set)) in of_sets.iter().zip(in_sets.into_iter().zip(since_of_sets)) {
            for slot in slots {
                if let Some(sum) = counts.get_mut(*slot as usize) {
                    *sum += count;
                }
                if let (Some(since), Some(at)) = (since.get_mut(*slot as usize), of_set) {
                    *since = Some(since.map_or(at, |first| first.min(at)));
                }
            }
        }
        Self { slices: slices.into_iter().collect(), of_sets, counts, since }
    }
}

impl<'a> Grid<'a> {
    pub fn new(observations: &'a Observations, spans: &'a Spans<'a>, parts: &'a Parts) -> Self {
        Self { observations, spans, parts, slots: Arc::new(Slots::new(observations, parts)), placed: Arc::default() }
    }

    /// The grid of others. Those that were observed of the same subjects at the same times are in the same cells.
    pub fn with(&self, observations: &'a Observations) -> Self {
        if !observations.is_beside(self.observations) {
            return Self::new(observations, self.spans, self.parts);
        }
        Self {
            observations,
            spans: self.spans,
            parts: self.parts,
            slots: Arc::clone(&self.slots),
            placed: Arc::clone(&self.placed),
        }
    }

    /// How many slots there are.
    pub fn len(&self) -> usize {
        self.slots.slices.len() + 1
    }

    /// The slots of what a subject is part of: the whole, and its slices.
    pub fn slots(&self, subject: u32) -> impl Iterator<Item = usize> {
        self.of_set(self.parts.slices.set(subject)).iter().map(|slot| *slot as usize)
    }

    fn of_set(&self, set: usize) -> &[u32] {
        self.slots.of_sets.get(set).map(|slots| &**slots).unwrap_or_default()
    }

    /// The names of the slots; the whole has none.
    pub fn names(&self) -> impl Iterator<Item = Option<&'a str>> {
        let names = &self.parts.slices.names;
        let slices = self.slots.slices.iter().map(|slice| names.get(*slice as usize).map(String::as_str));
        std::iter::once(None).chain(slices)
    }

    /// Whether anything was observed of a slot, at any time.
    pub fn was_observed(&self, slot: usize) -> bool {
        self.slots.counts.get(slot).is_some_and(|count| *count > 0)
    }

    /// Whether any of a slot was there before an instant.
    pub fn was_there(&self, slot: usize, before: i64) -> bool {
        self.slots.since.get(slot).copied().flatten().is_some_and(|since| since < before)
    }

    pub fn cell(&self, slot: usize, span: usize) -> usize {
        slot * self.spans.len() + span
    }

    /// The services of each slot but the whole.
    pub fn services(&self) -> Vec<BTreeSet<&'a str>> {
        let (slices, services) = (&self.parts.slices, &self.parts.services);
        let observations = self.observations;
        let subjects = observations.subject.iter().chain(observations.since.iter().map(|(subject, _)| subject));
        let (mut sets, mut last) = (HashSet::new(), None);
        for subject in subjects {
            let pair = (slices.set(*subject), services.set(*subject));
            if last.replace(pair) != Some(pair) {
                sets.insert(pair);
            }
        }
        let mut held = vec![BTreeSet::new(); self.len()];
        for (of_slices, of_services) in sets {
            let numbers = services.sets().get(of_services).map(|set| &**set).unwrap_or_default();
            for slot in self.of_set(of_slices) {
                if let Some(held) = held.get_mut(*slot as usize) {
                    held.extend(
                        numbers.iter().filter_map(|number| services.names.get(*number as usize)).map(String::as_str),
                    );
                }
            }
        }
        held
    }

    /// What happened at one time, in the cells of the window and of its step.
    pub fn placed(&self) -> &Placed {
        self.placed.get_or_init(|| {
            let observations = self.observations;
            let steps: Vec<u32> = self.spans.steps_of(&observations.at).collect();
            Placed::new(self.len() * self.spans.len(), || {
                // the window is span 0, which is no step
                let in_window = steps.iter().zip(&observations.subject).enumerate().filter(|(_, (step, _))| **step > 0);
                in_window.flat_map(|(row, (step, subject))| {
                    let cells = move |slot| [(self.cell(slot, 0), row), (self.cell(slot, *step as usize), row)];
                    self.slots(*subject).flat_map(cells)
                })
            })
        })
    }

    /// Hands observations of some spans at a time to `take`, in the cells of the spans for which `in_span` holds of
    /// the time that they last. Those of a cell are in the order in which they began.
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
            let mut found: Vec<(usize, usize)> = Vec::new();
            for row in &order {
                let (Some(at), Some(subject)) = (observations.at.get(*row), observations.subject.get(*row)) else {
                    continue;
                };
                let until = observations.until.get(*row);
                for (span, _) in spans.iter().filter(|(_, span)| in_span(span.time, *at, until)) {
                    found.extend(self.slots(*subject).map(|slot| (self.cell(slot, *span), *row)));
                }
            }
            take(Placed::new(self.len() * self.spans.len(), || found.iter().copied()))?;
        }
        Ok(())
    }
}
