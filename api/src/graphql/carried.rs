//! What deployments carried, read for a whole page at once: a page with the changes of its deployments costs one
//! statement more than one without.

use async_graphql::{ComplexObject, Context, SelectionField, Value};

use super::paging::{checked, rows};
use super::refusal::refused;
use crate::questions::LIMIT;
use crate::reads;
use crate::scope::Scope;
use crate::views::{Change, Deployment};

/// The field by its name in GraphQL.
const FIELD: &str = "carriedChanges";

#[ComplexObject]
impl Deployment {
    /// The changes, and direct commits, that it carried, from the last id on.
    #[graphql(complexity = "rows(first) * child_complexity + 10")]
    async fn carried_changes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 1 to 200; 50 without it.")] first: Option<u32>,
    ) -> async_graphql::Result<Vec<Change>> {
        let limit = checked(first)?;
        let carried = if let Some(carried) = &self.carried {
            carried.clone()
        } else {
            // one that is on no page
            let mut alone = self.clone();
            let scope: &Scope = context.data()?;
            reads::carry(scope, &mut [&mut alone], limit).await.map_err(|error| refused(&error.into()))?;
            alone.carried.unwrap_or_default()
        };
        Ok(carried.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }
}

/// How many changes of each deployment a connection is asked for; `None` if for none.
pub(super) fn asked(context: &Context<'_>) -> Option<u32> {
    let ahead = context.look_ahead();
    let nodes = [ahead.field("nodes"), ahead.field("edges").field("node")];
    nodes.iter().flat_map(|node| node.field(FIELD).selection_fields()).map(|field| first(&field)).max()
}

fn first(field: &SelectionField<'_>) -> u32 {
    let arguments = field.arguments().unwrap_or_default();
    let first = arguments.into_iter().find(|(name, _)| name == "first").map(|(_, value)| value);
    match first {
        Some(Value::Number(first)) => first.as_u64().and_then(|first| u32::try_from(first).ok()).unwrap_or(LIMIT),
        _ => LIMIT,
    }
}
