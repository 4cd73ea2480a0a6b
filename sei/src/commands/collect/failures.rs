//! Several failed collections as one error.

use anyhow::{Error, Result, bail};

/// The failures as one error; none if there are none.
pub(super) fn failed(mut failures: Vec<Error>, what: &str, all: usize) -> Result<()> {
    match failures.pop() {
        None => Ok(()),
        Some(only) if failures.is_empty() => Err(only),
        Some(last) => {
            failures.push(last);
            let words: Vec<_> = failures.iter().map(|failure| format!("\n  {failure:#}")).collect();
            bail!("{} of {all} {what} could not be collected:{}", failures.len(), words.concat())
        }
    }
}
