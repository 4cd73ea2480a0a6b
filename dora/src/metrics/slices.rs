//! Which slices and services each subject is part of, as numbers.

use std::collections::HashMap;

use super::model::Slice;
use super::ownership::Ownership;
use super::rows::About;

/// The names that each subject is part of, as positions in the list of all names.
#[derive(Debug, Default)]
pub(super) struct Membership {
    pub names: Vec<String>,
    /// Where the numbers of each subject end.
    ends: Vec<u32>,
    numbers: Vec<u32>,
}

impl Membership {
    /// The numbers of a subject.
    pub fn of(&self, subject: u32) -> &[u32] {
        let position = subject as usize;
        let begin = position.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(position).copied().unwrap_or(begin);
        self.numbers.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// Numbers the slices of subjects, in the order of their names.
    fn new<'s>(subjects: impl Iterator<Item = About<'s>>, by: Slice, ownership: &Ownership) -> Self {
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut membership = Self::default();
        for about in subjects {
            let begin = membership.numbers.len();
            ownership.slices(about, by, &mut |name| {
                let number = known.get(name).copied().unwrap_or_else(|| {
                    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                    known.insert(name.to_owned(), next);
                    next
                });
                let taken = membership.numbers.get(begin..).unwrap_or_default();
                if !taken.contains(&number) {
                    membership.numbers.push(number);
                }
            });
            membership.ends.push(u32::try_from(membership.numbers.len()).unwrap_or(u32::MAX));
        }
        membership.sort(known);
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
        for number in &mut self.numbers {
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
    pub fn new<'s>(
        subjects: impl Iterator<Item = About<'s>> + Clone,
        by: Option<Slice>,
        ownership: &Ownership,
    ) -> Self {
        let Some(by) = by else { return Self::default() };
        let slices = Membership::new(subjects.clone(), by, ownership);
        Self { slices, services: Membership::new(subjects, Slice::Service, ownership) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Subject;
    use super::*;

    #[test]
    fn slices_are_numbered_by_name_and_each_once() {
        let subjects: Vec<Subject> = [vec!["b", "a", "b"], vec![], vec!["c", "a"]]
            .map(|labels| Subject { labels: labels.into_iter().map(Into::into).collect(), ..Subject::default() })
            .into();
        let about = subjects.iter().map(|subject| About { subject, reviewer: None });
        let membership = Membership::new(about, Slice::Label, &Ownership::default());
        assert_eq!(membership.names, ["a", "b", "c"]);
        assert_eq!(
            [0, 1, 2, 3].map(|subject| membership.of(subject).to_vec()),
            [vec![1, 0], vec![], vec![2, 0], vec![]]
        );
    }
}
