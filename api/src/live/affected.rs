//! Which metrics have changed, sent twice a second at most.

use std::collections::BTreeSet;
use std::time::Duration;

use dora::{Dependents, Owners};
use store::changes::{Mark, Source};
use store::feed::Seen;
use tokio::time::Instant;

use super::event::MetricsEvent;
use super::message::{Event, Message, OfService};

/// How long there is between two messages.
const BETWEEN: Duration = Duration::from_millis(500);
/// Services that a message names; of more it may be any.
const MOST_SERVICES: usize = 100;

/// What has changed and was not sent yet.
#[derive(Debug, Default)]
pub(super) struct Affected {
    sources: BTreeSet<Source>,
    /// `None` for any.
    services: Services,
    /// When the first of it was added.
    changed_at: Option<Instant>,
    sent_at: Option<Instant>,
}

#[derive(Debug)]
enum Services {
    Any,
    Some(BTreeSet<String>),
}

impl Default for Services {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl Affected {
    /// Adds what was marked; `None` where that is not known.
    pub(super) fn add(&mut self, marks: Option<&[Mark]>, owners: &Owners) {
        let Some(marks) = marks else { return };
        for mark in marks {
            // that a service was computed again, or named again, changes no value by itself
            if matches!(mark.source, Source::Bases | Source::Named) {
                continue;
            }
            self.sources.insert(mark.source);
            self.changed_at.get_or_insert_with(Instant::now);
            match (owners.services_of(mark), &mut self.services) {
                (Some(of), Services::Some(services)) if services.len() + of.len() <= MOST_SERVICES => {
                    services.extend(of);
                }
                _ => self.services = Services::Any,
            }
        }
    }

    /// When it has to be sent; `None` where nothing has changed.
    pub(super) fn due(&self) -> Option<Instant> {
        // not the time of the call: what is due then would never be due before now
        self.changed_at.map(|at| self.sent_at.map_or(at, |sent_at| at.max(sent_at + BETWEEN)))
    }

    /// What is to be sent now, if it is time.
    pub(super) fn take(&mut self, dependents: &Dependents, owners: &Owners, seen: Option<&Seen>) -> Option<Message> {
        let now = Instant::now();
        if self.due().is_none_or(|due| due > now) {
            return None;
        }
        let Self { sources, services, sent_at, .. } = std::mem::take(self);
        self.sent_at = sent_at;
        let metrics = dependents.of(&sources);
        if metrics.is_empty() {
            return None;
        }
        self.sent_at = Some(now);
        let services = match services {
            Services::Any => None,
            Services::Some(services) => {
                Some(services.into_iter().map(|service| OfService::new(service, owners)).collect::<Vec<_>>())
            }
        };
        let names = services.as_ref().map(|all| all.iter().map(|one| one.service.clone()).collect());
        let metrics = (!sources.contains(&Source::Ownership)).then_some(metrics);
        let cursor = seen.map(ToString::to_string).unwrap_or_default();
        Some(Message::new(Event::Metrics(MetricsEvent { metrics, services: names }), services, cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(source: Source, owner: &str) -> Mark {
        Mark { source, owner: owner.to_owned(), key: String::new() }
    }

    fn sent(affected: &mut Affected) -> Option<MetricsEvent> {
        let dependents = Dependents::new(&[]).unwrap();
        match affected.take(&dependents, &Owners::default(), None)?.event {
            Event::Metrics(event) => Some(event),
            _ => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_is_sent_at_once_and_then_twice_a_second() {
        let (mut affected, owners) = (Affected::default(), Owners::default());
        affected.add(Some(&[mark(Source::Deployments, "cart"), mark(Source::Bases, "cart")]), &owners);
        let first = sent(&mut affected).unwrap();
        assert_eq!(first.services, Some(vec!["cart".to_owned()]));
        assert!(first.metrics.unwrap().contains(&"deployment_frequency".to_owned()));
        affected.add(Some(&[mark(Source::Deployments, "cart")]), &owners);
        affected.add(Some(&[mark(Source::Deployments, "mail")]), &owners);
        assert_eq!(sent(&mut affected), None);
        tokio::time::advance(BETWEEN).await;
        let second = sent(&mut affected).unwrap();
        assert_eq!(second.services, Some(vec!["cart".to_owned(), "mail".to_owned()]));
        assert_eq!((sent(&mut affected), affected.due()), (None, None));
    }

    #[test]
    fn the_first_change_is_sent_by_a_clock_that_goes_on() {
        let mut affected = Affected::default();
        affected.add(Some(&[mark(Source::Deployments, "cart")]), &Owners::default());
        let due = affected.due();
        assert!(due.is_some_and(|due| due <= Instant::now()) && due == affected.due());
        assert!(sent(&mut affected).is_some());
        assert_eq!(affected.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_services_it_may_be_any_and_of_teams_any_metric() {
        let (mut affected, owners) = (Affected::default(), Owners::default());
        let marks: Vec<Mark> = (0..=MOST_SERVICES).map(|nth| mark(Source::Incidents, &nth.to_string())).collect();
        affected.add(Some(&marks), &owners);
        assert_eq!(sent(&mut affected).unwrap().services, None);
        tokio::time::advance(BETWEEN).await;
        affected.add(Some(&[mark(Source::Ownership, "")]), &owners);
        assert_eq!(sent(&mut affected), Some(MetricsEvent { metrics: None, services: None }));
        tokio::time::advance(BETWEEN).await;
        affected.add(Some(&[mark(Source::Bases, "cart"), mark(Source::Named, "cart")]), &owners);
        assert_eq!(sent(&mut affected), None, "a computation with the same results");
    }
}
