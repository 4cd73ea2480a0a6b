//! The named ends of an event that did not become facts. Each reason is a metric label.

crate::closed_list! {
    /// How an event ended.
    pub enum EventOutcome: "outcome of an event" {
        /// It became facts.
        Stored,
        /// It was left alone on purpose.
        Ignored,
        /// It can't be read, and was kept.
        Rejected,
    }
}

crate::closed_list! {
    /// Why an event is left alone on purpose. Counted, not kept.
    pub enum IgnoreReason: "reason to ignore an event" {
        /// The source sends this kind of event, `sei` has no use for it (yet).
        UnusedEvent,
        /// The event is used, but not this action of it (a label was colored, a build was requested).
        UnusedAction,
        /// A ping or a test delivery.
        Ping,
        /// About something that is no code in a repository of its own: a wiki, a gist, a sponsorship.
        OutOfScope,
        /// It has a value (a state, an outcome) that this version does not know.
        UnknownValue,
    }
}

crate::closed_list! {
    /// Why an event cannot become facts. It is kept, with its bytes, and can be replayed.
    pub enum RejectReason: "reason to reject an event" {
        /// The payload is no JSON, or no UTF-8.
        Malformed,
        /// JSON, but a field that is needed is missing or has another type.
        Schema,
        /// A time before 1970 or after 2199.
        ImplausibleTime,
        /// The payload is larger than its normalizer accepts.
        TooLarge,
        /// No connector of this name is known to this version.
        UnknownConnector,
        /// The signature is missing, doubled or wrong.
        Unauthenticated,
        /// A fault of `sei` itself: the normalizer broke off, or the database refuses what it made of the event.
        Internal,
    }
}

/// A rejection: its reason, and a sentence that says where in the payload and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", .reason.as_str())]
pub struct Rejection {
    /// The reason, out of the closed list.
    pub reason: RejectReason,
    /// Where, and what was expected. Never a secret, never the payload itself.
    pub detail: String,
}

impl Rejection {
    /// A rejection with a sentence.
    pub fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// What a normalizer says of an event that gives no facts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// Left alone on purpose.
    #[error("ignored: {}", .0.as_str())]
    Ignored(IgnoreReason),
    /// Cannot be read; kept.
    #[error("rejected: {0}")]
    Rejected(#[from] Rejection),
}
