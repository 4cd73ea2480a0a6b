//! Changes that have not reached production, with how far each has come, and how that compares with its team.

use std::collections::{BTreeMap, BTreeSet};

use dora::{ChangeStage, Distribution, DistributionPart, Progress, Slice};
use kernel::strum::VariantArray;
use kernel::{Change, Review};
use store::StoreError;
use store::queries::{Cut, Parent, ParentKey, ServiceRow, UnreleasedChange};

use super::lists::{hide_people, of_these, read};
use super::page::Page;
use crate::questions::{MetricQuestion, RowsAsked};
use crate::scope::Scope;
use crate::views::OpenChange;

/// The metric that ages are held against.
const AGE: &str = "time_to_merge";

/// Changes of a page, with what belongs to them. The number of statements does not depend on how many they are.
pub(super) struct Found {
    page: Page<Change>,
    /// The changes, each with its reviews.
    pub reviewed: Vec<(Change, Vec<Review>)>,
    /// The teams that own services of a repository.
    teams: BTreeMap<String, Vec<String>>,
}

impl Found {
    /// Changes that are open, or merged and not deployed.
    pub async fn read(scope: &Scope, asked: &RowsAsked, cut: &Cut) -> Result<Self, StoreError> {
        let page = read::<UnreleasedChange, _>(scope, asked, cut, |UnreleasedChange(change)| change).await?;
        let ids: Vec<ParentKey> = page.rows.iter().map(|(_, row)| (row.id.0.clone(), String::new())).collect();
        let mut reviewed: Vec<_> = page.rows.iter().map(|(_, change)| (change.clone(), Vec::new())).collect();
        for (nth, review) in of_these::<Review>(scope, Parent::CHANGE, &ids, asked).await? {
            if let Some((_, reviews)) = reviewed.get_mut(nth) {
                reviews.push(review);
            }
        }
        let teams = teams(scope, asked, &page).await?;
        Ok(Self { page, reviewed, teams })
    }

    /// The changes as they are shown, by how far they have come and how long changes of teams are in each stage.
    pub fn shown(self, scope: &Scope, progress: &[Progress], usual: &Usual) -> Page<OpenChange> {
        let Page { rows, more, has_previous } = self.page;
        let shown = rows.into_iter().zip(progress).map(|((cursor, change), progress)| {
            let teams = self.teams.get(&change.repository.0).cloned().unwrap_or_default();
            let p85_of = |metric: &str| teams.iter().find_map(|team| usual.p85(metric, team));
            let p85 = (p85_of(progress.stage.metric()), p85_of(AGE));
            (cursor, OpenChange::new(change, teams, progress, p85))
        });
        let mut rows: Vec<(String, OpenChange)> = shown.collect();
        hide_people(scope, rows.iter_mut().map(|(_, row)| row));
        Page { rows, more, has_previous }
    }
}

/// The teams that own services of the repositories of changes.
async fn teams(
    scope: &Scope,
    asked: &RowsAsked,
    page: &Page<Change>,
) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    let repositories: BTreeSet<&str> = page.rows.iter().map(|(_, change)| change.repository.0.as_str()).collect();
    let keys: Vec<ParentKey> = repositories.into_iter().map(|id| (id.to_owned(), String::new())).collect();
    let mut teams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (nth, service) in of_these::<ServiceRow>(scope, Parent::REPOSITORY_OF_SERVICE, &keys, asked).await? {
        let (Some((repository, _)), Some(team)) = (keys.get(nth), service.team) else { continue };
        let known = teams.entry(repository.clone()).or_default();
        if let Err(place) = known.binary_search(&team) {
            known.insert(place, team);
        }
    }
    Ok(teams)
}

/// How long changes of teams are in each stage, of those that were deployed lately.
pub(super) struct Usual(Vec<Distribution>);

impl Usual {
    /// The metrics whose distributions show it, and the question about them.
    pub fn question(progress: &[Progress]) -> (Vec<&'static str>, MetricQuestion) {
        let stages = <ChangeStage as VariantArray>::VARIANTS.iter();
        let is_asked = |stage: &&ChangeStage| progress.iter().any(|progress| progress.stage == **stage);
        let names = stages.filter(is_asked).map(|stage| stage.metric()).chain([AGE]).collect();
        let question = dora::Question { by: Some(Slice::Team), ..dora::Question::default() };
        (names, MetricQuestion { question, ..MetricQuestion::default() })
    }

    /// By the distributions of these metrics.
    pub const fn new(distributions: Vec<Distribution>) -> Self {
        Self(distributions)
    }

    fn p85(&self, metric: &str, team: &str) -> Option<f64> {
        let is_of_metric = |distribution: &&Distribution| distribution.metric.name == metric;
        let is_of_team = |part: &&DistributionPart| part.slice.as_deref() == Some(team);
        self.0.iter().find(is_of_metric)?.slices.iter().find(is_of_team)?.percentile(85)
    }
}
