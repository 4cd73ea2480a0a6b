//! What the token of a source of the settings may do: asked as a source that is set up is, or, of connectors that people set
//! up by hand, by a page of each kind of list.

use chrono::{TimeDelta, Utc};

use super::setup::{CheckedRight, CheckedSource};
use super::source::{OpenError, Opened};
use super::{Ask, Paged, PullError, Stream};

/// Kinds of lists that are asked for at most.
const MAX_STREAMS: usize = 16;
/// What changed since is on the page that is asked for.
const SINCE: TimeDelta = TimeDelta::hours(1);

/// Why it is not known what a token may do.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// The settings of the source are wrong.
    #[error(transparent)]
    Settings(#[from] OpenError),
    /// The source did not say.
    #[error(transparent)]
    Source(#[from] PullError),
}

/// Asks a source what its token may do. Takes a bounded number of requests, and changes nothing.
pub async fn rights(connector: &dyn Paged, source: &Opened) -> Result<CheckedSource, RightsError> {
    if let Some(setup) = connector.setup(source) {
        return Ok(setup?.check().await?);
    }
    let puller = connector.open(source)?;
    let (streams, began) = (puller.streams().await?, Utc::now());
    let mut rights: Vec<CheckedRight> = Vec::new();
    for stream in &streams {
        if rights.len() == MAX_STREAMS {
            break;
        }
        if rights.iter().any(|right| right.name == stream.name) {
            continue;
        }
        let ask = Ask { stream, since: Some(began - SINCE), incremental: false, cursor: None, began };
        let asked = match &stream.failed {
            Some(error) => Err(error.clone()),
            None => puller.page(&ask).await.map(drop),
        };
        rights.push(right(stream, asked)?);
    }
    Ok(CheckedSource { rights, ..CheckedSource::default() })
}

/// The right to read a list.
fn right(stream: &Stream, asked: Result<(), PullError>) -> Result<CheckedRight, PullError> {
    CheckedRight::of((stream.name, "pulling them", stream.optional), asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_the_token_may_not_read_is_a_missing_right_and_a_failed_server_is_no_answer() {
        let denied = PullError::Denied { what: "/builds".to_owned(), missing: Some("read_api".to_owned()) };
        let found = right(&Stream::new("builds", "").optional(), Err(denied)).unwrap();
        assert_eq!((found.name, found.is_optional, found.missing.as_deref()), ("builds", true, Some("read_api")));
        assert!(right(&Stream::new("builds", ""), Err(PullError::Transient("500".to_owned()))).is_err());
        assert_eq!(right(&Stream::new("builds", ""), Ok(())).unwrap().missing, None);
    }
}
