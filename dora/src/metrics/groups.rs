//! The whole and its slices: which observations each holds, since when it is known to be there, and the
//! services that it is of.

use std::collections::{BTreeMap, BTreeSet};

use store::metric_rows::ServiceBasis;

use super::Slice;
use super::observations::{Observation, Observations, Subject};
use super::slices::Belongings;
use crate::report::Window;

/// A slice, or the whole: what was seen of it.
#[derive(Default)]
pub(super) struct Group<'o> {
    pub observations: Vec<&'o Observation>,
    /// Since when any of it is known to be there.
    pub since: Option<i64>,
    /// The subjects that a slice is about.
    subjects: BTreeSet<usize>,
}

/// What values are about, and of which services they are.
pub(super) struct About<'a> {
    pub belongings: &'a Belongings,
    /// The services that are asked about.
    pub services: Vec<&'a ServiceBasis>,
    pub window: Window,
}

impl About<'_> {
    /// The services that a group is of: all that are asked about, or those of a slice's subjects.
    pub fn services_of(&self, slice: Option<&str>, group: &Group<'_>, subjects: &[Subject]) -> Vec<&ServiceBasis> {
        let asked = self.services.iter().copied();
        if slice.is_none() {
            return asked.collect();
        }
        let subjects = group.subjects.iter().filter_map(|subject| subjects.get(*subject));
        let names: BTreeSet<String> = subjects.flat_map(|subject| self.belongings.services(subject)).collect();
        asked.filter(|service| names.contains(&service.service)).collect()
    }
}

/// The whole, which has no name, and the slices.
pub(super) fn groups<'o>(
    observations: &'o Observations,
    by: Option<Slice>,
    belongings: &Belongings,
) -> BTreeMap<Option<String>, Group<'o>> {
    let mut groups: BTreeMap<Option<String>, Group<'o>> = BTreeMap::from([(None, Group::default())]);
    let slices = |subject: &Subject| -> Vec<Option<String>> {
        let slices = by.map(|by| belongings.slices(subject, by)).unwrap_or_default();
        std::iter::once(None).chain(slices.into_iter().map(Some)).collect()
    };
    let of: Vec<Vec<Option<String>>> = observations.subjects.iter().map(slices).collect();
    for observation in &observations.all {
        for slice in of.get(observation.subject).into_iter().flatten() {
            let group = groups.entry(slice.clone()).or_default();
            group.observations.push(observation);
            if slice.is_some() {
                group.subjects.insert(observation.subject);
            }
        }
    }
    for (subject, since) in &observations.since {
        for slice in of.get(*subject).into_iter().flatten() {
            let group = groups.entry(slice.clone()).or_default();
            group.since = Some(group.since.map_or(*since, |first| first.min(*since)));
            group.subjects.insert(*subject);
        }
    }
    groups
}
