//! How many events arrived, and dead letters: those that could not be read. They are replayed by REST, which also shows
//! their payloads.

use async_graphql::{Context, Object};

use crate::graphql::paging::{checked, rows};
use crate::graphql::refusal::{invalid, refused};
use crate::questions::{DeadLettersQuestion, Text};
use crate::reads::{self, Part};
use crate::scope::Scope;
use crate::views::{DeadLetterCountView, DeadLetterView, EventCountView};

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct DeadLetters;

#[Object]
impl DeadLetters {
    /// Events that could not be read, the last rejected first; empty for who may see a part of the organization.
    #[graphql(complexity = "rows(limit, None) * child_complexity + 10")]
    async fn dead_letters(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only of this source, such as `github/main`.")] source: Option<String>,
        #[graphql(desc = "Only of this kind, such as `github.pull_request`.")] kind: Option<String>,
        #[graphql(desc = "Only those that were rejected for this reason, such as `schema`.")] reason: Option<String>,
        #[graphql(desc = "1 to 200; 50 without it.")] limit: Option<u32>,
    ) -> async_graphql::Result<Vec<DeadLetterView>> {
        let limit = checked("limit", limit)?;
        let question = DeadLettersQuestion { source, kind, reason: reason.map(Text::new) };
        let filter = question.filter().map_err(invalid)?;
        let page = reads::dead_letters(context.data::<Scope>()?, &filter, Part { after: None, limit }).await;
        let page = page.map_err(|problem| refused(&problem))?;
        Ok(page.rows.into_iter().map(|(_, row)| row).collect())
    }

    /// How many events could not be read, by source, kind and reason: the most first.
    #[graphql(complexity = "50 * child_complexity + 10")]
    async fn dead_letter_counts(&self, context: &Context<'_>) -> async_graphql::Result<Vec<DeadLetterCountView>> {
        reads::dead_letter_counts(context.data::<Scope>()?).await.map_err(|problem| refused(&problem))
    }

    /// How many events arrived, by source, kind, outcome and reason; none for who may see a part of the organization.
    #[graphql(complexity = "50 * child_complexity + 10")]
    async fn event_counts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only of this source, such as `github/main`.")] source: Option<String>,
    ) -> async_graphql::Result<Vec<EventCountView>> {
        let counts = reads::event_counts(context.data::<Scope>()?, source.as_deref()).await;
        counts.map_err(|error| refused(&error.into()))
    }
}
