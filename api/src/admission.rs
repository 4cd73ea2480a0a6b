//! How many requests of the API are at work at once, and how many wait for that. Lists, reports and GraphQL have
//! lanes of their own, so that what costs little does not wait behind what costs much. Probes, the page and
//! webhooks take no part in it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::Problem;

/// How long a request waits for its turn.
const WAIT: Duration = Duration::from_secs(10);
/// How many wait for each one at work.
const WAITING: usize = 4;

/// The lanes of a server, and how long its requests may take.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Lists of rows.
    pub lists: Lane,
    /// Reports, metrics, explanations and raw events.
    pub reports: Lane,
    /// GraphQL.
    pub graphql: Lane,
}

impl Admission {
    /// Lists have as many places as this, the others a quarter of it each.
    #[must_use]
    pub fn new(at_work: usize, timeout: Duration) -> Self {
        let lane = |at_work: usize| {
            let at_work = at_work.clamp(1, Semaphore::MAX_PERMITS / (2 * WAITING));
            let places = Arc::new(Semaphore::new(at_work * (1 + WAITING)));
            Lane { at_work: Arc::new(Semaphore::new(at_work)), places, timeout }
        };
        Self { lists: lane(at_work), reports: lane(at_work / 4), graphql: lane(at_work / 4) }
    }
}

/// One lane. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lane {
    at_work: Arc<Semaphore>,
    /// At work or waiting.
    places: Arc<Semaphore>,
    timeout: Duration,
}

impl Lane {
    async fn enter(&self) -> Result<(SemaphorePermit<'_>, SemaphorePermit<'_>), Problem> {
        let place = self.places.try_acquire().map_err(|_| Problem::too_many_requests())?;
        match tokio::time::timeout(WAIT, self.at_work.acquire()).await {
            Ok(Ok(turn)) => Ok((place, turn)),
            Ok(Err(_)) | Err(_) => Err(Problem::too_many_requests()),
        }
    }
}

/// Lets a request in when it is its turn, and answers it in time, whatever becomes of it.
pub async fn admit(State(lane): State<Lane>, request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(lane.timeout, async {
        let _turn = lane.enter().await?;
        Ok::<Response, Problem>(next.run(request).await)
    });
    match answered.await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => Problem::too_slow(lane.timeout).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_a_turn_and_who_finds_no_place_is_sent_away_at_once() {
        let Admission { lists, reports, .. } = Admission::new(4, Duration::from_secs(30));
        let turn = reports.enter().await.unwrap();
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let lane = reports.clone();
                tokio::spawn(async move { lane.enter().await.map(drop) })
            })
            .collect();
        while reports.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(reports.enter().await.err(), Some(Problem::too_many_requests()));
        assert!(lists.enter().await.is_ok(), "another lane has its own places");
        drop(turn);
        for one in waiting {
            assert_eq!(one.await.unwrap(), Ok(()));
        }
        let _turn = reports.enter().await.unwrap();
        assert!(reports.enter().await.is_err(), "the wait ends");
    }
}
