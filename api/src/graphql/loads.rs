//! What a request reads beside its lists: things by their keys, and lists of things, each for all that ask for it at once.
//! What belongs to the rows of a page is read by one statement for each field, however many rows there are and however long
//! they take ([`Dispatcher`]); more than 2,000 keys take more than one.
//!
//! Promises: what is read belongs to services that may be seen; reads take turns; a request that is dropped ends its reads.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use kernel::{Change, Sha};
use store::queries::{self, Cut, Listed, Order, Owners, Parent, ParentKey, Placed, RowFilter};
use tokio::sync::OnceCell;

use super::dispatch::Dispatcher;
use super::paging::COUNTED;
use crate::ApiState;
use crate::people::People;
use crate::person_views::PersonView;
use crate::problem::Problem;
use crate::questions::ServiceFilter;
use crate::reads;
use crate::scope::Scope;

/// Keys that one statement takes at most.
const BATCH: usize = 2_000;

/// The loader of a request.
pub(super) type Loads = DataLoader<Reader, HashMapCache>;

/// A loader for a request. The dispatcher begins its batches; the loader itself waits for nothing.
pub(super) fn loads(state: ApiState, scope: Scope, dispatcher: &Dispatcher) -> Arc<Loads> {
    let reader = Reader { state, scope, permitted: OnceCell::new(), people: OnceCell::new() };
    let dispatcher = dispatcher.clone();
    let loads = DataLoader::with_cache(reader, move |batch| dispatcher.add(batch), HashMapCache::default());
    Arc::new(loads.delay(Duration::ZERO).max_batch_size(BATCH))
}

/// The same for a subscription, which reads again for each of its events.
pub(super) fn fresh(state: ApiState, scope: Scope, dispatcher: &Dispatcher) -> Arc<Loads> {
    let loads = loads(state, scope, dispatcher);
    loads.enable_all_cache(false);
    loads
}

/// Reads for the loader.
pub(super) struct Reader {
    state: ApiState,
    scope: Scope,
    permitted: OnceCell<Option<Arc<Owners>>>,
    people: OnceCell<Arc<People>>,
}

impl Reader {
    /// The services that may be seen, with their repositories; `None` for all.
    pub(super) async fn permitted(&self) -> Result<Option<Arc<Owners>>, Problem> {
        let read = async || reads::asked_owners(&self.state, &self.scope, &ServiceFilter::default()).await;
        self.permitted.get_or_try_init(read).await.cloned()
    }

    /// What may be seen of a list that is filtered.
    pub(super) async fn narrowed(&self, filter: RowFilter) -> Result<RowFilter, Problem> {
        // what was asked for is a part of what is permitted
        let owners = if filter.owners.is_some() { filter.owners } else { self.permitted().await? };
        Ok(RowFilter { owners, ..filter })
    }

    /// All people, those who may not be shown among them. That others than who asks are viewed is recorded once a request.
    pub(super) async fn people(&self) -> Result<Arc<People>, Problem> {
        let read = async || {
            reads::record_view(&self.state, &self.scope, PersonView::of_persons("graphql")).await?;
            let _turn = self.scope.turn().await;
            Ok::<_, Problem>(self.state.people().of(&self.scope.store).await?)
        };
        self.people.get_or_try_init(read).await.cloned()
    }

    /// A part of a list.
    pub(super) async fn list<T: Listed>(
        &self,
        filter: RowFilter,
        order: Order,
        cut: &Cut,
    ) -> Result<Vec<Placed<T>>, Problem> {
        let filter = self.narrowed(filter).await?;
        let _turn = self.scope.turn().await;
        Ok(queries::list(&self.scope.store, &filter, order, cut).await?)
    }

    /// The number of rows of a list.
    pub(super) async fn count<T: Listed>(&self, filter: RowFilter, order: Order) -> Result<i64, Problem> {
        let filter = self.narrowed(filter).await?;
        let _turn = self.scope.turn().await;
        Ok(queries::count::<T>(&self.scope.store, &filter, order, COUNTED).await?)
    }
}

/// A key of what is read of rows of a kind.
pub(super) struct Of<T, K> {
    key: K,
    rows: PhantomData<fn() -> T>,
}

impl<T, K> Of<T, K> {
    pub(super) const fn new(key: K) -> Self {
        Self { key, rows: PhantomData }
    }
}

impl<T, K: Clone> Clone for Of<T, K> {
    fn clone(&self) -> Self {
        Self::new(self.key.clone())
    }
}

impl<T, K: PartialEq> PartialEq for Of<T, K> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T, K: Eq> Eq for Of<T, K> {}

impl<T, K: Hash> Hash for Of<T, K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// The key of one row.
pub(super) type One = Vec<String>;

/// A part of the list of a thing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct PartOf {
    pub(super) key: ParentKey,
    pub(super) part: Arc<Part>,
}

