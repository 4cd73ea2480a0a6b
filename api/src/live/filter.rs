//! Who is sent what: the kinds that were asked for, the service or team, and what may be seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::Access;

use super::event::MetricsEvent;
use super::kind::EventKind;
use super::message::{Event, Message, OfService};

/// What a subscriber wants and may see.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// The kinds; `None` for all.
    pub(crate) kinds: Option<BTreeSet<EventKind>>,
    /// Of deployments, incidents and metrics only those of this service.
    pub(crate) service: Option<String>,
    /// Of them only those of services of this team, or of a team that is part of it.
    pub(crate) team: Option<String>,
    /// Who asks.
    pub(crate) access: Access,
}

impl Filter {
    /// The message as this subscriber is sent it; `None` if it is not.
    pub(super) fn pass(&self, message: &Arc<Message>) -> Option<Arc<Message>> {
        if !self.wants(message.event.kind()) {
            return None;
        }
        match (&message.event, &message.services) {
            (Event::Metrics(event), Some(services)) => self.narrow(message, event, services),
            // it may be about any
            (Event::Metrics(_), None) => self.receives_any().then(|| Arc::clone(message)),
            (_, Some(services)) => services.iter().all(|one| self.is_about(one)).then(|| Arc::clone(message)),
            // it is about no service: a client that is limited to teams is not sent it
            (_, None) => self.receives_any().then(|| Arc::clone(message)),
        }
    }

    pub(super) fn wants(&self, kind: EventKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Whether it is sent what may be about any service: not who is limited to teams.
    fn receives_any(&self) -> bool {
        self.access.services.is_none() && self.access.within.is_everything()
    }

    fn is_about(&self, of: &OfService) -> bool {
        self.service.as_ref().is_none_or(|service| of.service == *service)
            && self.team.as_ref().is_none_or(|team| of.teams.contains(team))
            && self.access.sees_service(&of.service)
    }

    /// The message with the services that it is about for this subscriber.
    fn narrow(&self, message: &Arc<Message>, event: &MetricsEvent, services: &[OfService]) -> Option<Arc<Message>> {
        let about: Vec<OfService> = services.iter().filter(|one| self.is_about(one)).cloned().collect();
        if about.len() == services.len() {
            return Some(Arc::clone(message));
        }
        if about.is_empty() {
            return None;
        }
        let names = about.iter().map(|one| one.service.clone()).collect();
        let event = Event::Metrics(MetricsEvent { services: Some(names), ..event.clone() });
        Some(Arc::new(Message::new(event, Some(about), message.cursor.clone())))
    }
}

#[cfg(test)]
mod tests {
    use kernel::Role;

    use super::super::event::LagEvent;
    use super::*;

    fn of(service: &str, teams: &[&str]) -> OfService {
        OfService { service: service.into(), teams: teams.iter().map(ToString::to_string).collect() }
    }

    fn metrics(services: Option<Vec<OfService>>) -> Arc<Message> {
        let names = services.as_ref().map(|all| all.iter().map(|one| one.service.clone()).collect());
        let event = Event::Metrics(MetricsEvent { metrics: None, services: names });
        Arc::new(Message::new(event, services, String::new()))
    }

    fn limited(services: &[&str]) -> Access {
        let services = services.iter().map(ToString::to_string).collect();
        Access { role: Role::Viewer, services: Some(Arc::new(services)), ..Access::everything() }
    }

    fn filter() -> Filter {
        Filter { kinds: None, service: None, team: None, access: Access::everything() }
    }

    fn sent(filter: &Filter, message: &Arc<Message>) -> Option<Vec<String>> {
        let sent = filter.pass(message)?;
        let Event::Metrics(event) = &sent.event else { return Some(Vec::new()) };
        Some(event.services.clone().unwrap_or_default())
    }

    #[test]
    fn who_is_limited_to_teams_receives_their_services_only() {
        let both = metrics(Some(vec![of("cart", &["web", "shop"]), of("mail", &["back"])]));
        let any = metrics(None);
        let lag = Arc::new(Message::new(Event::Lag(LagEvent { consumers: Vec::new() }), None, String::new()));
        let cart = Some(vec!["cart".to_owned()]);
        for (access, services, receives_all) in [
            (Access::everything(), Some(vec!["cart".to_owned(), "mail".to_owned()]), true),
            (limited(&["cart"]), cart.clone(), false),
            (limited(&["cart", "till"]), cart.clone(), false),
            (limited(&[]), None, false),
        ] {
            let filter = Filter { access, ..filter() };
            assert_eq!(sent(&filter, &both), services, "{filter:?}");
            assert_eq!(sent(&filter, &any).is_some(), receives_all, "{filter:?}");
            assert_eq!(sent(&filter, &lag).is_some(), receives_all, "{filter:?}");
        }
    }

    #[test]
    fn a_subscriber_receives_what_it_asked_for() {
        let cart = metrics(Some(vec![of("cart", &["web", "shop"])]));
        for (filter, expected) in [
            (Filter { service: Some("cart".into()), ..filter() }, true),
            (Filter { service: Some("mail".into()), ..filter() }, false),
            (Filter { team: Some("shop".into()), ..filter() }, true),
            (Filter { team: Some("back".into()), ..filter() }, false),
            (Filter { kinds: Some([EventKind::Metrics].into()), ..filter() }, true),
            (Filter { kinds: Some([EventKind::Lag].into()), ..filter() }, false),
            (Filter { service: Some("cart".into()), access: limited(&["mail"]), ..filter() }, false),
        ] {
            assert_eq!(sent(&filter, &cart).is_some(), expected, "{filter:?}");
        }
    }
}
