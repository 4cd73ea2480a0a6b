//! A person's own work: of who asks, or of whom they may see.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use dora::{ChangeStage, StepKind, Traveler};
use kernel::{Change, ChangeMetric, ChangeState, Commit, Review, StatusCategory, WorkItem};
use store::queries::{self, Cut, Listed, Owners, Parent, ParentKey, RowFilter, UnreleasedChange};

use crate::ApiState;
use crate::people::Person;
use crate::problem::Problem;
use crate::questions::{OwnWorkQuestion, ServiceFilter};
use crate::reads;
use crate::scope::Scope;
use crate::views::{
    Change as DeployedChange, OpenChange, OwnWork, PipelineRunView, ShippingChange, WaitingChange, WorkItemView,
};

/// Why there is no own work of who may see that of others.
const NO_PERSON: &str = "You are linked with no person: none has the address that your identity provider has verified. An \
                         administrator links you: `sei user link`.";
/// Rows of each list at most.
const ROWS: u32 = 50;
/// Deployed changes at most.
const DEPLOYED: u32 = 20;
/// Changes whose environments are looked up at most: that computes their services.
const FOLLOWED: usize = 10;
/// Teams whose changes may be reviewed at most.
const TEAMS: usize = 10;
/// Runs of pipelines that are read at most.
const RUNS: u32 = 500;
/// How old changes may be whose pipelines are looked at.
const RED_SINCE: TimeDelta = TimeDelta::days(30);

/// Whose work it is.
struct Whose {
    name: Option<String>,
    accounts: BTreeSet<String>,
    teams: Vec<String>,
}

impl Whose {
    fn person(person: &Person) -> Self {
        Self {
            name: Some(person.joined.name.clone()),
            accounts: person.accounts().collect(),
            teams: person.teams.iter().cloned().collect(),
        }
    }

    fn account(account: &str) -> Self {
        Self { name: None, accounts: BTreeSet::from([account.to_owned()]), teams: Vec::new() }
    }

    fn accounts(&self) -> Vec<String> {
        self.accounts.iter().cloned().collect()
    }
}

/// The own work of a person. Where it is not known who asks, it says why.
pub(crate) async fn own_work(state: &ApiState, scope: &Scope, asked: &OwnWorkQuestion) -> Result<OwnWork, Problem> {
    let whose = if let Some(account) = &asked.account {
        of_account(state, scope, account).await?
    } else {
        let Some(person) = scope.access.own_person() else {
            let hidden = scope.access.shown_persons().err().map(|problem| problem.detail);
            return Ok(OwnWork { why: hidden.or_else(|| Some(NO_PERSON.to_owned())), ..OwnWork::default() });
        };
        Whose::person(person)
    };
    let owners = reads::asked_owners(state, scope, &ServiceFilter::default()).await?;
    let work = Work { state, scope, whose: &whose, owners };
    let unreleased = work.unreleased().await?;
    let (merged, open): (Vec<_>, Vec<_>) = unreleased.into_iter().partition(|row| row.stage == ChangeStage::Merged);
    Ok(OwnWork {
        waiting_on_me: work.waiting().await?,
        reviewable: work.reviewable().await?,
        waiting_on_others: open,
        shipping: work.shipping(merged).await?,
        items: work.items().await?,
        red_runs: work.red_runs().await?,
        deployed: work.deployed().await?,
        person: whose.name.clone(),
        accounts: whose.accounts(),
        why: None,
    })
}

/// The person of an account, or the account alone where persons are not shown.
async fn of_account(state: &ApiState, scope: &Scope, account: &str) -> Result<Whose, Problem> {
    reads::check_account(state, scope, ("own work", account)).await?;
    let people = {
        let _turn = scope.turn().await;
        state.people().of(&scope.store).await?
    };
    let person = people.of(account).filter(|person| scope.access.sees_person(person));
    Ok(person.map_or_else(|| Whose::account(account), Whose::person))
}

