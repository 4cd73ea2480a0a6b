//! What a valid query may cost, with its cost and the limit in the error.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ServerError, ValidationResult};

use crate::reads::COST_MAX;

/// How deep a query may nest; the introspection of tools needs 13.
pub(super) const DEPTH: usize = 16;
/// How many fields and values of series an answer may have, about. A page of 200 deployments with all fields has
/// 9,000; a report of a year by day has 9,000.
const COMPLEXITY: usize = COST_MAX as usize;

/// Refuses valid queries that cost too much. They were counted while they were validated, and nothing of them
/// has run.
pub(super) struct Limits;

impl ExtensionFactory for Limits {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Limits {
    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let cost = next.run(context).await?;
        let (complexity, depth) = (cost.complexity, cost.depth);
        let message = if complexity > COMPLEXITY {
            format!(
                "the query is too complex: it costs about {complexity} fields and values of series, and at most {COMPLEXITY} are allowed"
            )
        } else if depth > DEPTH {
            format!("the query is too deep: it nests {depth} fields deep, and at most {DEPTH} are allowed")
        } else {
            return Ok(cost);
        };
        Err(vec![ServerError::new(message, None)])
    }
}
