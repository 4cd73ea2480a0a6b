//! Which slices and services each subject is part of, as numbers. Subjects that are part of the same ones share a set.

use std::collections::HashMap;

use super::model::Slice;
use super::ownership::{Filter, Ownership};
use super::rows::{About, Name};

/// The names that each subject is part of, as positions in the list of all names.
#[derive(Debug)]
pub(super) struct Membership {
    pub names: Vec<String>,
    /// The numbers of each set; the first set is empty.
    sets: Vec<Box<[u32]>>,
    /// The set of each subject.
    of_subjects: Vec<u32>,
}

impl Default for Membership {
    fn default() -> Self {
        Self { names: Vec::new(), sets: vec![Box::default()], of_subjects: Vec::new() }
    }
}

/// What decides which slices a subject is part of: where its names stand in memory, which is in one place for rows that
/// are read together. Equal names in other places cost time, no more.
type Place = [Option<(usize, usize)>; 3];

/// `None` where more names decide.
fn place(about: About<'_>, by: Slice) -> Option<Place> {
    let subject = about.subject;
    let names = match by {
        Slice::Service => [subject.service.as_ref(), subject.repository.as_ref(), None],
        Slice::Team => [subject.service.as_ref(), subject.repository.as_ref(), subject.project.as_ref()],
        Slice::Repository => [subject.repository.as_ref(), subject.project.as_ref(), None],
        Slice::AuthorTeam | Slice::Author => [subject.author.as_ref(), None, None],
        Slice::Type => [subject.kind.as_ref(), None, None],
        Slice::ReviewTeams | Slice::ReviewPair => [about.reviewer, subject.author.as_ref(), None],
        Slice::Label | Slice::Ai => return None,
    };
    Some(names.map(|name| name.map(|name: &Name| (name.as_ptr().addr(), name.len()))))
}

/// What belongs to what, and what of it is asked for.
type Owned<'o> = (&'o Ownership, &'o Filter);

/// Slices as they are found, and the sets of them.
#[derive(Default)]
struct Known {
    names: HashMap<String, u32>,
    sets: HashMap<Box<[u32]>, u32>,
    places: HashMap<Place, u32>,
}

impl Known {
    fn numbers(&mut self, about: About<'_>, by: Slice, (ownership, filter): Owned<'_>) -> Box<[u32]> {
        let mut numbers: Vec<u32> = Vec::new();
        ownership.slices(about, (by, filter), &mut |name| {
            let number = self.names.get(name).copied().unwrap_or_else(|| {
                let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                self.names.insert(name.to_owned(), next);
                next
            });
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        });
        numbers.into_boxed_slice()
    }
}

impl Membership {
    /// The numbers of a subject.
    #[cfg(test)]
    fn of(&self, subject: u32) -> &[u32] {
        self.sets.get(self.set(subject)).map(|set| &**set).unwrap_or_default()
    }

    /// The set of a subject.
    pub fn set(&self, subject: u32) -> usize {
        self.of_subjects.get(subject as usize).map_or(0, |set| *set as usize)
    }

    /// The name of the first that a subject is part of.
    pub fn first(&self, subject: u32) -> Option<&str> {
        let number = self.sets.get(self.set(subject))?.first()?;
        self.names.get(*number as usize).map(String::as_str)
    }

    /// The same subjects, each in one part: what the names of its set are `called` together.
    pub fn parted(&self, called: impl Fn(&[&str]) -> String) -> Self {
        let name = |number: &u32| self.names.get(*number as usize).map(String::as_str);
        let of_sets: Vec<String> =
            self.sets.iter().map(|set| called(&set.iter().filter_map(name).collect::<Vec<_>>())).collect();
        let mut names = of_sets.clone();
        names.sort_unstable();
        names.dedup();
        let number = |of_set: &String| names.binary_search(of_set).ok().and_then(|place| u32::try_from(place).ok());
        let sets = of_sets.iter().map(|of_set| number(of_set).into_iter().collect()).collect();
        Self { names, sets, of_subjects: self.of_subjects.clone() }
    }

    /// The numbers of each set.
    pub fn sets(&self) -> &[Box<[u32]>] {
        &self.sets
    }