struct Work<'a> {
    state: &'a ApiState,
    scope: &'a Scope,
    whose: &'a Whose,
    owners: Option<Arc<Owners>>,
}

impl Work<'_> {
    /// Rows that have one of the accounts in a column.
    fn of_accounts(&self, column: &'static str) -> RowFilter {
        RowFilter { words: vec![(column, self.whose.accounts())], ..RowFilter::of(self.owners.clone()) }
    }

    async fn open_changes(&self, filter: RowFilter, limit: u32) -> Result<Vec<OpenChange>, Problem> {
        let asked = (filter, UnreleasedChange::LIST.default_order());
        let page = reads::open_changes(self.state, self.scope, &asked, &Cut::first(limit)).await?;
        Ok(page.rows.into_iter().map(|(_, row)| row).collect())
    }

    async fn unreleased(&self) -> Result<Vec<OpenChange>, Problem> {
        self.open_changes(self.of_accounts("author"), ROWS).await
    }

    /// Changes that the person reviewed and whose authors acted since.
    async fn waiting(&self) -> Result<Vec<WaitingChange>, Problem> {
        let filter = RowFilter::of(self.owners.clone());
        let (found, reviews, pushed) = {
            let _turn = self.scope.turn().await;
            let store = &self.scope.store;
            let found = queries::reviewed_open_changes(store, &self.whose.accounts(), &filter, ROWS).await?;
            let keys: Vec<ParentKey> = found.iter().map(|change| (change.id.0.clone(), String::new())).collect();
            let (order, cut) = (Review::LIST.default_order(), Cut::first(200));
            let of_changes = (Parent::CHANGE, keys.as_slice());
            let reviews = queries::among::<Review>(store, of_changes, &RowFilter::default(), order, &cut).await?;
            let head = |change: &Change| Some(vec![change.repository.0.clone(), change.head_sha?.to_string()]);
            let heads: Vec<Vec<String>> = found.iter().filter_map(head).collect();
            let pushed = queries::by_keys::<Commit>(store, &heads, &filter).await?;
            (found, reviews, pushed)
        };
        let mut since: Vec<(String, DateTime<Utc>)> = Vec::new();
        for (nth, change) in found.iter().enumerate() {
            let own = reviews.iter().filter(|(of, _)| *of == nth).map(|(_, placed)| placed.row.clone());
            let head = pushed.iter().map(|placed| &placed.row).find(|commit| Some(commit.sha) == change.head_sha);
            let pushed_at = head.map(|commit| commit.committed_at);
            let reviews: Vec<Review> = own.collect();
            if let Some(at) = dora::waits_for_reviewer(change, &reviews, pushed_at, &self.whose.accounts) {
                since.push((change.id.0.clone(), at));
            }
        }
        let ids = since.iter().map(|(id, _)| id.clone()).collect();
        let rows = RowFilter { words: vec![("id", ids)], ..filter };
        let shown = if since.is_empty() { Vec::new() } else { self.open_changes(rows, ROWS).await? };
        let with_since = |change: OpenChange| {
            let (_, since) = since.iter().find(|(id, _)| *id == change.id)?;
            Some(WaitingChange { since: *since, change })
        };
        Ok(shown.into_iter().filter_map(with_since).collect())
    }

    /// Changes of others in repositories of the teams that wait for a first review.
    async fn reviewable(&self) -> Result<Vec<OpenChange>, Problem> {
        let mut of_teams = Owners::default();
        for team in self.whose.teams.iter().filter(|team| self.scope.access.sees_team(team)).take(TEAMS) {
            let asked = ServiceFilter { team: Some(team.clone()), ..ServiceFilter::default() };
            let owners = reads::asked_owners(self.state, self.scope, &asked).await?;
            if let Some(owners) = owners {
                of_teams.services.extend(owners.services.iter().cloned());
                of_teams.repositories.extend(owners.repositories.iter().cloned());
            }
        }
        if of_teams.repositories.is_empty() {
            return Ok(Vec::new());
        }
        let open = vec![("state", vec![ChangeState::Open.as_str().to_owned()])];
        let filter = RowFilter { words: open, ..RowFilter::of(Some(Arc::new(of_teams))) };
        let mut rows = self.open_changes(filter, 4 * ROWS).await?;
        // accounts of others may be hidden, own ones are not
        let is_own = |row: &OpenChange| row.author.as_ref().is_some_and(|author| self.whose.accounts.contains(author));
        rows.retain(|row| row.stage == ChangeStage::WaitingForReview && !is_own(row));
        rows.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
        Ok(rows)
    }

    /// Where merged changes are.
    async fn shipping(&self, merged: Vec<OpenChange>) -> Result<Vec<ShippingChange>, Problem> {
        let _turn = self.scope.turn().await;
        let keys: Vec<Vec<String>> = merged.iter().take(FOLLOWED).map(|change| vec![change.id.clone()]).collect();
        let filter = RowFilter::of(self.owners.clone());
        let found = queries::by_keys::<Change>(&self.scope.store, &keys, &filter).await?;
        let travelers: Vec<Traveler> =
            found.into_iter().map(|placed| Traveler::Change(placed.row, Vec::new())).collect();
        let settings = &self.state.settings().dora;
        let is_seen = |service: &str| self.scope.access.sees_service(service);
        let ways = dora::ways(&self.scope.store, settings, &travelers, is_seen).await.map_err(reads::refused)?;
        let shown = merged.into_iter().map(|change| {
            let way = ways.iter().find(|way| way.id == change.id);
            let deployments = way.into_iter().flat_map(|way| &way.services).flat_map(|service| &service.deployments);
            let environments: BTreeSet<String> =
                deployments.filter_map(|deployment| deployment.environment.clone()).collect();
            let step = way.and_then(|way| way.steps.iter().find(|step| step.step == StepKind::InProduction));
            let why = step.and_then(|step| step.why.clone());
            ShippingChange { change, environments: environments.into_iter().collect(), why }
        });
        Ok(shown.collect())
    }

    async fn items(&self) -> Result<Vec<WorkItemView>, Problem> {
        let mut filter = self.of_accounts("assignee");
        filter.words.push(("status_category", vec![StatusCategory::InProgress.as_str().to_owned()]));
        let asked = (filter, WorkItem::LIST.default_order());
        let page = reads::list::<WorkItem, WorkItemView>(self.scope, &asked, &Cut::first(ROWS)).await?;
        Ok(page.rows.into_iter().map(|(_, row)| row).collect())
    }

    async fn red_runs(&self) -> Result<Vec<PipelineRunView>, Problem> {
        let _turn = self.scope.turn().await;
        let store = &self.scope.store;
        let filter = RowFilter { from: Some(Utc::now() - RED_SINCE), ..self.of_accounts("author") };
        let order = Change::LIST.default_order();
        let changes = queries::list::<Change>(store, &filter, order, &Cut::first(ROWS)).await?;
        let commits = changes.iter().filter_map(|placed| placed.row.merge_sha.or(placed.row.head_sha));
        let (commits, all): (Vec<_>, _) = (commits.collect(), RowFilter::of(self.owners.clone()));
        let runs = queries::runs_of_commits(store, &commits, &all, RUNS).await?;
        Ok(dora::last_failures(runs).into_iter().take(50).map(Into::into).collect())
    }

    async fn deployed(&self) -> Result<Vec<DeployedChange>, Problem> {
        let asked = (self.of_accounts("author"), ChangeMetric::LIST.default_order());
        let page = reads::changes(self.scope, &asked, &Cut::first(DEPLOYED)).await?;
        Ok(page.rows.into_iter().map(|(_, row)| row).collect())
    }
}