/// The same part of the lists of several things.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) parent: Parent,
    pub(super) filter: RowFilter,
    pub(super) order: Order,
    pub(super) cut: Cut,
}

/// The number of rows of the list of a thing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct SizeOf {
    pub(super) key: ParentKey,
    pub(super) list: Arc<(Parent, RowFilter)>,
}

/// A commit whose change is asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct OfCommit {
    pub(super) repository: String,
    pub(super) sha: Sha,
}

impl<T: Listed + Clone + Sync + 'static> Loader<Of<T, One>> for Reader {
    type Value = Arc<T>;
    type Error = Problem;

    async fn load(&self, keys: &[Of<T, One>]) -> Result<HashMap<Of<T, One>, Arc<T>>, Problem> {
        let filter = self.narrowed(RowFilter::default()).await?;
        let keys: Vec<One> = keys.iter().map(|of| of.key.clone()).collect();
        let _turn = self.scope.turn().await;
        let rows: Vec<Placed<T>> = queries::by_keys(&self.scope.store, &keys, &filter).await?;
        Ok(rows.into_iter().map(|Placed { position, row }| (Of::new(position.key), Arc::new(row))).collect())
    }
}

/// The things of a batch by what is asked of each: usually they all ask for the same.
fn grouped<'k, K, P: Eq + Hash>(keys: impl Iterator<Item = (K, &'k Arc<P>)>) -> HashMap<&'k Arc<P>, Vec<K>> {
    let mut groups: HashMap<&Arc<P>, Vec<K>> = HashMap::new();
    for (key, part) in keys {
        groups.entry(part).or_default().push(key);
    }
    groups
}

impl<T: Listed + Clone + Sync + 'static> Loader<Of<T, PartOf>> for Reader {
    type Value = Arc<Vec<Placed<T>>>;
    type Error = Problem;

    async fn load(&self, keys: &[Of<T, PartOf>]) -> Result<HashMap<Of<T, PartOf>, Self::Value>, Problem> {
        let mut all = HashMap::new();
        for (part, keys) in grouped(keys.iter().map(|of| (of.key.key.clone(), &of.key.part))) {
            let filter = self.narrowed(part.filter.clone()).await?;
            let _turn = self.scope.turn().await;
            let of = (part.parent, keys.as_slice());
            let rows = queries::among::<T>(&self.scope.store, of, &filter, part.order, &part.cut).await?;
            let mut lists: Vec<Vec<Placed<T>>> = keys.iter().map(|_| Vec::new()).collect();
            for (number, row) in rows {
                if let Some(list) = lists.get_mut(number) {
                    list.push(row);
                }
            }
            let with_key = |(key, list)| (Of::new(PartOf { key, part: Arc::clone(part) }), Arc::new(list));
            all.extend(keys.into_iter().zip(lists).map(with_key));
        }
        Ok(all)
    }
}

impl<T: Listed + Clone + Sync + 'static> Loader<Of<T, SizeOf>> for Reader {
    type Value = i64;
    type Error = Problem;

    async fn load(&self, keys: &[Of<T, SizeOf>]) -> Result<HashMap<Of<T, SizeOf>, i64>, Problem> {
        let mut all = HashMap::new();
        for (list, keys) in grouped(keys.iter().map(|of| (of.key.key.clone(), &of.key.list))) {
            let filter = self.narrowed(list.1.clone()).await?;
            let _turn = self.scope.turn().await;
            let of = (list.0, keys.as_slice());
            for (number, rows) in queries::count_among::<T>(&self.scope.store, of, &filter, COUNTED).await? {
                if let Some(key) = keys.get(number) {
                    all.insert(Of::new(SizeOf { key: key.clone(), list: Arc::clone(list) }), rows);
                }
            }
        }
        Ok(all)
    }
}

impl Loader<OfCommit> for Reader {
    type Value = Arc<Change>;
    type Error = Problem;

    async fn load(&self, keys: &[OfCommit]) -> Result<HashMap<OfCommit, Arc<Change>>, Problem> {
        let filter = self.narrowed(RowFilter::default()).await?;
        let mut repositories: Vec<String> = keys.iter().map(|key| key.repository.clone()).collect();
        repositories.sort_unstable();
        repositories.dedup();
        let commits: Vec<Sha> = keys.iter().map(|key| key.sha).collect();
        let _turn = self.scope.turn().await;
        let found = queries::changes_of_commits(&self.scope.store, &repositories, &commits, &filter).await?;
        let mut changes = HashMap::new();
        for change in found.into_iter().map(Arc::new) {
            for sha in change.commits.iter().chain(&change.merge_sha) {
                let key = OfCommit { repository: change.repository.to_string(), sha: *sha };
                changes.entry(key).or_insert_with(|| Arc::clone(&change));
            }
        }
        Ok(changes)
    }
}
