//! Finds out again what a subscriber may see. How is left to who knows it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::access::Access;
use crate::problem::Problem;

type Checked = Pin<Box<dyn Future<Output = Result<Access, Problem>> + Send>>;

/// Finds out again what a subscriber may see. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recheck(Arc<dyn Fn() -> Checked + Send + Sync>);

impl fmt::Debug for Recheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recheck")
    }
}

impl Recheck {
    /// One by a function.
    pub(crate) fn new(check: impl Fn() -> Checked + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// What may be seen now; `None` where nothing may be seen any more, and an error where that can't be found out.
    pub(crate) async fn access(&self) -> Result<Option<Access>, Problem> {
        match (self.0)().await {
            Ok(access) => Ok(Some(access)),
            Err(problem) if matches!(problem.status, 401 | 403 | 404) => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}
