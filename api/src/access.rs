//! Who asks, and what they may be answered. It is decided once, before a question is run: every interface asks the
//! [`Access`] of its request, and none decides by itself.

pub(crate) mod persons;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::Extensions;
use dora::settings::People as ShownTo;
use dora::{AskedServices, Persons, Within};
use kernel::strum::VariantArray;
use kernel::{AccountId, Right, Role, Tenant};

use crate::identity::{Identity, Principal};
use crate::people::{People, Person};
use crate::problem::Problem;
use persons::{Others, SeenPersons};

/// What the client that asks may be answered about one tenant. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who asks.
    pub principal: Arc<Principal>,
    /// What they were granted.
    pub role: Role,
    /// The teams that it is limited to, with those that are part of them; `None` where it is limited to none.
    pub teams: Option<Arc<BTreeSet<String>>>,
    /// The services of these teams; `None` where it is limited to none.
    pub services: Option<Arc<BTreeSet<String>>>,
    /// The same limit, as questions about metrics have it.
    pub within: Within,
    /// Whether what belongs to no tenant may be managed.
    pub administers_all: bool,
    /// They lack what is granted to groups, see [`Identity::has_stale_groups`].
    pub has_stale_groups: bool,
    /// Whose data about single persons may be shown.
    pub(crate) persons: SeenPersons,
}

impl Access {
    /// Everything: for what the server asks itself.
    #[must_use]
    pub fn everything() -> Self {
        let principal = Principal::local().into();
        let (role, within) = (Role::Admin, Within::default());
        let persons = SeenPersons::default();
        let (administers_all, has_stale_groups) = (true, false);
        Self { principal, role, teams: None, services: None, within, administers_all, has_stale_groups, persons }
    }

    /// That of a request to a tenant, by its extensions. Of one that is limited to teams no service is seen before it is
    /// [`Self::limited_to`] what the tenant's data says that these are. `None` where nothing is granted there; an error
    /// where it is not known who asks.
    pub fn of(extensions: &Extensions, tenant: &Tenant) -> Result<Option<Self>, Problem> {
        let identity = extensions.get::<Arc<Identity>>().ok_or_else(Problem::unauthenticated)?;
        let Some((role, within)) = identity.grants.of_tenant(tenant) else { return Ok(None) };
        let nothing = || (!within.is_everything()).then(Arc::default);
        let principal = Arc::clone(&identity.principal);
        let (administers_all, has_stale_groups) = (identity.administers(None), identity.has_stale_groups);
        let persons = SeenPersons::of(&identity.person);
        let (teams, services) = (nothing(), nothing());
        Ok(Some(Self { principal, role, teams, services, within, administers_all, has_stale_groups, persons }))
    }

    /// The same, limited to the services and teams that its limit stands for.
    #[must_use]
    pub fn limited_to(self, asked: AskedServices) -> Self {
        let names = |names: Option<Vec<String>>| Some(Arc::new(names.unwrap_or_default().into_iter().collect()));
        Self { teams: names(asked.teams), services: names(asked.services), ..self }
    }

    /// Whether it gives a right. Who is limited to teams has none that is about all of them.
    #[must_use]
    pub fn has(&self, right: Right) -> bool {
        let is_about_all = matches!(right, Right::RawEvents | Right::Administer);
        self.role.has(right) && (self.within.is_everything() || !is_about_all)
    }

    /// The rights that it gives.
    pub fn rights(&self) -> impl Iterator<Item = &'static str> {
        Right::VARIANTS.iter().filter(move |right| self.has(**right)).map(|right| right.as_str())
    }

    /// Fails without the right.
    pub fn check(&self, right: Right) -> Result<(), Problem> {
        if self.has(right) {
            return Ok(());
        }
        Err(match right {
            _ if self.has_stale_groups => Problem::stale_groups(),
            right if self.role.has(right) => Problem::limited_to_teams(right),
            right => Problem::forbidden(right, self.role),
        })
    }

    /// Whether a service may be named, and what belongs to it.
    #[must_use]
    pub fn sees_service(&self, service: &str) -> bool {
        self.services.as_ref().is_none_or(|services| services.contains(service))
    }

    /// Whether a team may be named.
    #[must_use]
    pub fn sees_team(&self, team: &str) -> bool {
        self.teams.as_ref().is_none_or(|teams| teams.contains(team))
    }
}

/// Data about single persons.
impl Access {
    /// The same, where the settings show persons to these.
    #[must_use]
    pub(crate) fn showing_persons(self, shown_to: ShownTo) -> Self {
        Self { persons: self.persons.clone().shown_to(shown_to), ..self }
    }

