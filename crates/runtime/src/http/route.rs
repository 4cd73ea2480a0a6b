//! The route of a request.

/// The route of a request as it is declared, among the extensions of its answer: paths as they come can't make labels.
#[derive(Clone, Debug)]
pub(crate) struct Route(pub(crate) String);
