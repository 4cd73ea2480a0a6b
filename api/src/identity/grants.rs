//! Which roles a principal has, in which tenants and for which teams.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use dora::Within;
use kernel::{Role, Tenant};
use sha2::{Digest, Sha256};

/// A role, in a tenant or in all of them, for teams and those that are part of them or for all services.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The tenant; `None` for all.
    pub tenant: Option<Tenant>,
    /// What it gives.
    pub role: Role,
    /// The teams that it is limited to; empty where it is limited to none.
    pub teams: BTreeSet<String>,
}

impl Grant {
    /// A role for everything.
    #[must_use]
    pub fn everywhere(role: Role) -> Self {
        Self { tenant: None, role, teams: BTreeSet::new() }
    }

    fn is_of(&self, tenant: &Tenant) -> bool {
        self.tenant.as_ref().is_none_or(|own| own == tenant)
    }
}

/// What the grants of a principal give together. A token has what both it and its owner are granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// What is given is given by each of these lists.
    lists: Vec<Vec<Grant>>,
    fingerprint: [u8; 32],
}

impl Grants {
    /// Those of a user.
    #[must_use]
    pub fn new(grants: Vec<Grant>) -> Self {
        Self::of_lists(vec![grants])
    }

    /// What these give, as far as another grant gives it as well.
    #[must_use]
    pub fn narrowed_by(&self, grant: Grant) -> Self {
        Self::of_lists(self.lists.iter().cloned().chain([vec![grant]]).collect())
    }

    fn of_lists(mut lists: Vec<Vec<Grant>>) -> Self {
        let mut text = String::new();
        for list in &mut lists {
            list.sort();
            list.dedup();
            // a text can always be written to
            let _written = write!(text, "{list:?}");
        }
        Self { lists, fingerprint: Sha256::digest(text).into() }
    }

    /// Equal for those that give the same: what an answer depends on of who asks.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The role in a tenant, and the teams that it is limited to; `None` where nothing is granted.
    ///
    /// Of the grants of one list, those that are limited to no team count before the others, and of these the highest
    /// role. Those that are limited to teams count together: for all of their teams, with the lowest of their roles. So a
    /// role is never had for more than it was granted for.
    #[must_use]
    pub fn of_tenant(&self, tenant: &Tenant) -> Option<(Role, Within)> {
        let (mut role, mut limits) = (None::<Role>, Vec::new());
        for list in &self.lists {
            let (given, teams) = decide(list, tenant)?;
            role = Some(role.map_or(given, |role| role.min(given)));
            limits.extend(teams);
        }
        Some((role?, Within::new(limits)))
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Grant> {
        self.lists.iter().flatten()
    }

    /// Whether nothing is granted, in any tenant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty() || self.lists.iter().any(Vec::is_empty)
    }

    /// The tenant that a request is about which names none, if only one is granted.
    #[must_use]
    pub fn only_tenant(&self) -> Option<&Tenant> {
        self.lists.iter().find_map(|list| {
            let first = list.first()?.tenant.as_ref()?;
            list.iter().all(|grant| grant.tenant.as_ref() == Some(first)).then_some(first)
        })
    }

    /// The role for all tenants and teams; `None` where it is limited.
    #[must_use]
    pub fn everywhere(&self) -> Option<Role> {
        let of = |list: &Vec<Grant>| {
            list.iter().filter(|grant| grant.tenant.is_none() && grant.teams.is_empty()).map(|grant| grant.role).max()
        };
        let roles: Option<Vec<Role>> = self.lists.iter().map(of).collect();
        roles?.into_iter().min()
    }
}

fn decide(list: &[Grant], tenant: &Tenant) -> Option<(Role, Option<BTreeSet<String>>)> {
    let here = || list.iter().filter(|grant| grant.is_of(tenant));
    if let Some(role) = here().filter(|grant| grant.teams.is_empty()).map(|grant| grant.role).max() {
        return Some((role, None));
    }
    let role = here().map(|grant| grant.role).min()?;
    Some((role, Some(here().flat_map(|grant| grant.teams.iter().cloned()).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(tenant: Option<&str>, role: Role, teams: &[&str]) -> Grant {
        let teams = teams.iter().map(|team| (*team).to_owned()).collect();
        Grant { tenant: tenant.map(|name| Tenant::new(name).unwrap()), role, teams }
    }

    fn within(limits: &[&[&str]]) -> Within {
        Within::new(limits.iter().map(|teams| teams.iter().map(|team| (*team).to_owned()).collect()).collect())
    }

    #[test]
    fn a_role_is_never_had_for_more_than_it_was_granted_for() {
        let (main, other) = (Tenant::default(), Tenant::new("other").unwrap());
        let all = Grants::new(vec![grant(None, Role::Viewer, &[]), grant(Some("main"), Role::Manager, &["web"])]);
        assert_eq!(all.of_tenant(&main), Some((Role::Viewer, within(&[]))));
        let teams = [grant(Some("main"), Role::Admin, &["web"]), grant(Some("main"), Role::Viewer, &["pay"])];
        let limited = Grants::new(teams.into());
        assert_eq!(limited.of_tenant(&main), Some((Role::Viewer, within(&[&["pay", "web"]]))));
        assert_eq!(limited.of_tenant(&other), None);
        assert_eq!((limited.only_tenant(), limited.everywhere()), (Some(&main), None));
        assert!(Grants::new(Vec::new()).is_empty() && Grants::new(Vec::new()).of_tenant(&main).is_none());
    }

    #[test]
    fn a_token_has_what_both_it_and_its_owner_are_granted() {
        let (main, other) = (Tenant::default(), Tenant::new("other").unwrap());
        let owner = Grants::new(vec![grant(None, Role::Manager, &["shop"])]);
        let token = owner.narrowed_by(grant(Some("main"), Role::Admin, &["web"]));
        assert_eq!(token.of_tenant(&main), Some((Role::Manager, within(&[&["shop"], &["web"]]))));
        assert_eq!(token.of_tenant(&other), None);
        assert_eq!(token.only_tenant(), Some(&main));
        let revoked = Grants::new(Vec::new()).narrowed_by(Grant::everywhere(Role::Admin));
        assert_eq!((revoked.of_tenant(&main), revoked.everywhere(), revoked.is_empty()), (None, None, true));
    }

    #[test]
    fn grants_that_give_the_same_have_the_same_fingerprint() {
        let (one, two) = (grant(None, Role::Viewer, &["a"]), grant(Some("main"), Role::Admin, &[]));
        let ordered = Grants::new(vec![one.clone(), two.clone()]);
        assert_eq!(ordered.fingerprint(), Grants::new(vec![two.clone(), one.clone(), two.clone()]).fingerprint());
        assert_ne!(ordered.fingerprint(), Grants::new(vec![one.clone()]).fingerprint());
        assert_ne!(ordered.fingerprint(), Grants::new(vec![one]).narrowed_by(two).fingerprint());
    }
}
