//! Keeps the private database running: a server that dies is started again, so long as it does not die again
//! and again.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Error, Result};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::machine::PrivateDatabase;

/// How often it is looked whether the server runs.
const INTERVAL: Duration = Duration::from_secs(1);
/// A server that was started this often …
const MAX_STARTS: usize = 5;
/// … within this time is given up.
const STARTS_WITHIN: Duration = Duration::from_mins(10);

/// Starts the server again whenever it has died, until the shutdown. Fails when it dies repeatedly.
pub(super) async fn keep_running(database: Option<PrivateDatabase>, until: CancellationToken) -> Result<()> {
    let Some(database) = database else {
        until.cancelled().await;
        return Ok(());
    };
    let mut starts = Starts::default();
    while until.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        let error = match database.revive().await {
            Ok(false) => continue,
            Ok(true) => None,
            Err(error) => Some(Error::new(error)),
        };
        match &error {
            None => tracing::warn!("the private database had died, and was started again"),
            Some(error) => tracing::error!(error = format!("{error:#}"), "the private database could not be started"),
        }
        if starts.too_many(Instant::now()) {
            let context = format!(
                "the private database died {MAX_STARTS} times within {} minutes; its log is `postgres/log` in the \
                 data directory",
                STARTS_WITHIN.as_secs() / 60
            );
            return Err(match error {
                Some(error) => error.context(context),
                None => Error::msg(context),
            });
        }
    }
    Ok(())
}

/// When the server was started again lately.
#[derive(Default)]
struct Starts(VecDeque<Instant>);

impl Starts {
    /// Counts one, and says whether there were too many lately.
    fn too_many(&mut self, now: Instant) -> bool {
        self.0.push_back(now);
        while self.0.front().is_some_and(|start| now.duration_since(*start) > STARTS_WITHIN) {
            self.0.pop_front();
        }
        self.0.len() >= MAX_STARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_dies_now_and_then_is_not_given_up_but_one_that_dies_repeatedly_is() {
        let begin = Instant::now();
        let mut rarely = Starts::default();
        assert!((0..50).all(|nth| !rarely.too_many(begin + STARTS_WITHIN / 3 * nth)));
        let mut often = Starts::default();
        let given_up = (0..10).position(|nth| often.too_many(begin + Duration::from_secs(nth)));
        assert_eq!(given_up, Some(MAX_STARTS - 1));
    }
}
