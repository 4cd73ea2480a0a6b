//! Errors in words.

use std::error::Error;

/// An error with its causes, outermost first.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Failed {
        text: &'static str,
        #[source]
        cause: Option<Box<Failed>>,
    }

    #[test]
    fn causes_follow_the_error_that_they_caused() {
        let inner = Failed { text: "no such host", cause: None };
        let middle = Failed { text: "no connection", cause: Some(Box::new(inner)) };
        let outer = Failed { text: "the source can't be pulled", cause: Some(Box::new(middle)) };
        assert_eq!(with_causes(&outer), "the source can't be pulled: no connection: no such host");
        assert_eq!(with_causes(&Failed { text: "alone", cause: None }), "alone");
    }
}
