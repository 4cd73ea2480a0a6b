//! Who asks, and what they may be answered. It is decided once, before a question is run: every interface asks the
//! [`Access`] of its request, and none decides by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::Extensions;
use kernel::{Right, Role};

use crate::problem::Problem;

/// What whoever asks may be answered about one tenant. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// What it gives.
    pub role: Role,
    /// The teams that it is limited to, with those that are part of them; `None` where it is limited to none.
    pub teams: Option<Arc<BTreeSet<String>>>,
}

impl Access {
    /// Where no login is set up: everything.
    #[must_use]
    pub fn everything() -> Self {
        Self { role: Role::Admin, teams: None }
    }

    /// That of a request, by its extensions.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(Self::everything)
    }

    /// Fails without the right.
    pub fn check(&self, right: Right) -> Result<(), Problem> {
        if self.role.has(right) { Ok(()) } else { Err(Problem::forbidden(right, self.role)) }
    }
}