    /// Whether the people of the tenant are needed to decide whose data is shown.
    #[must_use]
    pub(crate) fn needs_people(&self) -> bool {
        self.persons.needs_people(self.has(Right::People) && self.teams.is_some())
    }

    /// The same among the people of the tenant.
    #[must_use]
    pub(crate) fn among(self, people: Arc<People>) -> Self {
        Self { persons: self.persons.clone().among(people), ..self }
    }

    /// The person who asks, where the settings show that.
    #[must_use]
    pub(crate) fn own_person(&self) -> Option<&Person> {
        self.persons.own()
    }

    /// Which persons are shown, with names, addresses and metrics, beside the one who asks. Fails where none is shown at
    /// all, with what would change that.
    pub(crate) fn shown_persons(&self) -> Result<Others, Problem> {
        match self.persons.setting() {
            ShownTo::Off => Err(Problem::people()),
            ShownTo::Managers if self.has(Right::People) && self.teams.is_none() => Ok(Others::All),
            ShownTo::Managers if self.has(Right::People) => Ok(Others::OfTeams),
            _ if self.own_person().is_some() => Ok(Others::None),
            ShownTo::Managers => self.check(Right::People).map(|()| Others::None),
            ShownTo::Themselves => Err(Problem::no_person()),
        }
    }

    /// Whether a person is shown.
    #[must_use]
    pub(crate) fn sees_person(&self, person: &Person) -> bool {
        let is_own = || self.own_person() == Some(person);
        match self.shown_persons() {
            Ok(Others::All) => true,
            Ok(Others::OfTeams) => is_own() || person.teams.iter().any(|team| self.sees_team(team)),
            Ok(Others::None) => is_own(),
            Err(_) => false,
        }
    }

    /// The persons whom metrics may name. Fails as [`Self::shown_persons`] does.
    pub(crate) fn named_persons(&self) -> Result<Persons, Problem> {
        let others = match self.shown_persons()? {
            Others::All => return Ok(Persons::default()),
            Others::OfTeams => self.persons.people().zip(self.teams.as_deref()),
            Others::None => None,
        };
        let others = others.map(|(people, teams)| people.accounts_of(teams)).unwrap_or_default();
        Ok(Persons::only(others.into_iter().chain(self.own_person().into_iter().flat_map(Person::accounts)).collect()))
    }

    /// Whether an account is of the person who asks.
    #[must_use]
    pub(crate) fn is_own_account(&self, account: &str) -> bool {
        self.own_person().is_some_and(|person| person.has(account))
    }

    /// The accounts of who asks, who says of no other account that it is theirs, where each sees their own data only.
    #[must_use]
    pub(crate) fn only_own_accounts(&self) -> Vec<AccountId> {
        let own = self.own_person().filter(|_| self.persons.setting() == ShownTo::Themselves);
        own.map(|person| person.joined.accounts.clone()).unwrap_or_default()
    }

    /// Fails where a user would state which person that user is, unless administrators see all persons anyway.
    pub(crate) fn check_links(&self, user_id: &str) -> Result<(), Problem> {
        if self.persons.is_of_user(user_id) && self.persons.setting() != ShownTo::Managers {
            return Err(Problem::about_oneself());
        }
        Ok(())
    }

    /// Fails where the rows of another's account alone may not be listed: that is data about a person, whom the settings
    /// have to show. An account that may be named is not enough.
    pub(crate) fn check_rows_of(&self, account: &str) -> Result<(), Problem> {
        self.check(Right::People)?;
        let is_shown = match self.shown_persons()? {
            Others::All => true,
            Others::OfTeams => {
                let person = self.persons.people().and_then(|people| people.of(account));
                person.is_some_and(|person| self.sees_person(person))
            }
            Others::None => false,
        };
        if is_shown { Ok(()) } else { Err(Problem::other_person()) }
    }

