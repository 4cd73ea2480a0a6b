//! Lists of what is known of a tenant, page by page.

use chrono::{DateTime, Utc};
use kernel::{ChangeMetric, DeploymentMetric, Incident, IncidentMetric};
use store::queries::{
    self, ChangeFilter, Cut, DeploymentFilter, FindingKey, Listed, Order, Parent, ParentKey, Placed, Position,
    RowFilter, ServiceRow, TeamRow, TimeKey,
};
use store::{StoreError, source_state};

use super::page::{Page, Section};
use crate::questions::RowsAsked;
use crate::scope::Scope;
use crate::views::{Change, Deployment, Finding, IncidentView, Personal, SourceView, TeamView};

/// The cut of one more row than a page has: it shows whether there are more.
fn and_one(cut: &Cut) -> Cut {
    Cut { limit: cut.limit.saturating_add(1), ..cut.clone() }
}

/// A page of rows as they are shown. Accounts that may not be named are left out.
fn page<T: Listed, V: From<T> + Personal>(scope: &Scope, rows: Vec<Placed<T>>, (order, cut): (Order, &Cut)) -> Page<V> {
    let mut page = Page::of_cut(rows, (order, cut), V::from);
    hide_people(scope, page.rows.iter_mut().map(|(_, row)| row));
    page
}

pub(super) fn hide_people<'v, V: Personal + 'v>(scope: &Scope, rows: impl Iterator<Item = &'v mut V>) {
    let access = &scope.access;
    rows.for_each(|row| row.hide_people(&|account| access.names_account(account)));
}

/// A list in the order that is asked for, each row as `view` shows it.
pub(super) async fn read<T: Listed, V>(
    scope: &Scope,
    (filter, order): &RowsAsked,
    cut: &Cut,
    view: impl Fn(T) -> V,
) -> Result<Page<V>, StoreError> {
    let _turn = scope.turn().await;
    let rows = queries::list::<T>(&scope.store, filter, *order, &and_one(cut)).await?;
    Ok(Page::of_cut(rows, (*order, cut), view))
}

/// A list in the order that is asked for.
pub async fn list<T: Listed, V: From<T> + Personal>(
    scope: &Scope,
    asked: &RowsAsked,
    cut: &Cut,
) -> Result<Page<V>, StoreError> {
    let mut page = read::<T, V>(scope, asked, cut, V::from).await?;
    hide_people(scope, page.rows.iter_mut().map(|(_, row)| row));
    Ok(page)
}

/// Production deployments. Those of services in the usual order are read by the indexes that are made for it.
pub async fn deployments(scope: &Scope, asked: &RowsAsked, cut: &Cut) -> Result<Page<Deployment>, StoreError> {
    let (filter, order) = asked;
    let (flags, rest) = filter.flags.iter().partition::<Vec<_>, _>(|(column, _)| *column == "failed");
    let is_usual = is_usual::<DeploymentMetric>(asked, cut) && rest.is_empty() && filter.words.is_empty();
    if !is_usual {
        return list::<DeploymentMetric, _>(scope, asked, cut).await;
    }
    let _turn = scope.turn().await;
    let usual = DeploymentFilter {
        services: filter.owners.as_ref().map(|owners| owners.services.clone()),
        from: filter.from,
        to: filter.to,
        failed: flags.first().map(|(_, failed)| *failed),
    };
    let one_more = cut.limit.saturating_add(1);
    let rows = queries::deployments(&scope.store, &usual, after(cut).as_ref(), one_more).await?;
    let place = |row: DeploymentMetric| Placed { position: position(TimeKey::of_deployment(&row)), row };
    Ok(page(scope, rows.into_iter().map(place).collect(), (*order, cut)))
}

/// Changes that reached production. Those of services or of a deployment in the usual order are read by the indexes that
/// are made for it.
pub async fn changes(scope: &Scope, asked: &RowsAsked, cut: &Cut) -> Result<Page<Change>, StoreError> {
    let (filter, order) = asked;
    let (deployments, rest) = filter.words.iter().partition::<Vec<_>, _>(|(column, _)| *column == "deployment");
    let is_usual = is_usual::<ChangeMetric>(asked, cut) && rest.is_empty() && filter.flags.is_empty();
    if !is_usual {
        return list::<ChangeMetric, _>(scope, asked, cut).await;
    }
    let _turn = scope.turn().await;
    let usual = ChangeFilter {
        services: filter.owners.as_ref().map(|owners| owners.services.clone()),
        deployment: deployments.first().and_then(|(_, ids)| ids.first().cloned()),
        from: filter.from,
        to: filter.to,
    };
    let one_more = cut.limit.saturating_add(1);
    let rows = queries::changes(&scope.store, &usual, after(cut).as_ref(), one_more).await?;
    let place = |row: ChangeMetric| Placed { position: position(TimeKey::of_change(&row)), row };
    Ok(page(scope, rows.into_iter().map(place).collect(), (*order, cut)))
}

