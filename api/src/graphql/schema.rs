//! The schema: what can be asked and subscribed to.

use async_graphql::{EmptyMutation, Schema};

use super::limits::{DEPTH, Limits};
use super::query::Query;
use super::subscription::Subscription;

pub(super) type ApiSchema = Schema<Query, EmptyMutation, Subscription>;

pub(super) fn schema() -> ApiSchema {
    Schema::build(Query, EmptyMutation, Subscription).limit_recursive_depth(2 * DEPTH).extension(Limits).finish()
}
