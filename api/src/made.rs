//! What an answer was made from, beside the answer; and what one is to be made from, beside the request.

use std::time::Instant;

use axum::Json;
use axum::extract::Extension;
use dora::{Dated, Versions};
use serde::Serialize;
use store::TenantInfo;

use crate::envelope::Answer;
use crate::scope::Scope;

/// A tenant that was looked up, and when its store was looked at: who asks is content with that. An extension of requests
/// that are made in place of others.
#[derive(Clone, Debug)]
pub(crate) struct LookedAt {
    /// The tenant.
    pub tenant: TenantInfo,
    /// When.
    pub at: Instant,
}

/// What an answer was made from: an extension of it, for who keeps answers.
#[derive(Clone, Debug)]
pub(crate) struct MadeFrom {
    /// Whose data it is.
    pub tenant: TenantInfo,
    /// Of what is held of it.
    pub versions: Versions,
}

/// An answer in its envelope, and what it was made from.
pub(crate) type Made<T> = (Extension<MadeFrom>, Json<Answer<T>>);

/// Puts an answer into its envelope.
pub(crate) fn made<T: Serialize>(scope: &Scope, dated: Dated<T>) -> Made<T> {
    let from = MadeFrom { tenant: scope.tenant.clone(), versions: dated.versions };
    (Extension(from), Json(Answer::new(&scope.tenant, dated.answer)))
}
