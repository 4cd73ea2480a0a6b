//! How fields find what they answer with: a list, the list of a thing, a thing by its key. Whatever is found this way is
//! narrowed to the services that may be seen, and read for all rows of a page at once.

use std::sync::Arc;

use async_graphql::{Context, OutputType};
use chrono::{TimeDelta, Utc};
use futures::future::join;
use store::queries::{Cut, Listed, Order, Parent, ParentKey, Placed, RowFilter};

use super::dispatch::{Dispatcher, Held};
use super::loads::{Loads, Of, One, Part, PartOf, SizeOf};
use super::paging::{List, Pages, Total, checked, cut, page};
use super::refusal::refused;
use crate::people::People;
use crate::problem::Problem;

/// How far a list goes back that no index has in its order, or in whose texts is searched, unless a window is asked for.
const WINDOW: TimeDelta = TimeDelta::days(365);

/// The loader of the request.
pub(super) fn loads<'c>(context: &Context<'c>) -> async_graphql::Result<&'c Arc<Loads>> {
    context.data::<Arc<Loads>>()
}

/// Holds batches back while rows are read whose fields will ask for more.
fn hold(context: &Context<'_>) -> async_graphql::Result<Held> {
    Ok(context.data::<Dispatcher>()?.hold())
}

/// Waits for the next round: by a field that asks for nothing where the same field of other rows asks for something, and
/// goes on as they do.
pub(super) async fn round(context: &Context<'_>) -> async_graphql::Result<()> {
    context.data::<Dispatcher>()?.round().await;
    Ok(())
}

/// What is loaded, once the round has begun, also where it is in memory: so the number of statements depends on how deep a
/// query is, and not on which rows are known already.
pub(super) async fn loaded<T>(
    context: &Context<'_>,
    load: impl Future<Output = Result<T, Problem>>,
) -> async_graphql::Result<T> {
    let round = context.data::<Dispatcher>()?.round();
    let (found, ()) = join(load, round).await;
    found.map_err(|problem| refused(&problem))
}

/// All people of the tenant, those who may not be shown among them.
pub(super) async fn people(context: &Context<'_>) -> async_graphql::Result<Arc<People>> {
    let _held = hold(context)?;
    loads(context)?.loader().people().await.map_err(|problem| refused(&problem))
}

/// A page of a list that filters and an order are asked of.
pub(super) async fn list<T, N>(
    context: &Context<'_>,
    asked: impl Future<Output = async_graphql::Result<(RowFilter, Order)>>,
    pages: Pages,
) -> List<N>
where
    T: Listed + Clone + Sync + 'static,
    N: From<T> + OutputType,
{
    let _held = hold(context)?;
    let (mut filter, order) = asked.await?;
    let cut = cut::<T>(order, &pages)?;
    let is_searched = filter.search.is_some() && T::LIST.is_timed();
    if (is_searched || order.sort.needs_window) && filter.from.is_none() {
        filter.from = Some(filter.to.unwrap_or_else(Utc::now) - WINDOW);
    }
    let loads = loads(context)?;
    let rows = loads.loader().list::<T>(filter.clone(), order, &cut).await.map_err(|problem| refused(&problem))?;
    let loads = Arc::clone(loads);
    let total = Total::new(move || {
        let (loads, filter) = (Arc::clone(&loads), filter.clone());
        Box::pin(async move { loads.loader().count::<T>(filter, order).await })
    });
    Ok(page(rows, order, &cut, total))
}

/// A page of the list of a thing, in its usual order.
pub(super) async fn among<T, N>(
    context: &Context<'_>,
    of: (Parent, ParentKey),
    filter: RowFilter,
    pages: Pages,
) -> List<N>
where
    T: Listed + Clone + Sync + 'static,
    N: From<T> + OutputType,
{
    let order = T::LIST.default_order();
    let cut = cut::<T>(order, &pages)?;
    let (parent, key) = of;
    let rows = part::<T>(context, (parent, key.clone()), filter.clone(), &cut).await?;
    let loads = Arc::clone(loads(context)?);
    let list = Arc::new((parent, filter));
    let total = Total::new(move || {
        let (loads, size) = (Arc::clone(&loads), SizeOf { key: key.clone(), list: Arc::clone(&list) });
        Box::pin(async move { Ok(loads.load_one(Of::<T, _>::new(size)).await?.unwrap_or_default()) })
    });
    Ok(page(rows, order, &cut, total))
}

async fn part<T>(
    context: &Context<'_>,
    (parent, key): (Parent, ParentKey),
    filter: RowFilter,
    cut: &Cut,
) -> async_graphql::Result<Vec<Placed<T>>>
where
    T: Listed + Clone + Sync + 'static,
{
    let order = T::LIST.default_order();
    let part = Arc::new(Part { parent, filter, order, cut: cut.clone() });
    let rows = loaded(context, loads(context)?.load_one(Of::<T, _>::new(PartOf { key, part }))).await?;
    Ok(rows.map(|rows| rows.as_ref().clone()).unwrap_or_default())
}

/// The first rows of the list of a thing, in its usual order.
pub(super) async fn first_of<T>(
    context: &Context<'_>,
    of: (Parent, ParentKey),
    first: Option<u32>,
) -> async_graphql::Result<Vec<T>>
where
    T: Listed + Clone + Sync + 'static,
{
    let cut = Cut::first(checked("first", first)?);
    let rows = part::<T>(context, of, RowFilter::default(), &cut).await?;
    Ok(rows.into_iter().map(|placed| placed.row).collect())
}

/// A thing by its key.
pub(super) async fn one<T, N>(context: &Context<'_>, key: One) -> async_graphql::Result<Option<N>>
where
    T: Listed + Clone + Sync + 'static,
    N: From<T>,
{
    let found = loaded(context, loads(context)?.load_one(Of::<T, One>::new(key))).await?;
    Ok(found.map(|row| N::from(T::clone(&row))))
}

/// A thing by its key, if there is one.
pub(super) async fn one_of<T, N>(context: &Context<'_>, key: Option<One>) -> async_graphql::Result<Option<N>>
where
    T: Listed + Clone + Sync + 'static,
    N: From<T>,
{
    match key {
        Some(key) => one::<T, N>(context, key).await,
        None => Ok(None),
    }
}

/// Things by their keys, in the order of these; those that are not there are left out.
pub(super) async fn some<T, N>(context: &Context<'_>, keys: Vec<One>) -> async_graphql::Result<Vec<N>>
where
    T: Listed + Clone + Sync + 'static,
    N: From<T>,
{
    let wanted: Vec<Of<T, One>> = keys.into_iter().map(Of::new).collect();
    let found = loaded(context, loads(context)?.load_many(wanted.iter().cloned())).await?;
    Ok(wanted.iter().filter_map(|key| found.get(key)).map(|row| N::from(T::clone(row))).collect())
}

/// The key of a thing that one text identifies.
pub(super) fn one_key<'k>(text: impl Into<Option<&'k str>>) -> Option<One> {
    Some(vec![text.into()?.to_owned()])
}

/// The key of a thing that two texts identify.
pub(super) fn pair_key<'k>(first: impl Into<Option<&'k str>>, second: impl Into<Option<&'k str>>) -> Option<One> {
    Some(vec![first.into()?.to_owned(), second.into()?.to_owned()])
}

/// The key of a thing that one text identifies, whose list is read.
pub(super) fn key(text: &str) -> ParentKey {
    (text.to_owned(), String::new())
}

/// The usual order of a list.
pub(super) fn usual<T: Listed>() -> Order {
    T::LIST.default_order()
}
