//! Kinds of events.

kernel::closed_list! {
    /// A kind of event.
    pub(crate) enum EventKind: "kind of event" {
        /// A deployment is new, has another verdict, or is gone.
        Deployment,
        /// An incident is new, has changed, or is gone.
        Incident,
        /// Metrics have other values than before.
        Metrics,
        /// A source works again, or does not.
        Source,
        /// How many events of the log are not processed yet.
        Lag,
    }
}