    /// Whether an account may be named that a fact names: as the author of a change, for one.
    #[must_use]
    pub(crate) fn names_account(&self, account: &str) -> bool {
        self.has(Right::People) || self.is_own_account(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Grant, Grants, PersonLink};
    use crate::people;

    /// An access with a role, perhaps limited to a team, of who is linked with a person by an address.
    fn of(role: Role, team: Option<&str>, email: Option<&str>, shown_to: ShownTo) -> Access {
        let teams = team.map(|team| Arc::new(BTreeSet::from([team.to_owned()])));
        let within = Within::new(teams.iter().map(|teams| (**teams).clone()).collect());
        let link = Arc::new(PersonLink { user_id: None, email: email.map(str::to_owned) });
        let access = Access { role, teams, within, persons: SeenPersons::of(&link), ..Access::everything() };
        let access = access.showing_persons(shown_to);
        if access.needs_people() { access.among(people::tests::people().into()) } else { access }
    }

    /// Who of Ann, of the team `web`, and Bo, of the team `pay`, is shown.
    fn seen(access: &Access) -> (bool, bool) {
        let people = people::tests::people();
        let sees = |account: &str| access.sees_person(people.of(account).unwrap());
        let named = access.named_persons().ok();
        let (ann, bo) = (sees("h/ann"), sees("h/bo"));
        match named {
            Some(named) if named.is_everyone() => assert!(ann && bo),
            Some(named) => assert_eq!((named.hold("h/ann"), named.hold("h/bo")), (ann, bo)),
            None => assert!(!ann && !bo),
        }
        (ann, bo)
    }

    #[test]
    fn persons_are_shown_to_themselves_and_to_managers_of_their_teams_as_the_settings_say() {
        use Role::{Admin, Analyst, Manager, Viewer};
        let ann = Some("ann@example.org");
        for (access, expected) in [
            (of(Admin, None, ann, ShownTo::Off), (false, false)),
            (of(Viewer, None, ann, ShownTo::Themselves), (true, false)),
            (of(Admin, None, ann, ShownTo::Themselves), (true, false)),
            (of(Admin, None, None, ShownTo::Themselves), (false, false)),
            (of(Viewer, None, None, ShownTo::Managers), (false, false)),
            (of(Analyst, None, ann, ShownTo::Managers), (true, false)),
            (of(Manager, None, None, ShownTo::Managers), (true, true)),
            (of(Manager, Some("web"), None, ShownTo::Managers), (true, false)),
            (of(Manager, Some("pay"), None, ShownTo::Managers), (false, true)),
            (of(Manager, Some("pay"), ann, ShownTo::Managers), (true, true)),
            (of(Manager, Some("none"), None, ShownTo::Managers), (false, false)),
        ] {
            assert_eq!(seen(&access), expected, "{access:?}");
        }
        let viewer = of(Viewer, None, ann, ShownTo::Themselves);
        assert!(viewer.names_account("j/asmith") && !viewer.names_account("h/bo"));
        for (access, shows) in [
            (of(Manager, None, None, ShownTo::Off), [false, false]),
            (of(Admin, None, ann, ShownTo::Themselves), [false, false]),
            (of(Manager, None, None, ShownTo::Managers), [true, true]),
            (of(Manager, Some("web"), None, ShownTo::Managers), [true, false]),
            (of(Analyst, None, None, ShownTo::Managers), [false, false]),
        ] {
            let rows = ["j/asmith", "h/bo"].map(|account| access.check_rows_of(account).is_ok());
            assert_eq!(rows, shows, "{access:?}");
        }
        let off = of(Viewer, None, ann, ShownTo::Off);
        assert!(!off.names_account("h/ann") && off.shown_persons().unwrap_err().detail.contains("dora.people"));
    }

    #[test]
    fn without_an_identity_nothing_is_given_and_a_limit_shows_nothing_before_it_is_known() {
        let mut extensions = Extensions::new();
        let main = Tenant::default();
        assert_eq!(Access::of(&extensions, &main).unwrap_err().status, 401);
        let teams = BTreeSet::from(["web".to_owned()]);
        let grants = Grants::new(vec![Grant { tenant: Some(main.clone()), role: Role::Viewer, teams }]);
        extensions.insert(Arc::new(Identity { grants, ..Identity::local() }));
        assert_eq!(Access::of(&extensions, &Tenant::new("other").unwrap()).unwrap(), None);
        let access = Access::of(&extensions, &main).unwrap().unwrap();
        assert!(!access.sees_service("cart") && !access.sees_team("web") && access.check(Right::Export).is_err());
        let known = AskedServices {
            services: Some(vec!["cart".to_owned()]),
            teams: Some(vec!["web".to_owned()]),
            ..AskedServices::default()
        };
        let access = access.limited_to(known);
        assert!(access.sees_service("cart") && access.sees_team("web") && !access.sees_service("pay"));
        assert!(!access.limited_to(AskedServices::default()).sees_service("cart"));
        let limited = of(Role::Admin, Some("web"), None, ShownTo::Off).check(Right::Administer).unwrap_err();
        assert!(limited.detail.contains("about all teams"), "{limited:?}");
        assert!(Access::everything().sees_service("pay") && Access::everything().check(Right::Administer).is_ok());
    }
}
