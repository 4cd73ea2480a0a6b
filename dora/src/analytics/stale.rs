//! Of which sources and owners observations have to be made again.

use std::collections::{BTreeMap, BTreeSet};

use store::changes::{self, Mark};
use store::flow::ReadPart;

use crate::metrics::{Ownership, Source};

/// What has to be made again: of each source all, or the rows of some owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    Everything,
    Some(BTreeMap<Source, Owners>),
}

/// Owners whose rows have changed; `All` where any may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owners {
    All,
    Some(BTreeSet<String>),
}

impl Stale {
    pub(super) const fn everything() -> Self {
        Self::Everything
    }

    pub(super) const fn is_everything(&self) -> bool {
        matches!(self, Self::Everything)
    }

    /// What follows from marks of what has changed.
    pub(super) fn of(marks: &BTreeSet<Mark>, ownership: &Ownership) -> Self {
        let mut stale = BTreeMap::new();
        for Mark { source, owner, key } in marks {
            match source {
                changes::Source::Ownership => {
                    // who is a member may be another, of whom the store knows no more than that
                    return Self::Everything;
                }
                changes::Source::Changes => {
                    add(&mut stale, Source::Changes, owner);
                    add_deployed(&mut stale, owner, ownership);
                    if key.is_empty() {
                        add(&mut stale, Source::Authors, owner);
                    }
                }
                // a deployment may reach other commits
                changes::Source::Named if !key.is_empty() => add(&mut stale, Source::Authors, key),
                changes::Source::Deployments => add(&mut stale, Source::Deployments, owner),
                changes::Source::Deployed => add(&mut stale, Source::Deployed, owner),
                changes::Source::Incidents => add(&mut stale, Source::Incidents, owner),
                changes::Source::Runs => add(&mut stale, Source::Runs, owner),
                changes::Source::Items => add(&mut stale, Source::Items, owner),
                // they are one chunk
                changes::Source::Sprints => add(&mut stale, Source::Sprints, ""),
                changes::Source::Vulnerabilities => add(&mut stale, Source::Vulnerabilities, ""),
                changes::Source::Measures => add(&mut stale, Source::Measures, ""),
                changes::Source::Named | changes::Source::Bases | changes::Source::Facts => {}
            }
        }
        Self::Some(stale)
    }

    /// What of a source is to be read again.
    pub(super) fn part(&self, source: Source) -> Option<ReadPart> {
        let Self::Some(stale) = self else { return Some(ReadPart::All) };
        Some(match stale.get(&source)? {
            Owners::All => ReadPart::All,
            Owners::Some(owners) => ReadPart::Some { owners: owners.iter().cloned().collect(), keys: Vec::new() },
        })
    }
}

/// Adds an owner; an empty one stands for all.
fn add(stale: &mut BTreeMap<Source, Owners>, source: Source, owner: &str) {
    let known = stale.entry(source).or_insert_with(|| Owners::Some(BTreeSet::new()));
    if owner.is_empty() {
        *known = Owners::All;
    } else if let Owners::Some(owners) = known {
        owners.insert(owner.to_owned());
    }
}

/// Labels and writers of what was deployed are those of its change.
fn add_deployed(stale: &mut BTreeMap<Source, Owners>, repository: &str, ownership: &Ownership) {
    let services = ownership.services_of_repository(repository);
    if services.is_empty() {
        add(stale, Source::Deployed, "");
    }
    for service in services {
        add(stale, Source::Deployed, service);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::SOURCES;

    fn mark(source: changes::Source, owner: &str, key: &str) -> Mark {
        Mark { source, owner: owner.to_owned(), key: key.to_owned() }
    }

    fn parts(marks: &[Mark]) -> Vec<(Source, ReadPart)> {
        let stale = Stale::of(&marks.iter().cloned().collect(), &Ownership::default());
        SOURCES.into_iter().filter_map(|(source, _)| Some((source, stale.part(source)?))).collect()
    }

    #[test]
    fn what_has_changed_is_made_again_by_owner_and_what_has_none_as_a_whole() {
        let some = |owner: &str| ReadPart::Some { owners: vec![owner.to_owned()], keys: Vec::new() };
        assert_eq!(parts(&[]), []);
        assert_eq!(parts(&[mark(changes::Source::Runs, "h/a", "1")]), [(Source::Runs, some("h/a"))]);
        assert_eq!(parts(&[mark(changes::Source::Sprints, "", "s")]), [(Source::Sprints, ReadPart::All)]);
        assert_eq!(
            parts(&[mark(changes::Source::Changes, "h/a", "h/a#1")]),
            [(Source::Changes, some("h/a")), (Source::Deployed, ReadPart::All)]
        );
        let bots = [mark(changes::Source::Changes, "", ""), mark(changes::Source::Changes, "h/a", "")];
        let all = [Source::Changes, Source::Deployed, Source::Authors].map(|source| (source, ReadPart::All));
        assert_eq!(parts(&bots), all);
        assert_eq!(parts(&[mark(changes::Source::Ownership, "", "")]).len(), SOURCES.len());
    }
}
