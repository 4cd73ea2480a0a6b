//! What a source that is being set up answers, in the time of a request.

use std::time::Duration;

use super::setup::SetupError;
use crate::problem::Problem;

/// How long a source may take for one question.
const TIMEOUT: Duration = Duration::from_secs(25);

/// What a source answers in time.
pub(crate) async fn in_time<T>(asked: impl Future<Output = Result<T, SetupError>>) -> Result<T, Problem> {
    let answer = tokio::time::timeout(TIMEOUT, asked).await.map_err(|_| Problem::too_slow(TIMEOUT))?;
    answer.map_err(|error| match error {
        SetupError::Connector { found, expected } => {
            Problem::parameter("connector", &found, format!("one of {expected}"))
        }
        SetupError::Invalid { field, problem } => Problem::question(format!("`{field}` {problem}")).about(&field, ""),
        SetupError::Failed(detail) => Problem::question(detail),
    })
}
