//! Problems as errors of GraphQL.

use async_graphql::ErrorExtensions;

use crate::problem::Problem;
use crate::questions::Invalid;

/// A problem as a GraphQL error: the same words, in `extensions`.
pub(super) fn refused(problem: &Problem) -> async_graphql::Error {
    async_graphql::Error::new(problem.detail.clone()).extend_with(|_, extensions| {
        extensions.set("type", problem.kind);
        let about = [
            ("parameter", problem.parameter.as_deref()),
            ("found", problem.found.as_deref()),
            ("expected", problem.expected.as_deref()),
        ];
        for (name, value) in about {
            if let Some(value) = value {
                extensions.set(name, value);
            }
        }
    })
}

/// What is wrong with an argument as a GraphQL error.
pub(super) fn invalid(invalid: Invalid) -> async_graphql::Error {
    refused(&invalid.of_argument().into())
}
