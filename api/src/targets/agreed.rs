//! Which targets a team has: its own, those of the teams that it is part of, and those of the organization.

use std::collections::{BTreeMap, BTreeSet};

use kernel::team_line;
use store::targets::{self, TargetRow};
use store::{Store, StoreError, mapping};

/// Targets of a tenant at most, which are read at once: those of a thousand teams with ten each.
pub(crate) const TARGETS_MAX: u32 = 10_000;

/// The targets of a tenant, and which team is part of which.
#[derive(Debug, Default)]
pub(super) struct Agreed {
    /// By team, `None` for the organization, and metric.
    targets: BTreeMap<(Option<String>, String), TargetRow>,
    /// The team that a team is part of.
    parents: BTreeMap<String, String>,
    /// Some team says which projects it plans in.
    has_projects: bool,
}

impl Agreed {
    /// Reads those of the store's tenant.
    pub async fn read(store: &Store) -> Result<Self, StoreError> {
        let rows = targets::list(store, None, None, TARGETS_MAX).await?;
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let teams = mapping::teams(store).await?;
        let has_projects = teams.iter().any(|team| !team.projects.is_empty());
        let parents = teams.into_iter().filter_map(|team| Some((team.name, team.parent?)));
        Ok(Self { has_projects, ..Self::new(rows, parents.collect()) })
    }

    fn new(rows: Vec<TargetRow>, parents: BTreeMap<String, String>) -> Self {
        let targets = rows.into_iter().map(|row| ((row.team.clone(), row.metric.clone()), row));
        Self { targets: targets.collect(), parents, has_projects: false }
    }

    /// Whether work items belong to the teams that plan in their projects.
    pub const fn has_projects(&self) -> bool {
        self.has_projects
    }

    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// A team and the teams that it is part of, itself first.
    pub fn line<'a>(&'a self, team: &'a str) -> Vec<&'a str> {
        team_line(team, |team| self.parents.get(team).map(String::as_str))
    }

    /// The target that a team has for a metric; without a team that of the organization.
    pub fn of(&self, team: Option<&str>, metric: &str) -> Option<&TargetRow> {
        let line = team.map(|team| self.line(team)).unwrap_or_default();
        let target = |owner: Option<&str>| self.targets.get(&(owner.map(str::to_owned), metric.to_owned()));
        line.into_iter().map(Some).chain([None]).find_map(target)
    }

    /// The metrics for which a team has targets, its own and those that it inherits.
    pub fn metrics_of(&self, team: Option<&str>) -> BTreeSet<&str> {
        let line = team.map(|team| self.line(team)).unwrap_or_default();
        let owners = self.targets.keys();
        let of_line = owners.filter(|(owner, _)| owner.as_deref().is_none_or(|owner| line.contains(&owner)));
        of_line.map(|(_, metric)| metric.as_str()).collect()
    }

    /// The metrics for which any team, or the organization, has a target.
    pub fn metrics(&self) -> BTreeSet<&str> {
        self.targets.keys().map(|(_, metric)| metric.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kernel::TargetBound;

    use super::*;

    fn agreed(targets: &[(Option<&str>, &str, f64)], parents: &[(&str, &str)]) -> Agreed {
        let row = |(team, metric, value): &(Option<&str>, &str, f64)| TargetRow {
            team: team.map(str::to_owned),
            metric: (*metric).to_owned(),
            bound: TargetBound::AtMost,
            value: *value,
            note: String::new(),
            changed_at: DateTime::default(),
        };
        let parents = parents.iter().map(|(team, parent)| ((*team).to_owned(), (*parent).to_owned()));
        Agreed::new(targets.iter().map(row).collect(), parents.collect())
    }

    #[test]
    fn a_team_has_its_own_target_else_that_of_the_team_above_else_that_of_the_organization() {
        let agreed = agreed(
            &[(None, "lead", 9.0), (None, "rate", 0.2), (Some("shop"), "lead", 5.0), (Some("web"), "size", 100.0)],
            &[("web", "shop"), ("pay", "shop")],
        );
        let value = |team, metric| agreed.of(team, metric).map(|target| target.value);
        assert_eq!(value(Some("web"), "lead"), Some(5.0));
        assert_eq!(value(Some("web"), "rate"), Some(0.2));
        assert_eq!(value(Some("web"), "size"), Some(100.0));
        assert_eq!(value(Some("shop"), "size"), None, "what a part agreed on is not agreed on by the whole");
        assert_eq!(value(Some("docs"), "lead"), Some(9.0));
        assert_eq!(value(None, "lead"), Some(9.0));
        assert_eq!(agreed.metrics_of(Some("web")).into_iter().collect::<Vec<_>>(), ["lead", "rate", "size"]);
        assert_eq!(agreed.metrics_of(None).into_iter().collect::<Vec<_>>(), ["lead", "rate"]);
        assert_eq!(agreed.metrics().len(), 3);
    }

    #[test]
    fn teams_that_are_part_of_each_other_end_somewhere() {
        let agreed = agreed(&[(None, "lead", 9.0)], &[("web", "shop"), ("shop", "web")]);
        assert_eq!(agreed.line("web"), ["web", "shop"]);
        assert_eq!(agreed.of(Some("web"), "lead").map(|target| target.value), Some(9.0));
    }
}
