//! Registering webhooks. It goes on when the client that asked for it has gone: what was registered is in the audit log, and
//! its secret is kept in memory for [`KEPT`], for who asks for the same once more.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::Secret;
use runtime::locked;
use serde_json::json;
use store::Store;
use store::audit::{self, Entry};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::in_time::in_time;
use super::setup::{NewHook, NewSource, RegisteredHook, SourceSetup};
use crate::problem::Problem;

/// How long a secret is kept whose client has gone.
const KEPT: Duration = Duration::from_mins(15);
/// Secrets that are kept at most.
const SECRETS: usize = 100;

/// Who has webhooks registered, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Registering {
    /// Who asks.
    pub principal: String,
    /// The connector and the name.
    pub source: String,
    /// Where the source is, if the connector does not know.
    pub url: Option<String>,
    /// Where the webhooks send events.
    pub address: String,
}

/// Secrets of webhooks whose clients went away before they were answered. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnseenSecrets(Arc<Mutex<HashMap<Registering, Unseen>>>);

/// A secret that no one has seen, and the projects whose webhooks have it.
#[derive(Clone, Debug)]
struct Unseen {
    secret: Secret,
    projects: BTreeSet<String>,
    since: Instant,
}

impl UnseenSecrets {
    /// What was registered for a client that has gone; it is shown to who asks now.
    fn take(&self, registering: &Registering) -> Option<Unseen> {
        let mut kept = locked(&self.0);
        kept.retain(|_, unseen| unseen.since.elapsed() < KEPT);
        kept.remove(registering)
    }

    fn keep(&self, registering: Registering, unseen: Unseen) {
        let mut kept = locked(&self.0);
        kept.retain(|_, unseen| unseen.since.elapsed() < KEPT);
        if kept.len() >= SECRETS {
            let oldest = kept.iter().min_by_key(|(_, unseen)| unseen.since).map(|(of, _)| of.clone());
            oldest.and_then(|of| kept.remove(&of));
        }
        kept.insert(registering, unseen);
    }
}

/// A registration of webhooks at a source.
pub(crate) struct Registration {
    /// Who asks sources.
    pub setup: Arc<dyn SourceSetup>,
    /// The source.
    pub source: NewSource,
    /// For whom, and where events are sent.
    pub registering: Registering,
    /// A secret for those that are new.
    pub secret: Secret,
    /// The entry of the audit log about it.
    pub entry: Entry,
    /// Where the entry is written.
    pub store: Store,
    /// Secrets that no one has seen.
    pub unseen: UnseenSecrets,
}

/// What came of a registration.
#[derive(Debug)]
pub(crate) struct Registered {
    /// The webhooks.
    pub webhooks: Vec<RegisteredHook>,
    /// The secret of those that are new.
    pub secret: Option<Secret>,
}

impl Registration {
    /// Registers the webhooks, also if this is dropped meanwhile.
    pub(crate) async fn run(self) -> Result<Registered, Problem> {
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(self.register(sender));
        receiver.await.map_err(|error| Problem::fault(&error))?
    }

    async fn register(mut self, client: oneshot::Sender<Result<Registered, Problem>>) {
        let before = self.unseen.take(&self.registering);
        let (mut projects, mut since) = (BTreeSet::new(), Instant::now());
        if let Some(before) = before {
            (self.secret, projects, since) = (before.secret, before.projects, before.since);
        }
        let hook = NewHook { address: self.registering.address.clone(), secret: self.secret.clone() };
        let registered = in_time(self.setup.register(&self.source, &hook)).await;
        let answer = match registered {
            Ok(mut webhooks) => {
                self.record(&webhooks).await;
                let new = webhooks.iter().filter(|webhook| webhook.is_new).map(|webhook| webhook.project.clone());
                projects.extend(new);
                for webhook in webhooks.iter_mut().filter(|webhook| webhook.error.is_none()) {
                    webhook.is_new = projects.contains(&webhook.project);
                }
                let is_shown = webhooks.iter().any(|webhook| webhook.is_new);
                Ok(Registered { webhooks, secret: is_shown.then(|| self.secret.clone()) })
            }
            Err(problem) => Err(problem),
        };
        let has_seen_it = answer.as_ref().is_ok_and(|registered| registered.secret.is_some());
        let is_gone = client.send(answer).is_err();
        if !projects.is_empty() && (is_gone || !has_seen_it) {
            self.unseen.keep(self.registering, Unseen { secret: self.secret, projects, since });
        }
    }

    /// Records which webhooks are there now. That they were asked for is recorded already.
    async fn record(&self, webhooks: &[RegisteredHook]) {
        let of = |which: fn(&RegisteredHook) -> bool| -> Vec<&str> {
            webhooks.iter().filter(|webhook| which(webhook)).map(|webhook| webhook.project.as_str()).collect()
        };
        let detail =
            json!({ "registered": of(|webhook| webhook.is_new), "failed": of(|webhook| webhook.error.is_some()) });
        if let Err(error) = audit::record_alone(&self.store, &self.entry.clone().with(detail)).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the audit log does not say which webhooks were registered");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registering(number: usize) -> Registering {
        let [principal, source, address] = ["user:ann", "github/main", "https://sei.example.org"].map(str::to_owned);
        Registering { principal: format!("{principal}{number}"), source, url: None, address }
    }

    fn unseen() -> Unseen {
        Unseen { secret: Secret::new(*b"s3cret").unwrap(), projects: BTreeSet::new(), since: Instant::now() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_is_kept_for_a_while_for_who_had_it_made_and_given_once() {
        let secrets = UnseenSecrets::default();
        secrets.keep(registering(1), unseen());
        assert!(!format!("{secrets:?}").contains("s3cret"));
        assert!(secrets.take(&registering(2)).is_none());
        assert!(secrets.take(&registering(1)).is_some());
        assert!(secrets.take(&registering(1)).is_none());
        secrets.keep(registering(1), unseen());
        tokio::time::advance(KEPT).await;
        assert!(secrets.take(&registering(1)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_some_are_kept_and_the_oldest_goes_first() {
        let secrets = UnseenSecrets::default();
        for number in 0..=SECRETS {
            secrets.keep(registering(number), unseen());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(secrets.take(&registering(0)).is_none());
        assert!(secrets.take(&registering(1)).is_some() && secrets.take(&registering(SECRETS)).is_some());
    }
}