    /// Numbers the slices of subjects, in the order of their names. Each comes with the number of subjects in a row that
    /// are part of the same.
    fn new<'s>(subjects: impl Iterator<Item = (About<'s>, usize)>, by: Slice, owned: Owned<'_>) -> Self {
        let (mut known, mut membership) = (Known::default(), Self::default());
        known.sets.insert(Box::default(), 0);
        let mut last: Option<(Place, u32)> = None;
        for (about, count) in subjects {
            let place = place(about, by);
            let same = place.and_then(|place| last.filter(|(known, _)| *known == place));
            let set = same.map(|(_, set)| set).or_else(|| known.places.get(&place?).copied());
            let set = set.unwrap_or_else(|| {
                let numbers = known.numbers(about, by, owned);
                let next = u32::try_from(membership.sets.len()).unwrap_or(u32::MAX);
                let set = *known.sets.entry(numbers.clone()).or_insert(next);
                if set == next {
                    membership.sets.push(numbers);
                }
                set
            });
            if let Some(place) = place.filter(|_| same.is_none()) {
                known.places.insert(place, set);
                last = Some((place, set));
            }
            membership.of_subjects.resize(membership.of_subjects.len() + count, set);
        }
        membership.sort(known.names);
        membership
    }

    /// Renumbers names by their order.
    fn sort(&mut self, known: HashMap<String, u32>) {
        let mut names: Vec<(String, u32)> = known.into_iter().collect();
        names.sort_unstable();
        let mut ranks = vec![0; names.len()];
        for (rank, (_, number)) in (0_u32..).zip(&names) {
            if let Some(place) = ranks.get_mut(*number as usize) {
                *place = rank;
            }
        }
        for number in self.sets.iter_mut().flat_map(|set| set.iter_mut()) {
            *number = ranks.get(*number as usize).copied().unwrap_or_default();
        }
        self.names = names.into_iter().map(|(name, _)| name).collect();
    }
}

/// The slices and the services of subjects. Without slices services are not asked for either: the whole is of all.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub slices: Membership,
    pub services: Membership,
}

impl Parts {
    /// Of subjects one by one.
    pub fn new<'s>(subjects: &(impl Iterator<Item = About<'s>> + Clone), by: Option<Slice>, owned: Owned<'_>) -> Self {
        Self::of_runs(|_| subjects.clone().map(|about| (about, 1)), by, owned)
    }

    /// Of subjects, each with the number of those in a row that are part of the same slices.
    pub fn of_runs<'s, R>(subjects: impl Fn(Slice) -> R, by: Option<Slice>, owned: Owned<'_>) -> Self
    where
        R: Iterator<Item = (About<'s>, usize)>,
    {
        let Some(by) = by else { return Self::default() };
        let of = |slice| Membership::new(subjects(slice), slice, owned);
        Self { slices: of(by), services: of(Slice::Service) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Subject;
    use super::*;

    #[test]
    fn slices_are_numbered_by_name_and_each_once() {
        let subjects: Vec<Subject> = [vec!["b", "a", "b"], vec![], vec!["c", "a"], vec!["b", "a"]]
            .map(|labels| Subject { labels: labels.into_iter().map(Into::into).collect(), ..Subject::default() })
            .into();
        let about = subjects.iter().map(|subject| About { subject, reviewer: None });
        let membership =
            Membership::new(about.map(|about| (about, 1)), Slice::Label, (&Ownership::default(), &Filter::default()));
        assert_eq!(membership.names, ["a", "b", "c"]);
        assert_eq!(
            [0, 1, 2, 3, 4].map(|subject| membership.of(subject).to_vec()),
            [vec![1, 0], vec![], vec![2, 0], vec![1, 0], vec![]]
        );
        assert_eq!(membership.sets().len(), 3, "subjects of the same slices share a set");
    }

    #[test]
    fn what_is_in_several_slices_is_in_one_part() {
        let subjects: Vec<Subject> = [vec!["b", "a"], vec![], vec!["a"]]
            .map(|labels| Subject { labels: labels.into_iter().map(Into::into).collect(), ..Subject::default() })
            .into();
        let about = subjects.iter().map(|subject| About { subject, reviewer: None });
        let membership =
            Membership::new(about.map(|about| (about, 1)), Slice::Label, (&Ownership::default(), &Filter::default()));
        let parted = membership.parted(|names| names.join("+"));
        assert_eq!([0, 1, 2].map(|subject| parted.first(subject)), [Some("b+a"), Some(""), Some("a")]);
        assert_eq!([0, 1, 2].map(|subject| parted.of(subject).len()), [1, 1, 1]);
    }

    #[test]
    fn equal_names_in_other_places_are_the_same_slice() {
        let subjects: Vec<Subject> =
            ["x", "y", "x"].map(|kind| Subject { kind: Some(kind.into()), ..Subject::default() }).into();
        let about = subjects.iter().map(|subject| About { subject, reviewer: None });
        let membership =
            Membership::new(about.map(|about| (about, 1)), Slice::Type, (&Ownership::default(), &Filter::default()));
        assert_eq!([0, 1, 2].map(|subject| membership.of(subject).to_vec()), [[0], [1], [0]]);
    }
}
