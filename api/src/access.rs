//! Who asks, and what they may be answered. It is decided once, before a question is run: every interface asks the
//! [`Access`] of its request, and none decides by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::Extensions;
use dora::{AskedServices, Within};
use kernel::{Right, Role, Tenant};

use crate::identity::{Identity, Principal};
use crate::problem::Problem;

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
    /// They lack what is granted to groups, see [`Identity::has_stale_groups`].
    pub has_stale_groups: bool,
}

impl Access {
    /// Everything: for what the server asks itself.
    #[must_use]
    pub fn everything() -> Self {
        let principal = Principal::local().into();
        let (role, within) = (Role::Admin, Within::default());
        Self { principal, role, teams: None, services: None, within, has_stale_groups: false }
    }

    /// That of a request to a tenant, by its extensions. Of one that is limited to teams no service is seen before it is
    /// [`Self::limited_to`] what the tenant's data says that these are. `None` where nothing is granted there; an error
    /// where it is not known who asks.
    pub fn of(extensions: &Extensions, tenant: &Tenant) -> Result<Option<Self>, Problem> {
        let identity = extensions.get::<Arc<Identity>>().ok_or_else(Problem::unauthenticated)?;
        let Some((role, within)) = identity.grants.of_tenant(tenant) else { return Ok(None) };
        let nothing = || (!within.is_everything()).then(Arc::default);
        let principal = Arc::clone(&identity.principal);
        let has_stale_groups = identity.has_stale_groups;
        Ok(Some(Self { principal, role, teams: nothing(), services: nothing(), within, has_stale_groups }))
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

    /// Fails without the right.
    pub fn check(&self, right: Right) -> Result<(), Problem> {
        if self.has(right) {
            return Ok(());
        }
        Err(if self.has_stale_groups { Problem::stale_groups() } else { Problem::forbidden(right, self.role) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Grant, Grants};

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
        assert!(Access::everything().sees_service("pay") && Access::everything().check(Right::Administer).is_ok());
    }
}
