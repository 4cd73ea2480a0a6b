//! What a valid query may cost, with its cost and the limit in the error, and when it may run.

use std::sync::{Arc, Mutex, MutexGuard};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ServerError, ValidationResult};
use runtime::locked;

use crate::admission::{Admission, Turn};
use crate::problem::Problem;
use crate::reads::COST_MAX;
use crate::scope::Scope;

/// How deep a query may nest; the introspection of tools needs 13.
pub(super) const DEPTH: usize = 16;
/// How many fields and values of series an answer may have, about. A page of 200 deployments with all fields has
/// 9,000; a report of a year by day has 9,000.
pub(super) const COMPLEXITY: usize = COST_MAX as usize;

/// The turn of a request, taken when its cost is known and held until it is answered.
#[derive(Clone)]
pub(super) struct TurnOf {
    admission: Admission,
    scope: Scope,
    asked: Arc<Mutex<Asked>>,
}

/// What a query costs, once that is known, and its turn.
#[derive(Default)]
struct Asked {
    cost: Option<usize>,
    turn: Option<Result<Turn, Problem>>,
}

impl TurnOf {
    pub(super) fn new(admission: &Admission, scope: &Scope) -> Self {
        Self { admission: admission.clone(), scope: scope.clone(), asked: Arc::default() }
    }

    /// Waits for the turn of a query of this cost, which is charged to who asks. Returns whether it has one.
    async fn take(&self, cost: usize) -> bool {
        let turn = self.turn(cost as u64).await;
        let is_taken = turn.is_ok();
        self.lock().turn = Some(turn);
        is_taken
    }

    async fn turn(&self, cost: u64) -> Result<Turn, Problem> {
        self.scope.charge(cost)?;
        self.admission.by_cost(&self.admission.graphql, cost).enter(cost).await
    }

    /// Why there was no turn, if there was none.
    pub(super) fn refused(&self) -> Option<Problem> {
        self.lock().turn.as_ref()?.as_ref().err().cloned()
    }

    /// What the query costs, if it is valid.
    pub(super) fn cost(&self) -> Option<usize> {
        self.lock().cost
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        locked(&self.asked)
    }
}

/// Refuses valid queries that cost too much, and has the others wait for their turn. They were counted while they were
/// validated, and nothing of them has run.
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
        let turn = context.data_opt::<TurnOf>();
        if let Some(turn) = turn {
            turn.lock().cost = Some(complexity);
        }
        let message = if complexity > COMPLEXITY {
            format!(
                "the query is too complex: it costs about {complexity} fields and values of series, and at most {COMPLEXITY} are allowed"
            )
        } else if depth > DEPTH {
            format!("the query is too deep: it nests {depth} fields deep, and at most {DEPTH} are allowed")
        } else {
            let Some(turn) = turn else { return Ok(cost) };
            if turn.take(complexity).await {
                return Ok(cost);
            }
            "the server is busy".to_owned()
        };
        Err(vec![ServerError::new(message, None)])
    }
}
