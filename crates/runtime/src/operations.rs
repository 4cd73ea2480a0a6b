//! What roles do beside answering requests, counted alike: how often, how it ended, and how long it took.

kernel::closed_list! {
    /// What a role does.
    pub enum Operation: "operation" {
        /// Events of a request are handed to the log, until it acknowledges them.
        Append,
        /// A request is sent to a source, until its answer is there.
        SourceRequest,
        /// A batch is normalized and written.
        Batch,
        /// What changed becomes services to compute.
        Plan,
        /// The metrics of a service are computed and written.
        Computation,
        /// A query of GraphQL is answered, whose HTTP status is 200 also if it has errors.
        Graphql,
        /// What happened is read and sent to subscribers.
        Publish,
    }
}

kernel::closed_list! {
    /// How an operation ended.
    pub enum OperationOutcome: "outcome of an operation" {
        /// It is done.
        Ok,
        /// It can't be done as it was asked for, and trying again does not help.
        Refused,
        /// What it needs is away, or too slow; it is tried again.
        Unavailable,
        /// A fault of `sei`, or of data of which the rest goes on.
        Failed,
    }
}

impl Operation {
    /// The role that does it.
    #[must_use]
    pub const fn role(self) -> &'static str {
        match self {
            Self::Append => "webhooks",
            Self::SourceRequest => "collector",
            Self::Batch => "processor",
            Self::Plan | Self::Computation => "dora",
            Self::Graphql | Self::Publish => "api",
        }
    }
}
