//! Which deployments an environment is asked for by: those of each rollout that reached it.

use std::collections::{BTreeSet, HashMap, HashSet};

use kernel::near::UnknownName;

use super::rows::{Deployment, EntryRef, Key, Name};
use crate::DoraError;

/// The deployments of rollouts that reached an environment, by service.
#[derive(Debug, Default)]
pub(super) struct Reached(HashMap<Name, HashSet<Key>>);

impl Reached {
    /// Of these deployments, those of rollouts that reached an environment, in whatever letter case it is named. Fails where
    /// none did.
    pub fn new(deployments: &[EntryRef<'_, Deployment>], environment: &str) -> Result<Self, DoraError> {
        let asked = environment.to_lowercase();
        let of_it = deployments.iter().filter(|entry| entry.row.environment.as_deref() == Some(asked.as_str()));
        let rollouts: HashSet<(&Name, Key)> = of_it.map(|entry| (&entry.row.service, entry.row.rollout)).collect();
        if rollouts.is_empty() {
            let known: BTreeSet<&str> =
                deployments.iter().filter_map(|entry| entry.row.environment.as_deref()).collect();
            return Err(DoraError::UnknownEnvironment(UnknownName::new(environment, known)));
        }
        let mut reached = Self::default();
        for entry in deployments.iter().filter(|entry| rollouts.contains(&(&entry.row.service, entry.row.rollout))) {
            reached.0.entry(Name::clone(&entry.row.service)).or_default().insert(entry.row.id);
        }
        Ok(reached)
    }

    /// Whether a deployment of a service is one of them.
    pub fn holds(&self, service: Option<&Name>, deployment: Key) -> bool {
        service.and_then(|service| self.0.get(service)).is_some_and(|deployments| deployments.contains(&deployment))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::{Entry, Subject};
    use super::super::tables::Table;
    use super::*;

    fn table(rows: &[(&str, &str, &str, &str)]) -> Table<Deployment> {
        let entry = |(service, id, rollout, environment): &(&str, &str, &str, &str)| {
            let service = Name::from(*service);
            let row = Deployment {
                id: Key::of(id),
                rollout: Key::of(rollout),
                environment: Some(Name::from(*environment)),
                service: Name::clone(&service),
                ..Deployment::default()
            };
            Entry { subject: Subject { service: Some(service), ..Subject::default() }, row, ..Entry::default() }
        };
        Table::by_owner(rows.iter().map(entry), |subject| subject.service.as_ref())
    }

    fn all(table: &Table<Deployment>) -> Vec<EntryRef<'_, Deployment>> {
        table.all().collect()
    }

    #[test]
    fn a_rollout_is_of_each_environment_that_it_reached() {
        let table = table(&[
            ("cart", "1", "1", "eu"),
            ("cart", "2", "1", "us"),
            ("cart", "3", "3", "eu"),
            // another service counts the same deployments otherwise
            ("pay", "1", "1", "eu"),
            ("pay", "4", "4", "us"),
        ]);
        let holds = |environment: &str| {
            let reached = Reached::new(&all(&table), environment).unwrap();
            let of = |service: &str, id: &str| reached.holds(Some(&Name::from(service)), Key::of(id));
            let all = [("cart", "1"), ("cart", "2"), ("cart", "3"), ("pay", "1"), ("pay", "4")];
            all.into_iter().filter(|(service, id)| of(service, id)).collect::<Vec<_>>()
        };
        assert_eq!(holds("us"), [("cart", "1"), ("cart", "2"), ("pay", "4")]);
        assert_eq!(holds("EU"), [("cart", "1"), ("cart", "2"), ("cart", "3"), ("pay", "1")]);
        assert!(!Reached::new(&all(&table), "us").unwrap().holds(None, Key::of("1")));
    }

    #[test]
    fn an_environment_without_deployments_is_refused_with_those_that_have_some() {
        let table = table(&[("cart", "1", "1", "eu"), ("cart", "2", "1", "us")]);
        let Err(DoraError::UnknownEnvironment(unknown)) = Reached::new(&all(&table), "staging") else {
            panic!("no deployment is of `staging`")
        };
        assert!(unknown.to_string().contains("`staging`"), "{unknown}");
        assert_eq!(unknown.others, ["eu", "us"]);
    }
}
