//! `.mailmap`: which addresses in a history belong to one person, as its maintainers declare. Read from the tip of the
//! default branch, and reported as an event of its own when it changes.
//!
//! Accounts here are addresses. An entry for only one of the names that used an address says nothing about the address
//! when another entry gives it to another person: such addresses are left out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use kernel::{Completeness, Fact, Person, RepositoryId, Version, people};
use serde::{Deserialize, Serialize};

/// The kind of event that a mailmap is.
pub(super) const KIND: &str = "git.mailmap";

/// A mailmap, as it travels through the log.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Mailmap {
    pub repository: RepositoryId,
    /// When it was looked at, in microseconds since 1970-01-01 UTC.
    pub observed: i64,
    /// As it was reported last, where that is still there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// As it is; `null` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// Who is who by a mailmap, and who no longer is.
pub(super) fn facts(mailmap: &Mailmap) -> Vec<Fact> {
    let at = DateTime::from_timestamp_micros(mailmap.observed).unwrap_or_default();
    let person = |(name, emails): (String, BTreeSet<String>), deleted| {
        Fact::Person(Person {
            origin: format!("{}{}", people::MAILMAP, mailmap.repository),
            emails: emails.into_iter().collect(),
            deleted,
            ..Person::new(name, Version { completeness: Completeness::Reported, at })
        })
    };
    let now = persons(mailmap.now.as_deref().unwrap_or_default());
    let mut gone = persons(mailmap.before.as_deref().unwrap_or_default());
    gone.retain(|name, _| !now.contains_key(name));
    let now = now.into_iter().map(|reported| person(reported, false));
    now.chain(gone.into_keys().map(|name| person((name, BTreeSet::new()), true))).collect()
}

/// Humans by their proper name and address, `Ann Smith <ann@x.org>`, and their addresses.
fn persons(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let entries: Vec<Entry> = text.lines().filter_map(entry).collect();
    // an entry without a name belongs to the person who has that address elsewhere
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in &entries {
        if let Some(name) = entry.name {
            names.entry(&entry.proper).or_insert(name);
        }
    }
    let mut owners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for entry in &entries {
        owners.entry(&entry.committed).or_default().insert(&entry.proper);
    }
    let mut persons: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in &entries {
        let key = match names.get(entry.proper.as_str()) {
            Some(name) => format!("{name} <{}>", entry.proper),
            None => entry.proper.clone(),
        };
        let emails = persons.entry(key).or_insert_with(|| [entry.proper.clone()].into());
        if owners.get(entry.committed.as_str()).is_some_and(|owners| owners.len() == 1) {
            emails.insert(entry.committed.clone());
        }
    }
    persons
}

struct Entry<'a> {
    name: Option<&'a str>,
    proper: String,
    committed: String,
}

/// `Proper Name <commit@x>`, `<proper@x> <commit@x>`, `Proper Name <proper@x> <commit@x>` or
/// `Proper Name <proper@x> Commit Name <commit@x>`.
fn entry(line: &str) -> Option<Entry<'_>> {
    if line.starts_with('#') {
        return None;
    }
    let (name, rest) = line.split_once('<')?;
    let (proper, rest) = rest.split_once('>')?;
    let second = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address);
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    let tidy = |address: &str| address.trim().to_lowercase();
    let (proper, committed) = (tidy(proper), tidy(second.unwrap_or(proper)));
    (!proper.is_empty() && !committed.is_empty()).then_some(Entry { name, proper, committed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(text: &str) -> Vec<String> {
        let line = |(name, emails): (String, BTreeSet<String>)| {
            format!("{name}: {}", emails.into_iter().collect::<Vec<_>>().join(" "))
        };
        persons(text).into_iter().map(line).collect()
    }

    #[test]
    fn every_form_of_an_entry_is_read() {
        let text = "# a comment <not@an.entry>\n\n  \nAnn Smith <Ann@x.org>\n<ann@x.org> <ann@old.org>\n\
                    Ann Smith <ann@x.org> <ann@laptop>\nBo Li <bo@x.org> bo <bo@home.net> # by his wish\n\
                    <cy@x.org> <cy@old.org>\nno address\n<>\nBroken <x\n";
        assert_eq!(
            reported(text),
            [
                "Ann Smith <ann@x.org>: ann@laptop ann@old.org ann@x.org",
                "Bo Li <bo@x.org>: bo@home.net bo@x.org",
                "cy@x.org: cy@old.org cy@x.org",
            ]
        );
    }

    #[test]
    fn an_address_that_two_used_joins_no_one_and_namesakes_stay_two() {
        let text = "Ann <ann@x.org> ann <dev@x.org>\nBo <bo@x.org> bo <dev@x.org>\nAnn <other@y.org>\n";
        assert_eq!(
            reported(text),
            ["Ann <ann@x.org>: ann@x.org", "Ann <other@y.org>: other@y.org", "Bo <bo@x.org>: bo@x.org"]
        );
    }

    #[test]
    fn who_is_no_longer_in_it_is_taken_back() {
        let mailmap = Mailmap {
            repository: "h/o/r".into(),
            observed: 5,
            before: Some("Ann <ann@x.org> <a@x.org>\nBo <bo@x.org> <b@x.org>\n".to_owned()),
            now: Some("Ann <ann@x.org> <ann@y.org>\n".to_owned()),
        };
        let reported: Vec<(String, bool, usize)> = facts(&mailmap)
            .into_iter()
            .map(|fact| match fact {
                Fact::Person(person) => (person.name, person.deleted, person.emails.len()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(reported, [("Ann <ann@x.org>".to_owned(), false, 2), ("Bo <bo@x.org>".to_owned(), true, 0)]);
    }
}
