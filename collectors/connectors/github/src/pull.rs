//! GitHub's pull side: which repositories, which streams, and which way each stream is asked for.
//!
//! GraphQL where it brings in one request what REST takes many for: changes with reviews, commits and
//! comments; deployments with statuses; releases with the commits of their tags. REST for the rest, whose
//! rows are then those of webhooks.

mod api;
mod graphql;
mod lists;
mod options;
mod pages;
mod piecemeal;
mod rest;
mod session;
mod setup;

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::TimeDelta;
use pull::{Ask, OpenError, Opened, Page, Paged, Pull, PullError, Puller, RateLimit, Row, Setup, Stream, Unfinished};
use runtime::settings::OptionsType;
use serde_json::Value;

use self::api::Api;
use self::options::Options;
use self::setup::Connecting;

/// How long after it began a run or a deployment can end: GitHub lets them wait for an approval for 30 days, and then
/// they run for up to five.
const APPROVAL: TimeDelta = TimeDelta::days(35);

impl Pull for super::GitHub {
    fn options(&self) -> OptionsType {
        OptionsType::of::<Options>()
    }

    fn paged(&self) -> Option<&dyn Paged> {
        Some(self)
    }
}

impl Paged for super::GitHub {
    fn open(&self, source: &Opened) -> Result<Box<dyn Puller>, OpenError> {
        let options: Options = source.options()?;
        let api = Api::new(source, &options)?;
        Ok(Box::new(Repositories { api, projects: source.projects.clone(), options }))
    }

    fn setup(&self, source: &Opened) -> Option<Result<Box<dyn Setup>, OpenError>> {
        let open = || -> Result<Box<dyn Setup>, OpenError> {
            let api = Api::new(source, &source.options()?)?;
            Ok(Box::new(Connecting { api, projects: source.projects.clone() }))
        };
        Some(open())
    }
}

/// Deployments that have not ended and are remembered: a hundred of them take a request.
const DEPLOYMENTS: usize = 2_000;

/// The repositories of a source.
struct Repositories {
    api: Api,
    projects: Vec<String>,
    options: Options,
}

#[async_trait]
impl Puller for Repositories {
    async fn streams(&self) -> Result<Vec<Stream>, PullError> {
        let mut streams = Vec::new();
        let (mut repositories, everything) = (BTreeSet::new(), [&[][..]]);
        let named: Vec<&[String]> = self.projects.chunks(1).collect();
        for projects in if named.is_empty() { &everything[..] } else { &named } {
            match self.api.repositories(projects).await {
                Ok(found) => repositories.extend(found),
                // an owner that can't be listed holds up no other
                Err(error) if projects.is_empty() || matches!(error, PullError::RateLimited(_)) => return Err(error),
                Err(error) => streams.push(Stream::failed("repositories", projects.concat(), error)),
            }
        }
        for repository in repositories {
            let stream = |name| Stream::new(name, repository.clone());
            // lists that are ordered by when things began are read far enough back to see how they ended
            let late = |name, days| stream(name).overlapping(TimeDelta::days(days));
            streams.extend([
                stream("changes"),
                stream("review_comments"),
                late("releases", 30),
                late("deployments", 7).ending_within(APPROVAL).remembering(DEPLOYMENTS),
                stream("issues"),
                late("runs", 3).ending_within(APPROVAL).optional(),
            ]);
            if self.options.alerts {
                streams.extend(["code_scanning", "dependabot", "secret_scanning"].map(|name| stream(name).optional()));
            }
        }
        Ok(streams)
    }

    async fn page(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        match ask.stream.name {
            "changes" | "releases" | "deployments" => graphql::page(&self.api, ask).await,
            "runs" => rest::runs(&self.api, ask, self.options.jobs).await,
            _ => rest::list(&self.api, ask).await,
        }
    }

    async fn unfinished(&self, ask: &Ask<'_>, unfinished: &[Unfinished]) -> Result<Page, PullError> {
        match ask.stream.name {
            "deployments" => graphql::unfinished_deployments(&self.api, ask, unfinished).await,
            _ => rest::unfinished_runs(&self.api, ask, unfinished, self.options.jobs).await,
        }
    }

    async fn again(&self, ask: &Ask<'_>, key: &Value) -> Result<Vec<Row>, PullError> {
        match ask.stream.name {
            "changes" | "releases" | "deployments" => piecemeal::again(&self.api, ask, key).await,
            _ => rest::again(&self.api, ask, key, self.options.jobs).await,
        }
    }

    fn budget(&self) -> Option<RateLimit> {
        self.api.left()
    }
}

#[cfg(test)]
mod tests;
