//! What a change of the store affects, for those who announce it: which services, with their teams, and which metrics. It
//! is a hint: who asks again gets the answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use store::StoreTx;
use store::changes::{self, Mark};
use store::history::Services;

use super::metric::{Input, Metric};
use super::ownership::Ownership;
use super::registry;
use super::tables::Source;
use crate::DoraError;
use crate::settings::CustomMetricSettings;

/// Which services there are, with their teams and repositories. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Owners(Arc<Ownership>);

impl Owners {
    /// As they are in the store.
    pub async fn read(tx: &mut StoreTx) -> Result<Self, DoraError> {
        Ok(Self::of(&store::history::services(tx).await?))
    }

    /// As they were read.
    pub(crate) fn of(known: &Services) -> Self {
        Self(Arc::new(Ownership::new(known)))
    }

    /// The team of a service, and those that it is part of.
    #[must_use]
    pub fn teams_of(&self, service: &str) -> &[String] {
        self.0.teams_of_service(service)
    }

    /// The services that a change may be about; `None` where it may be any.
    #[must_use]
    pub fn services_of(&self, mark: &Mark) -> Option<Vec<String>> {
        let Mark { source, owner, .. } = mark;
        if owner.is_empty() {
            return None;
        }
        match source {
            changes::Source::Changes | changes::Source::Runs => {
                Some(self.0.services_of_repository(owner).to_vec()).filter(|services| !services.is_empty())
            }
            changes::Source::Deployed
            | changes::Source::Deployments
            | changes::Source::Incidents
            | changes::Source::Bases => Some(vec![owner.clone()]),
            _ => None,
        }
    }

    /// Whether they may be others after a change.
    #[must_use]
    pub fn may_change_with(&self, mark: &Mark) -> bool {
        let Mark { source, owner, key } = mark;
        match source {
            changes::Source::Ownership => true,
            changes::Source::Named => !self.0.knows(owner, key),
            changes::Source::Changes | changes::Source::Runs => !owner.is_empty() && !self.0.knows_repository(owner),
            _ => false,
        }
    }
}

/// Which metrics are made from what. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dependents(Arc<Vec<(String, BTreeSet<changes::Source>)>>);

impl Dependents {
    /// Of all metrics, built in and of the settings. An error names the setting that can't be used.
    pub fn new(custom: &[CustomMetricSettings]) -> Result<Self, DoraError> {
        let of = |metric: &Metric| {
            let by_incident = metric.by_incident.map(|input| input());
            let inputs = std::iter::once(&metric.input).chain(&by_incident);
            (metric.id.to_string(), inputs.flat_map(sources_of).collect())
        };
        Ok(Self(Arc::new(registry::all(custom)?.iter().map(of).collect())))
    }

    /// The metrics whose values may be others after changes of these. That a service was computed again, with the same
    /// results, affects none.
    #[must_use]
    pub fn of(&self, changed: &BTreeSet<changes::Source>) -> Vec<String> {
        let all = changed.contains(&changes::Source::Ownership);
        let affected = self.0.iter().filter(|(_, sources)| all || !sources.is_disjoint(changed));
        affected.map(|(name, _)| name.clone()).collect()
    }
}

/// The marks after which the rows of an input may be others.
fn sources_of(input: &Input) -> Vec<changes::Source> {
    use changes::Source as Marked;
    match input.source() {
        Source::Ownership | Source::Bases | Source::Computations => Vec::new(),
        Source::Changes => vec![Marked::Changes],
        // labels and writers of what was deployed are those of its change
        Source::Deployed => vec![Marked::Deployed, Marked::Changes],
        Source::Deployments => vec![Marked::Deployments],
        Source::Incidents => vec![Marked::Incidents],
        Source::Runs => vec![Marked::Runs],
        Source::Items => vec![Marked::Items],
        Source::Sprints => vec![Marked::Sprints, Marked::Items],
        Source::Vulnerabilities => vec![Marked::Vulnerabilities],
        Source::Measures => vec![Marked::Measures],
        Source::Authors => vec![Marked::Changes, Marked::Named],
        // any fact may be one of theirs
        Source::Facts(..) => {
            let all = <Marked as strum::VariantArray>::VARIANTS.iter().copied();
            all.filter(|source| !matches!(source, Marked::Bases | Marked::Ownership)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Completeness, Service, Version};
    use store::changes::Source as Marked;
    use store::history::Services;

    use super::*;

    fn mark(source: Marked, owner: &str, key: &str) -> Mark {
        Mark { source, owner: owner.to_owned(), key: key.to_owned() }
    }

    fn owners() -> Owners {
        let version = Version { completeness: Completeness::Reported, at: chrono::DateTime::default() };
        let service = Service {
            repositories: vec!["h/cart".into()],
            team: Some("web".into()),
            ..Service::new("cart".into(), version)
        };
        let known = Services { declared: vec![service], repositories: ["h/cart".into()].into(), ..Services::default() };
        Owners(Arc::new(Ownership::new(&known)))
    }

    #[test]
    fn a_change_is_about_the_services_of_its_owner_or_about_any() {
        let owners = owners();
        let cart = Some(vec!["cart".to_owned()]);
        for (mark, services, is_outdated) in [
            (mark(Marked::Deployments, "cart", ""), &cart, false),
            (mark(Marked::Changes, "h/cart", "h/cart#1"), &cart, false),
            (mark(Marked::Runs, "h/new", "1"), &None, true),
            (mark(Marked::Changes, "", ""), &None, false),
            (mark(Marked::Items, "SHOP", "SHOP-1"), &None, false),
            (mark(Marked::Ownership, "", ""), &None, true),
            (mark(Marked::Named, "cart", "h/cart"), &None, false),
            (mark(Marked::Named, "till", "h/cart"), &None, true),
        ] {
            assert_eq!(&owners.services_of(&mark), services, "{mark:?}");
            assert_eq!(owners.may_change_with(&mark), is_outdated, "{mark:?}");
        }
        assert_eq!(owners.teams_of("cart"), ["web".to_owned()]);
        assert!(owners.teams_of("till").is_empty());
    }

    #[test]
    fn metrics_depend_on_what_they_are_made_from() {
        let dependents = Dependents::new(&[]).unwrap();
        let of = |source| dependents.of(&[source].into());
        assert!(of(Marked::Deployments).contains(&"deployment_frequency".to_owned()));
        assert!(!of(Marked::Items).contains(&"deployment_frequency".to_owned()));
        assert!(of(Marked::Bases).is_empty());
        assert_eq!(of(Marked::Ownership).len(), registry::all(&[]).unwrap().len());
    }
}
