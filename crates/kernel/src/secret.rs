//! Secrets: compared in constant time, never printed. Reading them is for others.

use subtle::ConstantTimeEq;

/// A secret, at least one byte long. Its `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// A secret out of these bytes; `None` when there are none, so that nothing is ever verified
    /// against an empty secret.
    #[must_use]
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Option<Self> {
        let bytes = bytes.into();
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// The secret itself, to compute with. Not to be logged.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text, if it is UTF-8: for URLs, passwords and tokens.
    #[must_use]
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether `other` is this secret, in constant time.
    #[must_use]
    pub fn is(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }

    /// Whether `other` is one of these secrets. All are compared, so that the time does not say which of them came near.
    #[must_use]
    pub fn is_one_of(secrets: &[Self], other: &[u8]) -> bool {
        secrets.iter().fold(false, |fits, secret| fits | secret.is(other))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Eq for Secret {}
