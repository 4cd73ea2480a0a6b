//! Statements of people about who is who: what merging and splitting state, in addition to what was stated before.

use chrono::{DateTime, Utc};

use super::SEI_PEOPLE;
use crate::{AccountId, Completeness, Fact, Person, Version};

/// What is stated of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeopleChange {
    /// They belong to one person, in addition to earlier statements.
    Merge,
    /// They belong to this person only, whatever joins them.
    Split,
}

/// The statements that a change takes.
#[must_use]
pub fn changed(change: PeopleChange, persons: &[Person], name: &str, accounts: &[AccountId]) -> Vec<Person> {
    match change {
        PeopleChange::Merge => merged(persons, name, accounts),
        PeopleChange::Split => split(persons, name, accounts),
    }
}

/// The statement of this name, withdrawn; `None` if there is none.
#[must_use]
pub fn withdrawn(persons: &[Person], name: &str) -> Option<Person> {
    stated(persons).find(|person| person.name == name).map(|person| Person { deleted: true, ..person.clone() })
}

/// What is stated so far, and not withdrawn.
pub fn stated(persons: &[Person]) -> impl Iterator<Item = &Person> {
    persons.iter().filter(|person| person.origin == SEI_PEOPLE && !person.deleted)
}

/// A statement as a fact of this time. Only people state it, so the last word counts.
#[must_use]
pub fn statement(person: Person, at: DateTime<Utc>) -> Fact {
    Fact::Person(Person { version: Version { completeness: Completeness::Measured, at }, ..person })
}

/// Persons after statements: each takes the place of the one before it of its origin and name.
#[must_use]
pub fn after(mut persons: Vec<Person>, statements: &[Person]) -> Vec<Person> {
    for person in statements {
        persons.retain(|known| (&known.origin, &known.name) != (&person.origin, &person.name));
        persons.push(person.clone());
    }
    persons
}

/// The statements that make accounts one person's, in addition to earlier ones, and no longer separate from them.
fn merged(persons: &[Person], name: &str, accounts: &[AccountId]) -> Vec<Person> {
    let mut statements = without(persons, name, accounts, |person| person.separate);
    let before = stated(persons).find(|person| person.name == name);
    let mut person = before.cloned().unwrap_or_else(|| empty(name));
    person.accounts.extend_from_slice(accounts);
    person.accounts.sort();
    person.accounts.dedup();
    statements.push(person);
    statements
}

/// The statements that make accounts this person's only.
fn split(persons: &[Person], name: &str, accounts: &[AccountId]) -> Vec<Person> {
    let mut statements = without(persons, name, accounts, |_| true);
    statements.push(Person { accounts: accounts.to_vec(), separate: true, ..empty(name) });
    statements
}

/// Others whom these accounts were stated to be, without them.
fn without(persons: &[Person], name: &str, accounts: &[AccountId], which: fn(&Person) -> bool) -> Vec<Person> {
    let has_one = |person: &&Person| person.accounts.iter().any(|id| accounts.contains(id));
    let others = stated(persons).filter(|person| person.name != name && which(person)).filter(has_one);
    others
        .map(|person| {
            let mut left = person.clone();
            left.accounts.retain(|id| !accounts.contains(id));
            left.deleted = left.accounts.is_empty() && left.emails.is_empty();
            left
        })
        .collect()
}

fn empty(name: &str) -> Person {
    Person {
        origin: SEI_PEOPLE.to_owned(),
        ..Person::new(name.to_owned(), Version { completeness: Completeness::Measured, at: DateTime::UNIX_EPOCH })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{CONFIGURED, JoinedPerson, join};

    fn ids(ids: &[&str]) -> Vec<AccountId> {
        ids.iter().map(|id| AccountId::from(*id)).collect()
    }

    fn listed(persons: &[Person]) -> Vec<String> {
        let line = |human: &JoinedPerson| {
            format!("{}: {}", human.name, human.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(" "))
        };
        join(&[], persons).iter().map(line).collect()
    }

    #[test]
    fn merging_adds_splitting_separates_and_the_last_statement_counts() {
        let configured = Person { origin: CONFIGURED.to_owned(), accounts: ids(&["a", "b"]), ..empty("Both") };
        let mut persons = vec![configured];
        let steps: [(PeopleChange, &str, &[&str], &[&str]); 5] = [
            (PeopleChange::Merge, "Ann", &["a", "c"], &["Ann: a b c"]),
            (PeopleChange::Merge, "Ann", &["d"], &["Ann: a b c d"]),
            (PeopleChange::Split, "Bo", &["b"], &["Ann: a c d", "Bo: b"]),
            (PeopleChange::Split, "Cy", &["c", "d"], &["Ann: a", "Bo: b", "Cy: c d"]),
            (PeopleChange::Merge, "Ann", &["b", "c"], &["Ann: a b c", "Cy: d"]),
        ];
        for (change, name, accounts, expected) in steps {
            let statements = changed(change, &persons, name, &ids(accounts));
            persons = after(persons, &statements);
            assert_eq!(listed(&persons), expected, "{name} {accounts:?}");
        }
        let undone: Vec<Person> = withdrawn(&persons, "Cy").into_iter().collect();
        persons = after(persons, &undone);
        assert_eq!(listed(&persons), ["Ann: a b c"], "nothing speaks of d any more");
        assert_eq!(withdrawn(&persons, "Cy"), None);
        assert_eq!(withdrawn(&persons, "Both"), None, "the settings say it");
    }
}
