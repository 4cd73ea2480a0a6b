//! What BI tools read of metrics: who owns what, what each metric observed, and the values by day. It follows from what is
//! stored and is made again where that has changed.

mod custom;
mod daily;
mod making;
mod outdated;
mod stale;

use std::time::Duration;

use chrono::Utc;
use runtime::panics;
use store::analytics::{ChunkOfObservations, Refresh, State};
use store::flow::ReadPart;
use store::{Store, StoreTx, changes};
use tracing::{info, warn};
use xxhash_rust::xxh3::xxh3_64;

use crate::compute::rule_set;
use crate::metrics::{Exporter, Names, SOURCES, Source, custom_kinds, definitions, metric_rows, owner_rows, owners};
use crate::settings::{CustomMetricSettings, Dora, People};
use crate::{DoraError, MetricSettings};
use custom::Since;
use making::{Making, load};
use outdated::Outdated;
use stale::Stale;

/// Changes when observations that were written by an earlier version have to be written again.
const VERSION: u32 = 2;
/// How often what BI tools read is made to follow from what is stored.
const INTERVAL: Duration = Duration::from_secs(30);

/// Keeps what BI tools read up to date, of every tenant that any of them may read.
pub(crate) async fn keep(store: Store, dora: Dora, custom: Vec<CustomMetricSettings>) -> Result<(), DoraError> {
    if let Err(error) = hide_people(&store, &dora).await {
        warn!(error = &error as &dyn std::error::Error, "whether roles of BI tools see people is looked at later");
    }
    let settings = MetricSettings { dora: &dora, custom: &custom };
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Err(error) = refresh_all(&store, settings).await {
            warn!(error = &error as &dyn std::error::Error, "what BI tools read is brought up to date later");
        }
    }
}

/// Fails with the first failure, after all tenants were tried. A panic is one of them.
async fn refresh_all(store: &Store, settings: MetricSettings<'_>) -> Result<(), DoraError> {
    let mut failed = None;
    for info in store.tenants().await? {
        let store = store.for_tenant(&info.tenant);
        let refreshed = panics::caught(refresh_used(&store, settings)).await;
        let ended = |message| Err(DoraError::Ended { of: "what BI tools read".to_owned(), message });
        if let Err(error) = refreshed.unwrap_or_else(ended) {
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn refresh_used(store: &Store, settings: MetricSettings<'_>) -> Result<(), DoraError> {
    if store::analytics::is_used(store).await? {
        refresh(store, settings).await?;
    }
    Ok(())
}

/// Hides names of accounts from roles that were granted them when the settings showed persons to managers.
async fn hide_people(store: &Store, settings: &Dora) -> Result<(), DoraError> {
    if settings.people == People::Managers {
        return Ok(());
    }
    for role in store::analytics::hide_people(store).await? {
        info!(role, "names of accounts are hidden from a role of a BI tool, since dora.people is not managers");
    }
    Ok(())
}

/// Brings up to date what BI tools read of the store's tenant. Returns whether this process did: another one may be at it.
pub async fn refresh(store: &Store, settings: MetricSettings<'_>) -> Result<bool, DoraError> {
    let dora = settings.dora;
    hide_people(store, dora).await?;
    let Some(Refresh { mut tx, state, is_recent, salt }) = store::analytics::begin(store).await? else {
        return Ok(false);
    };
    let (read_at, marks) = changes::since(&mut tx, state.as_ref().map(|state| &state.read_at)).await?;
    let rules = rule_set(dora.compat).delivery();
    let metrics = metric_rows(rules, settings.custom)?;
    let digest = xxh3_64(format!("{VERSION} {settings:?} {metrics:?}").as_bytes());
    let digest = i64::from_ne_bytes(digest.to_ne_bytes());
    let numbers = store::analytics::write_metrics(&mut tx, &metrics).await?;
    let mut names = Names::default();
    let ownership = load(&mut tx, dora, &mut names, (Source::Ownership, &ReadPart::All)).await?.ownership;
    let has_other_owners = store::analytics::write_owners(&mut tx, &owner_rows(&ownership)).await?;
    let is_same = state.as_ref().is_some_and(|state| state.settings == digest);
    let is_other = !is_recent || !is_same || has_other_owners;
    let to_read = marks.filter(|_| !is_other).map_or_else(Stale::everything, |marks| Stale::of(&marks, &ownership));
    let today = Utc::now().with_timezone(&dora.time_zone).date_naive();
    let kept = (daily::earliest(today), today);
    let mut outdated = Outdated::new(&definitions(settings.custom)?, &numbers, dora.time_zone, kept);
    let making = Making { settings: dora, rules, numbers: &numbers, ownership: &ownership, salt };
    write_sources(&mut tx, &making, (&mut names, &to_read), &mut outdated).await?;
    let since = Since { read_at: &read_at, is_other, has_members: to_read.is_everything() };
    custom::refresh(&mut tx, &custom_kinds(settings.custom)?, &making, &since, &mut outdated).await?;
    match &state {
        Some(_) if !is_same => outdated.touch_all(daily::earliest(today)),
        Some(state) if state.last_day < today => outdated.touch_all(state.last_day),
        // the first time all observations are new
        Some(_) | None => {}
    }
    if to_read.is_everything() {
        store::analytics::tidy(&mut tx).await?;
    }
    let state = State { read_at, settings: digest, last_day: today };
    store::analytics::save(&mut tx, &state, &outdated.days()).await?;
    tx.commit().await?;
    daily::write(store, settings, today).await?;
    Ok(true)
}

/// Writes the observations of all sources that have to be read again.
async fn write_sources(
    tx: &mut StoreTx,
    making: &Making<'_>,
    (names, to_read): (&mut Names, &Stale),
    outdated: &mut Outdated,
) -> Result<(), DoraError> {
    for source in SOURCES {
        let Some(part) = to_read.part(source.0) else { continue };
        let tables = making.load(tx, names, (source.0, &part)).await?;
        write(tx, &making.exporter(&tables), source, &part, outdated).await?;
    }
    Ok(())
}

/// Writes the observations of what was read of a source.
async fn write(
    tx: &mut StoreTx,
    exporter: &Exporter<'_>,
    source: (Source, &'static str),
    part: &ReadPart,
    outdated: &mut Outdated,
) -> Result<(), DoraError> {
    let found = owners(exporter.tables, source.0);
    for owner in &found {
        let chunk = exporter.chunk(source, owner);
        outdated.touch(&store::analytics::write_chunk(tx, &chunk).await?);
    }
    if let ReadPart::Some { owners, .. } = part {
        for owner in owners.iter().filter(|owner| !found.contains(owner)) {
            let gone = ChunkOfObservations { source: source.1, owner: owner.clone(), ..ChunkOfObservations::default() };
            outdated.touch(&store::analytics::write_chunk(tx, &gone).await?);
        }
    } else {
        outdated.touch(&store::analytics::keep_chunks(tx, source.1, &found).await?);
    }
    Ok(())
}
