//! How much waits for reviews: by team, and by person where persons are shown.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeDelta, Utc};
use dora::ChangeStage;
use kernel::{ChangeState, Review};
use store::queries::{self, Cut, Listed, Parent, ParentKey, RowFilter, UnreleasedChange};

use crate::ApiState;
use crate::person_views::PersonView;
use crate::problem::Problem;
use crate::questions::ReviewLoadQuestion;
use crate::reads;
use crate::scope::Scope;
use crate::views::{OpenChange, PersonReviewLoad, ReviewLoad, TeamReviewLoad};

/// Open changes that are counted at most.
const CHANGES_MAX: usize = 1_000;
/// Reviews of a change that are read at most.
const REVIEWS_MAX: u32 = 50;
/// Reviewers that are counted at most.
const REVIEWERS_MAX: u32 = 10_000;
/// How far back reviews are counted.
const WINDOW: TimeDelta = TimeDelta::days(30);

/// How much waits for reviews.
pub(crate) async fn review_load(
    state: &ApiState,
    scope: &Scope,
    question: &ReviewLoadQuestion,
) -> Result<ReviewLoad, Problem> {
    let owners = reads::asked_owners(state, scope, &question.services).await?;
    let all = RowFilter::of(owners);
    let open = vec![("state", vec![ChangeState::Open.as_str().to_owned()])];
    let asked = (RowFilter { words: open, ..all.clone() }, UnreleasedChange::LIST.default_order());
    let limit = u32::try_from(CHANGES_MAX).unwrap_or(u32::MAX);
    let page = reads::open_changes(state, scope, &asked, &Cut::first(limit)).await?;
    let shortened = page.next().is_some();
    let changes: Vec<OpenChange> = page.rows.into_iter().map(|(_, row)| row).collect();
    let (persons, hidden) = match by_person(state, scope, &changes, &all).await? {
        Ok(persons) => (persons, None),
        Err(hidden) => (Vec::new(), Some(hidden.detail)),
    };
    Ok(ReviewLoad {
        open: changes.len() as u64,
        teams: by_team(&changes),
        persons,
        persons_hidden_because: hidden,
        shortened,
    })
}

fn by_team(changes: &[OpenChange]) -> Vec<TeamReviewLoad> {
    let mut teams: BTreeMap<Option<&str>, TeamReviewLoad> = BTreeMap::new();
    for change in changes {
        let named: Vec<Option<&str>> = match change.teams.as_slice() {
            [] => vec![None],
            teams => teams.iter().map(|team| Some(team.as_str())).collect(),
        };
        for team in named {
            let load = teams.entry(team).or_default();
            load.open += 1;
            match change.stage {
                ChangeStage::WaitingForReview => load.waiting_for_review += 1,
                ChangeStage::InReview => load.in_review += 1,
                ChangeStage::Approved | ChangeStage::Merged => load.approved += 1,
            }
            load.slow += u64::from(change.is_slow == Some(true));
            load.oldest_age_seconds = load.oldest_age_seconds.into_iter().chain(change.age_seconds).reduce(f64::max);
        }
    }
    teams.into_iter().map(|(team, load)| TeamReviewLoad { team: team.map(str::to_owned), ..load }).collect()
}

/// Who reviews how much, of those who may be shown; or why no person is.
async fn by_person(
    state: &ApiState,
    scope: &Scope,
    changes: &[OpenChange],
    all: &RowFilter,
) -> Result<Result<Vec<PersonReviewLoad>, Problem>, Problem> {
    let shown = match scope.access.named_persons() {
        Ok(shown) => shown,
        Err(hidden) => return Ok(Err(hidden)),
    };
    // what can't be audited is not shown
    reads::record_view(state, scope, PersonView::of_persons("review load")).await?;
    let _turn = scope.turn().await;
    let people = state.people().of(&scope.store).await?;
    let keys: Vec<ParentKey> = changes.iter().map(|change| (change.id.clone(), String::new())).collect();
    let (order, cut) = (Review::LIST.default_order(), Cut::first(REVIEWS_MAX));
    let reviews = match keys.as_slice() {
        [] => Vec::new(),
        keys => queries::among::<Review>(&scope.store, (Parent::CHANGE, keys), all, order, &cut).await?,
    };
    let counts = queries::review_counts(&scope.store, Utc::now() - WINDOW, all, REVIEWERS_MAX).await?;
    // by name, and by id of those who have the same
    let named = |account: &str| {
        let person = people.of(account).filter(|person| !person.joined.bot)?;
        shown.hold(account).then(|| (person.joined.name.clone(), person.id().to_owned()))
    };
    let mut open: BTreeMap<(String, String), BTreeSet<usize>> = BTreeMap::new();
    for (nth, placed) in &reviews {
        let reviewer = placed.row.reviewer.as_ref().map(|id| id.0.as_str());
        let author = changes.get(*nth).and_then(|change| change.author.as_deref());
        if let Some(person) = reviewer.filter(|reviewer| Some(*reviewer) != author).and_then(named) {
            open.entry(person).or_default().insert(*nth);
        }
    }
    let mut given: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (account, reviews) in &counts {
        if let Some(person) = named(account) {
            *given.entry(person).or_default() += u64::try_from(*reviews).unwrap_or_default();
        }
    }
    let persons: BTreeSet<&(String, String)> = open.keys().chain(given.keys()).collect();
    let load = |person: &(String, String)| PersonReviewLoad {
        open_changes: open.get(person).map_or(0, |changes| changes.len() as u64),
        reviews: given.get(person).copied().unwrap_or_default(),
        person: person.0.clone(),
    };
    Ok(Ok(persons.into_iter().map(load).collect()))
}
