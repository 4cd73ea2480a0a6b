//! Whose data about single persons may be shown to who asks.

use std::sync::Arc;

use dora::settings::People as ShownTo;

use crate::identity::PersonLink;
use crate::people::{People, Person};

/// What it is decided by. Before it is [`Self::known`] no person is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SeenPersons {
    /// By what who asks is found among the people.
    link: Arc<PersonLink>,
    /// What the settings say.
    shown_to: ShownTo,
    /// The people of the tenant, where they are needed to decide.
    people: Option<Arc<People>>,
}

/// Whose data is shown, beside that of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// That of all persons.
    All,
    /// That of members of the teams that who asks is limited to.
    OfTeams,
    /// That of no other person.
    None,
}

impl SeenPersons {
    /// Of who is found by this.
    pub(super) fn of(link: &Arc<PersonLink>) -> Self {
        Self { link: Arc::clone(link), ..Self::default() }
    }

    /// The same, shown to whom the settings say.
    pub(super) fn shown_to(self, shown_to: ShownTo) -> Self {
        Self { shown_to, ..self }
    }

    /// The same among the people of the tenant.
    pub(super) fn among(self, people: Arc<People>) -> Self {
        Self { people: Some(people), ..self }
    }

    /// Whether the people of the tenant are needed to decide.
    pub(super) fn needs_people(&self, is_manager_of_teams: bool) -> bool {
        match self.shown_to {
            ShownTo::Off => false,
            ShownTo::Themselves => !self.link.is_empty(),
            ShownTo::Managers => is_manager_of_teams || !self.link.is_empty(),
        }
    }

    /// What the settings say.
    pub(super) const fn setting(&self) -> ShownTo {
        self.shown_to
    }

    /// Whether a user is who asks.
    pub(super) fn is_of_user(&self, id: &str) -> bool {
        self.link.user_id.as_deref() == Some(id)
    }

    /// The people of the tenant, where they were needed to decide.
    pub(super) fn people(&self) -> Option<&People> {
        self.people.as_deref()
    }

    /// The person who asks, where the settings show that.
    pub(super) fn own(&self) -> Option<&Person> {
        if self.shown_to == ShownTo::Off { None } else { self.people.as_ref()?.linked(&self.link) }
    }
}
