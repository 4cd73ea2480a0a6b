//! Problems as errors of GraphQL.

use async_graphql::{ErrorExtensions, ServerError};

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

/// A problem as the error of a whole operation, which says when to try again where that is known.
pub(super) fn refused_operation(problem: &Problem) -> ServerError {
    let error = refused(problem);
    let mut extensions = error.extensions.unwrap_or_default();
    if let Some(secs) = problem.retry_after_secs {
        extensions.set("retryAfterSecs", secs);
    }
    ServerError { extensions: Some(extensions), ..ServerError::new(error.message, None) }
}

/// What is wrong with an argument as a GraphQL error.
pub(super) fn invalid(invalid: Invalid) -> async_graphql::Error {
    refused(&invalid.of_argument().into())
}