/// What the engine noticed about the data. All of it, or that of one service, in the usual order is read by the primary
/// key.
pub async fn findings(scope: &Scope, asked: &RowsAsked, cut: &Cut) -> Result<Page<Finding>, StoreError> {
    let (filter, order) = asked;
    let service = match filter.owners.as_ref().map(|owners| &*owners.services) {
        None => Some(None),
        Some([service]) => Some(Some(service.as_str())),
        Some(_) => None,
    };
    let is_usual = is_usual::<kernel::Finding>(asked, cut) && filter.words.is_empty();
    let Some(service) = service.filter(|_| is_usual) else {
        return list::<kernel::Finding, _>(scope, asked, cut).await;
    };
    let after = cut.after.as_ref().and_then(|position| match &*position.key {
        [service, kind, subject] => {
            Some(FindingKey { service: service.clone(), kind: kind.clone(), subject: subject.clone() })
        }
        _ => None,
    });
    let _turn = scope.turn().await;
    let rows = queries::findings(&scope.store, service, after.as_ref(), cut.limit.saturating_add(1)).await?;
    let place = |row: kernel::Finding| {
        let FindingKey { service, kind, subject } = FindingKey::of(&row);
        Placed { position: Position { value: service.clone(), key: vec![service, kind, subject] }, row }
    };
    Ok(page(scope, rows.into_iter().map(place).collect(), (*order, cut)))
}

/// Whether rows are read in the usual order from a position on, by nothing but owners, times, words and flags, which the
/// caller looks at.
fn is_usual<T: Listed>((filter, order): &RowsAsked, cut: &Cut) -> bool {
    let RowFilter { owners: _, from: _, to: _, words: _, flags: _, search, folded, present } = filter;
    let is_filtered = search.is_some() || !folded.is_empty() || !present.is_empty();
    *order == T::LIST.default_order() && !cut.from_end && cut.before.is_none() && !is_filtered
}

/// The position of a row in the order of time.
fn position(key: TimeKey) -> Position {
    Position { value: key.at.timestamp_micros().to_string(), key: vec![key.service, key.id] }
}

/// The row that a page begins after, in the order of time.
fn after(cut: &Cut) -> Option<TimeKey> {
    let Position { value, key } = cut.after.as_ref()?;
    let [service, id] = &**key else { return None };
    let at = DateTime::<Utc>::from_timestamp_micros(value.parse().ok()?)?;
    Some(TimeKey { at, service: service.clone(), id: id.clone() })
}

/// Incidents, each with what was computed of it for services: two statements, however many they are.
pub async fn incidents(scope: &Scope, asked: &RowsAsked, cut: &Cut) -> Result<Page<IncidentView>, StoreError> {
    let mut page = list::<Incident, IncidentView>(scope, asked, cut).await?;
    let ids: Vec<ParentKey> = page.rows.iter().map(|(_, row)| (row.id.clone(), String::new())).collect();
    let among = of_these::<IncidentMetric>(scope, Parent::INCIDENT, &ids, asked).await?;
    for (nth, metric) in among {
        if let Some((_, incident)) = page.rows.get_mut(nth) {
            incident.add(metric);
        }
    }
    Ok(page)
}

/// Teams, each with the services that it owns: two statements, however many they are.
pub async fn teams(scope: &Scope, asked: &RowsAsked, cut: &Cut) -> Result<Page<TeamView>, StoreError> {
    let mut page = list::<TeamRow, TeamView>(scope, asked, cut).await?;
    let names: Vec<ParentKey> = page.rows.iter().map(|(_, row)| (row.name.clone(), String::new())).collect();
    for (nth, service) in of_these::<ServiceRow>(scope, Parent::TEAM, &names, asked).await? {
        if let Some((_, team)) = page.rows.get_mut(nth) {
            team.services.push(service.name);
        }
    }
    Ok(page)
}

/// How many rows are read of what belongs to each row of a page.
const BESIDE: u32 = 200;

/// What belongs to each of these things and to the services that are asked about, with the number of its thing.
pub(super) async fn of_these<T: Listed>(
    scope: &Scope,
    parent: Parent,
    keys: &[ParentKey],
    (filter, _): &RowsAsked,
) -> Result<Vec<(usize, T)>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let _turn = scope.turn().await;
    let of_services = RowFilter::of(filter.owners.clone());
    let (order, cut) = (T::LIST.default_order(), Cut::first(BESIDE));
    let rows = queries::among::<T>(&scope.store, (parent, keys), &of_services, order, &cut).await?;
    Ok(rows.into_iter().map(|(nth, placed)| (nth, placed.row)).collect())
}

/// Sources by name, each with its state. They are few, so all are read. They belong to no team: who is limited to some
/// is shown none.
pub async fn sources(scope: &Scope, part: &Section<String>) -> Result<Page<SourceView>, StoreError> {
    let _turn = scope.turn().await;
    let mut rows = source_state::all(&scope.store).await?;
    if scope.access.teams.is_some() {
        rows.clear();
    }
    rows.sort_by(|one, other| one.source.cmp(&other.source));
    Ok(Page::of_all(rows, part, |row| row.source.clone()))
}
