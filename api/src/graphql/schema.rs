//! The schema: what can be asked and subscribed to.

use async_graphql::{EmptyMutation, SDLExportOptions, Schema};

use super::limits::{DEPTH, Limits};
use super::query::Query;
use super::subscription::Subscription;

pub(super) type ApiSchema = Schema<Query, EmptyMutation, Subscription>;

pub(super) fn schema() -> ApiSchema {
    Schema::build(Query::default(), EmptyMutation, Subscription)
        .limit_recursive_depth(2 * DEPTH)
        .extension(Limits)
        .finish()
}

/// The schema in the language that describes schemas (SDL).
#[must_use]
pub fn sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items())
}
