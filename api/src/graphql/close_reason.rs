//! Why a WebSocket is closed, by the codes of `graphql-transport-ws` and of RFC 6455.

use crate::live::End;

/// The longest reason that a close frame holds, in bytes.
const REASON: usize = 120;

/// A code, and the reason in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CloseReason {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl CloseReason {
    fn new(code: u16, reason: &str) -> Self {
        let end = (0..=REASON.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
        Self { code, reason: reason.get(..end.unwrap_or_default()).unwrap_or_default().to_owned() }
    }

    pub(super) fn invalid() -> Self {
        Self::new(4400, "Invalid message: expected one of graphql-transport-ws, as text")
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::new(4403, "Forbidden")
    }

    pub(super) fn protocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable: expected graphql-transport-ws")
    }

    pub(super) fn init_timeout() -> Self {
        Self::new(4408, "Connection initialization timeout")
    }

    pub(super) fn duplicate(id: &str) -> Self {
        Self::new(4409, &format!("Subscriber for {id} already exists"))
    }

    pub(super) fn init_again() -> Self {
        Self::new(4429, "Too many initialization requests")
    }

    /// There is no place for it, or its address has failed too often.
    pub(super) fn busy() -> Self {
        Self::new(1013, "Busy: try again later")
    }

    pub(super) fn shutdown() -> Self {
        Self::of(End::Shutdown)
    }

    /// A subscription was ended.
    pub(super) fn of(end: End) -> Self {
        match end {
            End::Shutdown => Self::new(1001, "The server ends"),
            End::Slow => Self::new(1013, "Too slow: more messages waited than are kept for a subscriber"),
            End::Access => Self::new(4403, "Forbidden: what you may see has changed"),
            End::Unconfirmed => Self::new(1013, "It could not be found out for a minute what you may see"),
            End::Tenant => Self::new(4403, "Forbidden: the tenant is gone"),
            End::Unavailable => Self::new(1013, "The database does not answer right now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_its_frame() {
        let close_reason = CloseReason::duplicate(&"ü".repeat(200));
        assert!(
            close_reason.reason.len() <= 123 && close_reason.reason.starts_with("Subscriber for üü"),
            "{close_reason:?}"
        );
        assert_eq!(CloseReason::of(End::Slow).code, 1013);
    }
}
